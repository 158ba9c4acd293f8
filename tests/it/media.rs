//! E-mails and text messages: who gets which, in which words, and what becomes of them.

use crate::facts;
use crate::notifications::{act, change, person, raise};
use crate::support::app::{PLANT, STRANGER, TestApp, number};
use crate::support::databases::Backend;
use andon::channels::{Medium, Status};
use andon::people::Role;
use andon::simulator::{Bubble, Faults, Incoming, Letter, MailFault, PostFault, Rule, SendFault};
use andon::tickets::Action;
use chrono::TimeDelta;
use reqwest::StatusCode;

facts!["media":
    each_reads_the_life_of_a_ticket_on_their_own_medium,
    an_e_mail_says_the_same_in_text_and_html_and_that_no_person_wrote_it,
    without_a_mail_server_and_a_number_nobody_is_told_that_way,
    what_whatsapp_does_not_carry_goes_by_the_next_medium,
    an_e_mail_in_doubt_goes_once_more_as_the_same_letter,
    a_mailbox_that_is_refused_fails_and_says_why,
    a_wrong_password_stops_the_e_mails_and_keeps_them,
    a_text_message_in_doubt_is_asked_about_before_it_goes_again,
    whom_the_providers_list_has_as_stopped_is_asked_no_more,
    a_text_message_is_answered_once_with_the_way_to_whatsapp,
    a_stop_by_text_message_is_the_providers_to_answer,
];

pub(crate) const ADMIN: &str = "+12025550103";
/// The number of the support person, who is told by text message.
pub(crate) const SUPPORT: &str = "+12025550144";
pub(crate) const CLIENT: &str = "client@example.com";
const BY_MAIL: (&str, &str) = ("EMAIL_FROM", "Andon <andon@example.com>");
const BY_SMS: (&str, &str) = ("TWILIO_SMS_NUMBER", PLANT);

/// The plant, whose admin reads WhatsApp, whose client reads e-mail and whose support person text messages.
async fn start(backend: Backend) -> TestApp {
    start_with(backend, &[BY_MAIL, BY_SMS]).await
}

pub(crate) async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(backend, settings).await;
    for statement in [
        "UPDATE people SET username = LOWER(role) WHERE role IS NOT NULL AND language = 'en'",
        "UPDATE people SET email = 'client@example.com' WHERE role = 'CLIENT'",
        "UPDATE people SET phone_number = '+12025550144' WHERE role = 'SUPPORT'",
        "UPDATE addresses SET opted_out_at = created_at WHERE value IN ('+12025550104', '+12025550105')",
    ] {
        change(&app, statement).await;
    }
    app
}

fn letters(app: &TestApp) -> Vec<Letter> {
    app.simulator().letters()
}

pub(crate) fn texts(app: &TestApp, phone: &str) -> Vec<Bubble> {
    app.bubbles(phone).into_iter().filter(|bubble| bubble.medium == Medium::Sms).collect()
}

async fn arm(app: &TestApp, faults: Faults) {
    app.simulator().set_faults(faults).await.expect("the faults are within bounds");
}

fn mails(next: u32, fault: MailFault) -> Faults {
    Faults { mails: Some(Rule { next, fault }), ..Faults::default() }
}

/// The client's ticket, opened: they are told by e-mail.
async fn opened(app: &TestApp) -> i64 {
    let ticket = raise(app, "Payments fail").await;
    act(app, Role::Admin, ticket, Action::Open { notes: None }).await;
    app.settle().await;
    ticket
}

/// An opened ticket, assigned: the support person is told by text message.
async fn assigned(app: &TestApp) -> i64 {
    let ticket = opened(app).await;
    let people = vec![person(app, Role::Support).await];
    act(app, Role::Admin, ticket, Action::Assign { people, resolution_due_at: None, estimate: None }).await;
    app.settle().await;
    ticket
}

/// The one notice on this medium: its status, its code and what is said of it.
async fn notice(app: &TestApp, medium: &str) -> (String, Option<i32>, String) {
    let query =
        format!("SELECT status, error_code, error_text FROM deliveries WHERE medium = '{medium}' ORDER BY id DESC");
    let row = &app.rows(&query).await[0];
    let text: Option<String> = row.try_get("", "error_text").expect("a text");
    (
        row.try_get("", "status").expect("a text"),
        row.try_get("", "error_code").expect("a code"),
        text.unwrap_or_default(),
    )
}

