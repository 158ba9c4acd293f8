//! Lists of tickets: who sees what, what a filter keeps, orders, and pages that neither double nor hide.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["ticket_lists":
    each_sees_what_is_theirs_to_see,
    a_filter_keeps_what_fits,
    pages_lead_forth_and_back_through_every_order,
    what_comes_meanwhile_neither_doubles_nor_hides,
    a_query_that_makes_no_sense_is_told_so,
    words_are_found_in_any_case_and_signs_are_signs,
];

async fn raise(client: &User, title: &str, priority: &str, category: &str) -> i64 {
    let body = json!({
        "project_name": "Web shop", "title": title, "description": format!("About {title}"), "priority": priority,
        "category": category,
    });
    let (status, ticket) = client.post("/api/tickets/", body).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    ticket["id"].as_i64().expect("an id")
}

async fn does(user: &User, id: i64, action: &str, body: Value) {
    let (status, done) = user.post(&format!("/api/tickets/{id}/{action}/"), body).await;
    assert_eq!(status, StatusCode::OK, "{action}: {done}");
}

/// The ids that a list shows, in order.
async fn ids(user: &User, query: &str) -> Vec<i64> {
    let (status, list) = user.get(&format!("/api/tickets/?{query}")).await;
    assert_eq!(status, StatusCode::OK, "{query}: {list}");
    of(&list)
}

fn of(list: &Value) -> Vec<i64> {
    let results = list["results"].as_array().expect("a list");
    results.iter().map(|ticket| ticket["id"].as_i64().expect("an id")).collect()
}

/// Every page of a list by its links, first forth, then back.
async fn walk(user: &User, query: &str) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    let mut page = user.get(&format!("/api/tickets/?{query}")).await.1;
    assert_eq!(page["previous"], Value::Null);
    let path = |link: &Value| {
        let link = link.as_str().expect("a link");
        let path = link.split_once("/api/").expect("a path of the API").1;
        format!("/api/{path}")
    };
    loop {
        pages.push(of(&page));
        if page["next"].is_null() {
            break;
        }
        page = user.get(&path(&page["next"])).await.1;
    }
    let mut back = vec![of(&page)];
    while !page["previous"].is_null() {
        page = user.get(&path(&page["previous"])).await.1;
        back.push(of(&page));
    }
    let forth: Vec<i64> = pages.iter().flatten().copied().collect();
    let back: Vec<i64> = back.into_iter().rev().flatten().collect();
    assert_eq!(forth, back, "{query}");
    pages
}

async fn each_sees_what_is_theirs_to_see(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (one, two) = (app.user("client1", Role::Client).await, app.user("client2", Role::Client).await);
    let (admin, support) = (app.user("boss", Role::Admin).await, app.user("dev1", Role::Support).await);
    let (operator, supervisor) = (app.user("op1", Role::Operator).await, app.user("super1", Role::Supervisor).await);
    let floor: Vec<i64> = ids(&admin, "").await;
    let (mine, other) = (raise(&one, "A", "HIGH", "BUG").await, raise(&two, "B", "HIGH", "BUG").await);
    does(&admin, other, "assign", json!({"assigned_to": support.id})).await;
    let all: Vec<i64> = [vec![other, mine], floor.clone()].concat();
    assert!(!floor.is_empty(), "the plant has tickets of the floor");
    for (user, sees) in [
        (&admin, all),
        (&one, vec![mine]),
        (&two, vec![other]),
        (&support, vec![other]),
        (&operator, floor.clone()),
        (&supervisor, floor),
    ] {
        assert_eq!(ids(user, "").await, sees);
        for id in [mine, other] {
            let status = user.get(&format!("/api/tickets/{id}/")).await.0;
            assert_eq!(status == StatusCode::OK, sees.contains(&id), "what is not listed is not found");
        }
        let (_, counted) = user.get("/api/tickets/?count=true&page_size=1").await;
        assert_eq!(counted["count"], sees.len());
    }
    app.end().await;
}

