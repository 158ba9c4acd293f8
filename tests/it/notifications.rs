//! What people are told of events: who, in which words, on which medium, and once.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp, number};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::catalog::{FOLLOWERS, NOTICES};
use andon::people::Role;
use andon::simulator::{Faults, PostFault, Rule, SendFault};
use andon::tickets::incident::{Category, Incident};
use andon::tickets::{self, Action, Given, Key, Kind, NewTicket, Priority, Viewer};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

facts!["notifications":
    the_demos_past_is_no_news,
    each_step_of_a_ticket_tells_those_whom_it_concerns,
    a_report_from_the_floor_tells_the_desk_and_not_its_writer,
    a_change_to_a_bom_tells_those_who_decide,
    who_opted_out_reads_it_at_the_desk_alone,
    who_opts_out_gets_no_notice_that_still_waits,
    who_opted_out_gets_no_notice_that_comes_to_be_sent_later,
    who_has_no_login_has_no_desk,
    who_is_deactivated_is_told_nothing,
    a_title_forges_no_line,
    notices_of_one_ticket_arrive_in_order,
    a_reply_goes_before_notices,
    two_processes_tell_everything_once,
    a_hundred_events_are_told_in_one_go,
];

pub(crate) const SUPERVISOR: &str = "+12025550102";
pub(crate) const ADMIN: &str = "+12025550103";
const SUPPORT: &str = "+12025550104";
const CLIENT: &str = "+12025550105";
pub(crate) const EVERYBODY: [(&str, &str); 5] =
    [("operator", OPERATOR), ("supervisor", SUPERVISOR), ("admin", ADMIN), ("support", SUPPORT), ("client", CLIENT)];

/// The plant, whose people sign in.
/// The plant, where nothing waits for company: who is told what is looked at here.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::with(backend, &[("ANDON_DIGEST_MINUTES", "0")]).await;
    change(&app, "UPDATE people SET username = LOWER(role) WHERE role IS NOT NULL AND language = 'en'").await;
    app
}

pub(crate) async fn change(app: &TestApp, statement: &str) {
    let connection = app.connection().await;
    sea_orm::ConnectionTrait::execute_unprepared(&connection, statement).await.expect("a change");
}

pub(crate) async fn person(app: &TestApp, role: Role) -> i64 {
    let query = format!("SELECT id FROM people WHERE role = '{}' ORDER BY id", role.as_str());
    app.rows(&query).await[0].try_get("", "id").expect("an id")
}

pub(crate) async fn raise(app: &TestApp, title: &str) -> i64 {
    raise_all(app, &[title]).await[0]
}

async fn raise_all(app: &TestApp, titles: &[&str]) -> Vec<i64> {
    let client = person(app, Role::Client).await;
    raise_for(app, client, titles.iter().map(|title| (*title).to_owned())).await
}

/// So many tickets of this client's, as one set.
pub(crate) async fn raise_many(app: &TestApp, client: i64, count: usize) -> Vec<i64> {
    raise_for(app, client, (0..count).map(|n| format!("Ticket {n}"))).await
}

async fn raise_for(app: &TestApp, client: i64, titles: impl Iterator<Item = String>) -> Vec<i64> {
    let new: Vec<NewTicket> = titles.map(|title| incident(&title, client)).collect();
    let made = app.server.app.db.write(move |tx| {
        let new = new.clone();
        Box::pin(async move { tickets::create(tx, &andon::sla::Policies::default(), new).await })
    });
    made.await.expect("tickets").into_iter().map(|ticket| ticket.id).collect()
}

fn incident(title: &str, client: i64) -> NewTicket {
    NewTicket {
        kind: Kind::Incident,
        given: Given::default(),
        title: title.to_owned(),
        description: "Nobody can pay.".to_owned(),
        media_json: "[]".to_owned(),
        place_json: None,
        priority: Priority::High,
        requester_id: Some(client),
        department: None,
        incident: Some(Incident { category: Category::Bug, project_name: "Shop".to_owned() }),
    }
}

