//! Webhooks at the desk: made, tried out, and what they were answered.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::receiver::{HERE, Receiver};
use andon::people::Role;
use reqwest::StatusCode;

facts!["pages::hooks":
    a_webhook_is_made_and_nothing_typed_is_lost,
    a_test_call_is_made_by_the_job_and_its_answer_is_seen,
    what_a_receiver_answers_does_nothing_in_a_page,
];

/// The secret on a page.
fn secret(html: &str) -> Option<String> {
    let rest = html.split("whsec_").nth(1)?;
    Some(format!("whsec_{}", rest.split('<').next()?))
}

async fn a_webhook_is_made_and_nothing_typed_is_lost(backend: Backend) {
    let app = TestApp::with(backend, &[HERE]).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    let (new, list) = ("/settings/webhooks/new", "/settings/webhooks");
    assert!(window.get(list).await.text().contains("No other program is told yet."));
    let fields = [("description", "Planning"), ("events", "order.held"), ("events", "order.released")];
    let is_kept =
        |html: &str| html.contains("value=\"order.held\" checked") && html.contains("value=\"order.released\" checked");
    for (url, says) in [
        ("erp.plant.example", "This is no web address."),
        ("https://me@erp.plant.example/", "Take the user name and the password out"),
        ("https://10.0.0.1/", "Only public addresses are called"),
        ("", "Please fill this in."),
    ] {
        let seen = window.post(new, &[&[("url", url)], &fields[..]].concat()).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{url}");
        assert!(seen.text().contains(says) && is_kept(&seen.html), "{url}: {}", seen.text());
        assert_eq!((seen.value("url"), seen.value("description")), (Some(url), Some("Planning")));
    }
    let none = window.post(new, &[("url", "https://erp.plant.example/"), ("description", "Planning")]).await;
    assert!(none.status == StatusCode::BAD_REQUEST && none.text().contains("Please fill this in."), "{}", none.text());
    let all = [&[("token", "forged"), ("url", "https://erp.example/")], &fields[..]].concat();
    let forged = window.post_just(new, &all).await;
    assert!(forged.status == StatusCode::FORBIDDEN && is_kept(&forged.html), "{}", forged.text());
    assert_eq!(app.count("webhooks").await, 0);

    let made = window.post(new, &[&[("url", "https://erp.plant.example/x")], &fields[..]].concat()).await;
    assert_eq!((made.status, made.headers["cache-control"].to_str().ok()), (StatusCode::OK, Some("no-store")));
    let shown = secret(&made.html).expect("the secret");
    let rows = app.rows("SELECT id FROM webhooks").await;
    let here = format!("{list}/{}", rows[0].try_get::<i64>("", "id").expect("a webhook"));
    let page = window.get(&here).await;
    assert!(page.text().contains("Not called yet") && secret(&page.html).is_none(), "{}", page.text());
    let wrong = window.post(&here, &[&[("url", "http://8.8.8.8/")], &fields[..2]].concat()).await;
    assert_eq!((wrong.status, wrong.value("url")), (StatusCode::BAD_REQUEST, Some("http://8.8.8.8/")));
    let form = window.get(&here).await.form(&here).with("url", "https://erp.plant.example/y");
    let changed = window.sends_form(&form.with("events", "*").with("description", "")).await;
    assert_eq!(changed.leads_to(), format!("{here}?done=saved"));
    let page = window.get(list).await;
    assert!(page.text().contains("https://erp.plant.example https://erp.plant.example"), "{}", page.text());
    assert!(page.text().contains("All, new kinds too"), "{}", page.text());

    for act in ["test", "switch_off", "secret", "delete"] {
        let forged = window.post_just(&format!("{here}/{act}"), &[("token", "forged")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{act}");
    }
    let other = secret(&window.post(&format!("{here}/secret"), &[]).await.html).expect("another secret");
    assert_ne!(shown, other);
    let off = window.post(&format!("{here}/switch_off"), &[]).await;
    assert_eq!(off.leads_to(), format!("{here}?done=hook_off"));
    assert!(!window.get(&here).await.html.contains(&format!("{here}/test")), "nobody is called");
    let refused = window.post(&format!("{here}/test"), &[]).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text().contains("Switch it on"), "{}", refused.text());
    window.post(&format!("{here}/switch_on"), &[]).await;
    let log = window.get("/settings/audit?name=webhook.secret_rotated").await;
    assert!(log.html.contains(&format!("href=\"{here}\"")), "{}", log.text());
    assert_eq!(window.post(&format!("{here}/dance"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(window.post(&format!("{here}/delete"), &[]).await.leads_to(), format!("{list}?done=hook_deleted"));
    assert_eq!(window.get(&here).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.count("webhook_calls").await, 0);
    app.end().await;
}

async fn a_test_call_is_made_by_the_job_and_its_answer_is_seen(backend: Backend) {
    let app = TestApp::with(backend, &[HERE]).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let receiver = Receiver::start().await;
    let (id, secret) = crate::webhooks_out::webhook(&admin, &receiver.url(), &["order.held"]).await;
    let here = format!("/settings/webhooks/{id}");
    let asked = window.post(&format!("{here}/test"), &[]).await;
    assert_eq!(asked.leads_to(), format!("{here}?done=hook_tested"));
    let page = window.get(asked.leads_to()).await;
    assert!(page.text().contains("webhook.test Under way") && receiver.got().is_empty(), "{}", page.text());
    app.settle().await;
    let got = receiver.got();
    assert_eq!((got.len(), got[0].event().as_str()), (1, "webhook.test"), "and nobody else is called");
    assert!(got[0].is_signed_with(&secret));
    let page = window.get(&here).await.text();
    assert!(page.contains("webhook.test Taken 200") && page.contains("has its reasons"), "{page}");
    receiver.answers_with(503, 1);
    window.post(&format!("{here}/test"), &[]).await;
    app.settle().await;
    let page = window.get(&here).await;
    assert!(page.text().contains("webhook.test Given up 503"), "a test is tried once: {}", page.text());
    let list = window.get("/settings/webhooks").await.text();
    assert!(list.contains("Failing"), "{list}");
    let retry = page.html.split("action=\"").find(|rest| rest.starts_with(&format!("{here}/calls/")));
    let retry = retry.and_then(|rest| rest.split('"').next()).expect("it can be made again");
    let forged = window.post_just(retry, &[("token", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(window.post(retry, &[]).await.leads_to(), format!("{here}?done=hook_again"));
    app.settle().await;
    let page = window.get(&here).await.text();
    assert!(page.contains("webhook.test Taken 200") && page.contains("attempts: 2"), "{page}");
    assert!(window.get("/settings/webhooks").await.text().contains("Well"));
    assert_eq!(receiver.got().len(), 3);
    app.end().await;
}

async fn what_a_receiver_answers_does_nothing_in_a_page(backend: Backend) {
    let app = TestApp::with(backend, &[HERE]).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    for attack in ATTACKS {
        let typed = [("url", attack), ("description", attack), ("events", "order.held")];
        is_harmless("/settings/webhooks/new", &window.post("/settings/webhooks/new", &typed).await);
        let url = "https://erp.plant.example/hooks";
        window.post("/settings/webhooks/new", &[("url", url), ("description", attack), ("events", "*")]).await;
    }
    is_harmless("/settings/webhooks", &window.get("/settings/webhooks").await);
    app.end().await;
}
