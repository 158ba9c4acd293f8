//! Tickets on a real database: their references, their whole life, and what a look-up says.

mod near;

use super::*;
use crate::db::{Db, test_db};
use crate::kit::error::Kind as Failure;
use crate::kit::{E164, Error, reference};
use crate::outbox;
use crate::people::Role;
use crate::people::store::{NewPerson, Registered, register};
use chrono::TimeDelta;
use chrono_tz::Tz;
use sea_orm::{EntityTrait as _, QueryOrder as _};
use std::error::Error as _;

const SECOND: &str = "20260118143022";

/// A database with one person a role; the numbers of their rows by role.
async fn plant() -> (Db, HashMap<Role, i64>, tempfile::TempDir) {
    let (db, folder) = test_db().await;
    let registered = db.write(|tx| {
        Box::pin(async move {
            let people = Role::ALL.iter().zip(101..).map(|(role, number)| NewPerson {
                name: format!("{role:?}"),
                role: *role,
                department: Some("Assembly".to_owned()),
                language: None,
                whatsapp: E164::parse(&format!("+12025550{number}")).expect("a number"),
            });
            register(tx, &people.collect::<Vec<_>>()).await
        })
    });
    let registered = registered.await.expect("people are registered").into_iter().map(|person| match person {
        Registered::New(id) => id,
        Registered::Already(known) => known.person_id,
    });
    let ids = Role::ALL.into_iter().zip(registered).collect();
    (db, ids, folder)
}

fn new(kind: Kind, requester_id: i64) -> NewTicket {
    NewTicket {
        kind,
        given: Given::default(),
        title: "The press leaks".to_owned(),
        description: "Oil under the table".to_owned(),
        media_json: "[]".to_owned(),
        place_json: None,
        priority: Priority::High,
        requester_id: Some(requester_id),
        department: Some("Assembly".to_owned()),
        incident: None,
    }
}

fn named(reference: &str, new: NewTicket) -> NewTicket {
    NewTicket { given: Given { reference: Some(reference.to_owned()), resolution_due_at: None }, ..new }
}

async fn make(db: &Db, tickets: Vec<NewTicket>) -> Result<Vec<String>> {
    let made = db.write(move |tx| {
        let tickets = tickets.clone();
        Box::pin(async move { create(tx, &Policies::default(), tickets).await })
    });
    Ok(made.await?.into_iter().map(|ticket| ticket.reference).collect())
}

async fn do_it(db: &Db, role: Role, people: &HashMap<Role, i64>, reference: &str, action: Action) -> Result<Changed> {
    do_it_with(db, role, people, reference, action, &[]).await
}

async fn do_it_with(
    db: &Db,
    role: Role,
    people: &HashMap<Role, i64>,
    reference: &str,
    action: Action,
    followers: &'static [Follower],
) -> Result<Changed> {
    let viewer = Viewer {
        person_id: people[&role],
        role: Some(role),
        department: Some("Assembly".to_owned()),
        open_access: false,
    };
    let reference = reference.to_owned();
    db.write_with((viewer, reference, action), move |tx, (viewer, reference, action)| {
        Box::pin(act(tx, viewer, Key::Reference(reference), action, None, followers))
    })
    .await
}

async fn events(db: &Db) -> Vec<outbox::row::Model> {
    outbox::row::Entity::find().order_by_asc(outbox::row::Column::Id).all(db.read()).await.expect("a read")
}

async fn facts(db: &Db, reference: &str) -> serde_json::Value {
    let looked_up = look_up(db.read(), &[reference.to_owned()], db.now(), Tz::UTC).await.expect("a look-up");
    looked_up.found[reference].0.clone()
}

