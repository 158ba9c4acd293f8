//! What an operator sees: figures, what waits and why, and what the doctor says.

use crate::facts;
use crate::support::app::{ADMIN_TOKEN, OPERATOR, TOKEN, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::config::Settings;
use andon::delivery::store;
use andon::delivery::waiting::{self, Reason};
use andon::doctor::{Level, Report};
use andon::simulator::{Faults, PostFault, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::StatusCode;

facts!["watching":
    figures_count_what_happened,
    figures_want_a_token_or_an_address_of_their_own,
    figures_show_what_is_out,
    what_waits_is_told_with_its_reason,
    what_waits_for_a_provider_that_is_away_says_so,
    the_doctor_finds_nothing_wrong_where_nothing_is,
    the_doctor_says_what_is_wrong_and_shows_no_secret,
    the_doctor_finds_what_was_missed_and_stores_nothing,
    the_doctor_works_without_a_server,
];

/// The value of a figure, by its name and labels.
pub(crate) async fn figure(app: &TestApp, name: &str) -> Option<f64> {
    let answer = app.http.get(app.url("/metrics")).bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.expect("figures");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.parse().expect("a number"))
}

async fn figures_count_what_happened(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    let form = Form::message("SM00000000000000000000000000000001", OPERATOR, "2");
    assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
    assert_eq!(form.post_for_status(&app).await, StatusCode::OK, "the same once more");
    assert_eq!(form.unsigned().post_for_status(&app).await, StatusCode::FORBIDDEN);
    app.settle().await;
    for (name, value) in [
        ("andon_messages_total{channel=\"twilio\",outcome=\"new\"}", 2.0),
        ("andon_messages_total{channel=\"twilio\",outcome=\"known\"}", 1.0),
        ("andon_webhooks_total{path=\"webhook\",status=\"200\"}", 3.0),
        ("andon_webhooks_total{path=\"webhook\",status=\"403\"}", 1.0),
        ("andon_webhook_answer_seconds_count{path=\"webhook\"}", 4.0),
        ("andon_message_step_messages_sum", 3.0),
        ("andon_attempts_total{channel=\"twilio\",outcome=\"accepted\",error=\"\",code=\"\"}", 2.0),
        ("andon_reply_delay_seconds_count", 2.0),
        ("andon_receipts_total{channel=\"twilio\",status=\"DELIVERED\"}", 2.0),
        ("andon_deliveries_waiting", 0.0),
        ("andon_queue_items{queue=\"messages\"}", 0.0),
        ("andon_database_up", 1.0),
        ("andon_channel_red{channel=\"twilio\"}", 0.0),
        ("andon_log_lines_dropped_total", 0.0),
        (concat!("andon_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(figure(&app, name).await, Some(value), "{name}");
    }
    assert!(figure(&app, "andon_database_writes_total{outcome=\"committed\"}").await.is_some_and(|count| count > 2.0));
    let memory = figure(&app, "process_resident_memory_bytes{}").await;
    assert_eq!(memory.is_some_and(|bytes| bytes > 1e6), cfg!(target_os = "linux"));
    let file = figure(&app, "andon_database_file_bytes{file=\"database\"}").await;
    assert_eq!(file.is_some_and(|bytes| bytes > 0.0), backend == Backend::Sqlite);
    app.end().await;
}

async fn figures_want_a_token_or_an_address_of_their_own(backend: Backend) {
    let more = [("ANDON_METRICS_TOKEN", "a-token-for-figures"), ("ANDON_METRICS_BIND", "127.0.0.1:0")];
    let app = TestApp::with(backend, &more).await;
    for (token, status) in [
        ("", StatusCode::UNAUTHORIZED),
        ("wrong", StatusCode::UNAUTHORIZED),
        ("a-token-for-figures", StatusCode::OK),
        (ADMIN_TOKEN, StatusCode::OK),
    ] {
        for path in ["/metrics", "/metrics/"] {
            let answer = app.http.get(app.url(path)).bearer_auth(token).send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{token}");
        }
    }
    let sessions = app.http.get(app.url("/api/whatsapp/sessions")).bearer_auth("a-token-for-figures");
    assert_eq!(sessions.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED, "figures, nothing else");
    let own = app.server.metrics_address.expect("an address of its own");
    for (path, status) in [("/metrics", StatusCode::OK), ("/health", StatusCode::NOT_FOUND)] {
        let answer = app.http.get(format!("http://{own}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
    }
    let app = app.restart(&[("ANDON_ADMIN_TOKEN", "")]).await;
    let answer = app.http.get(app.url("/metrics")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.text().await.expect("a body").contains("ANDON_METRICS_BIND"), "it says how to see them");
    app.end().await;
}

async fn refuse_sends(app: &TestApp, code: i32) {
    let faults = Faults { sends: Some(Rule { next: 1, fault: SendFault::Refuse { code } }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
}

async fn figures_show_what_is_out(backend: Backend) {
    let (app, database) = TestApp::with_a_database_to_take_away(backend).await;
    refuse_sends(&app, 20003).await;
    app.says(OPERATOR, "hi").await;
    app.clock.advance(TimeDelta::seconds(10));
    for (name, value) in [
        (
            r#"andon_attempts_total{channel="twilio",outcome="channel_out",error="invalid_credentials",code="20003"}"#,
            1.0,
        ),
        ("andon_channel_red{channel=\"twilio\"}", 1.0),
        ("andon_deliveries_waiting", 1.0),
        ("andon_deliveries_oldest_seconds", 10.0),
    ] {
        assert_eq!(figure(&app, name).await, Some(value), "{name}");
    }
    database.take_away().await;
    let refused = Form::message("SM00000000000000000000000000000001", OPERATOR, "menu").post_for_status(&app).await;
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(figure(&app, "andon_database_up").await, Some(0.0));
    assert_eq!(figure(&app, "andon_messages_total{channel=\"twilio\",outcome=\"unstored\"}").await, Some(1.0));
    assert_eq!(figure(&app, "andon_webhooks_total{path=\"webhook\",status=\"503\"}").await, Some(1.0));
    database.bring_back().await;
    app.end().await;
}

async fn what_waits_is_told_with_its_reason(backend: Backend) {
    let app = TestApp::start(backend).await;
    let reasons = async || {
        let db = &app.server.app.db;
        let rows = store::what_waits(db.read(), 100, &app.server.app.channels).await.expect("the database answers");
        let reasons = waiting::reasons(&rows, db.now(), |medium| medium == "whatsapp");
        let told = rows.iter().filter_map(|one| one.last.as_ref()?.error.clone()).collect::<Vec<_>>();
        (reasons, told.join(" "))
    };
    assert_eq!(reasons().await.0, []);
    let down = SendFault::Respond { status: 429, retry_after_s: Some(300), taken: false };
    let faults = Faults { sends: Some(Rule { next: 1, fault: down }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
    app.says(OPERATOR, "hi").await;
    app.says(OPERATOR, "2").await;
    let (found, error) = reasons().await;
    assert!(found.contains(&Reason::Retry) && found.contains(&Reason::Behind), "{found:?}");
    assert!(error.contains("too_many_requests") && error.contains("tries again"), "{error}");
    app.pass(TimeDelta::minutes(6)).await;
    assert_eq!(reasons().await.0, []);
    refuse_sends(&app, 20003).await;
    app.says(OPERATOR, "hi").await;
    let (found, error) = reasons().await;
    assert_eq!(found, [Reason::ChannelOut]);
    assert!(error.contains("TWILIO_AUTH_TOKEN"), "{error}");
    app.end().await;
}

async fn what_waits_for_a_provider_that_is_away_says_so(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    let reasons = async || {
        let db = &app.server.app.db;
        let rows = store::what_waits(db.read(), 100, &app.server.app.channels).await.expect("the database answers");
        waiting::reasons(&rows, db.now(), |medium| medium == "whatsapp")
    };
    let down = SendFault::Respond { status: 503, retry_after_s: None, taken: false };
    let faults = Faults { sends: Some(Rule { next: 100, fault: down }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
    for n in 0..20 {
        let form = Form::message(&format!("SM{n:032}"), &format!("+447700900{n:03}"), "hi");
        assert_eq!(form.post_for_status(&app).await, StatusCode::OK);
    }
    app.settle().await;
    assert_eq!(app.get("/health").await.1["status"], "degraded", "it is known to be away");
    app.says(OPERATOR, "hi").await;
    let found = reasons().await;
    assert!(found.contains(&Reason::Away) && !found.contains(&Reason::Due), "{found:?}");
    app.simulator().set_faults(Faults::default()).await.expect("within bounds");
    for _ in 0..4 {
        app.pass(TimeDelta::minutes(1)).await;
    }
    assert_eq!(reasons().await, []);
    app.end().await;
}

/// What the doctor says to somebody with these settings besides those of the server.
pub(crate) async fn doctor(app: &TestApp, more: &[(&str, &str)]) -> Report {
    let (bind, provider) = (app.server.address.to_string(), app.url("/simulator/twilio"));
    let (webhook, folder) = (app.url("/api/whatsapp/webhook"), tempfile::tempdir().expect("a folder"));
    let database = secrecy::ExposeSecret::expose_secret(&app.server.app.settings.database_url()).to_owned();
    let mut settings = vec![
        ("ANDON_BIND", bind.as_str()),
        ("ANDON_DATA_DIR", folder.path().to_str().expect("a plain name")),
        ("DATABASE_URL", &database),
        ("ANDON_ADMIN_TOKEN", ADMIN_TOKEN),
        ("TWILIO_ACCOUNT_SID", crate::support::app::ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_WHATSAPP_NUMBER", crate::support::app::PLANT),
        ("TWILIO_API_BASE", &provider),
        ("WHATSAPP_WEBHOOK_URL", &webhook),
    ];
    settings.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    settings.extend_from_slice(more);
    let settings = Settings::from_variables(settings).expect("good settings");
    Report::examine(&settings, Vec::new()).await.expect("a report")
}

/// Whether there is a finding of this level that holds this text.
pub(crate) fn says(report: &Report, level: Level, text: &str) -> bool {
    report.findings().iter().any(|finding| {
        finding.level == level
            && format!("{} {}", finding.says, finding.mend.as_deref().unwrap_or_default()).contains(text)
    })
}

async fn the_doctor_finds_nothing_wrong_where_nothing_is(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    let report = doctor(&app, &[]).await;
    for found in [
        "answers at",
        "this version's",
        "Writing works",
        "Twilio takes TWILIO_AUTH_TOKEN; the account is active",
        "clock agrees",
        "leads to Andon",
        "/api/whatsapp/webhook takes a request that Twilio would have signed",
        "/api/whatsapp/status takes a request that Twilio would have signed",
        "survive every restart",
        "Everybody registered",
        "Nothing waits",
        "No text messages are sent",
        "No e-mails are sent",
    ] {
        assert!(says(&report, Level::Fine, found), "{found}: {report:#?}");
    }
    let wrong: Vec<_> = report.findings().iter().filter(|finding| finding.level == Level::Wrong).collect();
    let is_known = |says: &str| says.contains("this machine's own") || says.contains("memory (tmpfs)");
    assert!(wrong.iter().all(|finding| is_known(&finding.says)), "only where the test stands: {wrong:#?}");
    app.end().await;
}

async fn the_doctor_says_what_is_wrong_and_shows_no_secret(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    let elsewhere = app.url("/api/whatsapp/nowhere");
    for (setting, expected) in [
        (("TWILIO_AUTH_TOKEN", "another-token"), "refused the credentials"),
        (("TWILIO_AUTH_TOKEN", "another-token"), "and so does Andon itself"),
        (("TWILIO_AUTH_TOKEN", ""), "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured"),
        (("TWILIO_API_BASE", "http://127.0.0.1:9"), "cannot be reached"),
        (("WHATSAPP_WEBHOOK_URL", &elsewhere), "answers 404"),
        (("WHATSAPP_WEBHOOK_URL", "http://127.0.0.1:9/api/whatsapp/webhook"), "nothing listens there"),
        (("WHATSAPP_WEBHOOK_URL", "http://no-such-host.invalid/api/whatsapp/webhook"), "name is not known"),
        (("TWILIO_WHATSAPP_NUMBER", ""), "No sender is set"),
        (("DATABASE_URL", "postgres://andon:hunter2@127.0.0.1:9/andon"), "The database cannot be reached"),
        (("SMTP_URL", "smtp://andon:hunter2@127.0.0.1:9"), "The mail server cannot be reached"),
    ] {
        let sender = if setting.0 == "SMTP_URL" { "andon@example.com" } else { "" };
        let report = doctor(&app, &[setting, ("EMAIL_FROM", sender)]).await;
        assert!(says(&report, Level::Wrong, expected), "{setting:?} {expected}: {report:#?}");
        let told = format!("{report:?}");
        for secret in [TOKEN, ADMIN_TOKEN, "another-token", "hunter2"] {
            assert!(!told.contains(secret), "{secret}");
        }
    }
    let sandbox = doctor(&app, &[("TWILIO_WHATSAPP_NUMBER", "+14155238886")]).await;
    assert!(says(&sandbox, Level::Look, "never wrote") && says(&sandbox, Level::Look, "join <code>"), "{sandbox:#?}");
    assert!(!format!("{sandbox:?}").contains(OPERATOR), "numbers are masked");
    app.end().await;
}

async fn the_doctor_finds_what_was_missed_and_stores_nothing(backend: Backend) {
    let app = TestApp::running(backend, &[]).await;
    while !says(&doctor(&app, &[]).await, Level::Fine, "Everything that Twilio received") {
        tokio::task::yield_now().await; // until the server has asked for the first time
    }
    let faults = Faults { webhooks: Some(Rule { next: 1, fault: PostFault::Drop }), ..Faults::default() };
    app.simulator().set_faults(faults).await.expect("within bounds");
    app.simulator().say(&crate::support::app::number(OPERATOR), "hi").await;
    let report = doctor(&app, &[]).await;
    assert!(says(&report, Level::Look, "Twilio received 1 messages that are not here"), "{report:#?}");
    assert_eq!((app.count("messages").await, app.count("deliveries").await), (0, 0));
    app.end().await;
}

async fn the_doctor_works_without_a_server(backend: Backend) {
    let app = TestApp::start(backend).await;
    let report = doctor(&app, &[("ANDON_BIND", "127.0.0.1:9")]).await;
    assert!(says(&report, Level::Look, "Andon does not answer at http://127.0.0.1:9"), "{report:#?}");
    assert!(says(&report, Level::Fine, "survive every restart"), "the database is looked at all the same");
    app.end().await;
}
