//! What people are told because time passes: that a shift begins, that a machine's maintenance is due; and how the desk
//! plans them.

use crate::deadlines::{NOTHING, after, last, quiet};
use crate::facts;
use crate::notifications::{EVERYBODY, change, person};
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use andon::records_io::{self, BadLine, Kind as Records, Options, Watch};
use chrono::TimeDelta;
use chrono_tz::Tz;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

facts!["reminders":
    a_shift_is_told_a_quarter_of_an_hour_before_and_once,
    a_shift_that_is_moved_is_told_anew_and_one_that_is_gone_is_not,
    shifts_are_planned_by_the_desk,
    a_plan_is_told_the_day_before_and_on_the_day,
    what_was_done_is_due_again_and_told_again,
    a_plan_is_kept_by_the_department_of_its_machine,
    files_of_shifts_and_plans_tell_what_is_wrong,
];

struct Strict;

impl Watch for Strict {
    fn warn(&mut self, warning: &str) {
        unreachable!("{warning}");
    }

    fn bad(&mut self, line: &BadLine) {
        unreachable!("{line}");
    }

    fn read(&mut self, _bytes: u64) {}

    fn written(&mut self, _pieces: u64, _of: u64) {}
}

fn options() -> Options {
    Options { dry_run: false, skip_bad: false, tz: Tz::UTC, languages: vec!["en".to_owned()] }
}

/// Takes a file in that must be right; answers with how many records are new, and how many changed.
pub(crate) async fn take(app: &TestApp, kind: Records, file: &str) -> (u64, u64) {
    let db = &app.server.app.db;
    let taken = records_io::import(db, kind, file.as_bytes(), &options(), &mut Strict).await.expect("a table");
    (taken.created, taken.changed)
}

async fn plan_shift(user: &User, person: i64, starts_at: &str) -> String {
    let shift = json!({"person": person, "starts_at": starts_at, "machine": "mach-001", "note": "Bring the gauge"});
    let (status, made) = user.post("/api/shifts/", shift).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    format!("/api/shifts/{}/", made["id"])
}

async fn a_shift_is_told_a_quarter_of_an_hour_before_and_once(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let boss = app.user("boss", Role::Supervisor).await;
    let operator = person(&app, Role::Operator).await;
    plan_shift(&boss, operator, "2026-01-18T15:00:00Z").await;
    // One that has begun is not told any more, one that begins in a moment is told at once.
    plan_shift(&boss, person(&app, Role::Support).await, "2026-01-18T14:00:00Z").await;
    plan_shift(&boss, person(&app, Role::Client).await, "2026-01-18T14:31:00Z").await;
    assert_eq!(after(&app, TimeDelta::seconds(1), &mut seen).await, ["client: ⏰ *Your Shift Begins Soon*"]);
    assert_eq!(after(&app, TimeDelta::minutes(14), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::seconds(37), &mut seen).await, ["operator: ⏰ *Your Shift Begins Soon*"]);
    assert_eq!(
        last(&app, OPERATOR).await,
        "⏰ *Your Shift Begins Soon*\n\nHello Operator,\n\n*Start:* 2026-01-18 15:00 UTC\n*Machine:* MACH-001, CNC lathe\n\
         *Where:* Hall 1, bay 2\n\n*Note:*\nBring the gauge"
    );
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, NOTHING);
    // By a file, for one that begins while Andon is away.
    let file = "person,starts_at,machine,note\n'+12025550101,2026-01-19 06:00,,\n";
    assert_eq!(take(&app, Records::Shifts, file).await, (1, 0));
    assert_eq!(after(&app, TimeDelta::days(1), &mut seen).await, NOTHING);
    app.end().await;
}