#[tokio::test]
async fn a_reference_is_never_given_twice() {
    let (db, people, _folder) = plant().await;
    let me = people[&Role::Operator];
    let set = vec![new(Kind::Defect, me), new(Kind::Maintenance, me), new(Kind::Defect, me)];
    let made = make(&db, set.clone()).await.expect("made");
    assert_eq!(made, [format!("DEF-{SECOND}"), format!("MAINT-{SECOND}"), format!("DEF-{SECOND}-2")]);
    let made = make(&db, set.clone()).await.expect("made");
    assert_eq!(made, [format!("DEF-{SECOND}-3"), format!("MAINT-{SECOND}-2"), format!("DEF-{SECOND}-4")]);
    make(&db, vec![named(&format!("def-{SECOND}-9"), new(Kind::Defect, me))]).await.expect("made");
    assert_eq!(make(&db, vec![new(Kind::Defect, me)]).await.expect("made"), [format!("DEF-{SECOND}-10")]);
    // One that is longer than any number, but is none.
    make(&db, vec![named(&format!("DEF-{SECOND}-from-the-old-list"), new(Kind::Defect, me))]).await.expect("made");
    assert_eq!(make(&db, vec![new(Kind::Defect, me)]).await.expect("made"), [format!("DEF-{SECOND}-11")]);
    db.pass(TimeDelta::seconds(1));
    assert_eq!(make(&db, set).await.expect("made")[0], "DEF-20260118143023");
}

#[tokio::test]
async fn a_set_larger_than_one_statement_keeps_its_order() {
    let (db, people, _folder) = plant().await;
    let made = make(&db, vec![new(Kind::Defect, people[&Role::Operator]); 1_300]).await.expect("made");
    let expected: Vec<String> = (1..=1_300).map(|nth| reference::numbered("DEF", db.now(), nth)).collect();
    assert_eq!(made, expected);
    assert_eq!(events(&db).await.len(), 1_300);
}

#[tokio::test]
async fn a_given_reference_must_be_free_and_fit_its_kind() {
    let (db, people, _folder) = plant().await;
    let ticket = |reference| named(reference, new(Kind::Maintenance, people[&Role::Operator]));
    assert_eq!(make(&db, vec![ticket("MAINT-555")]).await.expect("made"), ["MAINT-555"]);
    for (set, failure) in [
        (vec![ticket("MAINT-1"), ticket("maint-555")], Failure::Conflict),
        (vec![ticket("MAINT-2"), ticket("MAINT-2")], Failure::Conflict),
        (vec![ticket("DEF-555")], Failure::BadRequest),
        (vec![ticket("MAINT-")], Failure::BadRequest),
    ] {
        assert_eq!(make(&db, set).await.expect_err("it is refused").kind(), failure);
    }
    let existing = ["MAINT-1", "MAINT-2", "MAINT-555"].map(str::to_owned);
    let existing = by_references(db.read(), &existing).await.expect("a read");
    assert_eq!(existing.keys().collect::<Vec<_>>(), ["MAINT-555"]);
}

