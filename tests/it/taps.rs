//! What is tapped means what its word means, by both providers: in whole conversations, late, twice, and under notices.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::meta::{META, NO_TWILIO};
use crate::support::twilio::Form;
use andon::channels::{Place, Status};
use andon::delivery::store::made;
use andon::people::Role;
use andon::simulator::{Bubble, Button, Faults, Incoming, Side};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["taps":
    a_menu_and_a_question_are_a_list_and_buttons,
    a_tap_on_an_old_message_changes_nothing,
    a_tap_that_comes_twice_counts_once,
    what_is_tapped_is_made_once_and_the_text_goes_alone_while_it_cannot_be,
    two_processes_remember_the_same,
    a_notice_is_answered_under_itself,
    a_templates_button_is_answered_too,
    what_is_near_and_what_can_be_sent_is_tapped,
    who_may_not_or_comes_too_late_is_told_so,
    an_interrupted_form_is_taken_up_by_a_tap,
    a_message_that_is_answered_is_shown_as_read,
];

const SUPPORT: &str = "+12025550104";
const CLIENT: &str = "+12025550105";
const ADMIN: &str = "+12025550103";
const TAPS: (&str, &str) = ("ANDON_TAPS", "true");

async fn by(backend: Backend, is_meta: bool, more: &[(&str, &str)]) -> TestApp {
    let mut settings = vec![TAPS];
    if is_meta {
        settings.extend(META.iter().chain(&NO_TWILIO));
    }
    settings.extend(more);
    TestApp::with(backend, &settings).await
}

/// The last message on this phone with something to tap.
fn last(app: &TestApp, phone: &str) -> Bubble {
    app.bubbles(phone).into_iter().rev().find(|bubble| bubble.choices.is_some()).expect("something to tap")
}

/// A tap on what says this, under this message.
fn tap_on(phone: &str, bubble: &Bubble, title: &str) -> Incoming {
    let choices = bubble.choices.as_ref().expect("something to tap");
    let option = choices.options.iter().find(|option| option.title == title);
    let option = option.expect(title);
    let button = Button { text: option.title.clone(), payload: option.id.clone(), is_row: choices.opens.is_some() };
    let text = Incoming::text(&number(phone), option.title.clone());
    Incoming { button: Some(button), quoted: Some(bubble.sid.clone()), provider: Some(bubble.provider), ..text }
}

async fn taps(app: &TestApp, phone: &str, title: &str) -> String {
    let tap = tap_on(phone, &last(app, phone), title);
    app.sends(tap).await.1.join("\n")
}

fn titles(bubble: &Bubble) -> Vec<String> {
    bubble.choices.iter().flat_map(|choices| &choices.options).map(|option| option.title.clone()).collect()
}

async fn a_menu_and_a_question_are_a_list_and_buttons(backend: Backend) {
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[]).await;
        let menu = app.says(OPERATOR, "hi").await.join("\n");
        assert_eq!(menu, "👋 Welcome to Test Plant!\n\nWhat would you like to do?");
        let shown = last(&app, OPERATOR);
        assert_eq!(shown.choices.as_ref().and_then(|choices| choices.opens.as_deref()), Some("Choose"));
        assert_eq!(titles(&shown).len(), 6, "{shown:?}");
        assert!(taps(&app, OPERATOR, "Create Defect Report").await.contains("Order Number"));
        let asked = app.says(OPERATOR, "ORD-12345").await.join("\n");
        assert!(asked.starts_with("✅ Order found: ORD-12345\n\nDefect Type"), "{asked}");
        let shown = last(&app, OPERATOR);
        assert_eq!(shown.choices.as_ref().map(|choices| choices.opens.is_none()), Some(true), "{shown:?}");
        assert_eq!(titles(&shown), ["Internal Reject", "Return", "Other"]);
        taps(&app, OPERATOR, "Return").await;
        taps(&app, OPERATOR, "High").await;
        let done = app.says(OPERATOR, "Scratched").await.join("\n");
        assert!(done.contains("Reference: DEF-20260118143022"), "{done}");
        assert_eq!(
            app.count("deliveries WHERE body LIKE '%Reply with number (1-6)%'").await,
            1,
            "the text says it too"
        );
        app.end().await;
    }
}

