//! Imports among one another: what is dropped cannot count, what counts is written, one is gathered at a time.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::db::Db;
use andon::kit::Result;
use andon::records_io::{self, BadLine, Imported, Kind, Options, Watch};
use chrono_tz::Tz;
use futures_util::future::{Either, join_all, select};
use sea_orm::ConnectionTrait as _;
use std::io::{BufReader, Read};
use std::pin::pin;

facts!["imports":
    an_import_that_is_being_dropped_cannot_count_any_more,
    an_import_that_counts_already_is_written_and_reported,
    of_many_who_begin_at_once_one_imports,
    whoever_only_looks_at_a_file_finishes_nobody_elses,
];

struct Deaf;

impl Watch for Deaf {
    fn warn(&mut self, _warning: &str) {}
    fn bad(&mut self, _line: &BadLine) {}
    fn read(&mut self, _bytes: u64) {}
    fn written(&mut self, _pieces: u64, _of: u64) {}
}

async fn import(db: &Db, file: impl Read) -> Result<Imported> {
    take(db, file, false).await
}

async fn take(db: &Db, file: impl Read, dry_run: bool) -> Result<Imported> {
    let options = Options { dry_run, skip_bad: false, tz: Tz::UTC, languages: vec!["en".to_owned()] };
    records_io::import(db, Kind::Machines, BufReader::with_capacity(512, file), &options, &mut Deaf).await
}

fn machines(prefix: &str, count: usize) -> String {
    let lines = (0..count).map(|number| format!("{prefix}-{number:05},Press {number},Hall 1,Forming\n"));
    lines.collect()
}

const HEADER: &str = "number,name,location,department\n";

async fn change(app: &TestApp, statement: &str) -> u64 {
    let connection = app.connection().await;
    connection.execute_unprepared(statement).await.expect("a change").rows_affected()
}

/// An import as one that was killed leaves it, with forty pieces.
async fn left(app: &TestApp, status: &str) {
    let import = format!(
        "INSERT INTO imports (kind, status, created_at, touched_at) VALUES \
         ('machines', '{status}', '2026-01-18 12:00:00', '2026-01-18 12:00:00')"
    );
    change(app, &import).await;
    let pieces: Vec<String> = (0..40).map(|nth| format!("SELECT id, {nth}, '[]' FROM imports")).collect();
    let pieces = format!("INSERT INTO import_pieces (import_id, position, records) {}", pieces.join(" UNION ALL "));
    assert_eq!(change(app, &pieces).await, 40);
}

async fn an_import_that_is_being_dropped_cannot_count_any_more(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    left(&app, "GATHERING").await;
    let counting = async {
        while app.count("import_pieces").await == 40 {
            tokio::task::yield_now().await;
        }
        change(&app, "UPDATE imports SET status = 'WRITING' WHERE status = 'GATHERING'").await
    };
    let (finished, counted) = tokio::join!(records_io::finish(db), counting);
    finished.expect("the database answers");
    assert_eq!(counted, 0, "a part of it is gone already");
    assert_eq!((app.count("imports").await, app.count("import_pieces").await), (0, 0));
    left(&app, "DROPPED").await;
    records_io::finish(db).await.expect("the database answers");
    assert_eq!((app.count("imports").await, app.count("import_pieces").await), (0, 0), "what one left, another ends");
    app.end().await;
}

/// A file, and what happens when its end is reached.
struct Ending<'a, F> {
    file: &'a [u8],
    then: Option<F>,
}

impl<F: FnOnce() + Send> Read for Ending<'_, F> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        if let Some(then) = self.then.take_if(|_| read == 0) {
            std::thread::scope(|threads| threads.spawn(then).join().expect("no panic"));
        }
        Ok(read)
    }
}

/// As after a commit whose answer was lost.
async fn an_import_that_counts_already_is_written_and_reported(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let known = machines("K", 600);
    import(db, format!("{HEADER}{known}").as_bytes()).await.expect("a table");
    // One whole piece, and then nothing more to lay by.
    let file = format!("{HEADER}{}{known}", machines("N", 250));
    let counts = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let made = runtime.block_on(change(&app, "UPDATE imports SET status = 'WRITING' WHERE status = 'GATHERING'"));
        assert_eq!(made, 1);
    };
    let imported = import(db, Ending { file: file.as_bytes(), then: Some(counts) }).await.expect("it counts");
    assert_eq!((imported.created, imported.kept), (250, 600));
    assert_eq!((app.count("machines").await, app.count("import_pieces").await), (6 + 600 + 250, 0));
    app.end().await;
}

async fn of_many_who_begin_at_once_one_imports(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let files: Vec<String> = (0..8).map(|nth| format!("{HEADER}{}", machines(&format!("F{nth}"), 1000))).collect();
    let mut importing = Box::pin(join_all(files.iter().map(|file| import(db, file.as_bytes()))));
    let mut most = 0;
    let imported = loop {
        let looking = pin!(app.count("imports WHERE status = 'GATHERING'"));
        match select(importing.as_mut(), looking).await {
            Either::Left((imported, _)) => break imported,
            Either::Right((gathering, _)) => most = most.max(gathering),
        }
    };
    drop(importing);
    assert!(most <= 1, "{most} at once");
    let taken: usize = imported.iter().filter(|imported| imported.is_ok()).count();
    assert!(taken >= 1, "{imported:?}");
    let refused = imported.iter().filter_map(|imported| imported.as_ref().err());
    assert!(refused.clone().all(|error| error.to_string().contains("Let it end first")), "{imported:?}");
    assert_eq!(app.count("machines").await, 6 + 1000 * i64::try_from(taken).expect("few"));
    app.end().await;
}

async fn whoever_only_looks_at_a_file_finishes_nobody_elses(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    left(&app, "WRITING").await;
    let file = format!("{HEADER}{}", machines("N", 2));
    let imported = take(db, file.as_bytes(), true).await.expect("a table");
    assert_eq!(imported.created, 2, "it says what would come of it");
    assert_eq!((app.count("import_pieces").await, app.count("machines").await), (40, 6), "and writes nothing");
    take(db, file.as_bytes(), false).await.expect("a table");
    assert_eq!((app.count("import_pieces").await, app.count("machines").await), (0, 8), "whoever writes does");
    app.end().await;
}
