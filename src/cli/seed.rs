//! `andon seed`: demo records, with dates relative to now.
//!
//! What exists stays as it is, so running it twice changes nothing. People are named by their roles, have numbers
//! from the range that is kept for fiction, and no passwords but in the demo ([`desk`]).

mod calendar;
pub mod desk;
mod records;

use crate::db::{Db, Tx};
use crate::kit::Result;
use crate::people::Role;
use crate::people::store::{Registered, register};
use crate::sla::Policies;
use crate::tickets::{self, Action, Given, Key, Viewer};
use crate::{boms, defects, machines, maintenance, orders, sop_failures};
use chrono::TimeDelta;
use chrono_tz::Tz;
use records::{HELD_ORDER, demo_boms, demo_machines, demo_orders, demo_people};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The open defect that holds an order.
const DEFECT: &str = "DEF-777";
/// A machine's ticket that somebody works on, with 44 h 32 m left for all of the first minute.
const MAINTENANCE: &str = "MAINT-555";
const MAINTENANCE_LEFT: TimeDelta = TimeDelta::minutes(44 * 60 + 33);
/// A machine's ticket whose deadline has passed.
const LATE_MAINTENANCE: &str = "MAINT-556";
const LATE_BY: TimeDelta = TimeDelta::minutes(65);
/// A procedure that was not kept.
const SOP_FAILURE: &str = "SOP-999";

/// How many records were new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// People with a role.
    pub people: usize,
    /// Orders.
    pub orders: usize,
    /// Machines.
    pub machines: usize,
    /// BOMs.
    pub boms: usize,
    /// Tickets of all kinds.
    pub tickets: usize,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("The demo records are there already; nothing was changed.");
        }
        let Self { people, orders, machines, boms, tickets } = self;
        write!(
            f,
            "Loaded the demo records. New: people {people}, orders {orders}, machines {machines}, BOMs {boms}, tickets {tickets}."
        )
    }
}

/// Loads the demo records, all or none; days begin and end in the plant's time zone `tz`.
///
/// # Errors
/// When the database is away.
pub async fn run(db: &Db, tz: Tz) -> Result<Seeded> {
    db.write(move |tx| Box::pin(load(tx, tz))).await
}

async fn load(tx: &Tx, tz: Tz) -> Result<Seeded> {
    tx.hush(); // nobody waits to hear of the demo's past
    let new_people = demo_people()?;
    let registered = register(tx, &new_people).await?;
    let mut people: HashMap<Role, i64> = HashMap::new();
    for (person, registered) in new_people.iter().zip(&registered) {
        people.entry(person.role).or_insert_with(|| id_of(registered));
    }
    let is_new = |registered: &Registered| matches!(registered, Registered::New(_));
    let today = tx.now().with_timezone(&tz).date_naive();
    Ok(Seeded {
        people: registered.iter().filter(|registered| is_new(registered)).count(),
        orders: orders::add(tx, &demo_orders(today)).await?,
        machines: machines::add(tx, &demo_machines()).await?,
        boms: boms::add(tx, &demo_boms()?).await?,
        tickets: load_tickets(tx, &people, registered.iter().all(is_new)).await?,
    })
}

fn id_of(registered: &Registered) -> i64 {
    match registered {
        Registered::New(id) => *id,
        Registered::Already(known) => known.person_id,
    }
}

/// Reports what is wrong in the demo's plant. Work is handed out only among people who are new: somebody who was
/// there before may have another role by now.
async fn load_tickets(tx: &Tx, people: &HashMap<Role, i64>, are_new: bool) -> Result<usize> {
    let demo = [DEFECT, MAINTENANCE, LATE_MAINTENANCE, SOP_FAILURE].map(str::to_owned);
    let known: HashSet<String> = tickets::by_references(tx.conn(), &demo).await?.into_keys().collect();
    let reporter = people[&Role::Operator];
    let given = |reference: &str, left: Option<TimeDelta>| Given {
        reference: Some(reference.to_owned()),
        resolution_due_at: left.map(|left| tx.now() + left),
    };
    let (mut made, policies) = (0, Policies::default());
    if !known.contains(DEFECT) {
        let reports = [defect(reporter)];
        made += taken(&defects::record(tx, &policies, &reports, &[given(DEFECT, None)]).await?);
    }
    for (reference, left, report) in [
        (MAINTENANCE, MAINTENANCE_LEFT, repair("MACH-001", "BEARING", "LOW", reporter)),
        (LATE_MAINTENANCE, -LATE_BY, repair("MACH-003", "HYDRAULIC", "HIGH", reporter)),
    ] {
        if !known.contains(reference) {
            made += taken(&maintenance::record(tx, &policies, &[report], &[given(reference, Some(left))]).await?);
            if are_new {
                hand_out(tx, people, reference).await?;
            }
        }
    }
    if !known.contains(SOP_FAILURE) {
        made += taken(&sop_failures::report(tx, &policies, &[sop_failure(reporter)]).await?);
    }
    Ok(made)
}

