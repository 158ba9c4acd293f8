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
/// Orders: four statuses, what holds each, the tickets that do and who did; machines: which are down, by which tickets.
const OF_THE_FLOOR: usize = 16;
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
    let (mut order, mut machine) = (String::new(), String::new());
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
            let body = json!({"number": format!("ORD-5{nth:03}"), "customer": "A", "product": "B", "quantity_ordered": 1,
                "starts_on": "2026-01-01", "due_on": "2026-02-01"});
            let (_, made) = admin.post("/api/orders/", body).await;
            let hold = json!({"reason": "Wait"});
            admin.post(&format!("/api/orders/{}/hold/", made["id"]), hold).await;
            order = if nth == 0 { format!("/floor/orders/{}", made["id"]) } else { order };
            let body = json!({"number": format!("MACH-5{nth:02}"), "name": "Press", "department": "Forming"});
            let (_, made) = admin.post("/api/machines/", body).await;
            machine = if nth == 0 { format!("/floor/machines/{}", made["id"]) } else { machine };
            for text in ["hi", "3", &format!("MACH-5{nth:02}"), "Hydraulic", "High"] {
                app.says(crate::support::app::OPERATOR, text).await;
            }
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
                ("/floor/orders", OF_THE_FLOOR),
                ("/floor/machines", OF_THE_FLOOR),
                (&order, OF_THE_FLOOR + 8),
                (&machine, OF_THE_FLOOR + 8),
                ("/inbox", AN_INBOX),
                (&conversation, A_CONVERSATION),
            ] {
                if (*who != "boss" && path.starts_with("/inbox"))
                    || (!["boss", "super1"].contains(who) && path.starts_with("/floor"))
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