#[tokio::test]
async fn a_ticket_begins_with_its_deadlines_a_line_of_history_and_an_event() {
    let (db, people, _folder) = plant().await;
    let (client, operator) = (people[&Role::Client], people[&Role::Operator]);
    make(&db, vec![new(Kind::Incident, client), new(Kind::Maintenance, operator)]).await.expect("made");
    let references = [format!("INC-{SECOND}"), format!("MAINT-{SECOND}")];
    let made = by_references(db.read(), &references).await.expect("a read");
    let (incident, maintenance) = (&made[&references[0]], &made[&references[1]]);
    assert_eq!(incident.response_due_at, Some(db.now() + TimeDelta::minutes(30)));
    assert_eq!(incident.resolution_due_at, None);
    assert_eq!(maintenance.response_due_at, None);
    assert_eq!(maintenance.resolution_due_at, Some(db.now() + TimeDelta::hours(24)));
    let history = history_of(db.read(), incident.id).await.expect("a read");
    assert_eq!((history.len(), history[0].status_from, history[0].status_to), (1, None, Status::New));
    assert_eq!(history[0].changed_by, Some(client));
    let events = events(&db).await;
    assert!(events.iter().all(|event| event.name == "ticket.created"));
    assert_eq!((events[1].ticket_id, events[1].actor_id), (Some(maintenance.id), Some(operator)));
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("INC-1", new(Kind::Incident, people[&Role::Client]))]).await.expect("made");
    let words = || "because".to_owned();
    let due_at = db.now() + TimeDelta::hours(10);
    let assign =
        Action::Assign { people: vec![people[&Role::Support]], resolution_due_at: Some(due_at), estimate: None };
    let mut changed = None;
    for (role, action) in [
        (Role::Admin, assign),
        (Role::Support, Action::Start),
        (Role::Support, Action::Hold { reason: words() }),
        (Role::Admin, Action::Resume),
        (Role::Support, Action::Finish { comment: words() }),
        (Role::Client, Action::Reject { comment: words() }),
        (Role::Support, Action::Finish { comment: words() }),
        (Role::Client, Action::Comment { comment: words() }),
        (Role::Client, Action::Approve { comment: None }),
    ] {
        db.pass(TimeDelta::hours(1));
        changed = Some(do_it(&db, role, &people, "inc-1", action).await.expect("it is allowed"));
    }
    let changed = changed.expect("something was done");
    assert!(changed.ended());
    assert_eq!((changed.ticket.status, changed.ticket.version), (Status::Closed, 9));
    assert_eq!(changed.ticket.resolution_due_at, Some(due_at + TimeDelta::hours(1)));
    assert_eq!((changed.ticket.paused_at, changed.ticket.paused_micros), (None, 3_600_000_000));

    let history = history_of(db.read(), changed.ticket.id).await.expect("a read");
    let statuses: Vec<&str> = history.iter().map(|line| line.status_to.as_str()).collect();
    let walked = "NEW OPENED IN_PROGRESS ON_HOLD IN_PROGRESS RESOLVED IN_PROGRESS RESOLVED RESOLVED CLOSED";
    assert_eq!(statuses.join(" "), walked);
    let names: Vec<String> = events(&db).await.into_iter().map(|event| event.name.replace("ticket.", "")).collect();
    let told = "created opened assigned started held resumed finished rejected finished commented approved";
    assert_eq!(names.join(" "), told);
}

#[tokio::test]
async fn only_active_support_people_are_assigned() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("DEF-1", new(Kind::Defect, people[&Role::Operator]))]).await.expect("made");
    let client = people[&Role::Client];
    let action =
        Action::Assign { people: vec![people[&Role::Support], client], resolution_due_at: None, estimate: None };
    let error = do_it(&db, Role::Supervisor, &people, "DEF-1", action).await.expect_err("a client does no work");
    assert_eq!(error.kind(), Failure::BadRequest);
    let refusal = error.source().and_then(|cause| cause.downcast_ref::<Refusal>());
    assert_eq!(refusal, Some(&Refusal::NotSupport(vec![client])));
    assert_eq!(events(&db).await.len(), 1, "nothing was kept");
}

#[tokio::test]
async fn a_refusal_becomes_the_failure_of_its_sort() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("INC-1", new(Kind::Incident, people[&Role::Client]))]).await.expect("made");
    for (role, reference, action, failure) in [
        (Role::Admin, "INC-2", Action::Open { notes: None }, Failure::NotFound),
        (Role::Operator, "INC-1", Action::Open { notes: None }, Failure::NotFound),
        (Role::Client, "INC-1", Action::Open { notes: None }, Failure::Forbidden),
        (Role::Client, "INC-1", Action::Approve { comment: None }, Failure::Conflict),
        (Role::Client, "INC-1", Action::Cancel { reason: String::new() }, Failure::BadRequest),
    ] {
        let error = do_it(&db, role, &people, reference, action).await.expect_err("it is refused");
        assert_eq!(error.kind(), failure, "{error}");
    }
}