/// The admin assigns the ticket, and the support person begins.
async fn hand_out(tx: &Tx, people: &HashMap<Role, i64>, reference: &str) -> Result<()> {
    let viewer = |role| Viewer { person_id: people[&role], role: Some(role), department: None, open_access: false };
    let assign = Action::Assign { people: vec![people[&Role::Support]], resolution_due_at: None, estimate: None };
    let ticket = Key::Reference(reference);
    tickets::act(tx, &viewer(Role::Admin), ticket, &assign, None, &[]).await?;
    tickets::act(tx, &viewer(Role::Support), ticket, &Action::Start, None, &[]).await?;
    Ok(())
}

fn taken<T, R>(outcomes: &[Result<T, R>]) -> usize {
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

fn defect(reporter: i64) -> defects::Report {
    defects::Report {
        order: HELD_ORDER.to_owned(),
        defect_type: "INTERNAL_REJECT".to_owned(),
        severity: "MEDIUM".to_owned(),
        description: "Eight housings with scratches on the sealing face.".to_owned(),
        media: Vec::new(),
        reporter,
    }
}

fn repair(machine: &str, issue_type: &str, urgency: &str, reporter: i64) -> maintenance::Report {
    maintenance::Report {
        machine: machine.to_owned(),
        issue_type: issue_type.to_owned(),
        urgency: urgency.to_owned(),
        media: Vec::new(),
        place: None,
        reporter,
    }
}

fn sop_failure(reporter: i64) -> sop_failures::Report {
    sop_failures::Report {
        reference: Some(SOP_FAILURE.to_owned()),
        procedure: "First-piece inspection".to_owned(),
        failure_type: "Inspection skipped".to_owned(),
        department: "Machining".to_owned(),
        description: "The first piece after the tool change was not measured.".to_owned(),
        media: Vec::new(),
        reporter: Some(reporter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::test_db;
    use chrono_tz::{America, Pacific};
    use sea_orm::ConnectionTrait as _;
    use serde_json::Value;

    async fn rows(db: &Db) -> Vec<(&'static str, i64)> {
        let mut counts = Vec::new();
        for table in [
            "people",
            "addresses",
            "orders",
            "order_holds",
            "machines",
            "boms",
            "bom_revisions",
            "bom_components",
            "tickets",
            "ticket_history",
            "defects",
            "maintenance",
            "sop_failures",
            "events",
        ] {
            let count = sea_orm::Statement::from_string(db.backend(), format!("SELECT COUNT(*) FROM {table}"));
            let row = db.read().query_one_raw(count).await.expect("a count").expect("one row");
            counts.push((table, row.try_get_by_index(0).expect("a number")));
        }
        counts
    }

    async fn order(db: &Db, number: &str, tz: Tz) -> Value {
        let looked_up = orders::look_up(db.read(), &[number.to_owned()], db.now(), tz).await.expect("a look-up");
        looked_up.found[number].0.clone()
    }

    #[tokio::test]
    async fn seeding_twice_changes_nothing() {
        let (db, _folder) = test_db().await;
        let first = run(&db, Tz::UTC).await.expect("the records are loaded");
        assert_eq!(first, Seeded { people: 9, orders: 8, machines: 6, boms: 2, tickets: 4 });
        let before = rows(&db).await;
        let again = run(&db, Tz::UTC).await.expect("loading again is no error");
        assert_eq!(again, Seeded::default());
        assert_eq!(rows(&db).await, before);
    }

    #[tokio::test]
    async fn the_demo_orders_show_every_state_in_every_time_zone() {
        for tz in [Tz::UTC, America::Los_Angeles, Pacific::Kiritimati] {
            let (db, _folder) = test_db().await;
            run(&db, tz).await.expect("the records are loaded");
            for (number, progress, sla) in [
                ("ORD-12345", 75, "ON_TRACK"),
                ("ORD-12346", 0, "ON_TRACK"),
                ("ORD-12347", 40, "AT_RISK"),
                ("ORD-12348", 66, "OVERDUE"),
                ("ORD-12349", 100, "ON_TRACK"),
            ] {
                let facts = order(&db, number, tz).await;
                assert_eq!((&facts["progress"], &facts["sla"]), (&progress.into(), &sla.into()), "{number} in {tz}");
            }
        }
    }

    #[tokio::test]
    async fn the_demo_tickets_show_time_left_a_broken_deadline_and_a_held_order() {
        let (db, _folder) = test_db().await;
        run(&db, Tz::UTC).await.expect("the records are loaded");
        let keys = [MAINTENANCE, LATE_MAINTENANCE, SOP_FAILURE, DEFECT].map(str::to_owned);
        let seen_at = db.now() + TimeDelta::seconds(10);
        let found = tickets::look_up(db.read(), &keys, seen_at, Tz::UTC).await.expect("a look-up").found;
        let shown = |reference: &str| {
            let facts = &found[reference].0;
            ["status", "time_left", "clock", "holder"].map(|fact| facts[fact].as_str().unwrap_or("-").to_owned())
        };
        assert_eq!(shown(MAINTENANCE), ["IN_PROGRESS", "44h 32m", "OK", "Support"]);
        assert_eq!(shown(LATE_MAINTENANCE), ["IN_PROGRESS", "-1h 06m", "BREACHED", "Support"]);
        assert_eq!(shown(SOP_FAILURE), ["NEW", "23h 59m", "OK", "-"]);
        assert_eq!(shown(DEFECT), ["NEW", "47h 59m", "OK", "-"]);
        assert_eq!(order(&db, HELD_ORDER, Tz::UTC).await["status"], "ON_HOLD");
    }

    #[tokio::test]
    async fn seeding_spares_records_that_were_changed_meanwhile() {
        let (db, _folder) = test_db().await;
        run(&db, Tz::UTC).await.expect("the records are loaded");
        let change = "UPDATE people SET role = 'CLIENT'; DELETE FROM order_holds; DELETE FROM defects; \
            DELETE FROM ticket_assignments; DELETE FROM ticket_history; DELETE FROM maintenance; \
            DELETE FROM sop_failures; DELETE FROM tickets; UPDATE orders SET status = 'CANCELLED'";
        db.write(move |tx| {
            Box::pin(async move {
                tx.conn().execute_unprepared(change).await?;
                Ok(())
            })
        })
        .await
        .expect("a change");
        let again = run(&db, Tz::UTC).await.expect("loading again is no error");
        assert_eq!(again, Seeded { tickets: 3, ..Seeded::default() }, "a cancelled order gets no defect");
        assert_eq!(order(&db, HELD_ORDER, Tz::UTC).await["status"], "CANCELLED");
    }

    #[tokio::test]
    async fn there_is_one_person_a_role_and_an_operator_a_language_and_the_numbers_are_fiction() {
        let (db, _folder) = test_db().await;
        run(&db, Tz::UTC).await.expect("the records are loaded");
        let everybody = crate::people::store::registered(db.read()).await.expect("a read");
        for role in Role::ALL {
            let of_role = everybody.iter().filter(|known| known.role() == Some(role));
            let mut languages: Vec<&str> = of_role.map(|known| known.language.as_str()).collect();
            languages.sort_unstable();
            let expected: &[&str] = if role == Role::Operator { &["ar", "en", "es", "fr", "pt"] } else { &["en"] };
            assert_eq!(languages, expected, "{role:?}");
        }
        assert!(everybody.iter().all(|known| known.value.starts_with("+120255501")));
    }
}
