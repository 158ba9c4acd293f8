//! Records in and out: what a file does, what it cannot do, and that it is all or nothing.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::{Backend, Database};
use andon::db::Db;
use andon::kit::Clock;
use andon::orders;
use andon::records_io::{self, BadLine, Imported, Kind, Options, Watch};
use chrono_tz::Tz;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use std::fmt::Write as _;

facts!["records":
    what_goes_out_comes_in_the_same,
    a_file_creates_changes_and_leaves_and_a_dry_run_only_says_so,
    one_bad_line_refuses_the_file_unless_it_is_to_be_skipped,
    every_fault_is_told_with_its_line,
    no_file_releases_a_hold_that_a_ticket_laid,
    a_changed_bom_gets_its_next_revision_and_keeps_the_old_one,
    a_bom_with_one_bad_line_is_left_out_as_a_whole,
    an_sop_failure_that_is_known_keeps_its_course,
    who_is_imported_may_chat_and_no_file_makes_an_admin_less,
    two_who_write_one_import_write_each_piece_once,
    an_import_waits_for_the_one_before_it,
];

const ALL: [Kind; 7] =
    [Kind::People, Kind::Machines, Kind::Orders, Kind::Boms, Kind::SopFailures, Kind::Shifts, Kind::MaintenancePlans];

/// What an import told.
#[derive(Default)]
struct Heard {
    warnings: Vec<String>,
    bad: Vec<String>,
    pieces: u64,
}

impl Watch for Heard {
    fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    fn bad(&mut self, line: &BadLine) {
        self.bad.push(line.to_string());
    }

    fn read(&mut self, _bytes: u64) {}

    fn written(&mut self, pieces: u64, _of: u64) {
        self.pieces = pieces;
    }
}

fn options() -> Options {
    Options {
        dry_run: false,
        skip_bad: false,
        tz: Tz::UTC,
        languages: ["ar", "en", "es", "fr", "pt"].map(str::to_owned).to_vec(),
    }
}

async fn import(db: &Db, kind: Kind, file: &str, options: &Options) -> (Imported, Heard) {
    let mut heard = Heard::default();
    let imported = records_io::import(db, kind, file.as_bytes(), options, &mut heard).await.expect("a table");
    (imported, heard)
}

/// Imports a file that must be right; created, changed, kept.
async fn take(db: &Db, kind: Kind, file: &str) -> (u64, u64, u64) {
    let (imported, heard) = import(db, kind, file, &options()).await;
    assert_eq!(heard.bad, Vec::<String>::new());
    (imported.created, imported.changed, imported.kept)
}

async fn export(db: &Db, kind: Kind) -> String {
    let mut file = Vec::new();
    records_io::export(db, kind, &mut file).await.expect("an export");
    String::from_utf8(file).expect("UTF-8")
}

/// The exported line that begins with this key.
async fn line(db: &Db, kind: Kind, key: &str) -> String {
    let file = export(db, kind).await;
    file.lines().find(|line| line.starts_with(key)).unwrap_or("none").to_owned()
}

async fn another(backend: Backend) -> (Db, Database) {
    let database = Database::create(backend).await;
    let db = Db::open(&database.url().into(), Clock::System).await.expect("it opens");
    andon::db::migrations::run(&db).await.expect("the tables are made");
    (db, database)
}

