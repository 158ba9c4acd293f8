//! What people are sent: looked up, changed by admins with a check and a way back, and the approved templates.

use super::Stage;
use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::notifications::change;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use andon::worker::chores;
use reqwest::StatusCode;
use std::io::Write as _;

facts!["pages::messages":
    texts_are_found_and_read_on_every_medium,
    what_is_wrong_with_a_text_is_said_beside_it_and_nothing_is_kept,
    a_text_that_was_changed_holds_at_once_everywhere_and_goes_back,
    a_text_that_cannot_be_taken_keeps_nobody_from_starting,
    templates_are_shown_with_what_is_missing,
];

const MISS: &str = "/messages/texts/chat.miss.menu";
const SID: &str = "HX00000000000000000000000000000001";

/// Sends the form of a text as it was shown last.
async fn send(window: &Window, path: &str, (language, act): (&str, &str), text: &str) -> Seen {
    let shown = window.get(&format!("{path}?language={language}")).await;
    let seen = shown.value("seen").unwrap_or("0").to_owned();
    window.post(path, &[("language", language), ("seen", &seen), ("act", act), ("text", text)]).await
}

async fn texts_are_found_and_read_on_every_medium(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let all = window.get("/messages/texts").await;
    assert_eq!(all.status, StatusCode::OK);
    assert_eq!(all.html.matches("class=\"text-key\"").count(), 50, "a page has fifty");
    assert!(all.html.contains("rel=\"next\" href=\"/messages/texts?page=2\"") && !all.html.contains("pages."));
    let beyond = window.get("/messages/texts?page=100000").await;
    assert!(beyond.html.contains("rel=\"prev\"") && !beyond.html.contains("rel=\"next\""));
    let sought = window.get("/messages/texts?q=PEDIDO&language=es&of=notices").await;
    assert!(sought.html.contains("notice.order.held.text") && !sought.html.contains(">chat."), "{}", sought.text());
    let none = window.get("/messages/texts?q=no+such+words&changed=desk").await;
    assert!(none.text().contains("There is no such text."), "{}", none.text());

    let notice = window.get("/messages/texts/notice.ticket.opened.text").await;
    for says in ["WhatsApp", "Text message", "Parts: 1", "E-mail", "Desk", "Built in", "reference"] {
        assert!(notice.text().contains(says), "{says}: {}", notice.text());
    }
    assert!(notice.html.contains("<strong>Your Ticket Has Been Opened</strong>"), "as WhatsApp shows it");
    let arabic = window.get("/messages/texts/notice.ticket.opened.text?language=ar").await;
    assert!(arabic.html.contains("<div class=\"read said\" lang=\"ar\" dir=\"rtl\">"), "{}", arabic.html);
    let menu = window.get("/messages/texts/chat.menu.text").await;
    assert!(menu.text().contains("Create Defect Report") && menu.text().contains("What would you like to do?"));
    let words = window.get("/messages/texts/chat.words.stop").await;
    assert!(words.text().contains("words that people may type") && !words.html.contains("<textarea"));
    for path in ["pages.save", "formats.date", "chat.no.such", "chat"] {
        assert_eq!(window.get(&format!("/messages/texts/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let (_, keeper) = stage.app.at_a_window("keeper", Role::Supervisor).await;
    let seen = keeper.get(MISS).await;
    assert!(seen.status == StatusCode::OK && !seen.html.contains("<textarea"), "a supervisor looks");
    let refused = send(&keeper, MISS, ("en", "save"), "Pardon?").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    stage.app.end().await;
}

async fn what_is_wrong_with_a_text_is_said_beside_it_and_nothing_is_kept(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let long = "x".repeat(1_700);
    let parts = "ü ".repeat(300);
    let without_end = format!("{}{{{{ title }}}}{}", "{% for _ in title|list %}".repeat(8), "{% endfor %}".repeat(8));
    for (key, text, says) in [
        ("chat.miss.menu", " ", "Please fill this in."),
        ("chat.miss.menu", "{{ open", "This cannot be read: "),
        ("chat.miss.menu", "Hello {{ company }}", "There is no company here."),
        ("chat.miss.menu", "{{ range(9) }}", "There is no range here."),
        ("chat.order_status.done", "{{ order.colour }}", "There is no order.colour here."),
        ("chat.menu.text", "{% for option in options %}{{ option.sign }}{% endfor %}", "This cannot be filled in: "),
        ("chat.menu.none", &long, "That is 1700 characters"),
        ("chat.tap.button", "Please choose one of these", "That is 26 characters"),
        ("chat.tap.button", "One\nTwo", "Please write one line."),
        ("chat.create_defect.severity.options.LOW", "Cancel", "would mean two things"),
        ("notice.ticket.opened.text", "{{ titel }}", "There is no titel here."),
        ("notice.ticket.opened.text", &without_end, "it takes too long to fill in; repeat less"),
        ("notice.ticket.opened.subject", "One\nTwo", "Please write one line."),
        ("notice.ticket.opened.sms", &parts, "As a text message that takes"),
    ] {
        let path = format!("/messages/texts/{key}");
        for act in ["preview", "save"] {
            let seen = send(window, &path, ("en", act), text).await;
            assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{key} {act}: {}", seen.text());
            assert!(seen.text().contains(says) && seen.html.contains("aria-invalid"), "{key}: {}", seen.text());
            let first = text.lines().next().unwrap_or_default().trim_end();
            assert!(seen.html.contains(first), "{key}: nothing typed is lost");
        }
    }
    let tried = send(window, MISS, ("en", "preview"), "*Pardon?* <b>& so on</b>").await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.html.contains("<strong>Pardon?</strong> &lt;b&gt;&amp; so on"), "{}", tried.html);
    assert!(tried.text().contains("Nothing is kept yet.") && tried.html.contains("*Pardon?* &#60;b"), "{}", tried.html);
    let forged = window.post_just(MISS, &[("token", "forged"), ("language", "en"), ("text", "Mine"), ("act", "save")]);
    let forged = forged.await;
    assert!(forged.status == StatusCode::FORBIDDEN && forged.html.contains("Mine</textarea>"), "{}", forged.html);
    assert_eq!(stage.app.count("texts").await + stage.app.count("text_versions").await, 0);
    for attack in ATTACKS {
        for act in ["preview", "save"] {
            is_harmless(MISS, &send(window, MISS, ("en", act), attack).await);
        }
        is_harmless(MISS, &window.get(MISS).await);
        is_harmless("the list", &window.get("/messages/texts?q=miss").await);
    }
    stage.app.end().await;
}

async fn a_text_that_was_changed_holds_at_once_everywhere_and_goes_back(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (app, window) = (&stage.app, &stage.admin.1);
    let lost = async |app: &TestApp| app.says(OPERATOR, "zzz qqq xxx").await.concat();
    app.says(OPERATOR, "hi").await;
    let before = lost(app).await;
    assert!(before.contains("I did not understand that"), "{before}");
    let kept = send(window, MISS, ("en", "save"), "Pardon? Write *menu*.\n").await;
    assert_eq!(kept.leads_to(), "/messages/texts/chat.miss.menu?language=en&done=text_changed");
    let after = lost(app).await;
    assert!(after.contains("Pardon? Write *menu*.") && !after.contains("I did not"), "{after}");
    let shown = window.get(MISS).await;
    assert!(shown.text().contains("Changed here in force Pardon? Write *menu*."), "{}", shown.text());
    assert!(shown.text().contains("Built in Sorry, I did not understand that."), "{}", shown.text());
    let changed = window.get("/messages/texts?changed=desk").await;
    assert_eq!(changed.html.matches("class=\"text-key\"").count(), 1, "{}", changed.text());
    assert!(window.get("/messages/texts?changed=desk&language=fr").await.text().contains("There is no such text."));

    // A label is known by its new name, everywhere it stands.
    let title = send(window, "/messages/texts/chat.order_status.title", ("en", "save"), "Where Is My Order").await;
    assert_eq!(title.status, StatusCode::SEE_OTHER, "{}", title.text());
    assert!(app.says(OPERATOR, "where is my order").await.concat().contains("Order Number"));
    app.says(OPERATOR, "menu").await;

    // Who saw an older version is told, and loses nothing.
    let outdated = [("language", "en"), ("seen", "0"), ("act", "save"), ("text", "What?")];
    let late = window.post(MISS, &outdated).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert!(late.text().contains("Somebody changed this text meanwhile.") && late.html.contains("What?</textarea>"));
    send(window, MISS, ("en", "save"), "What?").await;
    if backend != Backend::Sqlite {
        let other = app.process_beside(&[]).await;
        let holds = |says: &str| {
            let filled = other.app.wording().render("en", "chat.miss.menu", &serde_json::Value::Null);
            assert_eq!(filled, says);
        };
        holds("What?");
        send(window, MISS, ("en", "save"), "How?").await;
        holds("What?");
        other.settle().await.expect("it looks");
        holds("How?");
        other.stop().await.expect("it stops");
    }
    // The first version is put back from the history, then what the files say.
    let back = send(window, MISS, ("en", "save"), "Pardon? Write *menu*.").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    assert!(lost(app).await.contains("Pardon?"));
    let back = send(window, MISS, ("en", "put_back"), "").await;
    assert_eq!(back.leads_to(), "/messages/texts/chat.miss.menu?language=en&done=text_put_back");
    assert!(lost(app).await.contains("I did not understand that"));
    let shown = window.get(MISS).await;
    assert!(shown.text().contains("Put back to what the files say.") && shown.html.contains("value=\"What?\""));
    let log = window.get("/settings/audit?name=text.changed").await;
    assert!(log.text().contains("chat.order_status.title") && log.text().contains("boss"), "{}", log.text());
    stage.app.end().await;
}

async fn a_text_that_cannot_be_taken_keeps_nobody_from_starting(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    for key in ["chat.miss.menu", "chat.miss.empty", "chat.miss.photo"] {
        let kept = send(window, &format!("/messages/texts/{key}"), ("en", "save"), "Mine.").await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
    }
    change(&stage.app, "UPDATE texts SET text = '{{ open' WHERE name = 'chat.miss.menu'").await;
    change(&stage.app, "UPDATE texts SET name = 'chat.no_longer' WHERE name = 'chat.miss.empty'").await;
    let app = stage.app.restart(&[]).await;
    app.says(OPERATOR, "hi").await;
    let says = app.says(OPERATOR, "zzz qqq xxx").await.concat();
    assert!(says.contains("I did not understand that"), "{says}");
    let holds = app.server.app.wording().render("en", "chat.miss.photo", &serde_json::Value::Null);
    assert_eq!(holds, "Mine.");
    let window = Window::of(&app, "boss").await;
    window.post("/settings/system/examine", &[]).await;
    chores::once(&app.server.app).await.expect("done");
    let told = window.get("/settings/system").await.text();
    for says in
        ["chat.miss.menu in en was changed at the desk and is left out", "chat.no_longer in en", "1 texts are as they"]
    {
        assert!(told.contains(says), "{says}: {told}");
    }
    // What is wrong there can be mended at the desk.
    let back = send(&window, MISS, ("en", "save"), "Pardon?").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text());
    assert!(app.says(OPERATOR, "zzz qqq xxx").await.concat().contains("Pardon?"));
    app.end().await;
}

async fn templates_are_shown_with_what_is_missing(backend: Backend) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let one = format!(
        "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\ncontent_sid = \"{SID}\"\n\
         variables = [\"title\", \"priority\"]\n"
    );
    file.write_all(one.as_bytes()).expect("written");
    let path = file.path().to_string_lossy().into_owned();
    let app = TestApp::with(backend, &[("ANDON_TEMPLATES", &path)]).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    let shown = window.get("/messages/templates").await;
    let all = app.server.app.wording().notices("en").len() - 1; // what goes together has none
    let missing = format!("Without a template in this language: {} of {all}.", all - 1);
    for says in [SID, "Missing", "title Payments fail", &missing] {
        assert!(shown.text().contains(says), "{says}: {}", shown.text());
    }
    assert_eq!(shown.html.matches("class=\"text-key\"").count(), all);
    let french = window.get("/messages/templates?language=fr").await;
    assert!(french.text().contains(&format!("{all} of {all}.")) && !french.html.contains(SID), "{}", french.text());
    app.end().await;
}