#[tokio::test]
async fn who_read_an_older_version_changes_nothing() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("INC-1", new(Kind::Incident, people[&Role::Client]))]).await.expect("made");
    do_it(&db, Role::Admin, &people, "INC-1", Action::Open { notes: None }).await.expect("opened");
    let viewer =
        Viewer { person_id: people[&Role::Admin], role: Some(Role::Admin), department: None, open_access: false };
    let late = db.write(move |tx| {
        let viewer = viewer.clone();
        let cancel = Action::Cancel { reason: "It was read before it was opened".to_owned() };
        Box::pin(async move { act(tx, &viewer, Key::Reference("INC-1"), &cancel, Some(0), &[]).await })
    });
    assert_eq!(late.await.expect_err("it is refused").kind(), Failure::Outdated);
    assert_eq!(facts(&db, "INC-1").await["status"], "OPENED");
}

#[tokio::test]
async fn reassigning_keeps_who_stays_and_takes_it_from_who_goes() {
    let (db, people, _folder) = plant().await;
    let second = db.write(|tx| {
        Box::pin(async move {
            let whatsapp = E164::parse("+12025550150").expect("a number");
            let new = NewPerson {
                name: "Second".to_owned(),
                role: Role::Support,
                department: None,
                language: None,
                whatsapp,
            };
            register(tx, &[new]).await
        })
    });
    let Registered::New(second) = second.await.expect("registered")[0] else { panic!("the number is new") };
    make(&db, vec![named("DEF-1", new(Kind::Defect, people[&Role::Operator]))]).await.expect("made");
    let first = people[&Role::Support];
    for (assigned, holder) in
        [(vec![first], "Support"), (vec![second, first], "Support, Second"), (vec![second], "Second")]
    {
        let action = Action::Assign { people: assigned, resolution_due_at: None, estimate: None };
        do_it(&db, Role::Admin, &people, "DEF-1", action).await.expect("assigned");
        assert_eq!(facts(&db, "DEF-1").await["holder"], holder);
    }
    let last = events(&db).await.pop().expect("an event");
    let payload: serde_json::Value = serde_json::from_str(&last.payload).expect("JSON");
    assert_eq!(payload["newly_assigned"], serde_json::json!([]));
    assert_eq!((&payload["reference"], &payload["kind"]), (&"DEF-1".into(), &"DEFECT".into()));
}

fn refuse<'a>(_: &'a Tx, _: &'a [Changed]) -> BoxFuture<'a, Result<()>> {
    Box::pin(async { Err(Error::internal("the follower fails")) })
}

#[tokio::test]
async fn what_a_follower_cannot_do_is_not_done_at_all() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("INC-1", new(Kind::Incident, people[&Role::Client]))]).await.expect("made");
    let action = Action::Cancel { reason: "a mistake".to_owned() };
    let outcome = do_it_with(&db, Role::Client, &people, "INC-1", action, &[refuse]).await;
    assert!(outcome.is_err());
    assert_eq!(facts(&db, "INC-1").await["status"], "NEW");
    assert_eq!(events(&db).await.len(), 1);
}

#[tokio::test]
async fn silence_of_three_days_approves_floor_tickets_once() {
    let (db, people, _folder) = plant().await;
    let set = [Kind::Defect, Kind::Incident].map(|kind| new(kind, people[&Role::Operator]));
    let references = make(&db, set.to_vec()).await.expect("made");
    let assign = Action::Assign { people: vec![people[&Role::Support]], resolution_due_at: None, estimate: None };
    for reference in &references {
        do_it(&db, Role::Admin, &people, reference, assign.clone()).await.expect("assigned");
        do_it(&db, Role::Support, &people, reference, Action::Start).await.expect("started");
        let finish = Action::Finish { comment: "done".to_owned() };
        do_it(&db, Role::Support, &people, reference, finish).await.expect("finished");
    }
    for (hours, closed) in [(71, vec![]), (1, vec![references[0].as_str()]), (100, vec![])] {
        db.pass(TimeDelta::hours(hours));
        let changed = db.write(|tx| Box::pin(async move { approve_unanswered(tx, 100, &[]).await }));
        let changed = changed.await.expect("a write");
        assert_eq!(changed.iter().map(|done| done.ticket.reference.as_str()).collect::<Vec<_>>(), closed);
        assert!(changed.iter().all(Changed::ended));
    }
    assert_eq!(facts(&db, &references[0]).await["status"], "CLOSED");
    let last = events(&db).await.pop().expect("an event");
    assert_eq!((last.name.as_str(), last.actor_id), ("ticket.approved", None));
    assert!(last.payload.contains("\"by_silence\":true"));
}

