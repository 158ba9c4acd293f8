//! The desk: no endpoint sends a number of statements that grows with its rows, nor does a set of people who chat.

use super::{Fact, Statements, are_level, take};
use crate::notifications::raise_many;
use crate::support::app::{TestApp, number};
use crate::support::databases::Backend;
use crate::support::user::User;
use andon::catalog::NOTICES;
use andon::channels::{Inbound, Medium};
use andon::notify;
use andon::people::Role;
use andon::people::store::{NewPerson, register};
use andon::tickets::{self, Action, Key, Viewer, Wish};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::StatusCode;
use serde_json::json;

/// How many rows a page or a ticket has.
const SIZES: [usize; 3] = [1, 5, 20];
/// The most rows.
const MOST: usize = 20;
/// How many people chat at once: what is handed in together is one set where it is a power of two.
const CROWDS: [usize; 3] = [1, 4, 16];
/// What a request may cost: who asks, what they may see, the rows, and what goes with them.
const A_REQUEST: usize = 8;
/// What a set of actions upon tickets costs.
const A_SET_OF_ACTIONS: usize = 14;
/// What a set of messages costs in which everybody uses their menu.
const A_SET_OF_CHATS: usize = 30;
/// What it costs to tell everybody of a set of events who is reached for the first time.
const A_SET_OF_EVENTS: usize = 24;

pub(super) const FACTS: [Fact; 5] = [
    ("statements::telling_4_people_by_e_mail_costs_what_telling_16_costs", |backend, statements| {
        Box::pin(telling(backend, statements))
    }),
    ("statements::a_page_of_1_costs_what_a_page_of_20_costs", |backend, statements| {
        Box::pin(pages(backend, statements))
    }),
    ("statements::a_ticket_with_1_comment_costs_what_one_with_20_costs", |backend, statements| {
        Box::pin(a_ticket(backend, statements))
    }),
    ("statements::acting_on_1_ticket_costs_what_acting_on_20_costs", |backend, statements| {
        Box::pin(acting(backend, statements))
    }),
    ("statements::the_desk_in_chat_costs_the_same_for_4_and_for_16", |backend, statements| {
        Box::pin(chatting(backend, statements))
    }),
];

async fn raise(client: &User, title: &str) -> i64 {
    let body = json!({
        "project_name": "Web shop", "title": title, "description": "As it says", "priority": "HIGH", "category": "BUG",
    });
    let (status, ticket) = client.post("/api/tickets/", body).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    ticket["id"].as_i64().expect("an id")
}

async fn does(user: &User, id: i64, action: &str, body: serde_json::Value) {
    let (status, done) = user.post(&format!("/api/tickets/{id}/{action}/"), body).await;
    assert!(status.is_success(), "{action}: {done}");
}