pub(crate) async fn act(app: &TestApp, role: Role, ticket: i64, action: Action) {
    let viewer = Viewer { person_id: person(app, role).await, role: Some(role), department: None, open_access: false };
    let acting = app.server.app.db.write(move |tx| {
        let (viewer, action) = (viewer.clone(), action.clone());
        Box::pin(async move { tickets::act(tx, &viewer, Key::Id(ticket), &action, None, FOLLOWERS).await })
    });
    acting.await.expect("it is allowed");
}

/// Who got which first lines since the last look.
pub(crate) async fn news(app: &TestApp, seen: &mut BTreeMap<&'static str, usize>) -> Vec<String> {
    app.settle().await;
    let mut news = Vec::new();
    for (who, phone) in EVERYBODY {
        let bubbles = app.bubbles(phone);
        let known = seen.insert(who, bubbles.len()).unwrap_or(0);
        let heads = bubbles[known..].iter().filter_map(|bubble| bubble.text.lines().next());
        news.extend(heads.map(|head| format!("{who}: {head}")));
    }
    news
}

/// How many notices there are on each medium.
async fn stored(app: &TestApp) -> Vec<(String, i64)> {
    let query = "SELECT medium, COUNT(*) AS n FROM deliveries WHERE kind = 'NOTICE' GROUP BY medium ORDER BY medium";
    let rows = app.rows(query).await;
    rows.iter()
        .map(|row| (row.try_get("", "medium").expect("a text"), row.try_get("", "n").expect("a count")))
        .collect()
}

async fn the_demos_past_is_no_news(backend: Backend) {
    let app = start(backend).await;
    app.settle().await;
    assert!(app.count("events").await > 0);
    assert_eq!(app.count("deliveries").await, 0);
    app.end().await;
}

async fn each_step_of_a_ticket_tells_those_whom_it_concerns(backend: Backend) {
    let app = start(backend).await;
    let mut seen = BTreeMap::new();
    let ticket = raise(&app, "Payments fail").await;
    assert_eq!(news(&app, &mut seen).await, ["admin: 🎫 *New Ticket Created*"]);
    let support = person(&app, Role::Support).await;
    let words = |text: &str| text.to_owned();
    for (role, action, told) in [
        (Role::Admin, Action::Open { notes: None }, vec!["client: ✅ *Your Ticket Has Been Opened*"]),
        (Role::Admin, Action::Comment { comment: words("Soon.") }, vec!["client: 💬 *New Comment on a Ticket*"]),
        (Role::Client, Action::Comment { comment: words("Please.") }, vec!["admin: 💬 *New Comment on a Ticket*"]),
        (
            Role::Admin,
            Action::Assign { people: vec![support], resolution_due_at: None, estimate: None },
            vec!["support: 🔧 *New Task Assigned*"],
        ),
        (Role::Admin, Action::Assign { people: vec![support], resolution_due_at: None, estimate: None }, vec![]),
        (Role::Support, Action::Start, vec!["client: 🚀 *Work Started on Your Ticket*"]),
        (Role::Support, Action::Hold { reason: words("A part") }, vec!["client: ⏸️ *Your Ticket Is On Hold*"]),
        (Role::Support, Action::Resume, vec!["client: ▶️ *The Work on Your Ticket Goes On*"]),
        (Role::Client, Action::Comment { comment: words("Thanks.") }, vec!["support: 💬 *New Comment on a Ticket*"]),
        (
            Role::Support,
            Action::Finish { comment: words("Renewed.") },
            vec![
                "admin: ⏳ *Ticket Resolved - Awaiting Client Approval*",
                "client: ✅ *Your Ticket Has Been Resolved*",
            ],
        ),
        (
            Role::Client,
            Action::Reject { comment: words("No.") },
            vec!["admin: 🔄 *Ticket Rejected - More Work Needed*", "support: 🔄 *Ticket Rejected - More Work Needed*"],
        ),
        (
            Role::Support,
            Action::Finish { comment: words("Now.") },
            vec![
                "admin: ⏳ *Ticket Resolved - Awaiting Client Approval*",
                "client: ✅ *Your Ticket Has Been Resolved*",
            ],
        ),
        (
            Role::Client,
            Action::Approve { comment: None },
            vec!["admin: ✅ *Ticket Closed*", "support: 🎉 *Ticket Closed - Great Job!*"],
        ),
    ] {
        let verb = action.verb();
        act(&app, role, ticket, action).await;
        assert_eq!(news(&app, &mut seen).await, told, "after {verb:?} by {role:?}");
    }
    let stored = stored(&app).await;
    assert_eq!(stored[0].0, "browser");
    assert_eq!(stored[0].1, stored[1].1, "one on each medium");
    app.end().await;
}