async fn a_shift_that_is_moved_is_told_anew_and_one_that_is_gone_is_not(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let boss = app.user("boss", Role::Admin).await;
    let path = plan_shift(&boss, person(&app, Role::Operator).await, "2026-01-18T14:40:00Z").await;
    let told = ["operator: ⏰ *Your Shift Begins Soon*"];
    assert_eq!(after(&app, TimeDelta::zero(), &mut seen).await, told);
    boss.patch(&path, json!({"note": "Bring two gauges"})).await;
    assert_eq!(after(&app, TimeDelta::zero(), &mut seen).await, NOTHING);
    let (status, moved) = boss.patch(&path, json!({"starts_at": "2026-01-18T16:00:00Z", "machine": null})).await;
    assert_eq!((status, &moved["machine"]), (StatusCode::OK, &Value::Null), "{moved}");
    assert_eq!(after(&app, TimeDelta::hours(1), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::minutes(15), &mut seen).await, told);
    let support = person(&app, Role::Support).await;
    assert_eq!(boss.patch(&path, json!({"person": support})).await.0, StatusCode::OK);
    assert_eq!(after(&app, TimeDelta::zero(), &mut seen).await, ["support: ⏰ *Your Shift Begins Soon*"]);
    let path = plan_shift(&boss, support, "2026-01-18T18:00:00Z").await;
    assert_eq!(boss.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(boss.get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(after(&app, TimeDelta::hours(2), &mut seen).await, NOTHING);
    app.end().await;
}

async fn shifts_are_planned_by_the_desk(backend: Backend) {
    let app = quiet(backend).await;
    let boss = app.user("boss", Role::Supervisor).await;
    let operator = person(&app, Role::Operator).await;
    for day in [21, 20, 19] {
        plan_shift(&boss, operator, &format!("2026-01-{day}T06:00:00Z")).await;
    }
    let again = json!({"person": operator, "starts_at": "2026-01-19T06:00:00Z"});
    assert_eq!(boss.post("/api/shifts/", again).await.0, StatusCode::CONFLICT);
    for (wrong, field) in [
        (json!({"person": 999_999, "starts_at": "2026-01-19T06:00:00Z"}), "person"),
        (json!({"person": operator, "starts_at": "tomorrow"}), "starts_at"),
        (json!({"person": operator, "starts_at": "2026-01-30T06:00:00Z", "machine": "MACH-9"}), "machine"),
        (json!({"person": operator, "starts_at": "2026-01-30T06:00:00Z", "colour": "red"}), "colour"),
    ] {
        let (status, refused) = boss.post("/api/shifts/", wrong).await;
        assert!(status == StatusCode::BAD_REQUEST && refused["errors"][field].is_array(), "{field}: {refused}");
    }
    let mut path = "/api/shifts/?page_size=2&machine=MACH-001&since=2026-01-19T00:00:00Z&count=true".to_owned();
    let mut starts = Vec::new();
    loop {
        let (status, page) = boss.get(&path).await;
        assert_eq!((status, &page["count"]), (StatusCode::OK, &json!(3)), "{page}");
        starts.extend(page["results"].as_array().expect("a list").iter().map(|shift| shift["starts_at"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        next[next.find("/api/").expect("an address")..].clone_into(&mut path);
    }
    assert_eq!(starts, ["2026-01-19T06:00:00Z", "2026-01-20T06:00:00Z", "2026-01-21T06:00:00Z"]);
    let (_, none) = boss.get("/api/shifts/?machine=MACH-002").await;
    assert_eq!(none["results"], json!([]));
    app.end().await;
}

fn plan(number: &str, machine: &str, next_on: &str) -> Value {
    json!({"number": number, "machine": machine, "title": "Change the oil", "every_days": 30, "next_on": next_on})
}

async fn a_plan_is_told_the_day_before_and_on_the_day(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let boss = app.user("boss", Role::Admin).await;
    let support = person(&app, Role::Support).await;
    let mut of_somebody = plan("PM-1", "MACH-001", "2026-01-20");
    of_somebody["responsible"] = json!([support]);
    for new in [of_somebody, plan("PM-2", "MACH-003", "2026-01-20"), plan("PM-3", "MACH-001", "2026-01-01")] {
        let (status, made) = boss.post("/api/maintenance_plans/", new).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
    }
    assert_eq!(after(&app, TimeDelta::seconds(5), &mut seen).await, NOTHING);
    // 2026-01-18 14:30:27 is 16 hours, 29 minutes and 33 seconds before seven o'clock.
    let until_seven = TimeDelta::hours(16) + TimeDelta::minutes(29) + TimeDelta::seconds(32);
    assert_eq!(after(&app, until_seven, &mut seen).await, NOTHING);
    let eve = after(&app, TimeDelta::seconds(1), &mut seen).await;
    assert_eq!(eve, ["admin: 🗓️ *Maintenance Due Tomorrow*", "support: 🗓️ *Maintenance Due Tomorrow*"]);
    let told = last(&app, EVERYBODY[3].1).await;
    assert!(
        told.contains("*Machine:* MACH-001, CNC lathe\n*Where:* Hall 1, bay 2\n*What:* Change the oil\n"),
        "{told}"
    );
    assert!(told.contains("*Due:* 2026-01-20\n*Plan:* PM-1\n"), "{told}");
    change(&app, "UPDATE people SET is_active = FALSE WHERE role = 'SUPPORT'").await;
    let day = after(&app, TimeDelta::days(1), &mut seen).await;
    let told = [
        "supervisor: 🗓️ *Maintenance Due Today*",
        "admin: 🗓️ *Maintenance Due Today*",
        "admin: 🗓️ *Maintenance Due Today*",
    ];
    assert_eq!(day, told, "of who is gone the desk is told; the supervisor answers for one department");
    assert_eq!(after(&app, TimeDelta::days(9), &mut seen).await, NOTHING);
    app.end().await;
}

async fn what_was_done_is_due_again_and_told_again(backend: Backend) {
    let (app, mut seen) = (quiet(backend).await, BTreeMap::new());
    let boss = app.user_of("boss", Role::Supervisor, Some("Machining")).await;
    let (_, made) = boss.post("/api/maintenance_plans/", plan("PM-1", "MACH-001", "2026-01-20")).await;
    let path = format!("/api/maintenance_plans/{}/", made["id"]);
    let (status, refused) = boss.post(&format!("{path}done/"), json!({"done_on": "2026-01-19"})).await;
    assert!(status == StatusCode::BAD_REQUEST && refused["errors"]["done_on"].is_array(), "{refused}");
    let (status, done) = boss.post(&format!("{path}done/"), json!({"comment": "Early"})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    assert_eq!((&done["last_done_on"], &done["next_on"]), (&json!("2026-01-18"), &json!("2026-02-17")));
    assert_eq!(after(&app, TimeDelta::days(10), &mut seen).await, NOTHING);
    // Andon is away on the day before and on the day.
    let told = ["supervisor: 🔴 *Maintenance Overdue*", "admin: 🔴 *Maintenance Overdue*"];
    assert_eq!(after(&app, TimeDelta::days(25), &mut seen).await, told);
    let boss = app.user_of("boss2", Role::Supervisor, Some("Machining")).await;
    let (_, moved) = boss.patch(&path, json!({"next_on": "2026-02-24", "every_days": 7})).await;
    assert_eq!((&moved["next_on"], &moved["every_days"]), (&json!("2026-02-24"), &json!(7)), "{moved}");
    let told = ["supervisor: 🗓️ *Maintenance Due Tomorrow*", "admin: 🗓️ *Maintenance Due Tomorrow*"];
    assert_eq!(after(&app, TimeDelta::zero(), &mut seen).await, NOTHING);
    assert_eq!(after(&app, TimeDelta::hours(17), &mut seen).await, told);
    app.end().await;
}

async fn a_plan_is_kept_by_the_department_of_its_machine(backend: Backend) {
    let app = quiet(backend).await;
    let ours = app.user_of("ours", Role::Supervisor, Some("Machining")).await;
    let theirs = app.user_of("theirs", Role::Supervisor, Some("Assembly")).await;
    let list = "/api/maintenance_plans/";
    assert_eq!(theirs.post(list, plan("PM-1", "MACH-001", "2026-01-20")).await.0, StatusCode::FORBIDDEN);
    let (_, made) = ours.post(list, plan("pm-1", "MACH-001", "2026-01-20")).await;
    assert_eq!((&made["number"], &made["department"]), (&json!("PM-1"), &json!("Machining")), "{made}");
    assert_eq!(ours.post(list, plan("PM-1", "MACH-001", "2026-01-20")).await.0, StatusCode::CONFLICT);
    let path = format!("{list}{}/", made["id"]);
    for refused in [
        theirs.patch(&path, json!({"title": "Mine"})).await,
        theirs.post(&format!("{path}done/"), json!({})).await,
        theirs.delete(&path).await,
        ours.patch(&path, json!({"machine": "MACH-004"})).await,
    ] {
        assert_eq!(refused.0, StatusCode::FORBIDDEN, "{}", refused.1);
    }
    for (wrong, field) in [
        (json!({"every_days": 0}), "every_days"),
        (json!({"machine": "MACH-9"}), "machine"),
        (json!({"responsible": [999_999]}), "responsible"),
        (json!({"next_on": "soon"}), "next_on"),
        (json!({"number": "PM-2"}), "number"),
    ] {
        let (status, refused) = ours.patch(&path, wrong).await;
        assert!(status == StatusCode::BAD_REQUEST && refused["errors"][field].is_array(), "{field}: {refused}");
    }
    let (_, found) = theirs.get(&format!("{list}?q=oil&machine=MACH-001&due_by=2026-01-20")).await;
    assert_eq!(found["results"][0]["id"], made["id"], "{found}");
    assert_eq!(ours.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ours.get(&path).await.0, StatusCode::NOT_FOUND);
    app.end().await;
}

#[derive(Default)]
struct Heard(Vec<String>);

impl Watch for Heard {
    fn warn(&mut self, _warning: &str) {}

    fn bad(&mut self, line: &BadLine) {
        self.0.push(line.to_string());
    }

    fn read(&mut self, _bytes: u64) {}

    fn written(&mut self, _pieces: u64, _of: u64) {}
}

async fn files_of_shifts_and_plans_tell_what_is_wrong(backend: Backend) {
    let app = quiet(backend).await;
    for (kind, file, expected) in [
        (
            Records::Shifts,
            "person,starts_at,machine\n+12025550199,2026-01-19 06:00,\n+12025550101,soon,\n+12025550101,2026-01-19 06:00,M-9\n\
             +12025550101,2026-01-20 06:00,\n+12025550101,2026-01-20T06:00:00Z,\n",
            vec![
                "line 2, person: \"+12025550199\" is nobody with a role that Andon knows; import people first",
                "line 3, starts_at: \"soon\" is not a point in time; write 2026-01-19T06:00:00Z, or 2026-01-19 06:00 as the \
                 plant's clock says",
                "line 4, machine: \"M-9\" is no machine that Andon knows; import machines first, or leave the cell empty",
                "line 6, person: \"+12025550101 2026-01-20T06:00:00+00:00\" stands in line 5 already",
            ],
        ),
        (
            Records::MaintenancePlans,
            "number,machine,title,every_days,next_on,responsible\nPM-1,M-9,Oil,30,2026-01-20,\nPM-2,MACH-001,Oil,0,2026-01-20,\n\
             PM-3,MACH-001,Oil,30,2026-01-20,+12025550199\nPM-4,MACH-001,,30,,\n",
            vec![
                "line 2, machine: \"M-9\" is no machine that Andon knows; import machines first",
                "line 3, every_days: \"0\" is not a number of days; write 1 to 3650",
                "line 4, responsible: \"+12025550199\" is nobody with a role that Andon knows; import people first, or leave the \
                 cell empty",
                "line 5, title: \"\" is empty; write something",
                "line 5, next_on: \"\" is not a date; write YYYY-MM-DD",
            ],
        ),
    ] {
        let mut heard = Heard::default();
        let db = &app.server.app.db;
        records_io::import(db, kind, file.as_bytes(), &options(), &mut heard).await.expect("a table");
        assert_eq!(heard.0, expected, "{kind:?}");
    }
    assert_eq!((app.count("shifts").await, app.count("maintenance_plans").await), (0, 0));
    app.end().await;
}