/// What a GET costs once it has been made before: the first gives the log's events their places.
async fn cost(statements: &Statements, user: &User, path: &str) -> (usize, serde_json::Value) {
    user.get(path).await;
    let (cost, (status, answer)) = statements.of(user.get(path)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    (cost, answer)
}

async fn pages(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let support = app.user("dev1", Role::Support).await;
    let supervisor = app.user("super1", Role::Supervisor).await;
    // One more than a page has, so that no order runs out of rows on the way.
    for nth in 0..=MOST {
        app.user(&format!("somebody{nth}"), Role::Operator).await;
        let id = raise(&client, &format!("Number {nth}")).await;
        does(&admin, id, "assign", json!({"assigned_to": support.id})).await;
        let shift =
            json!({"person": support.id, "starts_at": format!("2026-02-01T06:{nth:02}:00Z"), "machine": "MACH-001"});
        assert_eq!(admin.post("/api/shifts/", shift).await.0, StatusCode::CREATED);
    }
    let plan =
        json!({"number": "PM-1", "machine": "MACH-001", "title": "Oil", "every_days": 30, "next_on": "2026-03-01"});
    assert_eq!(admin.post("/api/maintenance_plans/", plan).await.0, StatusCode::CREATED);
    app.settle().await;
    let lists: [(&User, &str, usize); 19] = [
        (&admin, "/api/tickets/?", MOST),
        (&client, "/api/tickets/?", MOST),
        (&support, "/api/tickets/?", MOST),
        (&supervisor, "/api/tickets/?", 1),
        (&admin, "/api/tickets/?sort=-priority&kind=INCIDENT&", MOST),
        (&admin, "/api/tickets/?status=OPENED&q=number&assigned_to=1&count=true&", 0),
        (&admin, "/api/users/?", MOST),
        (&admin, "/api/events/?", MOST),
        (&admin, "/api/notifications/?", MOST),
        (&client, "/api/notifications/unread/?", MOST),
        (&support, "/api/notifications/?notification_type=SYSTEM&", MOST),
        (&admin, "/api/orders/?", 1),
        (&admin, "/api/machines/?", 1),
        (&admin, "/api/shifts/?", MOST),
        (&admin, "/api/maintenance_plans/?", 1),
        (&admin, "/api/boms/?", 1),
        (&admin, "/api/sop_failures/?", 1),
        (&admin, "/api/profiles/?", 1),
        (&admin, "/api/users/by_role/?role=SUPPORT&", 1),
    ];
    for (user, path, fewest) in lists {
        let mut costs = Vec::new();
        for size in SIZES {
            let (cost, answer) = cost(&statements, user, &format!("{path}page_size={size}")).await;
            let rows = answer["results"].as_array().or(answer.as_array()).expect("a list").len();
            assert!(rows >= size.min(fewest), "{path} has {rows}");
            costs.push(cost);
        }
        let bound = A_REQUEST;
        assert!(
            costs.iter().all(|cost| *cost == costs[0] && *cost <= bound),
            "{path} on {backend}: {costs:?} statements, and {bound} at most"
        );
    }
    app.end().await;
}

async fn a_ticket(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let id = raise(&client, "The checkout shows an error").await;
    let mut costs = [const { Vec::new() }; 3];
    let mut there = 0;
    for size in SIZES {
        for nth in there..size {
            let by = if nth % 2 == 0 { &client } else { &admin };
            does(by, id, "add_comment", json!({"comment": format!("Comment {nth}")})).await;
            let text = BASE64.encode(format!("Note {nth}"));
            does(by, id, "add_attachment", json!({"file_data": text, "filename": format!("{nth}.txt")})).await;
        }
        there = size;
        for (costs, part) in costs.iter_mut().zip(["", "history/", "get_attachments/"]) {
            let (cost, answer) = cost(&statements, &client, &format!("/api/tickets/{id}/{part}")).await;
            let rows = answer["attachments"].as_array().or(answer.as_array()).expect("a list").len();
            assert!(rows >= size, "{part} has {rows}");
            costs.push(cost);
        }
    }
    for (costs, what) in costs.iter().zip(["a ticket", "its history", "its attachments"]) {
        are_level(&format!("{what} on {backend}"), costs, A_REQUEST);
        assert_eq!(costs[0], costs[1], "{what} on {backend}: one line costs what five cost");
    }
    app.end().await;
}

async fn acting(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let (one, two) = (app.user("dev1", Role::Support).await, app.user("dev2", Role::Support).await);
    let viewer = Viewer { person_id: admin.id, role: Some(Role::Admin), department: None, open_access: false };
    let assign = |people: Vec<i64>| Action::Assign { people, resolution_due_at: None, estimate: None };
    let steps = [
        assign(vec![one.id]),
        assign(vec![two.id, one.id]),
        assign(vec![two.id]),
        Action::Comment { comment: "A word".to_owned() },
        Action::Cancel { reason: "Given up".to_owned() },
    ];
    let mut costs = [const { Vec::new() }; 5];
    for size in SIZES {
        let mut ids = Vec::new();
        for nth in 0..size {
            ids.push(raise(&client, &format!("{nth} of {size}")).await);
        }
        for (costs, action) in costs.iter_mut().zip(&steps) {
            let (viewer, ids, wanted) = (viewer.clone(), ids.clone(), action.clone());
            let acting = app.server.app.db.write(move |tx| {
                let (viewer, ids, action) = (viewer.clone(), ids.clone(), wanted.clone());
                Box::pin(async move {
                    let wish = |id: &i64| Wish { viewer: &viewer, key: Key::Id(*id), action: &action, version: None };
                    tickets::act_all(tx, &ids.iter().map(wish).collect::<Vec<_>>(), andon::catalog::FOLLOWERS).await
                })
            });
            let (cost, done) = statements.of(acting).await;
            assert!(done.expect("the database answers").iter().all(Result::is_ok), "{action:?}");
            costs.push(cost);
        }
    }
    for (costs, action) in costs.iter().zip(&steps) {
        are_level(&format!("{action:?} on {backend}"), costs, A_SET_OF_ACTIONS);
        assert_eq!(costs[0], costs[1], "{action:?} on {backend}: one costs what five cost");
    }
    app.end().await;
}

fn phone(role: usize, size: usize, nth: usize) -> String {
    format!("+447700{}", 900_000 + role * 1_000 + size * 30 + nth)
}

fn message(from: &str, text: &str) -> Inbound {
    Inbound {
        channel: "twilio",
        provider_id: format!("SM{}", andon::kit::token::fresh()),
        medium: Medium::Whatsapp,
        from: number(from).into(),
        to: None,
        text: text.to_owned(),
        kind: "text".to_owned(),
        media: Vec::new(),
        tapped: None,
        reply_to: None,
        profile_name: None,
        user_id: None,
        place: None,
        sent_at: None,
    }
}

/// Tickets of which more and more admins are told by e-mail, most of them for the first time.
async fn telling(backend: Backend, statements: Statements) {
    let app = TestApp::with(backend, &[("EMAIL_FROM", "andon@example.com")]).await;
    let client = app.user("client", Role::Client).await;
    let (mut admins, mut costs) = (0, Vec::new());
    for size in CROWDS {
        for nth in admins..size {
            app.user(&format!("boss{nth}"), Role::Admin).await;
        }
        admins = size;
        raise_many(&app, client.id, 3).await;
        let (cost, told) = statements.of(notify::once(&app.server.app, NOTICES)).await;
        assert_eq!(told.expect("told"), 3);
        app.settle().await;
        costs.push(cost);
    }
    assert_eq!(app.simulator().letters().len(), 3 * (1 + 4 + 16));
    are_level(&format!("telling people on {backend}"), &costs, A_SET_OF_EVENTS);
    app.end().await;
}

async fn chatting(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let mut costs: Vec<(&str, Vec<usize>)> = Vec::new();
    for size in CROWDS {
        let people = (0..size).flat_map(|nth| {
            [(0, Role::Client), (1, Role::Support)].map(|(place, role)| NewPerson {
                name: format!("{role:?} {nth} of {size}"),
                role,
                department: None,
                language: None,
                whatsapp: number(&phone(place, size, nth)),
            })
        });
        let people: Vec<NewPerson> = people.collect();
        let registering = app.server.app.db.write(move |tx| {
            let people = people.clone();
            Box::pin(async move { register(tx, &people).await })
        });
        registering.await.expect("they are registered");
        let mut nth_step = 0;
        let mut say = async |place: usize, text: &'static str| {
            let all = (0..size).map(|nth| message(&phone(place, size, nth), text)).collect();
            let cost = take(&app, &statements, all).await;
            match costs.get_mut(nth_step) {
                Some((_, costs)) => costs.push(cost),
                None => costs.push((text, vec![cost])),
            }
            nth_step += 1;
        };
        for text in ["raise an incident", "Checkout", "An error", "Web shop", "bug", "high", "my tickets", "1", "hi"] {
            say(0, text).await;
        }
        let title = format!("Support 0 of {size}");
        let rows = app.rows("SELECT id, name FROM people WHERE role = 'SUPPORT' ORDER BY id DESC").await;
        let support: Vec<i64> = rows.iter().take(size).map(|row| row.try_get("", "id").expect("an id")).collect();
        assert_eq!(rows[size - 1].try_get::<String>("", "name").expect("a name"), title);
        let (_, list) = admin.get(&format!("/api/tickets/?kind=INCIDENT&status=NEW&page_size={size}")).await;
        let raised = list["results"].as_array().expect("a list");
        assert_eq!(raised.len(), size, "{list}");
        for (ticket, person) in raised.iter().zip(&support) {
            does(&admin, ticket["id"].as_i64().expect("an id"), "assign", json!({"assigned_to": person})).await;
        }
        for text in ["start work", "1", "put on hold", "1", "A part is missing", "resume work", "1"] {
            say(1, text).await;
        }
        for text in ["finish work", "1", "It works again"] {
            say(1, text).await;
        }
        for text in ["reject", "1", "Not yet", "add a comment", "1", "Any news?"] {
            say(0, text).await;
        }
        let (_, list) = admin.get("/api/tickets/?kind=INCIDENT&status=RESOLVED").await;
        assert_eq!(list["results"].as_array().map(Vec::len), Some(0), "all were rejected: {list}");
    }
    for (text, costs) in &costs {
        are_level(&format!("{text:?} on {backend}"), costs, A_SET_OF_CHATS);
    }
    app.end().await;
}