async fn what_goes_out_comes_in_the_same(backend: Backend) {
    let app = TestApp::start(backend).await;
    let from = &app.server.app.db;
    let odd = "number,name,location,department,latitude,longitude\n=1+1,'quoted,\"two\nlines; and, more\",@home,,\n\
        Ä-ß,-5 °C,,Ünit,-33.9249,18.424100\n";
    assert_eq!(take(from, Kind::Machines, odd).await, (2, 0, 0));
    let shifts = "person,starts_at,machine,note\n+12025550102,2026-01-20 06:00,,\n\
        +12025550101,2026-01-20 06:00,mach-001,=1\n+12025550101,2026-01-19T22:00:00.5+01:00,,\"two\nlines\"\n";
    assert_eq!(take(from, Kind::Shifts, shifts).await, (3, 0, 0));
    let plans = "number,machine,title,every_days,next_on,responsible\npm-2,MACH-002,Oil,30,2026-02-01,\n\
        PM-1,mach-001,Grease,7,2026-01-20,+12025550104; +12025550101\n";
    assert_eq!(take(from, Kind::MaintenancePlans, plans).await, (2, 0, 0));
    let (to, database) = another(backend).await;
    for kind in ALL {
        let file = export(from, kind).await;
        let lines = file.lines().count();
        let (imported, heard) = import(&to, kind, &file, &options()).await;
        assert!(heard.bad.is_empty() && heard.warnings.is_empty(), "{:?}", heard.bad);
        assert!(imported.created > 0 && imported.created < lines as u64 && imported.notes.is_empty());
        assert_eq!(export(&to, kind).await, file, "{kind:?}");
        let (again, _) = import(&to, kind, &file, &options()).await;
        assert_eq!((again.created, again.changed, again.kept), (0, 0, imported.created), "{kind:?}");
    }
    assert!(export(&to, Kind::Machines).await.contains("'=1+1,''quoted,\"two\nlines; and, more\",'@home,,\n"));
    assert!(export(&to, Kind::Machines).await.contains(",Ünit,'-33.9249,18.4241\n"));
    assert!(export(&to, Kind::People).await.contains("\n'+12025550101,"));
    to.close().await.expect("it closes");
    database.destroy().await;
    app.end().await;
}

async fn a_file_creates_changes_and_leaves_and_a_dry_run_only_says_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let before = export(db, Kind::Orders).await;
    let file = "Due on;number;customer;product;quantity ordered;starts on\n\
        2026-02-01;ord-1;Northwind;Gearbox;10;2026-01-20\n\
        2026-02-02;ORD-2;Northwind;Gearbox;10;2026-01-20\n";
    let dry = Options { dry_run: true, ..options() };
    let (would, _) = import(db, Kind::Orders, file, &dry).await;
    assert_eq!(export(db, Kind::Orders).await, before, "a dry run changes nothing");
    let (did, _) = import(db, Kind::Orders, file, &options()).await;
    assert_eq!((did.created, did.changed, did.kept), (2, 0, 0));
    assert_eq!(would, did);
    let status = app.says(OPERATOR, "ORD-1").await;
    assert!(status[0].contains("Pending") && status[0].contains("2026-02-01"), "{status:?}");

    let later = "number,quantity_completed\nORD-1,5\nORD-2,0\n";
    assert_eq!(take(db, Kind::Orders, later).await, (0, 1, 1));
    assert_eq!(line(db, Kind::Orders, "ORD-1,").await, "ORD-1,Northwind,Gearbox,10,5,0,2026-01-20,2026-02-01,PENDING");
    assert_eq!((app.count("imports").await, app.count("import_pieces").await), (0, 0), "nothing is left lying about");
    app.end().await;
}

async fn one_bad_line_refuses_the_file_unless_it_is_to_be_skipped(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let mut file = "number,name,location,department\n".to_owned();
    for number in 0..600 {
        let name = if number == 599 { "" } else { "Press" };
        writeln!(file, "M-{number:04},{name},Hall 1,Forming").expect("a string takes everything");
    }
    let (refused, heard) = import(db, Kind::Machines, &file, &options()).await;
    assert_eq!((refused.bad, heard.bad), (1, vec!["line 601, name: \"\" is empty; write something".to_owned()]));
    assert_eq!(app.count("machines").await, 6, "the demo's only");
    assert_eq!((app.count("imports").await, app.count("import_pieces").await), (0, 0));
    let skipping = Options { skip_bad: true, ..options() };
    let (taken, heard) = import(db, Kind::Machines, &file, &skipping).await;
    assert_eq!((taken.created, taken.bad, heard.pieces), (599, 1, 3));
    assert_eq!(app.count("machines").await, 605);
    app.end().await;
}