async fn a_tap_on_an_old_message_changes_nothing(backend: Backend) {
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[]).await;
        app.says(OPERATOR, "hi").await;
        let menu = last(&app, OPERATOR);
        taps(&app, OPERATOR, "Create Defect Report").await;
        app.says(OPERATOR, "ORD-12345").await;
        taps(&app, OPERATOR, "Return").await;
        let severity = last(&app, OPERATOR);
        taps(&app, OPERATOR, "High").await;
        assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.description"));
        // Neither is a description: not the old question's, not the menu's.
        for tap in [tap_on(OPERATOR, &severity, "Low"), tap_on(OPERATOR, &menu, "Check SLA Status")] {
            let said = app.sends(tap).await.1.join("\n");
            assert!(said.contains("earlier question") && said.contains("Description"), "{said}");
            assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.description"));
        }
        assert!(app.says(OPERATOR, "Scratched").await.join("\n").contains("Defect Report Created"));
        assert_eq!(
            app.count("tickets WHERE kind = 'DEFECT' AND priority = 'HIGH' AND description = 'Scratched'").await,
            1
        );
        // The form is over: its question is answered, the menu's option still starts its flow.
        let said = app.sends(tap_on(OPERATOR, &severity, "Low")).await.1.join("\n");
        assert!(said.contains("earlier question") && said.contains("What would you like to do?"), "{said}");
        assert!(app.sends(tap_on(OPERATOR, &menu, "Check SLA Status")).await.1.join("\n").contains("Ticket ID"));
        // Another form of the same flow is another form.
        app.says(OPERATOR, "hi").await;
        for text in ["1", "ORD-12346", "other"] {
            app.says(OPERATOR, text).await;
        }
        let said = app.sends(tap_on(OPERATOR, &severity, "Low")).await.1.join("\n");
        assert!(said.contains("earlier question") && said.contains("Severity"), "{said}");
        assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.severity"));
        let mut garbage = tap_on(OPERATOR, &last(&app, OPERATOR), "High");
        "answer:999:nothing".clone_into(&mut garbage.button.as_mut().expect("a button").payload);
        assert!(app.sends(garbage).await.1.join("\n").contains("Description"), "what is seen counts");
        app.end().await;
    }
}

async fn a_tap_that_comes_twice_counts_once(backend: Backend) {
    let app = by(backend, false, &[]).await;
    app.says(OPERATOR, "hi").await;
    taps(&app, OPERATOR, "Create Defect Report").await;
    app.says(OPERATOR, "ORD-12345").await;
    let asked = last(&app, OPERATOR);
    let tap = tap_on(OPERATOR, &asked, "Return");
    let button = tap.button.clone().expect("a button");
    let form = || {
        let form = Form::message("SM00000000000000000000000000000001", OPERATOR, "Return");
        form.with("MessageType", "interactive").with("ButtonText", "Return").with("ButtonPayload", &button.payload)
    };
    for _ in 0..3 {
        form().post(&app).await; // the same message, brought again
    }
    app.settle().await;
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.severity"));
    let before = app.bubbles(OPERATOR).len();
    let said = app.sends(tap).await.1.join("\n"); // another message: a second tap on the same
    assert!(said.contains("earlier question") && said.contains("Severity"), "{said}");
    assert_eq!(
        (app.state(OPERATOR).await.as_deref(), app.bubbles(OPERATOR).len()),
        (Some("create_defect.severity"), before + 1)
    );
    app.end().await;
}

async fn what_is_tapped_is_made_once_and_the_text_goes_alone_while_it_cannot_be(backend: Backend) {
    let app = by(backend, false, &[]).await;
    let down = Faults { contents: true, ..Faults::default() };
    app.simulator().set_faults(down).await.expect("the faults are within bounds");
    let menu = app.says(OPERATOR, "hi").await.join("\n");
    assert!(menu.contains("Reply with number (1-6)"), "{menu}");
    assert_eq!(app.count("made").await, 0);
    app.simulator().set_faults(Faults::default()).await.expect("none");
    app.says(OPERATOR, "hi").await;
    assert!(app.bubbles(OPERATOR).iter().all(|bubble| bubble.choices.is_none()), "not asked again at once");
    app.pass(TimeDelta::minutes(2)).await;
    app.says(OPERATOR, "hi").await;
    assert_eq!(titles(&last(&app, OPERATOR)).len(), 6);
    for language in ["español", "français", "العربية"] {
        app.says(OPERATOR, &format!("language {language}")).await;
        app.says(OPERATOR, "menu").await;
        assert_eq!(titles(&last(&app, OPERATOR)).len(), 6, "{language}");
    }
    let made = app.count("made").await;
    assert!((1..=3).contains(&made), "{made} shapes serve every language");
    let app = app.restart(&[TAPS]).await;
    app.says(OPERATOR, "menu").await;
    assert_eq!(app.count("made").await, made, "it is remembered");
    app.end().await;
}

