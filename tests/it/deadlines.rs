//! What people are told of deadlines of tickets: as they draw near and as they pass, once each.

use crate::facts;
use crate::notifications::{EVERYBODY, act, change, news, person, start};
use crate::reminders::take;
use crate::support::app::{TestApp, beginning, number};
use crate::support::databases::Backend;
use andon::people::Role;
use andon::records_io::Kind as Records;
use andon::server::Server;
use andon::tickets::incident::{Category, Incident};
use andon::tickets::{self, Action, Given, Kind, NewTicket, Priority};
use andon::worker;
use chrono::TimeDelta;
use std::collections::BTreeMap;

facts!["deadlines":
    a_deadline_is_told_as_it_draws_near_and_as_it_passes_once_each,
    a_deadline_that_somebody_moves_is_told_anew,
    a_clock_that_stands_still_says_nothing,
    an_answer_that_is_due_is_told_to_the_admins,
    what_was_late_before_is_no_news,
    what_passed_while_andon_was_away_is_told_when_it_is_back,
    hundreds_of_deadlines_are_told_in_one_go,
    two_processes_say_it_once,
];

/// The plant, whose demo tickets are never due.
pub(crate) async fn quiet(backend: Backend) -> TestApp {
    let app = start(backend).await;
    change(&app, "UPDATE tickets SET alarm_at = NULL").await;
    app
}

/// Lets what fell due be told; answers with how many records that were.
pub(crate) async fn remind(server: &Server) -> usize {
    worker::remind(&server.app).await.expect("the database answers")
}

/// The same after so much time, with who got which first lines.
pub(crate) async fn after(app: &TestApp, time: TimeDelta, seen: &mut BTreeMap<&'static str, usize>) -> Vec<String> {
    app.clock.advance(time);
    remind(&app.server).await;
    let news = news(app, seen).await;
    assert_eq!(remind(&app.server).await, 0, "each is told once");
    news
}

fn broken(requester: i64) -> NewTicket {
    NewTicket {
        kind: Kind::Maintenance,
        given: Given::default(),
        title: "MACH-001: Bearing".to_owned(),
        description: "CNC lathe, Hall 1, bay 2".to_owned(),
        media_json: "[]".to_owned(),
        place_json: None,
        priority: Priority::High,
        requester_id: Some(requester),
        department: Some("Machining".to_owned()),
        incident: None,
    }
}

fn incident(client: i64) -> NewTicket {
    let incident = Incident { category: Category::Bug, project_name: "Shop".to_owned() };
    NewTicket { kind: Kind::Incident, department: None, incident: Some(incident), ..broken(client) }
}

async fn make(app: &TestApp, new: Vec<NewTicket>) -> Vec<i64> {
    let made = app.server.app.db.write(move |tx| {
        let new = new.clone();
        Box::pin(async move { tickets::create(tx, &andon::sla::Policies::default(), new).await })
    });
    made.await.expect("tickets").into_iter().map(|ticket| ticket.id).collect()
}

/// A broken machine of which everybody was told.
async fn reported(app: &TestApp, seen: &mut BTreeMap<&'static str, usize>) -> i64 {
    let operator = person(app, Role::Operator).await;
    let ticket = make(app, vec![broken(operator)]).await[0];
    assert_eq!(
        news(app, seen).await,
        ["supervisor: 🛠️ *New Maintenance Ticket*", "admin: 🛠️ *New Maintenance Ticket*"]
    );
    ticket
}

async fn assigned(app: &TestApp, ticket: i64, seen: &mut BTreeMap<&'static str, usize>) {
    let people = vec![person(app, Role::Support).await];
    act(app, Role::Admin, ticket, Action::Assign { people, resolution_due_at: None, estimate: None }).await;
    let told = news(app, seen).await;
    assert_eq!(told, ["operator: ✅ *Your Report Has Been Opened*", "support: 🔧 *New Task Assigned*"]);
}

pub(crate) async fn last(app: &TestApp, phone: &str) -> String {
    app.replies(&number(phone)).pop().expect("a message")
}

const WARNED: [&str; 3] = ["supervisor: ⚠️ *SLA Warning*", "admin: ⚠️ *SLA Warning*", "support: ⚠️ *SLA Warning*"];
const BREACHED: [&str; 3] = ["supervisor: 🔴 *SLA Breached*", "admin: 🔴 *SLA Breached*", "support: 🔴 *SLA Breached*"];
pub(crate) const NOTHING: [&str; 0] = [];

async fn a_deadline_is_told_as_it_draws_near_and_as_it_passes_once_each(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let ticket = reported(&app, &mut seen).await;
    assigned(&app, ticket, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::hours(18) - TimeDelta::seconds(1), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::seconds(1), &mut seen).await, WARNED);
    let told = last(&app, EVERYBODY[3].1).await;
    assert!(told.contains("*Deadline:* 2026-01-19 14:30 UTC\n*Time Remaining:* 6h 00m"), "{told}");
    assert_eq!(after(&app, TimeDelta::hours(6), &mut seen).await, NOTHING, "the last moment is not late");
    assert_eq!(after(&app, TimeDelta::microseconds(1), &mut seen).await, BREACHED);
    assert_eq!(after(&app, TimeDelta::days(30), &mut seen).await, NOTHING);
    app.end().await;
}