/// Raised, opened, assigned, started, finished, rejected; finished again and approved.
pub(crate) async fn the_life_of_a_ticket(app: &TestApp) {
    let ticket = raise(app, "Payments fail").await;
    let words = |text: &str| text.to_owned();
    let people = vec![person(app, Role::Support).await];
    for (role, action) in [
        (Role::Admin, Action::Open { notes: None }),
        (Role::Admin, Action::Assign { people, resolution_due_at: None, estimate: None }),
        (Role::Support, Action::Start),
        (Role::Support, Action::Finish { comment: words("Renewed the certificate.") }),
        (Role::Client, Action::Reject { comment: words("It still fails.") }),
        (Role::Support, Action::Finish { comment: words("Renewed the other one.") }),
        (Role::Client, Action::Approve { comment: None }),
    ] {
        app.pass(TimeDelta::seconds(1)).await;
        act(app, role, ticket, action).await;
    }
    app.settle().await;
}

async fn each_reads_the_life_of_a_ticket_on_their_own_medium(backend: Backend) {
    let app = start(backend).await;
    the_life_of_a_ticket(&app).await;
    let by_whatsapp: Vec<String> =
        app.bubbles(ADMIN).iter().filter_map(|bubble| Some(bubble.text.lines().next()?.to_owned())).collect();
    let expected = [
        "🎫 *New Ticket Created*",
        "⏳ *Ticket Resolved - Awaiting Client Approval*",
        "🔄 *Ticket Rejected - More Work Needed*",
        "⏳ *Ticket Resolved - Awaiting Client Approval*",
        "✅ *Ticket Closed*",
    ];
    assert_eq!(by_whatsapp, expected);
    let by_sms: Vec<String> = texts(&app, SUPPORT).into_iter().map(|bubble| bubble.text).collect();
    let expected = [
        "New task INC-20260118143022, priority High: Payments fail",
        "INC-20260118143022 was rejected and needs more work: It still fails. (Payments fail)",
        "INC-20260118143022 is closed: your work was approved. Thank you! (Payments fail)",
    ];
    assert_eq!(by_sms, expected);
    assert_eq!(app.count("deliveries WHERE sms_parts = 1").await, 3, "and only text messages are billed by parts");
    let by_mail: Vec<(String, String)> = letters(&app).into_iter().map(|letter| (letter.to, letter.subject)).collect();
    let expected = [
        "Your ticket has been opened: Payments fail",
        "Work has started on your ticket: Payments fail",
        "Your ticket has been resolved: Payments fail",
        "Your ticket has been resolved: Payments fail",
    ];
    assert_eq!(by_mail, expected.map(|subject| (CLIENT.to_owned(), subject.to_owned())));
    assert_eq!(
        letters(&app)[0].text,
        "✅ Your Ticket Has Been Opened\n\nHello Client,\n\nYour ticket has been acknowledged and opened by our support \
         team.\n\nTicket: Payments fail\nProject: Shop\nStatus: Opened\n\nWe are reviewing your issue and will assign it \
         to a developer shortly.\n\nSupport Team"
    );
    // The desk shows each of them as well.
    for (medium, count) in [("whatsapp", 5), ("sms", 3), ("email", 4), ("browser", 12)] {
        assert_eq!(app.count(&format!("deliveries WHERE medium = '{medium}'")).await, count, "{medium}");
    }
    let statuses = app.rows("SELECT DISTINCT medium, status FROM deliveries ORDER BY medium").await;
    let statuses: Vec<(String, String)> = statuses
        .iter()
        .map(|row| (row.try_get("", "medium").expect("a text"), row.try_get("", "status").expect("a text")))
        .collect();
    let expected = [("browser", "DELIVERED"), ("email", "SENT"), ("sms", "DELIVERED"), ("whatsapp", "DELIVERED")];
    assert_eq!(statuses, expected.map(|(medium, status)| (medium.to_owned(), status.to_owned())));
    app.end().await;
}

