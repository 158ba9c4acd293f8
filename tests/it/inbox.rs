//! The endpoints of notifications: whose they are, their shapes, filters and pages, what is read.

use crate::facts;
use crate::notifications::raise_many;
use crate::support::app::{TestApp, number};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use andon::simulator::{Faults, Rule, SendFault};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["inbox":
    nobody_reads_them_without_signing_in,
    one_sees_ones_own_and_an_admin_everybodys,
    a_notification_has_the_documented_shape,
    what_became_of_a_message_is_told,
    filters_take_in_what_they_say,
    pages_lead_to_one_another,
    what_cannot_be_asked_is_told_field_by_field,
    what_is_read_is_read_once,
    counts_hold_while_many_read_and_write,
];

pub(crate) const PHONE: &str = "+12025550105";

/// A desk of which both know each other.
pub(crate) struct Desk {
    pub(crate) app: TestApp,
    pub(crate) admin: User,
    pub(crate) client: User,
}

impl Desk {
    /// An admin without a number, and a client with one.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::with(backend, &[]).await
    }

    /// The same with other settings.
    pub(crate) async fn with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let app = TestApp::with(backend, settings).await;
        let (admin, client) = (app.user("admin", Role::Admin).await, app.user("client", Role::Client).await);
        let connection = app.connection().await;
        let taking = format!("UPDATE addresses SET person_id = {} WHERE value = '{PHONE}'", client.id);
        sea_orm::ConnectionTrait::execute_unprepared(&connection, &taking).await.expect("the number is theirs");
        Self { app, admin, client }
    }

    /// The same, and nobody else answers for tickets: the client alone is told outside of the desk.
    pub(crate) async fn alone(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let desk = Self::with(backend, settings).await;
        let others = "UPDATE people SET is_active = FALSE WHERE role = 'ADMIN' AND username IS NULL";
        crate::notifications::change(&desk.app, others).await;
        desk
    }

    /// A ticket of the client's, of which the desk has been told.
    pub(crate) async fn raised(&self, title: &str) -> i64 {
        let ticket = raise_many(&self.app, self.client.id, 1).await[0];
        let change = json!({"title": title});
        let (status, told) = self.admin.patch(&format!("/api/tickets/{ticket}/"), change).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        self.app.settle().await;
        ticket
    }

    /// The same, which the admin opens.
    pub(crate) async fn opened(&self, title: &str) -> i64 {
        let ticket = self.raised(title).await;
        let (status, told) = self.admin.post(&format!("/api/tickets/{ticket}/open_ticket/"), json!({})).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        self.app.settle().await;
        ticket
    }
}

pub(crate) async fn listed(user: &User, query: &str) -> Value {
    let (status, list) = user.get(&format!("/api/notifications/{query}")).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list
}

fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list["results"].as_array().expect("a list").iter().map(|one| &one[field]).collect()
}

async fn nobody_reads_them_without_signing_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (method, path) in [
        (Method::GET, "/api/notifications/"),
        (Method::GET, "/api/notifications/unread"),
        (Method::GET, "/api/notifications/unread_count/"),
        (Method::GET, "/api/notifications/1"),
        (Method::POST, "/api/notifications/1/mark_as_read/"),
        (Method::POST, "/api/notifications/mark_all_as_read"),
    ] {
        let (status, problem) = app.anybody(method, path, None).await;
        assert_eq!((status, &problem["status"]), (StatusCode::UNAUTHORIZED, &json!(401)), "{path}");
    }
    app.end().await;
}