async fn a_report_from_the_floor_tells_the_desk_and_not_its_writer(backend: Backend) {
    let app = start(backend).await;
    for text in ["3", "MACH-001", "Bearing"] {
        app.says(OPERATOR, text).await;
    }
    assert_eq!(app.says(OPERATOR, "High").await.len(), 1, "the answer, and no notice");
    let told = app.replies(&number(SUPERVISOR));
    assert!(told.len() == 1 && told[0].starts_with("🛠️ *New Maintenance Ticket*\n\n*Ticket:* MAINT-"), "{told:?}");
    for line in ["*Machine:* MACH-001", "*Department:* Machining", "*Urgency:* High", "*Reported by:* Operator"] {
        assert!(told[0].lines().any(|told| told == line), "{line}: {told:?}");
    }
    assert!(!["Project", "Category", "Client"].iter().any(|word| told[0].contains(word)), "{told:?}");
    assert_eq!(app.replies(&number(ADMIN)).len(), 1);
    assert!(app.replies(&number(SUPPORT)).is_empty() && app.replies(&number(CLIENT)).is_empty());
    for text in ["3", "MACH-002", "Bearing", "High"] {
        app.says(SUPERVISOR, text).await;
    }
    let notices = app.replies(&number(SUPERVISOR)).into_iter().filter(|text| text.starts_with("🛠️"));
    assert_eq!(notices.count(), 1, "nobody is told what they did themselves");
    // Another department's machine.
    for text in ["3", "MACH-004", "Bearing", "High"] {
        app.says(OPERATOR, text).await;
    }
    let notices = app.replies(&number(SUPERVISOR)).into_iter().filter(|text| text.starts_with("🛠️"));
    assert_eq!((notices.count(), app.replies(&number(ADMIN)).len()), (1, 3));
    app.end().await;
}