async fn every_fault_is_told_with_its_line(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (kind, file, expected) in [
        (
            Kind::Orders,
            "number,customer,product,quantity_ordered,starts_on,due_on,status\n\
             A,C,P,1,2026-01-01,31.02.2026,LATE\n\
             B,C,P,1,2026-02-01,2026-01-01,PENDING\n\
             B,C,P,1,2026-02-01,2026-03-01,PENDING\n",
            vec![
                "line 2, due_on: \"31.02.2026\" is not a date; write YYYY-MM-DD",
                "line 2, status: \"LATE\" is none of PENDING, SCHEDULED, IN_PROGRESS, ON_HOLD, COMPLETED, CANCELLED",
                "line 3, due_on: \"2026-01-01\" is before the order begins (2026-02-01); correct one of the two",
                "line 4, number: \"B\" stands in line 3 already",
            ],
        ),
        (
            Kind::Orders,
            "number,due_on\nORD-99999,2026-01-01\nORD-12345,2020-01-01\n",
            vec![
                "line 2, number: \"ORD-99999\" is new; to add it, say its customer, product, quantity_ordered, starts_on as well",
                "line 3, due_on: \"2020-01-01\" is before the order begins (2026-01-06); correct one of the two",
            ],
        ),
        (
            Kind::Boms,
            "number,product,component,name,quantity,unit_cost\n\
             BOM-1,Pump,A,Rotor,1,2\nBOM-1,Pump,A,Rotor,1,2\nBOM-1,Fan,B,Blade,0,-1\nBOM-2,Pump,,,,\nBOM-1,Pump,C,Nut,1,1\n\
             BOM-3,,D,Nut,1,1\nBOM-4,Pump,,Nut,1,1\n",
            vec![
                "line 3, component: \"A\" stands in this BOM twice",
                "line 4, quantity: \"0\" is not more than 0; to take the component out, leave it out",
                "line 4, unit_cost: \"-1\" is less than 0; a cost is 0 or more",
                "line 6, number: \"BOM-1\" stands in line 2 already; its lines must stand together",
                "line 7, product: \"\" is empty; write something",
                "line 8, component: \"\" is empty; every record needs one",
            ],
        ),
        (
            Kind::SopFailures,
            "number,procedure,department,requester\nDEF-1,Torque,Assembly,\nSOP-,Torque,Assembly,\nSOP-7,Torque,,\n\
             SOP-8,Torque,Assembly,+12025550199\n",
            vec![
                "line 2, number: \"DEF-1\" is no reference of an SOP failure; write SOP-999",
                "line 3, number: \"SOP-\" is no reference of an SOP failure; write SOP-999",
                "line 4, department: \"\" is empty; write something",
                "line 5, requester: \"+12025550199\" is nobody that Andon knows; import people first, or leave the cell empty",
            ],
        ),
        (
            Kind::People,
            "whatsapp,name,role,language\n020 79,A,CHIEF,tlh\n+12025550150,,OPERATOR,en\n+12025550103,Admin,operator,en\n",
            vec![
                "line 2, whatsapp: \"020 79\" is not a phone number in E.164 form (+, country code, number)",
                "line 2, role: \"CHIEF\" is none of ADMIN, SUPPORT, CLIENT, OPERATOR, SUPERVISOR",
                "line 2, language: \"tlh\" is no language Andon speaks; write ar, en, es, fr, pt",
                "line 3, name: \"\" is empty; write something",
                "line 4, role: \"OPERATOR\" would take ADMIN away, which an import does not do; if it is meant: andon person \
                 set +12025550103 --role OPERATOR",
            ],
        ),
    ] {
        let before = export(&app.server.app.db, kind).await;
        let (imported, heard) = import(&app.server.app.db, kind, file, &options()).await;
        assert_eq!(heard.bad, expected, "{kind:?}");
        assert!(imported.bad > 0);
        assert_eq!(export(&app.server.app.db, kind).await, before);
    }
    app.end().await;
}