async fn two_processes_remember_the_same(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = by(backend, false, &[]).await;
    let db = &app.server.app.db;
    let both = ["HX1", "HX2"].map(|id| async move {
        let remembering = db.write_with(id, move |tx, id| Box::pin(made::remember(tx, "twilio", "a-shape", id)));
        remembering.await.expect("remembered")
    });
    let [one, other] = <[_; 2]>::try_from(futures_util::future::join_all(both).await).expect("two");
    assert_eq!(one, other);
    assert_eq!(app.count("made WHERE shape = 'a-shape'").await, 1);
    app.end().await;
}

/// A client's incident, raised by chat.
async fn raise(app: &TestApp) {
    for text in ["raise an incident", "The checkout fails", "After paying by card", "Web shop", "bug", "high"] {
        app.says(CLIENT, text).await;
    }
}

async fn ticket(admin: &crate::support::user::User) -> Value {
    let (status, list) = admin.get("/api/tickets/?kind=INCIDENT").await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list["results"][0].clone()
}

async fn assign(app: &TestApp, admin: &crate::support::user::User) {
    let ticket = ticket(admin).await;
    let rows = app.rows("SELECT id FROM people WHERE role = 'SUPPORT'").await;
    let support: i64 = rows[0].try_get("", "id").expect("an id");
    let (status, done) =
        admin.post(&format!("/api/tickets/{}/assign/", ticket["id"]), json!({"assigned_to": support})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    app.settle().await;
}

async fn a_notice_is_answered_under_itself(backend: Backend) {
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[]).await;
        let admin = app.user("boss", Role::Admin).await;
        for phone in [SUPPORT, ADMIN] {
            app.says(phone, "hi").await;
        }
        raise(&app).await;
        app.settle().await;
        let said = taps(&app, ADMIN, "Acknowledge").await;
        assert!(said.contains("Ticket Acknowledged"), "{said}");
        assert_eq!(ticket(&admin).await["status"], "OPENED");
        assign(&app, &admin).await;
        assert!(taps(&app, SUPPORT, "Start work").await.contains("Work Started"));
        for text in ["finish work", "checkout", "The certificate was renewed"] {
            app.says(SUPPORT, text).await;
        }
        app.settle().await;
        let asked = taps(&app, CLIENT, "Reject").await;
        assert!(asked.contains("What is still missing"), "{asked}");
        assert!(app.says(CLIENT, "It still fails").await.join("\n").contains("Ticket Rejected"));
        assert_eq!(ticket(&admin).await["status"], "IN_PROGRESS");
        for text in ["finish work", "checkout", "Now it works"] {
            app.says(SUPPORT, text).await;
        }
        app.settle().await;
        assert!(taps(&app, CLIENT, "Approve").await.contains("Ticket Closed"));
        assert_eq!(ticket(&admin).await["status"], "CLOSED");
        app.end().await;
    }
}

async fn a_templates_button_is_answered_too(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("templates.toml");
    let text = "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\nname = \"ticket_created\"\n\
                content_sid = \"HX00000000000000000000000000000001\"\nvariables = [\"title\"]\n";
    std::fs::write(&path, text).expect("the file is written");
    let path = path.display().to_string();
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[("ANDON_TEMPLATES", &path)]).await;
        let admin = app.user("boss", Role::Admin).await;
        app.simulator().set_faults(Faults { window: true, ..Faults::default() }).await.expect("within bounds");
        raise(&app).await;
        app.settle().await;
        let notice = app.bubbles(ADMIN).into_iter().rfind(|bubble| bubble.text.starts_with("[template"));
        let notice = notice.expect("a template tells it");
        // As the providers bring it: what was written there, once, for all messages.
        let tap = |says: &str| {
            let button = Button { text: says.to_owned(), payload: says.to_owned(), is_row: false };
            let text = Incoming::text(&number(ADMIN), says);
            let (quoted, provider) = (Some(notice.sid.clone()), Some(notice.provider));
            Incoming { button: Some(button), quoted, provider, ..text }
        };
        let said = app.sends(tap("Something else")).await.1.join("\n");
        assert!(!said.contains("Acknowledged"), "{said}");
        assert_eq!(ticket(&admin).await["status"], "NEW");
        let said = app.sends(tap("ACKNOWLEDGE")).await.1.join("\n");
        assert!(said.contains("Ticket Acknowledged"), "{said}");
        assert_eq!(ticket(&admin).await["status"], "OPENED");
        app.end().await;
    }
}

