//! The seven events of a ticket, as they arrive on WhatsApp, by text message, by e-mail through a mail server of its own,
//! and in the browser: every word.

use crate::facts;
use crate::media::{ADMIN, CLIENT, SUPPORT, start_with, texts, the_life_of_a_ticket};
use crate::support::app::PLANT;
use crate::support::databases::Backend;
use crate::support::mail_server::MailServer;
use crate::support::user::User;
use andon::channels::Medium;
use andon::people::Role;
use chrono::TimeDelta;
use serde_json::Value;

facts!["word_for_word":
    the_seven_events_of_a_ticket_arrive_on_every_medium,
    a_mail_server_that_does_not_know_us_is_said_and_loses_nothing,
];

async fn the_seven_events_of_a_ticket_arrive_on_every_medium(backend: Backend) {
    let mail_server = MailServer::start();
    let url = mail_server.url();
    let from = ("EMAIL_FROM", "Andon <andon@example.com>");
    let app = start_with(backend, &[from, ("SMTP_URL", &url), ("TWILIO_SMS_NUMBER", PLANT)]).await;
    the_life_of_a_ticket(&app).await;

    let mut read = String::new();
    let mut note = |head: String, text: &str| {
        read.extend(["=== ", &head, "\n", text.trim_end(), "\n\n"]);
    };
    for bubble in app.bubbles(ADMIN).iter().filter(|bubble| bubble.medium == Medium::Whatsapp) {
        note("WhatsApp to the admin".to_owned(), &bubble.text);
    }
    for bubble in texts(&app, SUPPORT) {
        note("text message to the support person".to_owned(), &bubble.text);
    }
    for letter in mail_server.letters() {
        let header = |name: &str| letter.header_raw(name).unwrap_or_default().trim().to_owned();
        assert_eq!((header("X-RcptTo"), header("To")), (CLIENT.to_owned(), CLIENT.to_owned()));
        assert_eq!(header("From"), "Andon <andon@example.com>");
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert!(letter.message_id().is_some_and(|id| id.ends_with("@example.com")), "{letter:?}");
        note(
            format!("e-mail to the client: {}", letter.subject().unwrap_or_default()),
            &letter.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
        );
        note("the same as HTML".to_owned(), &letter.body_html(0).unwrap_or_default().replace("\r\n", "\n"));
    }
    let boss = app.user("boss", Role::Admin).await;
    for one in in_the_browser(&boss).await {
        let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
        note(format!("browser of {}: {}", text("recipient_name"), text("subject")), &text("message"));
    }
    insta::assert_snapshot!("seven_events", read);
    app.end().await;
}

/// Everybody's, in the order in which they were told.
async fn in_the_browser(boss: &User) -> Vec<Value> {
    let mut path = "/api/notifications/?notification_type=SYSTEM".to_owned();
    let mut ids = Vec::new();
    while !path.is_empty() {
        let (_, page) = boss.get(&path).await;
        ids.extend(page["results"].as_array().expect("a list").iter().filter_map(|one| one["id"].as_i64()));
        let next = page["next"].as_str().unwrap_or_default();
        path = next.find("/api/").map_or_else(String::new, |from| next[from..].to_owned());
    }
    ids.sort_unstable();
    let mut whole = Vec::new();
    for id in ids {
        whole.push(boss.get(&format!("/api/notifications/{id}/")).await.1);
    }
    whole
}

async fn a_mail_server_that_does_not_know_us_is_said_and_loses_nothing(backend: Backend) {
    let mail_server = MailServer::start();
    let settings = |url| [("EMAIL_FROM", "Andon <andon@example.com>"), ("SMTP_URL", url), ("TWILIO_SMS_NUMBER", PLANT)];
    let wrong = mail_server.url_of_a_stranger();
    let app = start_with(backend, &settings(&wrong)).await;
    the_life_of_a_ticket(&app).await;
    assert!(mail_server.letters().is_empty());
    let (_, health) = app.get("/health").await;
    let said = health.to_string();
    assert!(said.contains("password") && !said.contains("another"), "{said}");
    let right = mail_server.url();
    let app = app.restart(&settings(&right)).await;
    app.pass(TimeDelta::minutes(6)).await;
    let subjects: Vec<String> =
        mail_server.letters().iter().filter_map(|letter| letter.subject().map(str::to_owned)).collect();
    let expected = [
        "Your ticket has been opened: Payments fail",
        "Work has started on your ticket: Payments fail",
        "Your ticket has been resolved: Payments fail",
        "Your ticket has been resolved: Payments fail",
    ];
    assert_eq!(subjects, expected);
    app.end().await;
}