async fn a_change_to_a_bom_tells_those_who_decide(backend: Backend) {
    let app = start(backend).await;
    let mut seen = BTreeMap::new();
    for text in ["6", "BOM-888", "1", "quantity 12", "Wear"] {
        app.says(OPERATOR, text).await;
    }
    let told = news(&app, &mut seen).await;
    let notices: Vec<&String> = told.iter().filter(|line| line.contains("BOM Update Submitted*")).collect();
    assert_eq!(notices, ["supervisor: 📐 *BOM Update Submitted*", "admin: 📐 *BOM Update Submitted*"], "{told:?}");
    let waiting = &app.rows("SELECT bom_id, number FROM bom_revisions WHERE status = 'PENDING_REVIEW'").await[0];
    let (bom, revision): (i64, i32) =
        (waiting.try_get("", "bom_id").expect("an id"), waiting.try_get("", "number").expect("a number"));
    let boss = app.user("boss", Role::Supervisor).await;
    let (status, decided) = boss.post(&format!("/api/boms/{bom}/revisions/{revision}/approve/"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{decided}");
    assert_eq!(news(&app, &mut seen).await, ["operator: ✅ *BOM Update Approved*"]);
    assert_eq!(app.count("delivery_lines WHERE lane = 1").await, 0, "no line is left of what is about no ticket");
    app.end().await;
}

async fn who_opted_out_reads_it_at_the_desk_alone(backend: Backend) {
    let app = start(backend).await;
    app.says(ADMIN, "STOP").await;
    let answers = app.bubbles(ADMIN).len();
    raise(&app, "Payments fail").await;
    app.settle().await;
    assert_eq!(app.bubbles(ADMIN).len(), answers);
    assert_eq!(stored(&app).await, [("browser".to_owned(), 1)]);
    app.end().await;
}

async fn who_opts_out_gets_no_notice_that_still_waits(backend: Backend) {
    let app = start(backend).await;
    let fault = SendFault::Respond { status: 503, retry_after_s: Some(60), taken: false };
    app.simulator().set_faults(Faults { sends: Some(Rule { next: 1, fault }), ..Faults::default() }).await.expect("ok");
    raise(&app, "Payments fail").await;
    app.settle().await;
    assert_eq!(app.says(ADMIN, "STOP").await.len(), 1);
    app.pass(TimeDelta::minutes(2)).await;
    assert_eq!(app.bubbles(ADMIN).len(), 1, "{:?}", app.replies(&number(ADMIN)));
    assert_eq!(app.count("deliveries WHERE kind = 'NOTICE' AND status = 'CANCELLED'").await, 1);
    app.says(ADMIN, "start").await;
    let ticket = raise(&app, "Another").await;
    app.settle().await;
    assert!(ticket > 0 && app.replies(&number(ADMIN)).iter().any(|text| text.contains("Another")), "and back in");
    app.end().await;
}

async fn who_opted_out_gets_no_notice_that_comes_to_be_sent_later(backend: Backend) {
    let app = start(backend).await;
    let unheard = Some(Rule { next: 1, fault: PostFault::Drop });
    app.simulator().set_faults(Faults { callbacks: unheard, ..Faults::default() }).await.expect("ok");
    raise(&app, "Payments fail").await;
    app.settle().await;
    let sid = app.bubbles(ADMIN)[0].sid.clone();
    let sent = app.rows("SELECT token FROM deliveries WHERE medium = 'whatsapp'").await;
    let token: String = sent[0].try_get("", "token").expect("a text");
    raise(&app, "Another").await;
    andon::notify::once(&app.server.app, NOTICES).await.expect("told to whom it looked up before");
    change(&app, "UPDATE addresses SET opted_out_at = created_at WHERE value = '+12025550103'").await;
    let failed = Form::status(&sid, &token, "undelivered").with("ErrorCode", "30003");
    assert_eq!(failed.post_for_status(&app).await, StatusCode::NO_CONTENT);
    app.settle().await;
    app.pass(TimeDelta::minutes(16)).await;
    assert_eq!(app.bubbles(ADMIN).len(), 1, "{:?}", app.replies(&number(ADMIN)));
    assert_eq!(app.count("deliveries WHERE status = 'CANCELLED' AND error_text LIKE '%opted out%'").await, 2);
    app.end().await;
}

async fn who_has_no_login_has_no_desk(backend: Backend) {
    let app = start(backend).await;
    change(&app, "UPDATE people SET username = NULL WHERE role = 'ADMIN'").await;
    raise(&app, "Payments fail").await;
    app.settle().await;
    assert_eq!(stored(&app).await, [("whatsapp".to_owned(), 1)]);
    app.end().await;
}

async fn who_is_deactivated_is_told_nothing(backend: Backend) {
    let app = start(backend).await;
    change(&app, "UPDATE people SET is_active = FALSE WHERE role = 'CLIENT'").await;
    let ticket = raise(&app, "Payments fail").await;
    act(&app, Role::Admin, ticket, Action::Open { notes: None }).await;
    app.settle().await;
    assert!(app.bubbles(CLIENT).is_empty());
    assert_eq!(app.bubbles(ADMIN).len(), 1);
    app.end().await;
}

async fn a_title_forges_no_line(backend: Backend) {
    let app = start(backend).await;
    raise(&app, "Pay\n*Priority:* Low\n_x_").await;
    app.settle().await;
    let told = app.replies(&number(ADMIN)).remove(0);
    let forged: Vec<&str> = told.lines().filter(|line| line.starts_with("*Priority:*")).collect();
    assert_eq!(forged, ["*Priority:* High"], "{told}");
    let body = &app.rows("SELECT body, subject FROM deliveries WHERE medium = 'browser'").await[0];
    let plain: String = body.try_get("", "body").expect("a text");
    assert!(plain.contains("Title: Pay *Priority:* Low _x_\n"), "what is no markup stays: {plain}");
    let subject: String = body.try_get("", "subject").expect("a text");
    assert!(subject.ends_with(": Pay *Priority:* Low _x_"), "{subject}");
    app.end().await;
}

async fn notices_of_one_ticket_arrive_in_order(backend: Backend) {
    let app = start(backend).await;
    let (ticket, other) = (raise(&app, "Payments fail").await, raise(&app, "Another").await);
    let fault = SendFault::Respond { status: 503, retry_after_s: Some(60), taken: false };
    app.settle().await;
    app.simulator().set_faults(Faults { sends: Some(Rule { next: 1, fault }), ..Faults::default() }).await.expect("ok");
    act(&app, Role::Admin, ticket, Action::Open { notes: None }).await;
    app.settle().await;
    act(&app, Role::Admin, ticket, Action::Comment { comment: "Soon.".to_owned() }).await;
    act(&app, Role::Admin, other, Action::Open { notes: None }).await;
    app.settle().await;
    let heads = |phone| app.replies(&number(phone)).into_iter().map(|text| text.lines().next().map(str::to_owned));
    assert_eq!(heads(CLIENT).count(), 1, "only the other ticket's got on: {:?}", app.replies(&number(CLIENT)));
    app.pass(TimeDelta::seconds(61)).await;
    let heads: Vec<String> = heads(CLIENT).flatten().collect();
    assert!(heads[1].contains("Opened") && heads[2].contains("Comment"), "{heads:?}");
    app.end().await;
}

async fn a_reply_goes_before_notices(backend: Backend) {
    let app = start(backend).await;
    let fault = SendFault::Refuse { code: 20003 };
    app.simulator().set_faults(Faults { sends: Some(Rule { next: 1, fault }), ..Faults::default() }).await.expect("ok");
    raise(&app, "Ticket 0").await;
    app.settle().await;
    raise_all(&app, &["Ticket 1", "Ticket 2"]).await;
    app.settle().await;
    app.says(OPERATOR, "hi").await;
    assert!(app.bubbles(OPERATOR).is_empty() && app.bubbles(ADMIN).is_empty(), "the channel is out");
    app.pass(TimeDelta::seconds(31)).await;
    let query = "SELECT d.kind AS kind FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
                 WHERE a.outcome = 'ACCEPTED' ORDER BY a.id";
    let kinds: Vec<String> = app.rows(query).await.iter().map(|row| row.try_get("", "kind").expect("a text")).collect();
    assert_eq!(kinds.len(), 4);
    assert!(kinds.iter().position(|kind| kind == "REPLY") <= Some(1), "one to see whether it works: {kinds:?}");
    app.end().await;
}

async fn two_processes_tell_everything_once(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let app = start(backend).await;
    let other = app.process_beside(&[]).await;
    let titles: Vec<String> = (0..40).map(|n| format!("Ticket {n}")).collect();
    for part in titles.chunks(10) {
        raise_all(&app, &part.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let (one, two) =
            tokio::join!(andon::notify::once(&app.server.app, NOTICES), andon::notify::once(&other.app, NOTICES));
        assert_eq!(one.expect("told") + two.expect("told"), 10);
    }
    assert_eq!(stored(&app).await, [("browser".to_owned(), 40), ("whatsapp".to_owned(), 40)]);
    other.stop().await.expect("it stops");
    app.end().await;
}

async fn a_hundred_events_are_told_in_one_go(backend: Backend) {
    let app = start(backend).await;
    let titles: Vec<String> = (0..100).map(|n| format!("Ticket {n}")).collect();
    raise_all(&app, &titles.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(andon::notify::once(&app.server.app, NOTICES).await.expect("told"), 100);
    assert_eq!(stored(&app).await, [("browser".to_owned(), 100), ("whatsapp".to_owned(), 100)]);
    assert_eq!(andon::notify::once(&app.server.app, NOTICES).await.expect("told"), 0, "and once");
    app.end().await;
}
