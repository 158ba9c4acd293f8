//! Reports: every number is what the tables say, also after something changed, and is told to whom it may be.

use super::Stage;
use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use crate::support::window::Window;
use andon::figures;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::reports":
    tickets_are_counted_as_the_tables_have_them,
    a_change_of_a_day_that_is_past_shows_up,
    messages_and_forms_are_counted_as_the_tables_have_them,
    what_goes_wrong_most_comes_first,
    a_supervisor_sees_what_their_department_answers_for,
    names_do_nothing_in_a_report,
    days_that_are_none_are_told_beside_the_form,
    counting_twice_at_once_counts_once,
];

/// The days of all that these tests do.
const DAYS: &str = "from=2026-01-01&until=2026-02-28";

pub(super) async fn counted(app: &TestApp) {
    figures::once(&app.server.app).await.expect("the days are counted");
}

/// A table of a report as CSV, without its heads.
pub(super) async fn table(window: &Window, page: &str, id: &str) -> Vec<Vec<String>> {
    let seen = window.get(&format!("{page}?{DAYS}&csv={id}")).await;
    assert_eq!(seen.status, StatusCode::OK, "{page} {id}: {}", seen.html);
    assert!(seen.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/csv")));
    let rows = seen.html.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect());
    rows.collect()
}

/// A number of the row that begins with this.
fn number(table: &[Vec<String>], first: &str, column: usize) -> i64 {
    let row = table.iter().find(|row| row[0] == first);
    row.and_then(|row| row[column].parse().ok()).ok_or_else(|| format!("no {first} in {table:?}")).expect("a row")
}

/// What a query of the test's own counts.
async fn counts(app: &TestApp, of: &str) -> i64 {
    app.rows(&format!("SELECT COUNT(*) AS n FROM {of}")).await[0].try_get("", "n").expect("a count")
}

struct Desk {
    admin: User,
    client: User,
    support: User,
}

impl Desk {
    async fn signed_in(stage: &Stage) -> Self {
        let app = &stage.app;
        let (admin, client) = (&stage.admin.0, &stage.client.0);
        Self {
            admin: app.signed_in_again(admin).await,
            client: app.signed_in_again(client).await,
            support: app.signed_in_again(&stage.support.0).await,
        }
    }

    async fn raise(&self, priority: &str) -> i64 {
        let body = json!({"project_name": "Shop", "title": "It fails", "description": "Again", "priority": priority,
            "category": "BUG"});
        self.client.post("/api/tickets/", body).await.1["id"].as_i64().expect("a ticket")
    }

    /// It is answered for and begun; in two and a half hours it is to be done.
    async fn take(&self, app: &TestApp, id: i64) {
        let due_at = (app.clock.now() + TimeDelta::minutes(150)).to_rfc3339();
        let due = json!({"assigned_to": self.support.id, "resolution_due_at": due_at});
        for (who, what, body) in [
            (&self.admin, "open_ticket", json!({})),
            (&self.admin, "assign", due),
            (&self.support, "start_work", json!({})),
        ] {
            let (status, told) = who.post(&format!("/api/tickets/{id}/{what}/"), body).await;
            assert!(status.is_success(), "{what}: {told}");
        }
    }

    async fn finish(&self, id: i64) {
        let (status, told) =
            self.support.post(&format!("/api/tickets/{id}/finish_work/"), json!({"comment": "Done"})).await;
        assert!(status.is_success(), "{told}");
    }
}

