//! What messages cost: asked of the provider, added up, and held against a budget.

use crate::facts;
use crate::inbox::{Desk, PHONE, listed};
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use andon::delivery::prices;
use andon::simulator::{Faults, PostFault, PriceFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["costs":
    what_a_message_cost_is_asked_once_it_is_through,
    a_price_that_comes_late_is_asked_again,
    a_price_that_never_comes_is_given_up,
    what_nobody_heard_of_is_asked_after_ten_minutes,
    what_failed_is_asked_too,
    an_e_mail_is_not_asked,
    a_channel_that_is_out_is_not_asked,
    two_processes_count_a_price_once,
    costs_are_added_up_by_month_and_kind_of_event,
    notifications_are_counted_by_status_type_and_day,
    what_cannot_be_counted_is_told,
    a_budget_is_told_of_at_80_percent_and_when_it_is_spent,
    what_is_not_urgent_waits_once_the_budget_is_spent,
    what_waited_goes_when_the_month_ends,
];

/// What the attempts cost, oldest first: micros, currency, questions that were in vain, whether it is still to be asked.
pub(crate) async fn prices(app: &TestApp) -> Vec<(Option<i64>, Option<String>, i32, bool)> {
    let query =
        "SELECT price_micros, currency, price_tries, price_due_at IS NOT NULL AS asks FROM attempts ORDER BY id";
    let rows = app.rows(query).await;
    rows.iter()
        .map(|row| {
            let asks =
                row.try_get::<bool>("", "asks").or_else(|_| row.try_get::<i64>("", "asks").map(|asks| asks == 1));
            let (micros, currency) = (row.try_get("", "price_micros"), row.try_get("", "currency"));
            (
                micros.expect("a sum or none"),
                currency.expect("a code or none"),
                row.try_get("", "price_tries").expect("a number"),
                asks.expect("yes or no"),
            )
        })
        .collect()
}

fn known(micros: i64, tries: i32) -> (Option<i64>, Option<String>, i32, bool) {
    (Some(micros), Some("USD".to_owned()), tries, false)
}

pub(crate) async fn arm(app: &TestApp, faults: Faults) {
    app.simulator().set_faults(faults).await.expect("within bounds");
}

/// What all messages cost, in millionths.
pub(crate) async fn total(app: &TestApp) -> i64 {
    let rows = app.rows("SELECT micros FROM costs").await;
    rows.iter().map(|row| row.try_get::<i64>("", "micros").expect("a sum")).sum()
}

async fn what_a_message_cost_is_asked_once_it_is_through(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!(prices(&app).await, [(None, None, 0, true)]);
    app.pass(TimeDelta::seconds(59)).await;
    assert_eq!(total(&app).await, 0, "not at once: the provider would not know");
    app.pass(TimeDelta::seconds(1)).await;
    assert_eq!(prices(&app).await, [known(5_000, 0)]);
    for _ in 0..3 {
        app.pass(TimeDelta::hours(1)).await;
    }
    let rows = app.rows("SELECT month, channel, medium, kind, messages FROM costs").await;
    let text = |column: &str| rows[0].try_get::<String>("", column).expect("a text");
    assert_eq!(["month", "channel", "medium", "kind"].map(text), ["2026-01", "twilio", "whatsapp", "REPLY"]);
    let messages: i64 = rows[0].try_get("", "messages").expect("a count");
    assert_eq!((rows.len(), messages, total(&app).await), (1, 1, 5_000), "and it is counted once");
    app.end().await;
}

async fn a_price_that_comes_late_is_asked_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, Faults { prices: Some(Rule { next: 1, fault: PriceFault::Late }), ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(prices(&app).await, [(None, None, 1, true)]);
    let down = PriceFault::Respond { status: 503 };
    arm(&app, Faults { prices: Some(Rule { next: 1, fault: down }), ..Faults::default() }).await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(prices(&app).await, [(None, None, 2, true)], "a provider that is down is asked later as well");
    app.pass(TimeDelta::minutes(4)).await;
    assert_eq!(total(&app).await, 0, "each time later");
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!((prices(&app).await, total(&app).await), (vec![known(5_000, 2)], 5_000));
    let (_, health) = app.get("/health").await;
    assert_eq!(health["status"], "ok", "a price in want is no outage: {health}");
    app.end().await;
}

async fn a_price_that_never_comes_is_given_up(backend: Backend) {
    let app = TestApp::start(backend).await;
    arm(&app, Faults { prices: Some(Rule { next: 100, fault: PriceFault::Late }), ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    for _ in 0..60 {
        app.pass(TimeDelta::hours(1)).await;
    }
    assert_eq!(prices(&app).await, [(None, None, 7, false)]);
    app.end().await;
}

async fn what_nobody_heard_of_is_asked_after_ten_minutes(backend: Backend) {
    let app = TestApp::start(backend).await;
    let unheard = Some(Rule { next: 1, fault: PostFault::Drop });
    arm(&app, Faults { callbacks: unheard, ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(9)).await;
    assert_eq!(prices(&app).await, [(None, None, 0, true)]);
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(prices(&app).await, [known(5_000, 0)]);
    app.end().await;
}

async fn what_failed_is_asked_too(backend: Backend) {
    let app = TestApp::start(backend).await;
    let sends = Some(Rule { next: 1, fault: SendFault::FailLater { code: 63003 } });
    arm(&app, Faults { sends, ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(prices(&app).await, [(None, None, 1, true)], "the simulator bills nothing that failed");
    let sends = Some(Rule { next: 1, fault: SendFault::Refuse { code: 21211 } });
    arm(&app, Faults { sends, ..Faults::default() }).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!(prices(&app).await[1], (None, None, 0, false), "what was never taken costs nothing");
    app.end().await;
}

async fn an_e_mail_is_not_asked(backend: Backend) {
    let desk = Desk::alone(backend, &[("EMAIL_FROM", "andon@example.com")]).await;
    let connection = desk.app.connection().await;
    let none = format!("DELETE FROM addresses WHERE value = '{PHONE}'");
    sea_orm::ConnectionTrait::execute_unprepared(&connection, &none).await.expect("they have no number");
    desk.opened("Payments fail").await;
    assert_eq!(listed(&desk.client, "?notification_type=EMAIL").await["count"], 1);
    assert_eq!(desk.app.count("attempts WHERE channel = 'smtp'").await, 2, "to the client, and to the admin");
    assert_eq!(desk.app.count("attempts WHERE channel = 'smtp' AND price_due_at IS NOT NULL").await, 0);
    desk.app.end().await;
}

async fn a_channel_that_is_out_is_not_asked(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    let sends = Some(Rule { next: 9, fault: SendFault::Refuse { code: 20003 } });
    arm(&app, Faults { sends, ..Faults::default() }).await;
    app.says("+12025550102", "hi").await;
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!(prices(&app).await[0], (None, None, 0, true), "it waits");
    arm(&app, Faults::default()).await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(prices(&app).await[0], known(5_000, 0));
    app.end().await;
}

async fn two_processes_count_a_price_once(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = TestApp::start(backend).await;
    let beside = app.process_beside(&[]).await;
    for phone in [OPERATOR, "+12025550102", "+12025550103"] {
        app.says(phone, "hi").await;
    }
    for time in [TimeDelta::minutes(1), TimeDelta::minutes(6)] {
        app.clock.advance(time);
        let (here, there) = tokio::join!(prices::once(&app.server.app), prices::once(&beside.app));
        here.and(there).expect("the database answers");
    }
    assert_eq!((prices(&app).await, total(&app).await), (vec![known(5_000, 0); 3], 15_000));
    beside.stop().await.expect("it stops");
    app.end().await;
}

pub(crate) async fn stats(desk: &Desk, query: &str) -> Value {
    let admin = desk.app.signed_in_again(&desk.admin).await;
    let (code, stats) = admin.get(&format!("/api/notifications/stats/{query}")).await;
    assert_eq!(code, StatusCode::OK, "{stats}");
    stats
}

async fn costs_are_added_up_by_month_and_kind_of_event(backend: Backend) {
    let desk = Desk::alone(backend, &[("ANDON_TIMEZONE", "Asia/Tokyo")]).await;
    desk.opened("One").await;
    desk.opened("Two").await;
    desk.app.says(OPERATOR, "hi").await;
    desk.app.pass(TimeDelta::minutes(1)).await;
    // In Tokyo it is February already, in UTC not yet.
    desk.app.pass(TimeDelta::days(13) + TimeDelta::minutes(60)).await;
    let admin = desk.app.signed_in_again(&desk.admin).await;
    let desk = Desk { admin, ..desk };
    desk.opened("Three").await;
    desk.app.pass(TimeDelta::minutes(1)).await;
    let sort = |month: &str, kind: &str, event: Value, cost: &str, messages: i64| {
        json!({"month": month, "channel": "twilio", "notification_type": "WHATSAPP", "kind": kind, "event": event,
            "cost": cost, "currency": "USD", "estimated_by": null, "messages": messages})
    };
    assert_eq!(
        stats(&desk, "").await["costs"],
        json!([
            sort("2026-02", "NOTICE", json!("ticket.opened"), "0.005", 1),
            sort("2026-01", "NOTICE", json!("ticket.opened"), "0.01", 2),
            sort("2026-01", "REPLY", Value::Null, "0.005", 1),
        ])
    );
    let february = stats(&desk, "?from=2026-02-01&to=2026-02-28").await;
    assert_eq!((february["costs"].as_array().map(Vec::len), &february["budget"]), (Some(1), &Value::Null));
    desk.app.end().await;
}

async fn notifications_are_counted_by_status_type_and_day(backend: Backend) {
    let desk = Desk::alone(backend, &[("ANDON_TIMEZONE", "Asia/Tokyo")]).await;
    desk.opened("One").await;
    let sends = Some(Rule { next: 1, fault: SendFault::Refuse { code: 63003 } });
    arm(&desk.app, Faults { sends, ..Faults::default() }).await;
    desk.app.pass(TimeDelta::minutes(30)).await; // midnight in Tokyo
    desk.opened("Two").await;
    let counts = |stats: &Value, names: &[(&str, i64)], of: &str| {
        let all = stats[of].as_object().expect("counts").iter();
        let counted: Vec<(&str, i64)> = all.map(|(name, n)| (name.as_str(), n.as_i64().expect("a count"))).collect();
        let expected: Vec<(&str, i64)> = names.iter().copied().filter(|(_, n)| *n > 0).collect();
        let mut counted: Vec<(&str, i64)> = counted.into_iter().filter(|(_, n)| *n > 0).collect();
        counted.sort_unstable();
        assert_eq!(counted, expected, "{stats}");
    };
    let told = stats(&desk, "").await;
    assert_eq!((&told["from"], &told["to"], &told["count"]), (&json!("2025-12-21"), &json!("2026-01-19"), &json!(6)));
    counts(&told, &[("DELIVERED", 5), ("FAILED", 1)], "by_status");
    counts(&told, &[("SYSTEM", 4), ("WHATSAPP", 2)], "by_type");
    let days = told["by_day"].as_array().expect("days");
    assert_eq!(days.iter().map(|day| &day["day"]).collect::<Vec<_>>(), ["2026-01-18", "2026-01-19"]);
    counts(&days[0], &[("DELIVERED", 3)], "by_status");
    counts(&days[1], &[("DELIVERED", 2), ("FAILED", 1)], "by_status");
    let first = stats(&desk, "?to=2026-01-18&from=2026-01-18").await;
    assert_eq!(first["count"], 3);
    // What becomes of them later is counted as well.
    let failed = listed(&desk.client, "?status=FAILED").await["results"][0]["id"].clone();
    let (status, _) = desk.admin.post(&format!("/api/notifications/{failed}/retry/"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    counts(&stats(&desk, "").await, &[("DELIVERED", 5), ("PENDING", 1)], "by_status");
    desk.app.settle().await;
    desk.app.simulator().read(&crate::support::app::number(PHONE));
    desk.app.settle().await;
    counts(&stats(&desk, "").await, &[("DELIVERED", 4), ("READ", 2)], "by_status");
    desk.app.end().await;
}

async fn what_cannot_be_counted_is_told(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    for (query, field) in [
        ("?from=yesterday", "from"),
        ("?from=2026-01-02&to=2026-01-01", "from"),
        ("?from=2025-01-01&to=2026-01-01", "from"),
        ("?to=2026-13-01", "to"),
        ("?from=0001-01-01", "from"),
    ] {
        let (status, problem) = desk.admin.get(&format!("/api/notifications/stats/{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {problem}");
        assert!(problem["errors"][field].is_array(), "{query}: {problem}");
    }
    assert_eq!(desk.client.get("/api/notifications/stats/").await.0, StatusCode::FORBIDDEN);
    desk.app.end().await;
}

/// Four fifths of this are spent with four messages.
const BUDGET: (&str, &str) = ("ANDON_MESSAGE_BUDGET", "0.025 USD");

async fn a_budget_is_told_of_at_80_percent_and_when_it_is_spent(backend: Backend) {
    let desk = Desk::alone(backend, &[BUDGET]).await;
    let degraded = async |desk: &Desk| desk.app.get("/health").await.1["degraded"].clone();
    let write = async |desk: &Desk, times: usize| {
        for _ in 0..times {
            desk.app.says(OPERATOR, "hi").await;
        }
        desk.app.pass(TimeDelta::minutes(1)).await;
    };
    write(&desk, 3).await;
    assert_eq!(degraded(&desk).await, json!([]));
    write(&desk, 1).await;
    assert_eq!(
        degraded(&desk).await,
        json!(["80 % of the budget for messages of 2026-01 are spent (0.02 USD of 0.025 USD)."])
    );
    write(&desk, 1).await;
    assert_eq!(
        degraded(&desk).await,
        json!(["The budget for messages of 2026-01 is spent (0.025 USD of 0.025 USD). Nothing is held back; \
                the rule of the budget could hold back what is not urgent."])
    );
    desk.opened("Payments fail").await;
    assert_eq!(desk.app.bubbles(PHONE).len(), 1, "nothing is held back");
    assert_eq!(
        stats(&desk, "").await["budget"],
        json!({"month": "2026-01", "spent": "0.025", "budget": "0.025", "estimated": "0.00", "currency": "USD",
            "percent": 100, "holds_back": false})
    );
    let other = "UPDATE costs SET currency = 'EUR'";
    sea_orm::ConnectionTrait::execute_unprepared(&desk.app.connection().await, other).await.expect("a change");
    desk.app.settle().await;
    assert_eq!(degraded(&desk).await, json!([]), "another currency does not count");
    assert_eq!(stats(&desk, "").await["budget"]["spent"], "0.00");
    desk.app.pass(TimeDelta::days(20)).await;
    assert_eq!(stats(&desk, "").await["budget"]["month"], "2026-02");
    desk.app.end().await;
}

const HOLD: (&str, &str) = ("ANDON_MESSAGE_BUDGET_HOLD", "true");

/// A desk whose budget is spent.
async fn spent(backend: Backend) -> Desk {
    let desk = Desk::alone(backend, &[BUDGET, HOLD]).await;
    for _ in 0..5 {
        desk.app.says(OPERATOR, "hi").await;
    }
    desk.app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(stats(&desk, "").await["budget"]["holds_back"], true);
    desk
}

/// A word on a ticket, which is of low urgency.
async fn comment(desk: &Desk, ticket: i64) {
    let admin = desk.app.signed_in_again(&desk.admin).await;
    let (status, done) = admin.post(&format!("/api/tickets/{ticket}/add_comment/"), json!({"comment": "Soon."})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    desk.app.settle().await;
}

fn heads(app: &TestApp) -> Vec<String> {
    let bubbles = app.bubbles(PHONE).into_iter();
    bubbles.map(|bubble| bubble.text.lines().next().unwrap_or_default().to_owned()).collect()
}

async fn what_is_not_urgent_waits_once_the_budget_is_spent(backend: Backend) {
    let desk = spent(backend).await;
    let ticket = desk.opened("Payments fail").await;
    let opened = "✅ *Your Ticket Has Been Opened*";
    assert_eq!(heads(&desk.app), [opened], "what is urgent goes");
    comment(&desk, ticket).await;
    assert_eq!(heads(&desk.app), [opened]);
    let list = listed(&desk.client, "?notification_type=WHATSAPP").await;
    let (_, held) = desk.admin.get(&format!("/api/notifications/{}/", list["results"][0]["id"])).await;
    assert_eq!((&held["status"], held["attempts"].as_array().map(Vec::len)), (&json!("PENDING"), Some(0)), "{held}");
    assert_eq!(
        held["explanation"],
        "It is held back: the month's budget for messages is spent. It leaves at 2026-02-01 00:00 UTC, or once \
         the budget is raised."
    );
    assert_eq!(listed(&desk.client, "?notification_type=SYSTEM").await["count"], 2, "the desk has both");
    assert_eq!(desk.app.says(OPERATOR, "hi").await.len(), 1, "answers go on");
    let (status, done) =
        desk.admin.post(&format!("/api/tickets/{ticket}/cancel/"), json!({"reason": "Not ours"})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    desk.app.settle().await;
    assert_eq!(heads(&desk.app).len(), 2, "what is urgent does not wait behind it: {:?}", heads(&desk.app));
    let app = desk.app.restart(&[("ANDON_MESSAGE_BUDGET", "1 USD"), HOLD]).await;
    app.settle().await;
    assert_eq!(heads(&app), ["💬 *New Comment on a Ticket*"], "a greater budget lets it go");
    assert_eq!(app.count("delivery_lines WHERE name LIKE '%+%'").await, 0);
    app.end().await;
}

async fn what_waited_goes_when_the_month_ends(backend: Backend) {
    let desk = spent(backend).await;
    let ticket = desk.opened("Payments fail").await;
    comment(&desk, ticket).await;
    desk.app.pass(TimeDelta::days(13)).await;
    assert_eq!(heads(&desk.app).len(), 1, "January is not over");
    desk.app.pass(TimeDelta::days(1)).await;
    assert_eq!(heads(&desk.app).len(), 2);
    desk.app.end().await;
}