#[tokio::test]
async fn a_look_up_says_how_much_time_is_left() {
    let (db, people, _folder) = plant().await;
    make(&db, vec![named("MAINT-555", new(Kind::Maintenance, people[&Role::Operator]))]).await.expect("made");
    let assign = Action::Assign { people: vec![people[&Role::Support]], resolution_due_at: None, estimate: None };
    let hold = Action::Hold { reason: "waiting for the part".to_owned() };
    let finish = Action::Finish { comment: "done".to_owned() };
    for (minutes, role, action, time_left, clock, deadline) in [
        (28, Role::Admin, assign, Some("23h 32m"), "OK", "2026-01-19 14:30 UTC"),
        (60, Role::Support, Action::Start, Some("22h 32m"), "OK", "2026-01-19 14:30 UTC"),
        (60, Role::Support, hold, Some("21h 32m"), "PAUSED", "2026-01-19 14:30 UTC"),
        (600, Role::Support, Action::Resume, Some("21h 32m"), "OK", "2026-01-20 00:30 UTC"),
        (
            1_000,
            Role::Admin,
            Action::Comment { comment: "well?".to_owned() },
            Some("4h 52m"),
            "WARNING",
            "2026-01-20 00:30 UTC",
        ),
        (
            500,
            Role::Admin,
            Action::Comment { comment: "so?".to_owned() },
            Some("-3h 28m"),
            "BREACHED",
            "2026-01-20 00:30 UTC",
        ),
        (1, Role::Support, finish, None, "DONE", "2026-01-20 00:30 UTC"),
    ] {
        db.pass(TimeDelta::minutes(minutes));
        do_it(&db, role, &people, "MAINT-555", action).await.expect("it is allowed");
        let facts = facts(&db, "MAINT-555").await;
        assert_eq!(facts["time_left"].as_str(), time_left);
        assert_eq!((&facts["clock"], &facts["deadline"]), (&clock.into(), &deadline.into()));
        assert_eq!((&facts["holder"], &facts["kind"]), (&"Support".into(), &"MAINTENANCE".into()));
    }
}

#[tokio::test]
async fn what_is_found_and_what_is_near_says_who_may_see_it() {
    let (db, people, _folder) = plant().await;
    let client = people[&Role::Client];
    let set = vec![
        named("INC-554", new(Kind::Incident, client)),
        named("INC-556", new(Kind::Incident, people[&Role::Admin])),
    ];
    make(&db, set).await.expect("made");
    let keys = ["INC-555", "INC-556"].map(str::to_owned);
    let looked_up = look_up(db.read(), &keys, db.now(), Tz::UTC).await.expect("a look-up");
    let viewer = Viewer { person_id: client, role: Some(Role::Client), department: None, open_access: true };
    assert!(!may_see(&viewer, &looked_up.found["INC-556"].1));
    let near = &looked_up.near["INC-555"];
    assert_eq!(near.len(), 2);
    let seen: Vec<&str> =
        near.iter().filter(|(_, who)| may_see(&viewer, who)).map(|(reference, _)| reference.as_str()).collect();
    assert_eq!(seen, ["INC-554"]);
    assert!(!looked_up.near.contains_key("INC-556"));
}