async fn one_sees_ones_own_and_an_admin_everybodys(backend: Backend) {
    let desk = Desk::start(backend).await;
    let ticket = desk.opened("Payments fail").await;
    let stranger = desk.app.user("stranger", Role::Client).await;
    let (own, all) = (listed(&desk.client, "").await, listed(&desk.admin, "").await);
    assert_eq!((&own["count"], each(&own, "ticket")), (&json!(2), vec![&json!(ticket); 2]), "on two media");
    assert!(all["count"].as_i64() > own["count"].as_i64(), "{all}");
    assert_eq!(listed(&stranger, "").await["count"], 0);
    for id in each(&own, "id") {
        let path = format!("/api/notifications/{id}/");
        assert_eq!(desk.client.get(&path).await.0, StatusCode::OK);
        assert_eq!(desk.admin.get(&path).await.0, StatusCode::OK);
        assert_eq!(stranger.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(stranger.post(&format!("{path}mark_as_read/"), json!({})).await.0, StatusCode::NOT_FOUND);
    }
    desk.app.end().await;
}

async fn a_notification_has_the_documented_shape(backend: Backend) {
    let desk = Desk::start(backend).await;
    let ticket = desk.opened("Payments fail").await;
    let list = listed(&desk.client, "?notification_type=SYSTEM").await;
    assert_eq!((&list["count"], &list["next"], &list["previous"]), (&json!(1), &Value::Null, &Value::Null));
    let one = list["results"][0].clone();
    let id = one["id"].clone();
    assert_eq!(
        one,
        json!({
            "id": id, "ticket": ticket, "notification_type": "SYSTEM", "notification_type_display": "System",
            "subject": "Your ticket has been opened: Payments fail", "status": "DELIVERED",
            "created_at": "2026-01-18T14:30:22Z", "is_read": false, "read_at": null,
        })
    );
    let (status, whole) = desk.client.get(&format!("/api/notifications/{id}/")).await;
    assert_eq!(status, StatusCode::OK);
    let text = whole["message"].as_str().expect("a text");
    assert!(text.starts_with("✅ Your Ticket Has Been Opened\n\nHello client,\n"), "{text}");
    for (field, value) in one.as_object().expect("an object") {
        assert_eq!(&whole[field], value, "{field}");
    }
    for (field, value) in [
        ("recipient", json!(desk.client.id)),
        ("recipient_name", json!("client")),
        ("ticket_title", json!("Payments fail")),
        ("error_message", Value::Null),
        ("attempts", json!([])),
    ] {
        assert_eq!(whole[field], value, "{field}");
    }
    desk.app.end().await;
}

async fn what_became_of_a_message_is_told(backend: Backend) {
    let desk = Desk::start(backend).await;
    let one = desk.raised("One").await;
    let refused = Some(Rule { next: 1, fault: SendFault::Refuse { code: 21211 } });
    desk.app.simulator().set_faults(Faults { sends: refused, ..Faults::default() }).await.expect("within bounds");
    let (status, _) = desk.admin.post(&format!("/api/tickets/{one}/open_ticket/"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    desk.app.settle().await;
    desk.app.clock.advance(TimeDelta::minutes(1));
    desk.opened("Two").await;
    let list = listed(&desk.client, "?notification_type=WHATSAPP").await;
    assert_eq!(each(&list, "status"), ["DELIVERED", "FAILED"]);
    let (_, failed) = desk.client.get(&format!("/api/notifications/{}/", list["results"][1]["id"])).await;
    assert!(failed["error_message"].as_str().is_some_and(|text| !text.is_empty()), "{failed}");
    assert_eq!(
        (&failed["attempts"][0]["outcome"], &failed["attempts"][0]["error_code"]),
        (&json!("REFUSED"), &json!(21211))
    );
    desk.app.simulator().read(&number(PHONE));
    desk.app.settle().await;
    let list = listed(&desk.client, "?notification_type=WHATSAPP").await;
    assert_eq!(each(&list, "status"), ["READ", "FAILED"]);
    assert_eq!(each(&list, "is_read"), [false, false], "what is read on the phone is not read in the desk");
    assert_eq!(each(&listed(&desk.client, "?status=SENT&notification_type=WHATSAPP").await, "status"), ["READ"]);
    desk.app.end().await;
}

async fn filters_take_in_what_they_say(backend: Backend) {
    let desk = Desk::start(backend).await;
    let (first, _second) = (desk.opened("One").await, desk.opened("Two").await);
    let read = listed(&desk.client, "?notification_type=SYSTEM").await["results"][0]["id"].clone();
    desk.client.post(&format!("/api/notifications/{read}/mark_as_read/"), json!({})).await;
    for (query, count) in [
        ("", 4),
        ("?notification_type=WHATSAPP", 2),
        ("?notification_type=EMAIL", 0),
        ("?is_read=true", 1),
        ("?is_read=false", 3),
        ("?status=SENT", 4),
        ("?status=DELIVERED", 4),
        ("?status=READ", 0),
        ("?status=PENDING", 0),
        (&format!("?ticket={first}"), 2),
        (&format!("?ticket={first}&notification_type=SYSTEM&is_read=false&status=SENT"), 1),
        ("?ticket=999999", 0),
    ] {
        let list = listed(&desk.client, query).await;
        assert_eq!((&list["count"], list["results"].as_array().map(Vec::len)), (&json!(count), Some(count)), "{query}");
    }
    assert_eq!(listed(&desk.client, "unread/").await["count"], 3);
    assert_eq!(listed(&desk.client, "unread/?notification_type=SYSTEM").await["count"], 1);
    desk.app.end().await;
}

async fn pages_lead_to_one_another(backend: Backend) {
    let desk = Desk::start(backend).await;
    raise_many(&desk.app, desk.client.id, 25).await;
    desk.app.settle().await;
    let mine = "?nobody_asked=1&notification_type=SYSTEM&page_size=10"; // an unknown parameter is passed over
    let mut seen: Vec<Value> = Vec::new();
    let mut next = Some(format!("{}/api/notifications/{mine}", desk.app.url("")));
    let mut pages = 0;
    while let Some(url) = next {
        let path = url.strip_prefix(&desk.app.url("")).expect("a link to this server").to_owned();
        let (status, page) = desk.admin.get(&path).await;
        assert_eq!((status, &page["count"]), (StatusCode::OK, &json!(25)), "{page}");
        assert_eq!(page["previous"].is_null(), pages == 0);
        seen.extend(each(&page, "id").into_iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((pages, seen.len()), (3, 25));
    assert!(seen.is_sorted_by(|a, b| a.as_i64() > b.as_i64()), "the latest first, none twice: {seen:?}");
    let (status, problem) = desk.admin.get("/api/notifications/?page=9").await;
    assert_eq!((status, &problem["status"]), (StatusCode::NOT_FOUND, &json!(404)));
    desk.app.end().await;
}

async fn what_cannot_be_asked_is_told_field_by_field(backend: Backend) {
    let desk = Desk::start(backend).await;
    let (status, problem) =
        desk.admin.get("/api/notifications/?status=OPEN&page=0&page_size=101&is_read=maybe&ticket=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let wrong: Vec<&String> = problem["errors"].as_object().expect("fields").keys().collect();
    assert_eq!(wrong, ["is_read", "page", "page_size", "status", "ticket"]);
    for path in ["/api/notifications/0", "/api/notifications/x/", "/api/notifications/99999999999999999999"] {
        assert_eq!(desk.admin.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    desk.app.end().await;
}

async fn what_is_read_is_read_once(backend: Backend) {
    let desk = Desk::start(backend).await;
    desk.opened("One").await;
    desk.opened("Two").await;
    let (_, counts) = desk.client.get("/api/notifications/unread_count/").await;
    assert_eq!(counts, json!({"count": 4, "by_type": {"EMAIL": 0, "WHATSAPP": 2, "SMS": 0, "SYSTEM": 2}}));
    let id = listed(&desk.client, "").await["results"][0]["id"].clone();
    let path = format!("/api/notifications/{id}/mark_as_read/");
    assert_eq!(
        desk.admin.post(&path, json!({})).await.0,
        StatusCode::FORBIDDEN,
        "an admin sees it, and cannot have read it"
    );
    for _ in 0..2 {
        let (status, marked) = desk.client.post(&path, json!({})).await;
        assert_eq!((status, &marked["notification"]["is_read"]), (StatusCode::OK, &json!(true)), "{marked}");
        assert_eq!(marked["notification"]["read_at"], "2026-01-18T14:30:22Z", "when it was read first");
        desk.app.clock.advance(TimeDelta::minutes(1));
    }
    let (_, all) = desk.client.post("/api/notifications/mark_all_as_read/?notification_type=SYSTEM", json!({})).await;
    let (_, rest) = desk.client.post("/api/notifications/mark_all_as_read/", json!({})).await;
    assert_eq!(
        all["count"].as_i64().zip(rest["count"].as_i64()).map(|(some, rest)| some + rest),
        Some(3),
        "{all} {rest}"
    );
    let (_, counts) = desk.client.get("/api/notifications/unread_count/").await;
    assert_eq!(counts["count"], 0);
    assert_eq!(desk.client.post("/api/notifications/mark_all_as_read/", json!({})).await.1["count"], 0);
    desk.app.end().await;
}

async fn counts_hold_while_many_read_and_write(backend: Backend) {
    let desk = Desk::start(backend).await;
    raise_many(&desk.app, desk.client.id, 60).await;
    desk.app.settle().await;
    let ids: Vec<i64> = each(&listed(&desk.admin, "?page_size=100&notification_type=SYSTEM").await, "id")
        .into_iter()
        .filter_map(Value::as_i64)
        .collect();
    assert_eq!(ids.len(), 60);
    let marking = async {
        let mut one_by_one = 0;
        for id in &ids[..30] {
            let (status, _) = desk.admin.post(&format!("/api/notifications/{id}/mark_as_read/"), json!({})).await;
            one_by_one += i32::from(status == StatusCode::OK);
        }
        one_by_one
    };
    let all = async {
        let mut total = 0;
        for _ in 0..5 {
            let (_, marked) = desk.admin.post("/api/notifications/mark_all_as_read/", json!({})).await;
            total += marked["count"].as_i64().expect("a count");
            raise_many(&desk.app, desk.client.id, 4).await;
            andon::notify::once(&desk.app.server.app, andon::catalog::NOTICES).await.expect("told");
        }
        total
    };
    let reading = async {
        for _ in 0..40 {
            let (_, counts) = desk.admin.get("/api/notifications/unread_count/").await;
            let by_type = counts["by_type"].as_object().expect("counts");
            let sum: i64 = by_type.values().filter_map(Value::as_i64).sum();
            assert_eq!(counts["count"], sum);
            let page = listed(&desk.admin, "unread/?page_size=100").await;
            assert_eq!(page["count"].as_u64(), page["results"].as_array().map(|some| some.len() as u64), "{page}");
        }
    };
    let (one_by_one, _, ()) = tokio::join!(marking, all, reading);
    assert_eq!(one_by_one, 30);
    let (_, last) = desk.admin.post("/api/notifications/mark_all_as_read/", json!({})).await;
    assert_eq!(last["count"], 4, "what came after the last time");
    assert_eq!(listed(&desk.admin, "?is_read=true&notification_type=SYSTEM").await["count"], 80);
    desk.app.end().await;
}