async fn a_deadline_that_somebody_moves_is_told_anew(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let ticket = reported(&app, &mut seen).await;
    assigned(&app, ticket, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::hours(25), &mut seen).await, BREACHED);
    let due = Some(beginning() + TimeDelta::hours(100));
    act(&app, Role::Admin, ticket, Action::SetSla { response_due_at: None, resolution_due_at: due }).await;
    assert_eq!(after(&app, TimeDelta::hours(49), &mut seen).await, NOTHING, "74 of 100 hours");
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, WARNED);
    act(&app, Role::Admin, ticket, Action::SetSla { response_due_at: None, resolution_due_at: due }).await;
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, NOTHING, "it is the same deadline");
    assert_eq!(after(&app, TimeDelta::hours(25), &mut seen).await, BREACHED);
    app.end().await;
}

async fn a_clock_that_stands_still_says_nothing(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let ticket = reported(&app, &mut seen).await;
    assigned(&app, ticket, &mut seen).await;
    act(&app, Role::Support, ticket, Action::Start).await;
    act(&app, Role::Support, ticket, Action::Hold { reason: "A part".to_owned() }).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::days(10), &mut seen).await, NOTHING);
    act(&app, Role::Support, ticket, Action::Resume).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::hours(17), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, WARNED);
    act(&app, Role::Support, ticket, Action::Hold { reason: "Again".to_owned() }).await;
    act(&app, Role::Support, ticket, Action::Resume).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, NOTHING, "a hold moves no deadline of its own");
    act(&app, Role::Support, ticket, Action::Finish { comment: "It runs.".to_owned() }).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::days(1), &mut seen).await, NOTHING);
    act(&app, Role::Operator, ticket, Action::Reject { comment: "It does not.".to_owned() }).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::zero(), &mut seen).await, BREACHED, "it runs on, and is late by now");
    app.end().await;
}

async fn an_answer_that_is_due_is_told_to_the_admins(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let client = person(&app, Role::Client).await;
    let tickets = make(&app, vec![incident(client), incident(client)]).await;
    act(&app, Role::Admin, tickets[1], Action::Open { notes: None }).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::minutes(22), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::seconds(30), &mut seen).await, ["admin: ⚠️ *SLA Warning*"]);
    assert!(last(&app, EVERYBODY[2].1).await.contains("Nobody has opened this ticket yet"));
    assert_eq!(after(&app, TimeDelta::minutes(8), &mut seen).await, ["admin: 🔴 *SLA Breached*"]);
    act(&app, Role::Admin, tickets[0], Action::Open { notes: None }).await;
    news(&app, &mut seen).await;
    assert_eq!(after(&app, TimeDelta::days(9), &mut seen).await, NOTHING, "no solution was promised");
    app.end().await;
}

async fn what_was_late_before_is_no_news(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let operator = person(&app, Role::Operator).await;
    let tickets = make(&app, vec![broken(operator), broken(operator)]).await;
    news(&app, &mut seen).await;
    // As the migration leaves what was there before it: one late, one in time.
    let known = "UPDATE tickets SET response_said = NULL, resolution_said = NULL, alarm_at = created_at";
    change(&app, &format!("{known} WHERE id IN ({}, {})", tickets[0], tickets[1])).await;
    change(&app, &format!("UPDATE tickets SET resolution_due_at = created_at WHERE id = {}", tickets[0])).await;
    assert_eq!(after(&app, TimeDelta::seconds(1), &mut seen).await, NOTHING);
    let warned = ["supervisor: ⚠️ *SLA Warning*", "admin: ⚠️ *SLA Warning*"];
    assert_eq!(after(&app, TimeDelta::hours(18), &mut seen).await, warned, "of the one that was in time");
    // A file brings one that is long late.
    let file = "number,procedure,department,reported_at\nSOP-1,Torque check,Machining,2025-01-01T00:00:00Z\n";
    take(&app, Records::SopFailures, file).await;
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, NOTHING);
    app.end().await;
}

async fn what_passed_while_andon_was_away_is_told_when_it_is_back(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    reported(&app, &mut seen).await;
    app.clock.advance(TimeDelta::days(3));
    let app = app.restart(&[]).await;
    assert_eq!(remind(&app.server).await, 1);
    app.settle().await;
    assert_eq!(app.count("events WHERE name = 'sla.breached'").await, 1);
    assert_eq!(app.count("events WHERE name = 'sla.warning'").await, 0, "what is late needs no warning");
    app.end().await;
}

async fn hundreds_of_deadlines_are_told_in_one_go(backend: Backend) {
    let app = quiet(backend).await;
    let operator = person(&app, Role::Operator).await;
    make(&app, (0..250).map(|_| broken(operator)).collect()).await;
    app.clock.advance(TimeDelta::hours(18));
    assert_eq!(remind(&app.server).await, 250);
    assert_eq!(app.count("events WHERE name = 'sla.warning'").await, 250);
    app.end().await;
}

async fn two_processes_say_it_once(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = quiet(backend).await;
    let other = app.process_beside(&[]).await;
    let operator = person(&app, Role::Operator).await;
    make(&app, (0..250).map(|_| broken(operator)).collect()).await;
    for (name, time) in [("sla.warning", TimeDelta::hours(18)), ("sla.breached", TimeDelta::hours(7))] {
        app.clock.advance(time);
        tokio::join!(remind(&app.server), remind(&other));
        assert_eq!(app.count(&format!("events WHERE name = '{name}'")).await, 250, "{name}");
    }
    other.stop().await.expect("it stops");
    app.end().await;
}