async fn what_is_near_and_what_can_be_sent_is_tapped(backend: Backend) {
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[]).await;
        app.says(OPERATOR, "ORD-12345").await;
        let shown = last(&app, OPERATOR);
        assert_eq!(titles(&shown), ["Picture"]);
        app.says(OPERATOR, "hi").await;
        taps(&app, OPERATOR, "Create Defect Report").await;
        // In the middle of a form, too; and the form goes on.
        let said = app.sends(tap_on(OPERATOR, &shown, "Picture")).await.1.join("\n");
        assert!(said.contains("📊 ORD-12345") && said.contains("Order Number"), "{said}");
        let foreign = Incoming { from: number(CLIENT), ..tap_on(OPERATOR, &shown, "Picture") };
        let said = app.sends(foreign).await.1.join("\n");
        assert!(said.contains("I can't find ORD-12345"), "{said}");
        app.says(OPERATOR, "cancel").await;
        let place = Place { latitude: 50.1101, longitude: 8.6821, label: None };
        let here = Incoming { place: Some(place), ..Incoming::text(&number(OPERATOR), "") };
        app.sends(here).await;
        let near = titles(&last(&app, OPERATOR));
        assert!(!near.is_empty(), "machines of the demo stand there");
        assert!(taps(&app, OPERATOR, &near[0]).await.contains(&format!("Machine found: {}", near[0])));
        app.end().await;
    }
}

async fn who_may_not_or_comes_too_late_is_told_so(backend: Backend) {
    let app = by(backend, false, &[]).await;
    let admin = app.user("boss", Role::Admin).await;
    app.says(SUPPORT, "hi").await;
    raise(&app).await;
    assign(&app, &admin).await;
    let notice = last(&app, SUPPORT);
    // A form of the client's own is put aside for it, not lost.
    let foreign = Incoming { from: number(OPERATOR), ..tap_on(SUPPORT, &notice, "Start work") };
    for text in ["hi", "1"] {
        app.says(OPERATOR, text).await;
    }
    let said = app.sends(foreign).await.1.join("\n");
    assert!(said.contains("not yours") && said.contains("Order Number"), "{said}");
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.order"));
    app.sends(tap_on(SUPPORT, &notice, "Start work")).await;
    let said = app.sends(tap_on(SUPPORT, &notice, "Start work")).await.1.join("\n");
    assert!(said.contains("In Progress now, so that is not possible"), "{said}");
    for text in ["finish work", "checkout", "Done"] {
        app.says(SUPPORT, text).await;
    }
    app.settle().await;
    let notice = last(&app, CLIENT);
    for text in ["raise an incident", "Another thing"] {
        app.says(CLIENT, text).await;
    }
    let said = app.sends(tap_on(CLIENT, &notice, "Approve")).await.1.join("\n");
    assert!(said.contains("Ticket Closed") && said.contains("is kept"), "{said}");
    let said = taps(&app, CLIENT, "Resume").await;
    assert!(said.contains("Description"), "{said}");
    let said = app.sends(tap_on(CLIENT, &notice, "Reject")).await.1.join("\n");
    assert!(said.contains("Closed now, so that is not possible") && said.contains("Description"), "{said}");
    app.end().await;
}

async fn an_interrupted_form_is_taken_up_by_a_tap(backend: Backend) {
    for is_meta in [false, true] {
        let app = by(backend, is_meta, &[]).await;
        for text in ["hi", "1", "ORD-12345"] {
            app.says(OPERATOR, text).await;
        }
        let asked = last(&app, OPERATOR);
        app.pass(TimeDelta::minutes(61)).await;
        let said = app.sends(tap_on(OPERATOR, &asked, "Return")).await.1.join("\n");
        assert_eq!(said, "⏸️ You have an unfinished form: *Create Defect Report*.");
        assert_eq!(titles(&last(&app, OPERATOR)), ["Resume", "Start over"]);
        assert!(taps(&app, OPERATOR, "Resume").await.contains("Defect Type"));
        assert!(app.sends(tap_on(OPERATOR, &asked, "Return")).await.1.join("\n").contains("Severity"));
        app.end().await;
    }
}

async fn a_message_that_is_answered_is_shown_as_read(backend: Backend) {
    let app = by(backend, true, &[]).await;
    app.says(OPERATOR, "hi").await;
    let is_read = || {
        let shown = app.simulator().transcript(&number(OPERATOR)).into_iter();
        shown.filter(|bubble| bubble.side == Side::Out).all(|bubble| bubble.status == Status::Read)
    };
    let waits = async {
        while !is_read() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waits).await.expect("it is shown as read");
    app.end().await;
}
