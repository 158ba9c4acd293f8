//! What became of each message: what its attempts mean, how long it took, what to do; sending again and taking back.

use crate::facts;
use crate::inbox::{Desk, PHONE, listed};
use crate::notifications::raise_many;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::simulator::{Faults, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["sent_log":
    one_notification_shows_all_there_is_to_know,
    a_failure_without_a_code_is_explained,
    why_it_waits_is_told,
    what_failed_goes_again_and_arrives_once,
    what_goes_again_may_fail_again,
    nothing_goes_again_that_arrived_or_waits_or_is_unwanted,
    what_was_taken_back_does_not_leave,
    what_is_on_its_way_is_not_taken_back,
    a_notice_is_taken_back_or_sent_and_never_both,
];

async fn arm(app: &TestApp, next: u32, fault: SendFault) {
    let sends = Some(Rule { next, fault });
    app.simulator().set_faults(Faults { sends, ..Faults::default() }).await.expect("within bounds");
}

/// Taken by nobody, to be tried again in a quarter of an hour.
const LATER: SendFault = SendFault::Refuse { code: 30008 };

/// The client's latest notification on WhatsApp, as an admin sees it.
async fn latest(desk: &Desk) -> Value {
    let list = listed(&desk.client, "?notification_type=WHATSAPP").await;
    one(desk, list["results"][0]["id"].as_i64().expect("an id")).await
}

async fn one(desk: &Desk, id: i64) -> Value {
    let (status, whole) = desk.admin.get(&format!("/api/notifications/{id}/")).await;
    assert_eq!(status, StatusCode::OK, "{whole}");
    whole
}

async fn does(desk: &Desk, what: &str, notification: &Value) -> (StatusCode, Value) {
    let id = notification["id"].as_i64().expect("an id");
    let done = desk.admin.post(&format!("/api/notifications/{id}/{what}/"), json!({})).await;
    desk.app.settle().await;
    done
}

fn says(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|text| words.iter().all(|word| text.contains(word)))
}

async fn one_notification_shows_all_there_is_to_know(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, SendFault::FailLater { code: 63005 }).await;
    desk.opened("Payments fail").await;
    let whole = latest(&desk).await;
    let attempt = whole["attempts"][0].clone();
    let meaning = "WhatsApp did not accept the message's content.";
    assert_eq!(
        attempt,
        json!({
            "number": 1, "channel": "twilio", "provider_id": desk.app.bubbles(PHONE)[0].sid, "outcome": "FAILED",
            "error_code": 63005, "error_message": meaning, "error_name": null, "meaning": meaning,
            "started_at": "2026-01-18T14:30:22Z", "finished_at": "2026-01-18T14:30:22Z", "took_ms": 0,
            "cost": null, "currency": null, "estimated_by": null,
        })
    );
    assert_eq!((&whole["status"], &whole["error_message"]), (&json!("FAILED"), &json!(meaning)));
    let id = whole["id"].as_i64().expect("an id");
    let again = format!("{meaning} Once that is mended, it can be sent again: POST /api/notifications/{id}/retry/.");
    assert_eq!(whole["explanation"], again);
    assert_eq!(whole["latency"], json!({"accepted_ms": 0, "delivered_ms": null}));
    let (_, own) = desk.client.get(&format!("/api/notifications/{id}/")).await;
    assert_eq!(own["explanation"], meaning, "what only an admin can do is no advice for others");

    arm(&desk.app, 1, LATER).await;
    desk.opened("Another").await;
    desk.app.pass(TimeDelta::minutes(15)).await;
    let whole = latest(&desk).await;
    let outcomes: Vec<&Value> =
        whole["attempts"].as_array().expect("a list").iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["RETRY", "ACCEPTED"]);
    assert_eq!((&whole["attempts"][0]["error_name"], &whole["explanation"]), (&json!("carrier_error"), &Value::Null));
    assert_eq!(whole["latency"], json!({"accepted_ms": 900_000, "delivered_ms": 900_000}));
    desk.app.pass(TimeDelta::minutes(1)).await;
    let whole = one(&desk, whole["id"].as_i64().expect("an id")).await;
    assert_eq!((&whole["attempts"][1]["cost"], &whole["attempts"][1]["currency"]), (&json!("0.005"), &json!("USD")));
    let (_, own) = desk.client.get(&format!("/api/notifications/{}/", whole["id"])).await;
    assert_eq!(own["attempts"][1]["cost"], Value::Null, "what it cost is the admins' affair");
    let (_, desks) = (StatusCode::OK, listed(&desk.client, "?notification_type=SYSTEM").await);
    let there = one(&desk, desks["results"][0]["id"].as_i64().expect("an id")).await;
    assert_eq!((&there["explanation"], &there["latency"]["delivered_ms"]), (&Value::Null, &Value::Null));
    desk.app.end().await;
}