async fn no_file_releases_a_hold_that_a_ticket_laid(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let (imported, _) = import(db, Kind::Orders, "number,status\nORD-12351,COMPLETED\n", &options()).await;
    assert_eq!((imported.changed, imported.notes.values().sum::<u64>()), (1, 1));
    assert!(line(db, Kind::Orders, "ORD-12351").await.ends_with(",ON_HOLD"));
    let order = orders::row::Entity::find().filter(orders::row::Column::Number.eq("ORD-12351")).one(db.read()).await;
    let waiting = order.expect("a read").expect("the order").status_before_hold;
    assert_eq!(waiting, Some(orders::Status::Completed), "it counts when the ticket is closed");
    app.end().await;
}

async fn a_changed_bom_gets_its_next_revision_and_keeps_the_old_one(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let revisions = app.count("bom_revisions").await;
    let file = "number,product,component,quantity,unit_cost\n\
        BOM-889,Hydraulic pump HP-7,HSG-210,1,61\nBOM-889,Hydraulic pump HP-7,ROT-07,2,38.75\n\
        BOM-900,Fan,,,\n";
    assert_eq!(take(db, Kind::Boms, file).await, (1, 1, 0));
    assert_eq!(app.count("bom_revisions").await, revisions + 2);
    let boms = ["BOM-889", "BOM-900"].map(str::to_owned);
    let found = andon::boms::look_up(db.read(), &boms).await.expect("a look-up").found;
    let facts = &found["BOM-889"].0;
    assert_eq!((&facts["revision"], &facts["components"][1]["quantity"]), (&2.into(), &"2".into()));
    assert_eq!(facts["components"][1]["name"], "Rotor", "what the file does not say stays");
    assert_eq!(facts["components"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["BOM-900"].0["revision"], 1);
    assert_eq!(take(db, Kind::Boms, file).await, (0, 0, 2));
    app.end().await;
}

async fn a_bom_with_one_bad_line_is_left_out_as_a_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let file = "number,product,component,quantity,unit_cost\n\
        BOM-1,Pump,A,1,1\nBOM-1,Pump,B,much,1\nBOM-1,Pump,C,1,1\nBOM-2,Fan,A,1,1\n";
    let (imported, _) = import(db, Kind::Boms, file, &Options { skip_bad: true, ..options() }).await;
    assert_eq!((imported.created, imported.bad), (1, 1));
    assert_eq!(line(db, Kind::Boms, "BOM-1,").await, "none");
    assert_eq!(line(db, Kind::Boms, "BOM-2,").await, "BOM-2,Fan,A,A,1,1.00");
    // Nobody knows what a line that cannot be read belongs to.
    let file = "number,product,component,quantity,unit_cost\n\
        BOM-3,Pump,A,1,1\nBOM-4,Pump,A,1\nBOM-4,Pump,B,1,1\nBOM-5,Pump,A,1,1\n,Pump,B,1,1\nBOM-5,Pump,C,1,1\nBOM-6,Fan,A,1,1\n";
    let (imported, heard) = import(db, Kind::Boms, file, &Options { skip_bad: true, ..options() }).await;
    assert_eq!((imported.created, imported.bad), (1, 3), "{:?}", heard.bad);
    assert_eq!(heard.bad[1], "line 4, number: \"BOM-4\" may begin in line 3, which cannot be read");
    assert_eq!(line(db, Kind::Boms, "BOM-6,").await, "BOM-6,Fan,A,A,1,1.00");
    app.end().await;
}

async fn an_sop_failure_that_is_known_keeps_its_course(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    app.settle().await;
    let deliveries = app.count("deliveries").await;
    let file = "number,procedure,failure_type,department,reported_at,status,requester\n\
        SOP-999,Torque check,Step skipped,Assembly,2020-01-01T00:00:00Z,CLOSED,\n\
        SOP-1,Torque check,,Assembly,2026-01-17 09:05,IN_PROGRESS,+12025550101\n";
    let (imported, _) = import(db, Kind::SopFailures, file, &options()).await;
    assert_eq!((imported.created, imported.changed, imported.notes.values().sum::<u64>()), (1, 1, 1));
    app.settle().await;
    assert_eq!(app.count("deliveries").await, deliveries, "an import tells nobody");
    let known = line(db, Kind::SopFailures, "SOP-999").await;
    assert!(known.starts_with("SOP-999,Torque check,Step skipped,Assembly,The first piece"), "{known}");
    assert!(known.contains(",2026-01-18T14:30:22Z,NEW,'+12025550101"), "{known}");
    let shown = app.says(OPERATOR, "SOP-1").await;
    assert!(shown[0].contains("2026-01-17 09:05") && shown[0].contains("In Progress"), "{shown:?}");
    let late = app.says(OPERATOR, "SOP-1").await;
    assert_eq!(late, shown, "asking changes nothing");
    app.end().await;
}