async fn tickets_are_counted_as_the_tables_have_them(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    counted(app).await;
    let mut all = Vec::new();
    // Five on five days: answered for after 0, 10, 20 … minutes, done as many hours later.
    for nth in 0..5 {
        let desk = Desk::signed_in(&stage).await;
        let id = desk.raise(["HIGH", "LOW"][nth % 2]).await;
        app.clock.advance(TimeDelta::minutes(10 * i64::try_from(nth).expect("few")));
        desk.take(app, id).await;
        app.clock.advance(TimeDelta::hours(i64::try_from(nth).expect("few")));
        let desk = Desk::signed_in(&stage).await;
        desk.finish(id).await;
        if nth != 3 {
            desk.client.post(&format!("/api/tickets/{id}/approve/"), json!({})).await;
        }
        all.push(id);
        app.clock.advance(TimeDelta::days(1));
    }
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let kinds = table(&window, "/reports", "by_kind").await;
    for (name, kind) in [("Incident", "INCIDENT"), ("Defect", "DEFECT"), ("Maintenance", "MAINTENANCE")] {
        assert_eq!(number(&kinds, name, 1), counts(app, &format!("tickets WHERE kind = '{kind}'")).await, "{kinds:?}");
        let ended = format!("tickets WHERE kind = '{kind}' AND closed_at IS NOT NULL");
        assert_eq!(number(&kinds, name, 3), counts(app, &ended).await, "{kinds:?}");
    }
    assert_eq!(number(&kinds, "All", 1), counts(app, "tickets").await);
    let weeks = table(&window, "/reports", "in_out").await;
    let sum = |column: usize| weeks.iter().map(|row| row[column].parse::<i64>().expect("a number")).sum::<i64>();
    assert_eq!(
        (sum(1), sum(2)),
        (counts(app, "tickets").await, counts(app, "tickets WHERE closed_at IS NOT NULL").await)
    );

    let answered = "tickets WHERE kind = 'INCIDENT' AND opened_at";
    let response = table(&window, "/reports/sla", "sla_response").await;
    let kept = counts(app, &format!("{answered} <= response_due_at")).await;
    let broken = counts(app, &format!("{answered} > response_due_at")).await;
    assert_eq!((number(&response, "Incident", 1), number(&response, "Incident", 2)), (kept, broken));
    assert!(kept > 0 && broken > 0, "{kept} and {broken}: the test says something");
    let people = table(&window, "/reports/sla", "sla_people").await;
    let solved = "tickets WHERE kind = 'INCIDENT' AND resolved_at";
    let kept = counts(app, &format!("{solved} <= resolution_due_at")).await;
    let broken = counts(app, &format!("{solved} > resolution_due_at")).await;
    assert_eq!((number(&people, "dev1", 1), number(&people, "dev1", 2)), (kept, broken), "{people:?}");
    let resolution = table(&window, "/reports/sla", "sla_resolution").await;
    assert_eq!((number(&resolution, "Incident", 1), number(&resolution, "Incident", 2)), (kept, broken));

    // 0, 10, 20, 30, 40 minutes; the middle one is 20, the 90th and 95th percentiles are 40; within 5 %, rounded down.
    let times = table(&window, "/reports/times", "response").await;
    assert_eq!(number(&times, "Incident", 1), 5);
    for (column, minutes) in [(2, 20), (3, 40), (4, 40)] {
        let told = number(&times, "Incident", column);
        assert!((told - minutes).abs() <= minutes / 20 + 1, "{told} for {minutes}");
    }
    let hours = table(&window, "/reports/hours", "hours_tickets").await;
    let all: i64 = hours.iter().flat_map(|row| &row[1..8]).map(|n| n.parse::<i64>().expect("a number")).sum();
    assert_eq!(all, counts(app, "tickets").await);
    assert_eq!(hours.iter().map(|row| row[8].parse::<i64>().expect("a number")).sum::<i64>(), all);
    // The same days are the time before of as many days after them.
    let later = window.get("/reports/hours?from=2026-03-01&until=2026-04-28&csv=hours_tickets").await.html;
    let earlier =
        later.lines().skip(1).map(|line| line.rsplit(',').next().map_or(0, |n| n.parse::<i64>().unwrap_or(0)));
    assert_eq!(earlier.sum::<i64>(), all, "{later}");
    for page in ["/reports", "/reports/times", "/reports/sla", "/reports/hours"] {
        let seen = window.get(&format!("{page}?{DAYS}")).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
        assert!(seen.html.len() < 100_000 && !seen.html.contains("style="), "{page}: {} bytes", seen.html.len());
    }
    stage.app.end().await;
}

