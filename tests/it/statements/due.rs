//! What falls due: a set of deadlines, shifts and plans costs the same, however many are in it.

use super::{Fact, Statements, are_level};
use crate::reminders::take;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use andon::catalog::NOTICES;
use andon::records_io::Kind as Records;
use andon::tickets::{self, Given, Kind, NewTicket, Priority};
use andon::{notify, worker};
use chrono::{Days, TimeDelta};
use std::fmt::Write as _;

/// How many of each fall due at once.
const SIZES: [usize; 3] = [1, 8, 64];
/// What it costs to say that something falls due: three sorts of it.
const A_SET_OF_REMINDERS: usize = 36;
/// What it costs to tell people of it.
const A_SET_OF_NOTICES: usize = 30;

pub(super) const FACTS: [Fact; 1] =
    [("statements::reminding_of_8_costs_what_reminding_of_64_costs", |backend, statements| {
        Box::pin(reminding(backend, statements))
    })];

async fn reminding(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let mut costs = [const { Vec::new() }; 2];
    for size in SIZES {
        nothing_else_is_due(&app).await;
        report(&app, size).await;
        let (now, mut shifts, mut plans) = (app.clock.now(), SHIFTS.to_owned(), PLANS.to_owned());
        let next_on = now.date_naive() + Days::new(2);
        for nth in 0..size {
            let starts_at = now + TimeDelta::hours(24) + TimeDelta::seconds(600 + i64::try_from(nth).expect("few"));
            writeln!(shifts, "{OPERATOR},{},MACH-001", starts_at.to_rfc3339()).expect("text grows");
            writeln!(plans, "PM-{size}-{nth},MACH-001,Oil,30,{next_on}").expect("text grows");
        }
        take(&app, Records::Shifts, &shifts).await;
        take(&app, Records::MaintenancePlans, &plans).await;
        worker::remind(&app.server.app).await.expect("the plans are looked at");
        app.settle().await;
        app.clock.advance(TimeDelta::hours(24));
        let (cost, due) = statements.of(worker::remind(&app.server.app)).await;
        assert_eq!(due.expect("the database answers"), 3 * size);
        costs[0].push(cost);
        let (cost, told) = statements.of(notify::once(&app.server.app, NOTICES)).await;
        assert_eq!(told.expect("the database answers"), 3 * size);
        costs[1].push(cost);
        app.pass(TimeDelta::minutes(10)).await; // what waited for company is gone
    }
    are_level(&format!("reminding on {backend}"), &costs[0], A_SET_OF_REMINDERS);
    are_level(&format!("telling on {backend}"), &costs[1], A_SET_OF_NOTICES);
    app.end().await;
}

const SHIFTS: &str = "person,starts_at,machine\n";
const PLANS: &str = "number,machine,title,every_days,next_on\n";

async fn nothing_else_is_due(app: &TestApp) {
    let connection = app.connection().await;
    for statement in ["UPDATE tickets SET alarm_at = NULL", "UPDATE maintenance_plans SET remind_at = NULL"] {
        sea_orm::ConnectionTrait::execute_unprepared(&connection, statement).await.expect("a change");
    }
}

async fn report(app: &TestApp, size: usize) {
    let broken = NewTicket {
        kind: Kind::Maintenance,
        given: Given::default(),
        title: "MACH-001: Bearing".to_owned(),
        description: "CNC lathe, Hall 1, bay 2".to_owned(),
        media_json: "[]".to_owned(),
        place_json: None,
        priority: Priority::High,
        requester_id: None,
        department: Some("Machining".to_owned()),
        incident: None,
    };
    let made = app.server.app.db.write(move |tx| {
        let new = vec![broken.clone(); size];
        Box::pin(async move { tickets::create(tx, &andon::sla::Policies::default(), new).await })
    });
    assert_eq!(made.await.expect("tickets").len(), size);
}