async fn a_failure_without_a_code_is_explained(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, SendFault::Respond { status: 503, retry_after_s: None, taken: false }).await;
    desk.opened("Payments fail").await;
    let whole = latest(&desk).await;
    let attempt = &whole["attempts"][0];
    assert_eq!((&attempt["error_name"], &attempt["error_code"]), (&json!("provider_down"), &Value::Null));
    assert_eq!(
        attempt["meaning"],
        "Twilio has a fault on its side. Andon waits and tries again; status.twilio.com may say more."
    );
    assert!(says(&whole["explanation"], &["may have it already"]), "{whole}");
    desk.app.end().await;
}

async fn why_it_waits_is_told(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, LATER).await;
    desk.opened("Payments fail").await;
    let explained = latest(&desk).await["explanation"].clone();
    assert!(says(&explained, &["The carrier failed", "It is tried again at 2026-01-18 14:45"]), "{explained}");
    arm(&desk.app, 9, SendFault::Refuse { code: 20003 }).await;
    desk.app.pass(TimeDelta::minutes(15)).await;
    let explained = latest(&desk).await["explanation"].clone();
    assert!(says(&explained, &["twilio is out since", "TWILIO_AUTH_TOKEN"]), "{explained}");
    let desk = Desk { app: desk.app.restart(&[("ENABLE_WHATSAPP", "false")]).await, ..desk };
    let beside = desk.app.url("");
    let path = format!("/api/notifications/{}", latest_id(&desk.app).await);
    let request = desk.app.http.get(format!("{beside}{path}")).bearer_auth(&desk.admin.access);
    let (_, whole) = crate::support::app::answer(request).await;
    assert!(says(&whole["explanation"], &["Nothing carries whatsapp", "ENABLE_WHATSAPP"]), "{whole}");
    desk.app.end().await;
}

async fn latest_id(app: &TestApp) -> i64 {
    let rows = app.rows("SELECT MAX(id) AS id FROM deliveries WHERE medium = 'whatsapp'").await;
    rows[0].try_get("", "id").expect("an id")
}

async fn what_failed_goes_again_and_arrives_once(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, SendFault::Refuse { code: 21211 }).await;
    desk.opened("Payments fail").await;
    let failed = latest(&desk).await;
    assert_eq!(failed["status"], "FAILED");
    let (status, done) = does(&desk, "retry", &failed).await;
    assert_eq!((status, &done["message"]), (StatusCode::OK, &json!("Notification is sent again")), "{done}");
    assert_eq!(
        (&done["notification"]["status"], &done["notification"]["error_message"]),
        (&json!("PENDING"), &Value::Null)
    );
    let whole = latest(&desk).await;
    assert_eq!((&whole["status"], &whole["id"]), (&json!("DELIVERED"), &failed["id"]));
    let outcomes: Vec<&Value> =
        whole["attempts"].as_array().expect("a list").iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["REFUSED", "ACCEPTED"]);
    assert_eq!(desk.app.bubbles(PHONE).len(), 1);
    assert_eq!(desk.app.count("delivery_lines WHERE name LIKE '%+%'").await, 0, "its own line is gone");
    let (_, events) = desk.admin.get("/api/events/?name=notification.sent_again").await;
    let event = &events["results"][0];
    assert_eq!((&event["subject_id"], &event["actor"]), (&failed["id"], &json!(desk.admin.id)), "{events}");
    assert_eq!(event["details"]["person_id"], desk.client.id);
    desk.app.end().await;
}

async fn what_goes_again_may_fail_again(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 2, SendFault::FailLater { code: 63003 }).await;
    desk.opened("Payments fail").await;
    assert_eq!(does(&desk, "retry", &latest(&desk).await).await.0, StatusCode::OK);
    let whole = latest(&desk).await;
    assert_eq!((&whole["status"], whole["attempts"].as_array().map(Vec::len)), (&json!("FAILED"), Some(2)), "{whole}");
    assert_eq!(does(&desk, "retry", &whole).await.0, StatusCode::OK);
    assert_eq!(latest(&desk).await["status"], "DELIVERED");
    desk.app.end().await;
}