async fn a_change_of_a_day_that_is_past_shows_up(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    let desk = Desk::signed_in(&stage).await;
    desk.take(app, stage.ticket).await;
    desk.finish(stage.ticket).await;
    counted(app).await;
    let window = Window::of(app, "boss").await;
    assert_eq!(number(&table(&window, "/reports/times", "resolution").await, "Incident", 1), 1);
    app.clock.advance(TimeDelta::days(3));
    let desk = Desk::signed_in(&stage).await;
    let (status, told) =
        desk.client.post(&format!("/api/tickets/{}/reject/", stage.ticket), json!({"comment": "No"})).await;
    assert!(status.is_success(), "{told}");
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let times = table(&window, "/reports/times", "resolution").await;
    assert_eq!(
        number(&times, "Incident", 1),
        0,
        "what was rejected is not resolved, on the day it was once resolved either"
    );
    desk.finish(stage.ticket).await;
    counted(app).await;
    let daily = window.get("/reports/times?from=2026-01-21&until=2026-01-21&csv=resolution").await;
    assert!(daily.html.lines().any(|line| line.starts_with("Incident,1,")), "{}", daily.html);
    stage.app.end().await;
}

async fn messages_and_forms_are_counted_as_the_tables_have_them(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    counted(app).await;
    for text in ["hi", "1", "ORD-12345", "1", "cancel", "2", "ORD-12346", "3", "hi"] {
        app.says(OPERATOR, text).await;
    }
    app.clock.advance(TimeDelta::days(1));
    app.says(OPERATOR, "hi").await;
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let channels = table(&window, "/reports/messages", "by_channel").await;
    assert_eq!(number(&channels, "twilio", 1), counts(app, "messages WHERE channel = 'twilio'").await);
    let taken = counts(app, "attempts WHERE channel = 'twilio' AND outcome = 'ACCEPTED'").await;
    assert_eq!(number(&channels, "twilio", 3), taken);
    assert!(taken > 8, "{taken}");
    let days = table(&window, "/reports/messages", "messages").await;
    let sum = |column: usize| days.iter().map(|row| row[column].parse::<i64>().expect("a number")).sum::<i64>();
    assert_eq!(sum(1), counts(app, "messages").await);
    let hours = table(&window, "/reports/hours", "hours_messages").await;
    let all: i64 = hours.iter().flat_map(|row| &row[1..8]).map(|n| n.parse::<i64>().expect("a number")).sum();
    assert_eq!(all, counts(app, "messages").await);

    let forms = table(&window, "/reports/chats", "completion").await;
    let of = |flow: &str| [1, 2, 3].map(|column| number(&forms, flow, column));
    assert_eq!(of("create_defect"), [1, 0, 1], "begun, done, left: {forms:?}");
    assert_eq!(of("order_status"), [1, 1, 0], "{forms:?}");
    let left = table(&window, "/reports/chats", "given_up").await;
    assert!(left.iter().any(|row| row[1] == "create_defect.severity"), "{left:?}");
    let seen = window.get(&format!("/reports/chats?{DAYS}")).await;
    assert!(seen.status == StatusCode::OK && seen.html.contains("<polyline"), "{}", seen.text());
    stage.app.end().await;
}