async fn a_filter_keeps_what_fits(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let support = app.user("dev1", Role::Support).await;
    let (a, b, c) = (
        raise(&client, "Alpha", "HIGH", "BUG").await,
        raise(&client, "Beta", "LOW", "PROBLEM").await,
        raise(&admin, "Gamma", "LOW", "SERVICE_DOWN").await,
    );
    does(&admin, b, "assign", json!({"assigned_to": support.id})).await;
    does(&support, b, "start_work", json!({})).await;
    does(&support, b, "finish_work", json!({"comment": "Done"})).await;
    app.clock.advance(TimeDelta::minutes(31));
    for (query, fits) in [
        ("kind=INCIDENT", vec![c, b, a]),
        ("kind=INCIDENT&status=NEW", vec![c, a]),
        ("kind=INCIDENT&status=NEW,RESOLVED", vec![c, b, a]),
        ("status=WAITING_APPROVAL", vec![b]),
        ("status=RESOLVED", vec![b]),
        ("kind=INCIDENT&priority=LOW", vec![c, b]),
        ("category=BUG,SERVICE_DOWN", vec![c, a]),
        ("created_by=me", vec![c]),
        ("assigned_to=me", vec![]),
        ("q=beta", vec![b]),
        ("q=about%20GAMMA", vec![c]),
        ("q=DEV1", vec![b]),
        ("q=client1", vec![b, a]),
        ("q=client1&status=NEW", vec![a]),
        ("q=dev1%20client1", vec![b]),
        ("q=client1%20alpha", vec![a]),
        ("q=dev1%20alpha", vec![]),
        ("kind=INCIDENT&overdue=true", vec![a]),
        ("kind=INCIDENT&overdue=false", vec![c, b]),
        ("kind=INCIDENT&status=CANCELLED", vec![]),
    ] {
        assert_eq!(ids(&admin, query).await, fits, "{query}");
        let (_, counted) = admin.get(&format!("/api/tickets/?count=true&{query}")).await;
        assert_eq!(counted["count"], fits.len(), "{query}");
    }
    assert_eq!(ids(&admin, &format!("created_by={}", client.id)).await, [b, a]);
    assert_eq!(ids(&admin, &format!("assigned_to={}", support.id)).await, [b]);
    assert_eq!(ids(&client, &format!("assigned_to={}", support.id)).await, [b]);
    assert_eq!(ids(&client, &format!("created_by={}", admin.id)).await, Vec::<i64>::new());
    assert_eq!(ids(&support, "assigned_to=me&status=RESOLVED").await, [b]);
    app.end().await;
}

async fn pages_lead_forth_and_back_through_every_order(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (client, admin) = (app.user("client1", Role::Client).await, app.user("boss", Role::Admin).await);
    let supervisor = app.user("super1", Role::Supervisor).await;
    let support = app.user("dev1", Role::Support).await;
    let mut made = Vec::new();
    for nth in 0..9 {
        let id = raise(&client, &format!("T{nth}"), ["HIGH", "MEDIUM", "LOW"][nth % 3], "BUG").await;
        if nth % 2 == 0 {
            let due_at = format!("2026-02-{:02}T00:00:00Z", 20 - nth);
            does(&admin, id, "assign", json!({"assigned_to": support.id, "resolution_due_at": due_at})).await;
        }
        made.push(id);
        app.clock.advance(TimeDelta::seconds(i64::from(nth != 4)));
    }
    let all = ids(&admin, "page_size=100").await;
    for user in [&admin, &supervisor, &support, &client] {
        let mut sees = ids(user, "page_size=100").await;
        sees.sort_unstable();
        for order in ["id", "updated_at", "resolution_due_at", "priority"] {
            for sort in [order.to_owned(), format!("-{order}")] {
                for size in [1, 2, 5] {
                    let pages = walk(user, &format!("sort={sort}&page_size={size}")).await;
                    assert!(pages.iter().rev().skip(1).all(|page| page.len() == size), "{sort} {size} {pages:?}");
                    let mut walked = pages.concat();
                    walked.sort_unstable();
                    assert_eq!(walked, sees, "{sort} {size}");
                }
                // Every status that a ticket has here, each read along its own index.
                let several = "status=NEW,OPENED,IN_PROGRESS&priority=LOW,MEDIUM,HIGH";
                let together = walk(user, &format!("sort={sort}&page_size=2&{several}")).await;
                assert_eq!(together, walk(user, &format!("sort={sort}&page_size=2")).await, "{sort}");
            }
        }
    }
    assert!(all.len() > made.len());
    let by_priority = ids(&client, "sort=-priority").await;
    assert_eq!(by_priority, [6, 3, 0, 7, 4, 1, 8, 5, 2].map(|nth| made[nth]));
    let by_deadline = ids(&client, "sort=resolution_due_at").await;
    assert_eq!(by_deadline, [8, 6, 4, 2, 0, 1, 3, 5, 7].map(|nth: usize| made[nth]));
    let latest_first = ids(&client, "sort=-resolution_due_at").await;
    assert_eq!(latest_first, [0, 2, 4, 6, 8, 7, 5, 3, 1].map(|nth: usize| made[nth]), "those without come last");
    app.end().await;
}