async fn nothing_goes_again_that_arrived_or_waits_or_is_unwanted(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    desk.opened("One").await;
    let refused = async |what: &str, notification: Value, words: &str| {
        let (status, problem) = does(&desk, what, &notification).await;
        assert_eq!(status, StatusCode::CONFLICT, "{what}: {problem}");
        assert!(says(&problem["detail"], &[words]), "{what}: {problem}");
    };
    let desks = listed(&desk.client, "?notification_type=SYSTEM").await["results"][0].clone();
    for what in ["retry", "cancel"] {
        refused(what, latest(&desk).await, "It has arrived.").await;
        refused(what, desks.clone(), "at the desk only").await;
    }
    let unheard = Some(Rule { next: 1, fault: PostFault::Drop });
    desk.app.simulator().set_faults(Faults { callbacks: unheard, ..Faults::default() }).await.expect("ok");
    desk.opened("Two").await;
    for what in ["retry", "cancel"] {
        refused(what, latest(&desk).await, "The provider has taken it").await;
    }
    arm(&desk.app, 1, LATER).await;
    desk.opened("Three").await;
    refused("retry", latest(&desk).await, "It still waits").await;
    arm(&desk.app, 1, SendFault::Refuse { code: 63003 }).await;
    desk.opened("Four").await;
    let failed = latest(&desk).await;
    refused("cancel", failed.clone(), "It is over already").await;
    let connection = desk.app.connection().await;
    let out = format!("UPDATE addresses SET opted_out_at = created_at WHERE value = '{PHONE}'");
    sea_orm::ConnectionTrait::execute_unprepared(&connection, &out).await.expect("a change");
    refused("retry", failed, "opted out").await;
    assert_eq!(desk.admin.post("/api/notifications/999999/retry/", json!({})).await.0, StatusCode::NOT_FOUND);
    desk.app.end().await;
}

async fn what_was_taken_back_does_not_leave(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, LATER).await;
    desk.opened("Payments fail").await;
    let waiting = latest(&desk).await;
    let (status, done) = does(&desk, "cancel", &waiting).await;
    assert_eq!((status, &done["notification"]["status"]), (StatusCode::OK, &json!("CANCELLED")), "{done}");
    assert!(says(&done["notification"]["explanation"], &["An admin took it back"]), "{done}");
    desk.app.pass(TimeDelta::minutes(20)).await;
    assert!(desk.app.bubbles(PHONE).is_empty(), "it never left");
    assert_eq!(does(&desk, "cancel", &waiting).await.0, StatusCode::CONFLICT);
    desk.opened("Another").await;
    assert_eq!(desk.app.bubbles(PHONE).len(), 1, "others are not held up");
    assert_eq!(does(&desk, "retry", &waiting).await.0, StatusCode::OK);
    assert_eq!(desk.app.bubbles(PHONE).len(), 2, "and it leaves all the same");
    let (_, events) = desk.admin.get("/api/events/?name=notification.taken_back&count=true").await;
    assert_eq!(events["count"], 1, "{events}");
    desk.app.end().await;
}

async fn what_is_on_its_way_is_not_taken_back(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 1, SendFault::Silent { taken: true }).await;
    desk.opened("Payments fail").await;
    // The provider has it or not; its callbacks said that it has.
    let whole = latest(&desk).await;
    assert_eq!(does(&desk, "cancel", &whole).await.0, StatusCode::CONFLICT);
    let lost = SendFault::Silent { taken: false };
    arm(&desk.app, 1, lost).await;
    desk.opened("Another").await;
    let (status, problem) = does(&desk, "cancel", &latest(&desk).await).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(says(&problem["detail"], &["may have it already"]), "{problem}");
    desk.app.pass(TimeDelta::seconds(31)).await;
    assert_eq!(latest(&desk).await["status"], "DELIVERED");
    desk.app.end().await;
}

async fn a_notice_is_taken_back_or_sent_and_never_both(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    arm(&desk.app, 30, LATER).await;
    let tickets = raise_many(&desk.app, desk.client.id, 30).await;
    for ticket in &tickets {
        let (status, _) = desk.admin.post(&format!("/api/tickets/{ticket}/open_ticket/"), json!({})).await;
        assert_eq!(status, StatusCode::OK);
    }
    desk.app.settle().await;
    desk.app.clock.advance(TimeDelta::minutes(15));
    let list = listed(&desk.client, "?notification_type=WHATSAPP&page_size=100").await;
    let waiting = list["results"].as_array().expect("a list").clone();
    assert_eq!(waiting.len(), 30, "{list}");
    let taking = async {
        let mut taken = 0;
        for notification in waiting.iter().rev() {
            let path = format!("/api/notifications/{}/cancel/", notification["id"]);
            let (status, told) = desk.admin.post(&path, json!({})).await;
            assert!(matches!(status, StatusCode::OK | StatusCode::CONFLICT), "{told}");
            taken += usize::from(status == StatusCode::OK);
        }
        taken
    };
    let (taken, ()) = tokio::join!(taking, desk.app.settle());
    desk.app.settle().await;
    assert_eq!(desk.app.bubbles(PHONE).len() + taken, 30);
    assert_eq!(desk.app.count("deliveries WHERE status = 'CANCELLED'").await, i64::try_from(taken).expect("few"));
    assert_eq!(desk.app.count("deliveries WHERE due_at IS NOT NULL").await, 0);
    desk.app.end().await;
}
