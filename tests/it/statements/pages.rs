//! The pages: none sends a number of statements that grows with its rows.

use super::{Fact, Statements};
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::json;

/// What a page may cost: who looks, the rows, and what goes with them.
const A_LIST: usize = 11;
/// One's own page: six lists and facts beside one another.
const ONES_OWN: usize = 13;
/// A ticket: itself, its people, history and files, who was told, and whom it can be given to.
const A_TICKET: usize = 15;
/// Now: four lists of tickets from each place where somebody may see some, and three others.
const AT_ONE_LOOK: usize = 42;
/// The inbox: who looks, the number in the header, the conversations, and what goes with them.
const AN_INBOX: usize = 14;
/// One conversation: itself three times over, its transcript, whom it can be given to, and tickets.
const A_CONVERSATION: usize = 26;
/// How many rows there are.
const SIZES: [usize; 3] = [1, 5, 20];

pub(super) const FACTS: [Fact; 1] =
    [("statements::a_page_of_1_ticket_costs_what_a_page_of_20_costs", |backend, statements| {
        Box::pin(pages(backend, statements))
    })];

async fn pages(backend: Backend, statements: Statements) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
    let support = app.user("dev1", Role::Support).await;
    app.user("super1", Role::Supervisor).await;
    let mut windows = Vec::new();
    for name in ["boss", "client1", "dev1", "super1"] {
        windows.push((name, Window::of(&app, name).await));
    }
    let mut costs: std::collections::BTreeMap<(String, usize), Vec<usize>> = std::collections::BTreeMap::new();
    app.says("+447700900899", "hi").await;
    let writer = crate::pages::inbox::person(&app, "+447700900899").await;
    let (mut there, mut first) = (0, 0);
    for size in SIZES {
        for nth in there..size {
            let body = json!({"project_name": "Shop", "title": format!("Number {nth}"), "description": "As it says",
                "priority": "HIGH", "category": "BUG"});
            let (_, ticket) = client.post("/api/tickets/", body).await;
            let id = ticket["id"].as_i64().expect("an id");
            first = if nth == 0 { id } else { first };
            admin.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": support.id})).await;
            admin.post(&format!("/api/tickets/{first}/add_comment/"), json!({"comment": format!("Word {nth}")})).await;
            let file = json!({"file_data": "SGVsbG8h", "filename": format!("{nth}.txt")});
            client.post(&format!("/api/tickets/{first}/add_attachment/"), file).await;
            client.post("/api/tokens/", json!({"name": format!("Token {nth}"), "scope": "read"})).await;
        }
        for nth in there..size {
            app.says(&format!("+4477009008{nth:02}"), "hi").await;
            app.says("+447700900899", "hi").await;
        }
        there = size;
        app.settle().await;
        for (who, window) in &windows {
            let ticket = format!("/tickets/{first}");
            let conversation = format!("/inbox/{writer}");
            for (path, bound) in [
                ("/now", AT_ONE_LOOK),
                ("/notifications", A_LIST),
                ("/tickets", A_LIST),
                ("/tickets/board", A_LIST),
                ("/profile", ONES_OWN),
                (&ticket, A_TICKET),
                ("/inbox", AN_INBOX),
                (&conversation, A_CONVERSATION),
            ] {
                if (*who != "boss" && path.starts_with("/inbox"))
                    || (*who == "super1" && path == ticket)
                    || (!["boss", "super1"].contains(who) && path.starts_with("/people"))
                {
                    continue;
                }
                window.get(path).await;
                let (cost, seen) = statements.of(window.get(path)).await;
                assert_eq!(seen.status, StatusCode::OK, "{path}");
                costs.entry((format!("{path} for {who}"), bound)).or_default().push(cost);
            }
        }
    }
    for ((page, bound), costs) in costs {
        let is_level = costs.iter().all(|cost| *cost == costs[0]) && costs[0] <= bound;
        assert!(is_level, "{page} on {backend}: {costs:?} statements, and {bound} at most");
    }
    app.end().await;
}