async fn an_e_mail_says_the_same_in_text_and_html_and_that_no_person_wrote_it(backend: Backend) {
    let app = start(backend).await;
    let ticket = raise(&app, "Pay <b>&\n*Status:* Closed").await;
    act(&app, Role::Admin, ticket, Action::Open { notes: None }).await;
    app.settle().await;
    let [letter] = letters(&app).try_into().expect("one letter");
    assert_eq!(letter.from, "Andon <andon@example.com>");
    assert_eq!(letter.auto_submitted.as_deref(), Some("auto-generated"));
    assert!(letter.text.contains("\nTicket: Pay <b>& *Status:* Closed\n"), "{}", letter.text);
    let line = "<strong>Ticket:</strong> Pay &lt;b&gt;&amp; *Status:* Closed<br>";
    assert!(letter.html.contains(line), "{}", letter.html);
    let stored = app.rows("SELECT token FROM deliveries WHERE medium = 'email'").await;
    let token: String = stored[0].try_get("", "token").expect("a text");
    assert_eq!(letter.message_id, format!("{token}@example.com"), "known before the first attempt");
    let boss = app.user("boss", Role::Admin).await;
    let (status, listed) = boss.get("/api/notifications/?notification_type=EMAIL").await;
    assert_eq!((status, &listed["count"]), (StatusCode::OK, &serde_json::json!(1)), "{listed}");
    assert_eq!(listed["results"][0]["status"], "SENT", "{listed}");
    app.end().await;
}

async fn without_a_mail_server_and_a_number_nobody_is_told_that_way(backend: Backend) {
    let app = start_with(backend, &[]).await;
    assigned(&app).await;
    assert_eq!(
        app.count("deliveries WHERE medium IN ('email', 'sms')").await,
        0,
        "nothing waits for what is not there"
    );
    assert_eq!(app.count("deliveries WHERE medium = 'browser'").await, 3);
    app.end().await;
}

async fn what_whatsapp_does_not_carry_goes_by_the_next_medium(backend: Backend) {
    let app = start_with(backend, &[BY_MAIL, BY_SMS, ("ENABLE_WHATSAPP", "false")]).await;
    change(&app, "UPDATE people SET email = 'admin@example.com' WHERE role = 'ADMIN'").await;
    raise(&app, "Payments fail").await;
    app.settle().await;
    let to: Vec<String> = letters(&app).into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, ["admin@example.com"]);
    app.end().await;
}

async fn an_e_mail_in_doubt_goes_once_more_as_the_same_letter(backend: Backend) {
    let app = start(backend).await;
    arm(&app, mails(1, MailFault::Silent { taken: true })).await;
    opened(&app).await;
    assert_eq!((letters(&app).len(), notice(&app, "email").await.0), (1, "QUEUED".to_owned()));
    app.pass(TimeDelta::seconds(29)).await;
    assert_eq!(letters(&app).len(), 1, "not before half a minute");
    app.pass(TimeDelta::seconds(2)).await;
    let twice = letters(&app);
    assert_eq!((twice.len(), &twice[0].message_id), (2, &twice[1].message_id));
    assert_eq!((&twice[0].text, &twice[0].html), (&twice[1].text, &twice[1].html));
    assert_eq!(notice(&app, "email").await.0, "SENT");
    assert_eq!(app.count("deliveries WHERE may_be_duplicate").await, 1, "and it says so");
    app.end().await;
}

async fn a_mailbox_that_is_refused_fails_and_says_why(backend: Backend) {
    let app = start(backend).await;
    arm(&app, mails(1, MailFault::Refuse { code: 450 })).await;
    opened(&app).await;
    assert!(letters(&app).is_empty());
    app.pass(TimeDelta::minutes(6)).await;
    assert_eq!(letters(&app).len(), 1, "a passing refusal is tried again");
    arm(&app, mails(1, MailFault::Refuse { code: 550 })).await;
    opened(&app).await;
    let (status, code, says) = notice(&app, "email").await;
    assert_eq!((status.as_str(), code), ("FAILED", Some(550)));
    assert!(says.starts_with("The mail server does not take mail for this mailbox"), "{says}");
    app.pass(TimeDelta::minutes(30)).await;
    assert_eq!(letters(&app).len(), 1);
    app.end().await;
}