async fn what_goes_wrong_most_comes_first(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    for (order, sort) in [("ORD-12345", "1"), ("ORD-12346", "2"), ("ORD-12345", "2"), ("ORD-12347", "2")] {
        for text in ["hi", "1", order, sort, "1", "It is bent"] {
            app.says(OPERATOR, text).await;
        }
    }
    for text in ["hi", "3", "MACH-001", "1", "1"] {
        app.says(OPERATOR, text).await;
    }
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let orders = table(&window, "/floor/defects", "defects_by_order").await;
    assert_eq!((orders[0][1].as_str(), orders[0][2].as_str()), ("ORD-12345", "2"), "{orders:?}");
    let own = app.rows("SELECT defect_type, COUNT(*) AS n FROM defects GROUP BY defect_type").await;
    let types = table(&window, "/floor/defects", "defects_by_type").await;
    assert_eq!(types.len(), own.len(), "{types:?}");
    for row in own {
        let (sort, n): (String, i64) =
            (row.try_get("", "defect_type").expect("a sort"), row.try_get("", "n").expect("a count"));
        assert!(types.iter().any(|told| told[1] == sort && told[2] == n.to_string()), "{sort} {n}: {types:?}");
    }
    assert_eq!(types.last().expect("a row")[4], "100", "all of them together: {types:?}");
    let page = window.get(&format!("/floor/defects?{DAYS}")).await;
    let link = "/tickets?kind=DEFECT&#38;status=ALL&#38;created_since=2026-01-01T00:00:00Z\
                &#38;created_until=2026-03-01T00:00:00Z&#38;q=ORD%2D12345";
    assert!(page.html.contains(link), "{}", page.html);
    let list = window.get(&link.replace("&#38;", "&")).await;
    assert_eq!(list.html.matches("Defect on ORD-12345").count(), 2, "{}", list.text());
    assert!(list.text().contains("2026-01-01 – 2026-02-28"), "{}", list.text());
    let none = link.replace("&#38;", "&").replace("2026-03-01", "2026-01-02");
    assert_eq!(window.get(&none).await.html.matches("Defect on ORD-12345").count(), 0, "not made in those days");
    let machines = table(&window, "/floor/defects", "breakdowns").await;
    let n = counts(app, "maintenance JOIN machines ON machines.id = maintenance.machine_id WHERE number = 'MACH-001'")
        .await;
    assert!(machines.iter().any(|row| row[1] == "MACH-001" && row[2] == n.to_string()), "{machines:?}");
    app.clock.advance(TimeDelta::days(1));
    for text in ["hi", "1", "ORD-12346", "1", "1", "It is bent"] {
        app.says(OPERATOR, text).await;
    }
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let day = window.get("/floor/defects?from=2026-01-19&until=2026-01-19&csv=defects_by_order").await.html;
    let before = orders.iter().find(|row| row[1] == "ORD-12346").expect("a row");
    assert_eq!(day.lines().nth(1), Some(format!("1,ORD-12346,1,100,100,{}", before[2]).as_str()), "{day}");
    stage.app.end().await;
}

async fn a_supervisor_sees_what_their_department_answers_for(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    app.user_of("forming", Role::Supervisor, Some("Forming")).await;
    for machine in ["MACH-001", "MACH-003", "MACH-003"] {
        for text in ["hi", "3", machine, "1", "1"] {
            app.says(OPERATOR, text).await;
        }
    }
    counted(app).await;
    let window = Window::of(app, "forming").await;
    let kinds = table(&window, "/reports", "by_kind").await;
    let own = counts(app, "tickets WHERE kind = 'MAINTENANCE' AND department = 'Forming'").await;
    assert_eq!(number(&kinds, "Maintenance", 1), own);
    assert!(own < counts(app, "tickets WHERE kind = 'MAINTENANCE'").await, "there are others");
    assert_eq!(number(&kinds, "Incident", 1), 0);
    let machines = table(&window, "/floor/defects", "breakdowns").await;
    assert!(machines.iter().all(|row| row[1] == "MACH-003"), "{machines:?}");
    for page in ["/reports/messages", "/reports/chats"] {
        assert_eq!(window.get(page).await.status, StatusCode::FORBIDDEN);
    }
    assert!(!window.get("/reports").await.html.contains("/reports/messages"));
    assert_eq!(window.get("/reports/hours?csv=hours_messages").await.status, StatusCode::NOT_FOUND);
    for window in [&stage.client.1, &stage.support.1] {
        for page in ["/reports", "/reports/sla", "/reports/messages", "/floor/defects"] {
            assert_eq!(window.get(page).await.status, StatusCode::FORBIDDEN, "{page}");
        }
    }
    stage.app.end().await;
}