async fn what_comes_meanwhile_neither_doubles_nor_hides(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client1", Role::Client).await;
    let mut made = Vec::new();
    for nth in 0..4 {
        made.push(raise(&client, &format!("T{nth}"), "LOW", "BUG").await);
    }
    let (_, first) = client.get("/api/tickets/?page_size=2").await;
    assert_eq!(of(&first), [made[3], made[2]]);
    raise(&client, "New", "LOW", "BUG").await;
    does(&client, made[1], "cancel", json!({"reason": "Raised twice"})).await;
    let next = first["next"].as_str().expect("a link");
    assert!(next.starts_with(&app.url("/api/tickets/?")), "{next}");
    let (_, second) = client.get(next.strip_prefix(&app.url("")).expect("our origin")).await;
    assert_eq!(of(&second), [made[1], made[0]]);
    assert_eq!(second["next"], Value::Null);
    app.end().await;
}

async fn a_query_that_makes_no_sense_is_told_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client1", Role::Client).await;
    raise(&client, "A", "LOW", "BUG").await;
    raise(&client, "B", "LOW", "BUG").await;
    let (_, page) = client.get("/api/tickets/?page_size=1").await;
    let next = page["next"].as_str().expect("a link");
    let cursor = next.split_once("cursor=").expect("a cursor").1;
    let other_order = format!("sort=priority&cursor={cursor}");
    for (query, field) in [
        ("status=OPEN", "status"),
        ("status=new", "status"),
        ("priority=URGENT", "priority"),
        ("category=,", "category"),
        ("kind=ORDER", "kind"),
        ("assigned_to=x", "assigned_to"),
        ("created_by=99999999999999999999", "created_by"),
        ("overdue=perhaps", "overdue"),
        ("sort=title", "sort"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=99999999999999999999", "page_size"),
        ("cursor=x", "cursor"),
        ("count=maybe", "count"),
        (&other_order, "cursor"),
    ] {
        let (status, problem) = client.get(&format!("/api/tickets/?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {problem}");
        assert!(problem["errors"][field].is_array(), "{query}: {problem}");
    }
    let (_, problem) = client.get("/api/tickets/?status=OPEN&sort=title").await;
    assert_eq!(problem["errors"].as_object().map(serde_json::Map::len), Some(2), "all at once");
    app.end().await;
}

async fn words_are_found_in_any_case_and_signs_are_signs(backend: Backend) {
    let app = TestApp::start(backend).await;
    let client = app.user("client1", Role::Client).await;
    let percent = raise(&client, "100% of carts are empty", "LOW", "BUG").await;
    let score = raise(&client, "The snake_case page", "LOW", "BUG").await;
    let plain = raise(&client, "The snakeXcase page!", "LOW", "BUG").await;
    for (query, found) in [
        ("q=100%25", vec![percent]),
        ("q=%25", vec![percent]),
        ("q=snake_case", vec![score]),
        ("q=PAGE%20the", vec![plain, score]),
        ("q=page!", vec![plain]),
        ("q=%27%3B--", vec![]),
        ("q=INC-2026", vec![plain, score, percent]),
    ] {
        assert_eq!(ids(&client, query).await, found, "{query}");
    }
    let (_, all) = client.get(&format!("/api/tickets/?q={OPERATOR}")).await;
    assert_eq!(of(&all), Vec::<i64>::new());
    app.end().await;
}