async fn who_is_imported_may_chat_and_no_file_makes_an_admin_less(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let stranger = "+12025550150";
    app.says(stranger, "hi").await;
    let people = app.count("people").await;
    let file =
        "whatsapp,name,role,department\n+12025550150,Line 3,operator,Assembly\n'+12025550151,Line 4,SUPERVISOR,\n";
    assert_eq!(take(db, Kind::People, file).await, (2, 0, 0));
    assert_eq!(app.count("people").await, people + 1, "who only wrote so far keeps their history");
    let menu = app.says(stranger, "hi").await;
    assert!(menu[0].contains("Create Defect Report"), "{menu:?}");
    assert_eq!(take(db, Kind::People, "whatsapp,department\n+12025550150,\n+12025550151,\n").await, (0, 1, 1));
    assert_eq!(line(db, Kind::People, "'+12025550150").await, "'+12025550150,Line 3,OPERATOR,,en");
    app.end().await;
}

fn machines(count: usize) -> String {
    let lines = (0..count).map(|number| format!("M-{number:05},Press {number},Hall 1,Forming\n"));
    std::iter::once("number,name,location,department\n".to_owned()).chain(lines).collect()
}

async fn two_who_write_one_import_write_each_piece_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (db, file) = (&app.server.app.db, machines(3000));
    let other = Db::open(&app.server.app.settings.database_url(), app.clock.clone()).await.expect("it opens");
    let importing = async {
        let imported = import(db, Kind::Machines, &file, &options()).await.0;
        (imported.created, imported.changed)
    };
    let helping = async {
        for _ in 0..400 {
            records_io::finish(&other).await.expect("another may help");
            tokio::task::yield_now().await;
        }
    };
    let (outcome, ()) = tokio::join!(importing, helping);
    assert_eq!(outcome, (3000, 0));
    assert_eq!(app.count("machines").await, 3006);
    assert_eq!((app.count("imports").await, app.count("import_pieces").await), (0, 0));
    other.close().await.expect("it closes");
    app.end().await;
}

/// A file that stops in the middle, as standard input does.
struct Stopping<'a> {
    file: &'a [u8],
    stop: usize,
}

impl std::io::Read for Stopping<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.file.len() <= self.stop {
            return Err(std::io::Error::other("the line broke"));
        }
        self.file.read(into)
    }
}

async fn an_import_waits_for_the_one_before_it(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (db, file) = (&app.server.app.db, machines(1000));
    let broken = std::io::BufReader::with_capacity(512, Stopping { file: file.as_bytes(), stop: 2000 });
    let told = records_io::import(db, Kind::Machines, broken, &options(), &mut Heard::default()).await;
    assert!(told.is_err_and(|error| error.to_string().contains("cannot be read")));
    assert_eq!((app.count("imports").await, app.count("machines").await), (0, 6), "it cleans up after itself");

    // As a killed one leaves it.
    db.write(|tx| {
        Box::pin(async move {
            use sea_orm::ConnectionTrait as _;
            let left = "INSERT INTO imports (kind, status, created_at, touched_at) VALUES \
                ('machines', 'GATHERING', '2026-01-18 14:30:22', '2026-01-18 14:30:22')";
            tx.conn().execute_unprepared(left).await?;
            Ok(())
        })
    })
    .await
    .expect("a row");
    let refused = records_io::import(db, Kind::Machines, file.as_bytes(), &options(), &mut Heard::default()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("try again in a minute")));
    app.clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(take(db, Kind::Machines, &file).await, (1000, 0, 0));
    assert_eq!(app.count("imports").await, 0);
    app.end().await;
}