async fn names_do_nothing_in_a_report(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    let desk = Desk::signed_in(&stage).await;
    let name = json!({"first_name": "=HYPERLINK(1)", "last_name": "<b>x</b>"});
    let (status, told) = desk.admin.patch(&format!("/api/users/{}/", stage.support.0.id), name).await;
    assert!(status.is_success(), "{told}");
    desk.take(app, stage.ticket).await;
    desk.finish(stage.ticket).await;
    counted(app).await;
    let window = Window::of(app, "boss").await;
    let people = table(&window, "/reports/sla", "sla_people").await;
    assert!(people[0][0].starts_with("'=HYPERLINK"), "{people:?}");
    let page = window.get(&format!("/reports/sla?{DAYS}")).await;
    assert!(page.text().contains("=HYPERLINK") && !page.html.contains("<b>x"), "{}", page.text());
    stage.app.end().await;
}

async fn days_that_are_none_are_told_beside_the_form(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    for (query, says) in [
        ("from=2026-02-30", "Write both days as YYYY-MM-DD."),
        ("from=2026-02-02&until=2026-02-01", "The first day lies after the last one."),
        ("from=1900-01-01", "At most 731 days"),
    ] {
        let seen = window.get(&format!("/reports?{query}")).await;
        assert!(seen.status == StatusCode::BAD_REQUEST && seen.text().contains(says), "{query}: {}", seen.text());
    }
    let seen = window.get("/reports?from=%22%3E%3Cscript%3E").await;
    assert!(!seen.html.contains("\"><script>"), "{}", seen.text());
    assert_eq!(window.get("/reports?csv=nothing").await.status, StatusCode::NOT_FOUND);
    let other_days = window.get("/reports?from=2026-02-02&until=2026-02-01&csv=in_out").await;
    assert_eq!(
        other_days.status,
        StatusCode::BAD_REQUEST,
        "a file has the days that were asked for: {}",
        other_days.html
    );
    let empty = window.get("/reports/sla?from=2020-01-01&until=2020-01-07").await;
    assert!(empty.text().contains("Nothing was counted in these days."), "{}", empty.text());
    stage.app.end().await;
}

async fn counting_twice_at_once_counts_once(backend: Backend) {
    let stage = Stage::set(backend).await;
    let app = &stage.app;
    for text in ["hi", "3", "MACH-003", "1", "1"] {
        app.says(OPERATOR, text).await;
    }
    // A file is one process's; where processes share a database, another one counts too.
    let beside = if backend == Backend::Sqlite { None } else { Some(app.process_beside(&[]).await) };
    let second = beside.as_ref().map_or(&app.server.app, |beside| &beside.app);
    let (one, other) = tokio::join!(figures::once(&app.server.app), figures::once(second));
    assert!(one.expect("days") + other.expect("days") > 0);
    let all = "SELECT measure, kind, slice, n FROM figures ORDER BY measure, kind, department, slice, day";
    let told = |rows: Vec<sea_orm::QueryResult>| -> Vec<(String, String, i64)> {
        let row = |row: sea_orm::QueryResult| {
            Some((row.try_get("", "measure").ok()?, row.try_get("", "slice").ok()?, row.try_get("", "n").ok()?))
        };
        rows.into_iter().filter_map(row).collect()
    };
    let first = told(app.rows(all).await);
    let came: i64 = first.iter().filter(|(measure, ..)| measure == "tickets.came").map(|(.., n)| n).sum();
    assert_eq!(came, counts(app, "tickets").await);
    counted(app).await;
    assert_eq!(told(app.rows(all).await), first, "nothing happened since");
    assert_eq!(counts(app, "figure_days").await, 0);
    if let Some(beside) = beside {
        beside.stop().await.expect("it stops");
    }
    stage.app.end().await;
}
