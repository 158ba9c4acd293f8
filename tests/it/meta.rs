//! WhatsApp by Meta's own API: the same journeys as by Twilio, what only Meta does, and both at once.

use crate::attachments::PNG;
use crate::facts;
use crate::notifications::{change, raise};
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::databases::Backend;
use crate::support::meta::{META, NO_TWILIO, NUMBER_ID, PATH, SECRET, deliver, message, post, status, webhook};
use andon::channels::Status;
use andon::simulator::{Bubble, Enclosure, Faults, Incoming, Provider, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["meta":
    a_defect_is_reported_by_meta,
    what_is_not_signed_is_turned_away_and_nothing_stored,
    the_challenge_is_given_back_to_who_knows_the_token,
    a_hundred_messages_with_broken_ones_among_them_are_stored_each_on_its_own,
    a_webhook_that_comes_again_changes_nothing,
    a_large_webhook_is_taken_and_a_huge_one_is_not,
    statuses_move_forward_only_in_whatever_order_they_come,
    the_window_is_shut_by_an_answer_and_by_a_status_alike,
    an_expired_token_raises_one_alarm_and_keeps_the_queue,
    too_much_to_one_person_slows_nobody_else_down,
    what_is_in_doubt_goes_again_once_unless_a_status_tells_of_it,
    a_photo_comes_by_its_id,
    somebody_who_hides_their_number_is_answered_by_their_id,
    both_at_once_each_is_answered_where_they_wrote,
    what_one_provider_refuses_goes_by_the_other,
    what_stands_in_the_way_at_one_provider_goes_by_the_other_once,
];

const ADMIN: &str = "+12025550103";

async fn by_meta(backend: Backend) -> TestApp {
    TestApp::with(backend, &[META.as_slice(), &NO_TWILIO].concat()).await
}

async fn arm(app: &TestApp, next: u32, fault: SendFault) {
    let faults = Faults { sends: Some(Rule { next, fault }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

async fn health(app: &TestApp) -> Value {
    app.get("/health").await.1
}

/// The first lines of what this phone got, each with its provider.
fn got(app: &TestApp, phone: &str) -> Vec<(Provider, String)> {
    let first = |bubble: Bubble| (bubble.provider, bubble.text.lines().next().unwrap_or_default().to_owned());
    app.bubbles(phone).into_iter().map(first).collect()
}

async fn a_defect_is_reported_by_meta(backend: Backend) {
    let app = by_meta(backend).await;
    for text in ["hi", "1", "ORD-12345", "1", "3"] {
        assert_eq!(app.says(OPERATOR, text).await.len(), 1, "{text}");
    }
    let replies = app.says(OPERATOR, "Scratched").await;
    assert!(replies[0].contains("Reference: DEF-20260118143022"), "{replies:?}");
    let bubbles = app.bubbles(OPERATOR);
    assert!(bubbles.iter().all(|bubble| bubble.provider == Provider::Meta && bubble.status == Status::Delivered));
    app.simulator().read(&number(OPERATOR));
    app.settle().await;
    let read = format!("deliveries WHERE status = 'READ' AND sender = '{NUMBER_ID}'");
    assert_eq!((app.count(&read).await, app.count("tickets").await > 0), (6, true));
    assert_eq!(health(&app).await["status"], "ok");
    app.end().await;
}

async fn what_is_not_signed_is_turned_away_and_nothing_stored(backend: Backend) {
    let app = by_meta(backend).await;
    let body = webhook(&[message("wamid.1", OPERATOR, "hi")], &[]);
    for path in [PATH, "/api/whatsapp/webhook"] {
        for secret in [None, Some("another secret")] {
            let refused = post(&app, path, &body, secret).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path} {secret:?}");
            assert_eq!(refused.headers()["content-type"], "application/problem+json");
        }
    }
    assert_eq!((app.count("messages").await, app.count("deliveries").await), (0, 0));
    for path in [PATH, "/api/whatsapp/webhook", "/api/whatsapp/meta/webhook/"] {
        assert_eq!(post(&app, path, &body, Some(SECRET)).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(app.count("messages").await, 1);
    app.end().await;
}

async fn the_challenge_is_given_back_to_who_knows_the_token(backend: Backend) {
    let app = by_meta(backend).await;
    for path in [PATH, "/api/whatsapp/webhook"] {
        let ask = async |token: &str| {
            let asked = format!("{path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
            app.http.get(app.url(&asked)).send().await.expect("an answer")
        };
        let answer = ask("made+up").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(answer.text().await.expect("a body"), "1158201444");
        assert_eq!(ask("guessed").await.status(), StatusCode::FORBIDDEN);
        assert_eq!(app.get(path).await, (StatusCode::OK, json!({"status": "ok"})));
    }
    app.end().await;
}

async fn a_hundred_messages_with_broken_ones_among_them_are_stored_each_on_its_own(backend: Backend) {
    let app = by_meta(backend).await;
    let mut messages: Vec<Value> =
        (0..100).map(|nth| message(&format!("wamid.{nth}"), &format!("+447700900{nth:03}"), "hi")).collect();
    messages[3] = Value::Null;
    messages[10] = json!({"id": "wamid.x", "type": "text"});
    messages[20]["type"] = json!({"text": 1});
    messages[30]["id"] = "x".repeat(5_000).into();
    messages[40]["text"]["body"] = "a\u{0}b".into();
    messages[50] = json!({"from": "447700900050", "id": "wamid.50", "type": "from_the_future"});
    messages[60]["from"] = "not a number".into();
    messages[70]["timestamp"] = json!([1]);
    assert_eq!(deliver(&app, &webhook(&messages, &[json!(7), json!({"status": "read"})])).await, StatusCode::OK);
    assert_eq!(app.count("messages").await, 96);
    app.settle().await;
    assert_eq!(app.count("deliveries WHERE status = 'DELIVERED'").await, 96);
    app.end().await;
}

async fn a_webhook_that_comes_again_changes_nothing(backend: Backend) {
    let app = by_meta(backend).await;
    for text in ["hi", "1", "ORD-12345", "1", "3"] {
        app.says(OPERATOR, text).await;
    }
    let body = webhook(&[message("wamid.last", OPERATOR, "Scratched")], &[]);
    let (one, two, three) = tokio::join!(deliver(&app, &body), deliver(&app, &body), deliver(&app, &body));
    assert_eq!([one, two, three], [StatusCode::OK; 3]);
    app.settle().await;
    let before = app.count("tickets").await;
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(deliver(&app, &body).await, StatusCode::OK);
    app.settle().await;
    assert_eq!((app.count("tickets").await, app.count("messages").await), (before, 6));
    assert_eq!(app.bubbles(OPERATOR).len(), 6);
    app.end().await;
}

async fn a_large_webhook_is_taken_and_a_huge_one_is_not(backend: Backend) {
    let app = by_meta(backend).await;
    let mut large = webhook(&[message("wamid.1", OPERATOR, "hi")], &[]);
    large["padding"] = "x".repeat(2 * 1024 * 1024).into();
    assert_eq!(deliver(&app, &large).await, StatusCode::OK);
    large["padding"] = "x".repeat(3 * 1024 * 1024).into();
    assert_eq!(deliver(&app, &large).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.count("messages").await, 1);
    app.end().await;
}

async fn statuses_move_forward_only_in_whatever_order_they_come(backend: Backend) {
    let app = by_meta(backend).await;
    app.says(OPERATOR, "hi").await;
    let rows =
        app.rows("SELECT d.token, a.provider_id FROM deliveries d JOIN attempts a ON a.delivery_id = d.id").await;
    let text = |name: &str| rows[0].try_get::<String>("", name).expect("a text");
    let (token, id) = (text("token"), text("provider_id"));
    let told = |word: &str| status(&id, &token, word);
    let failed = json!({"id": id, "status": "failed", "errors": [{"code": 131_026, "title": "m"}]});
    for (statuses, expected) in [
        (vec![told("sent")], "DELIVERED"),
        (vec![told("read"), told("delivered"), told("sent"), told("read")], "READ"),
        (vec![told("delivered"), failed], "READ"),
        (vec![told("played"), told("deleted"), told("beamed"), status("wamid.another", "none", "read")], "READ"),
    ] {
        assert_eq!(deliver(&app, &webhook(&[], &statuses)).await, StatusCode::OK);
        app.settle().await;
        assert_eq!(app.count(&format!("deliveries WHERE status = '{expected}'")).await, 1, "{statuses:?}");
    }
    app.end().await;
}

async fn the_window_is_shut_by_an_answer_and_by_a_status_alike(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("templates.toml");
    let text = "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\nname = \"ticket_created\"\n\
                name_language = \"en_US\"\nvariables = [\"title\", \"priority\"]\n";
    std::fs::write(&path, text).expect("the file is written");
    let path = path.display().to_string();
    let app = TestApp::with(backend, &[META.as_slice(), &NO_TWILIO, &[("ANDON_TEMPLATES", &path)]].concat()).await;
    let by_template = "[template ticket_created/en_US] Payments fail | High";
    let told = async || {
        raise(&app, "Payments fail").await;
        app.settle().await;
        let of_it = app.bubbles(ADMIN).into_iter().filter(|bubble| bubble.status != Status::Failed);
        of_it.map(|bubble| bubble.text.lines().next().unwrap_or_default().to_owned()).collect::<Vec<String>>()
    };
    arm(&app, 1, SendFault::Refuse { code: 131_047 }).await;
    assert_eq!(told().await, [by_template], "the answer said so");
    assert_eq!(told().await, [by_template; 2], "and it is remembered");
    change(&app, "DELETE FROM windows").await;
    let window = Faults { window: true, ..Faults::default() };
    app.simulator().set_faults(window).await.expect("within bounds");
    assert_eq!(told().await, [by_template; 3], "a status said so");
    assert_eq!(app.count("attempts WHERE template = 'ticket_created/en_US'").await, 3);
    app.clock.advance(TimeDelta::minutes(1));
    app.says(ADMIN, "hi").await;
    assert!(told().await.last().is_some_and(|text| text.starts_with("🎫")), "the window is open again");
    app.end().await;
}

async fn an_expired_token_raises_one_alarm_and_keeps_the_queue(backend: Backend) {
    let app = by_meta(backend).await;
    arm(&app, 2, SendFault::Refuse { code: 190 }).await;
    for phone in [OPERATOR, "+12025550102", ADMIN] {
        app.says(phone, "hi").await;
    }
    let degraded = health(&app).await;
    assert!(degraded["degraded"][0].as_str().is_some_and(|text| text.starts_with("meta is out")), "{degraded}");
    assert!(!degraded.to_string().contains("an-access-token"), "{degraded}");
    assert_eq!(degraded["queue"]["waiting"], 3, "nothing was burnt");
    for _ in 0..3 {
        app.pass(TimeDelta::seconds(31)).await;
    }
    let well = health(&app).await;
    assert_eq!((&well["status"], &well["queue"]["waiting"]), (&json!("ok"), &json!(0)), "{well}");
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    app.end().await;
}

async fn too_much_to_one_person_slows_nobody_else_down(backend: Backend) {
    let app = by_meta(backend).await;
    arm(&app, 2, SendFault::Refuse { code: 131_056 }).await;
    assert!(app.says(OPERATOR, "hi").await.is_empty());
    app.pass(TimeDelta::seconds(1)).await;
    assert_eq!(app.says(ADMIN, "hi").await.len(), 1, "somebody else is answered");
    app.pass(TimeDelta::seconds(2)).await;
    assert!(app.bubbles(OPERATOR).is_empty(), "four seconds after the second time");
    app.pass(TimeDelta::seconds(2)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1);
    assert_eq!(health(&app).await["status"], "ok");
    app.end().await;
}

async fn what_is_in_doubt_goes_again_once_unless_a_status_tells_of_it(backend: Backend) {
    let app = by_meta(backend).await;
    arm(&app, 1, SendFault::Silent { taken: true }).await;
    app.says(OPERATOR, "hi").await;
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.bubbles(OPERATOR).len(), 1, "its statuses carry the delivery's token");
    assert_eq!(app.count("deliveries WHERE status = 'DELIVERED' AND attempts = 1").await, 1);
    arm(&app, 1, SendFault::Silent { taken: false }).await;
    app.says(ADMIN, "hi").await;
    assert!(app.bubbles(ADMIN).is_empty());
    app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(app.bubbles(ADMIN).len(), 1, "nobody can be asked, so it goes again");
    assert_eq!(app.count("deliveries WHERE may_be_duplicate = TRUE AND status = 'DELIVERED'").await, 1);
    arm(&app, 2, SendFault::Silent { taken: false }).await;
    app.says(STRANGER, "hi").await;
    for _ in 0..4 {
        app.pass(TimeDelta::minutes(20)).await;
    }
    assert_eq!(app.count("deliveries WHERE status = 'FAILED' AND attempts = 2").await, 1, "once, and not for ever");
    app.end().await;
}

async fn a_photo_comes_by_its_id(backend: Backend) {
    let app = by_meta(backend).await;
    for text in ["hi", "1", "ORD-12345", "Other", "High"] {
        app.says(OPERATOR, text).await;
    }
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: PNG.to_vec() };
    let described = Incoming { media: vec![photo], ..Incoming::text(&number(OPERATOR), "Cracked, see photo") };
    app.sends(described).await;
    assert_eq!((app.count("attachments").await, app.count("awaited_media").await), (1, 0));
    app.end().await;
}

async fn somebody_who_hides_their_number_is_answered_by_their_id(backend: Backend) {
    let app = by_meta(backend).await;
    let hidden = |phone: &str, text: &str| Incoming { hides_number: true, ..Incoming::text(&number(phone), text) };
    let (_, replies) = app.sends(hidden(STRANGER, "hi")).await;
    assert_eq!(replies.len(), 1, "a stranger is told how to be registered");
    let by_id = "addresses WHERE medium = 'whatsapp' AND value = 'US.912025550199'";
    assert_eq!(app.count(by_id).await, 1);
    app.sends(hidden(STRANGER, "hi")).await;
    assert_eq!(app.count(by_id).await, 1, "known the second time");
    app.says(OPERATOR, "hi").await;
    let (_, replies) = app.sends(hidden(OPERATOR, "2")).await;
    assert!(replies[0].contains("Order Number"), "whose id came with a number before is known by it: {replies:?}");
    app.end().await;
}

async fn both_at_once_each_is_answered_where_they_wrote(backend: Backend) {
    let app = TestApp::with(backend, &META).await;
    let by = |provider, text: &str| Incoming { provider: Some(provider), ..Incoming::text(&number(ADMIN), text) };
    for provider in [Provider::Meta, Provider::Twilio, Provider::Meta] {
        app.sends(by(provider, "hi")).await;
        assert_eq!(got(&app, ADMIN).last().map(|(provider, _)| *provider), Some(provider));
    }
    let mut told = Vec::new();
    for provider in [Provider::Meta, Provider::Twilio] {
        app.clock.advance(TimeDelta::minutes(2));
        app.sends(by(provider, "hi")).await;
        raise(&app, "Payments fail").await;
        app.settle().await;
        told.extend(got(&app, ADMIN).into_iter().rfind(|(_, text)| text.starts_with("🎫")).map(|(by, _)| by));
    }
    assert_eq!(told, [Provider::Meta, Provider::Twilio], "a notice goes where the person wrote last");
    assert_eq!(app.count("messages WHERE channel = 'meta'").await, 3);
    assert_eq!(app.count("deliveries WHERE status <> 'DELIVERED' AND medium = 'whatsapp'").await, 0);
    app.end().await;
}

async fn what_one_provider_refuses_goes_by_the_other(backend: Backend) {
    let app = TestApp::with(backend, &META).await;
    let by = |provider, text: &str| Incoming { provider: Some(provider), ..Incoming::text(&number(OPERATOR), text) };
    app.sends(by(Provider::Meta, "hi")).await;
    arm(&app, 1, SendFault::Refuse { code: 20003 }).await;
    app.sends(by(Provider::Twilio, "2")).await;
    app.sends(by(Provider::Twilio, "ORD-12345")).await;
    let providers: Vec<Provider> = got(&app, OPERATOR).into_iter().map(|(provider, _)| provider).collect();
    assert_eq!(providers, [Provider::Meta; 3], "its window is known to be open");
    let attempts = app.rows("SELECT channel, outcome FROM attempts ORDER BY delivery_id, number").await;
    let attempts: Vec<(String, String)> = attempts
        .iter()
        .map(|row| (row.try_get("", "channel").expect("a text"), row.try_get("", "outcome").expect("a text")))
        .collect();
    let attempt = |channel: &str, outcome: &str| (channel.to_owned(), outcome.to_owned());
    let taken = attempt("meta", "ACCEPTED");
    assert_eq!(attempts, [taken.clone(), attempt("twilio", "RETRY"), taken.clone(), taken]);
    // Who never wrote to the other sender waits for this one.
    let stranger = Incoming { provider: Some(Provider::Twilio), ..Incoming::text(&number(STRANGER), "hi") };
    app.sends(stranger).await;
    assert!(got(&app, STRANGER).is_empty());
    app.pass(TimeDelta::seconds(31)).await;
    assert_eq!(got(&app, STRANGER).len(), 1);
    assert_eq!(got(&app, STRANGER)[0].0, Provider::Twilio);
    assert_eq!(health(&app).await["status"], "ok");
    app.end().await;
}

/// A notice about a new incident, to the admin; answers with what became of it.
async fn notice(app: &TestApp) -> (String, Option<i32>, Vec<(String, String)>) {
    raise(app, "Payments fail").await;
    app.settle().await;
    let text = |row: &sea_orm::QueryResult, column: &str| row.try_get::<String>("", column).expect("a text");
    let last = "SELECT MAX(id) FROM deliveries WHERE medium = 'whatsapp' AND kind = 'NOTICE'";
    let rows = app.rows(&format!("SELECT status, error_code FROM deliveries WHERE id = ({last})")).await;
    let attempts = format!("SELECT channel, outcome FROM attempts WHERE delivery_id = ({last}) ORDER BY number");
    let attempts = app.rows(&attempts).await;
    let attempts = attempts.iter().map(|row| (text(row, "channel"), text(row, "outcome"))).collect();
    (text(&rows[0], "status"), rows[0].try_get("", "error_code").expect("a code"), attempts)
}

async fn what_stands_in_the_way_at_one_provider_goes_by_the_other_once(backend: Backend) {
    let app = TestApp::with(backend, &META).await;
    let by = |provider| Incoming { provider: Some(provider), ..Incoming::text(&number(ADMIN), "hi") };
    let attempt = |channel: &str, outcome: &str| (channel.to_owned(), outcome.to_owned());
    // Only Twilio knows them: nobody else may write first, and the reason stays the one that Twilio gave.
    app.sends(by(Provider::Twilio)).await;
    for (fault, outcome) in
        [(SendFault::Refuse { code: 63007 }, "RETRY"), (SendFault::FailLater { code: 63015 }, "FAILED")]
    {
        let code = if outcome == "RETRY" { 63007 } else { 63015 };
        arm(&app, 1, fault).await;
        assert_eq!(notice(&app).await, ("FAILED".to_owned(), Some(code), vec![attempt("twilio", outcome)]));
    }
    // Both know them: the other carries it, in the same words.
    app.sends(by(Provider::Meta)).await;
    app.clock.advance(TimeDelta::minutes(2));
    app.sends(by(Provider::Twilio)).await;
    for (fault, outcome) in
        [(SendFault::Refuse { code: 63007 }, "RETRY"), (SendFault::FailLater { code: 63015 }, "FAILED")]
    {
        arm(&app, 1, fault).await;
        let (status, _, attempts) = notice(&app).await;
        assert_eq!(
            (status.as_str(), attempts),
            ("DELIVERED", vec![attempt("twilio", outcome), attempt("meta", "ACCEPTED")])
        );
        let (provider, text) = got(&app, ADMIN).pop().expect("a notice");
        assert!(provider == Provider::Meta && text.starts_with("🎫"), "{text}");
    }
    // Where the other refuses it too, that is the end of it.
    arm(&app, 2, SendFault::Refuse { code: 63007 }).await;
    let (status, code, attempts) = notice(&app).await;
    assert_eq!((status.as_str(), code), ("FAILED", Some(63007)));
    assert_eq!(attempts, [attempt("twilio", "RETRY"), attempt("meta", "REFUSED")]);
    assert_eq!(health(&app).await["status"], "ok", "neither is out");
    app.end().await;
}