async fn a_wrong_password_stops_the_e_mails_and_keeps_them(backend: Backend) {
    let app = start(backend).await;
    arm(&app, mails(1, MailFault::Refuse { code: 535 })).await;
    opened(&app).await;
    let (_, health) = app.get("/health").await;
    let says = health["degraded"].to_string();
    assert!(says.contains("smtp is out") && says.contains("Check SMTP_URL"), "{says}");
    opened(&app).await;
    assert!(letters(&app).is_empty(), "the queue is kept");
    app.pass(TimeDelta::seconds(31)).await;
    assert_eq!(letters(&app).len(), 2, "and goes on once it works");
    let (_, health) = app.get("/health").await;
    assert!(!health["degraded"].to_string().contains("smtp"), "{health}");
    app.end().await;
}

async fn a_text_message_in_doubt_is_asked_about_before_it_goes_again(backend: Backend) {
    for (taken, attempts) in [(true, 1), (false, 2)] {
        let app = start(backend).await;
        let ticket = opened(&app).await;
        let unheard = taken.then_some(Rule { next: 1, fault: PostFault::Drop });
        let sends = Some(Rule { next: 1, fault: SendFault::Silent { taken } });
        arm(&app, Faults { sends, callbacks: unheard, ..Faults::default() }).await;
        let people = vec![person(&app, Role::Support).await];
        act(&app, Role::Admin, ticket, Action::Assign { people, resolution_due_at: None, estimate: None }).await;
        app.settle().await;
        app.pass(TimeDelta::seconds(31)).await;
        assert_eq!(texts(&app, SUPPORT).len(), 1, "{taken}");
        assert_eq!(notice(&app, "sms").await.0, "DELIVERED", "{taken}");
        let of_it = "attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE medium = 'sms')";
        assert_eq!(app.count(of_it).await, attempts, "{taken}");
        app.end().await;
    }
}

async fn whom_the_providers_list_has_as_stopped_is_asked_no_more(backend: Backend) {
    let app = start(backend).await;
    // A number that Twilio refuses with 21610, whoever asks.
    change(&app, "UPDATE people SET phone_number = '+15005550004' WHERE role = 'SUPPORT'").await;
    let ticket = assigned(&app).await;
    let (status, code, says) = notice(&app, "sms").await;
    assert_eq!((status.as_str(), code), ("FAILED", Some(21610)));
    assert!(says.contains("opted out of text messages"), "{says}");
    assert_eq!(app.count("addresses WHERE medium = 'sms' AND opted_out_at IS NOT NULL").await, 1);
    act(&app, Role::Client, ticket, Action::Comment { comment: "Thanks.".to_owned() }).await;
    app.settle().await;
    assert_eq!(app.count("deliveries WHERE medium = 'sms'").await, 1, "and no other is sent");
    app.end().await;
}

async fn a_text_message_is_answered_once_with_the_way_to_whatsapp(backend: Backend) {
    let app = TestApp::with(backend, &[BY_SMS]).await;
    for text in ["hi", "hi again"] {
        app.sends(Incoming { medium: Medium::Sms, ..Incoming::text(&number(STRANGER), text) }).await;
    }
    let answers = texts(&app, STRANGER);
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].text, "This number answers on WhatsApp only. Please write hi there.");
    assert_eq!(answers[0].status, Status::Delivered);
    assert_eq!(app.count("conversations").await, 0, "text messages carry no flows");
    app.end().await;
}

async fn a_stop_by_text_message_is_the_providers_to_answer(backend: Backend) {
    let app = start(backend).await;
    let ticket = assigned(&app).await;
    let says = async |text: &str| {
        app.sends(Incoming { medium: Medium::Sms, ..Incoming::text(&number(SUPPORT), text) }).await;
    };
    says("Stop").await;
    assert_eq!(texts(&app, SUPPORT).len(), 1, "the task alone; the provider answers a STOP");
    let comment = |text: &str| Action::Comment { comment: text.to_owned() };
    act(&app, Role::Client, ticket, comment("Please hurry.")).await;
    app.settle().await;
    assert_eq!(texts(&app, SUPPORT).len(), 1, "nothing more is sent");
    says("START").await;
    act(&app, Role::Client, ticket, comment("Thanks.")).await;
    app.settle().await;
    let news: Vec<String> = texts(&app, SUPPORT).into_iter().map(|bubble| bubble.text).collect();
    assert_eq!(news[1..], ["INC-20260118143022, Client wrote: Thanks."]);
    app.end().await;
}
