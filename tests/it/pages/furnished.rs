//! A desk with as much on it as a plant's: what its pages look like is looked at with this.

use crate::support::app::TestApp;
use crate::support::user::User;
use andon::people::Role;
use serde_json::json;

/// A picture of one point.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const TITLES: [&str; 4] = [
    "The checkout shows an error after paying by card, and the order is there twice",
    "Label printer in hall 2 prints blank labels",
    "Reports of last month cannot be opened",
    "A_very_long_name_without_any_blank_in_it_that_would_break_a_narrow_page_apart_if_it_were_not_wrapped",
];

/// Those who work there, and a ticket with everything on it.
pub(crate) struct Furnished {
    pub(crate) dev: User,
    /// A ticket that waits for its client.
    pub(crate) waiting: i64,
    /// The one with everything on it.
    pub(crate) first: i64,
}

impl Furnished {
    /// An admin `boss`, a client `client1`, a support person `dev1`, and two dozen tickets.
    pub(crate) async fn on(app: &TestApp) -> Self {
        let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
        let dev = app.user("dev1", Role::Support).await;
        let mut ids = Vec::new();
        for nth in 0..24 {
            let priority = ["HIGH", "MEDIUM", "LOW"][nth % 3];
            let body = json!({"project_name": "Web shop", "title": TITLES[nth % TITLES.len()],
                "description": "Since this morning.\nIt happens with every card, on phones and computers alike.",
                "priority": priority, "category": "BUG"});
            let (_, ticket) = client.post("/api/tickets/", body).await;
            let id = ticket["id"].as_i64().expect("a ticket");
            ids.push(id);
            if nth % 2 == 0 {
                admin.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": dev.id})).await;
                dev.post(&format!("/api/tickets/{id}/start_work/"), json!({})).await;
            }
            if nth % 6 == 0 {
                dev.post(&format!("/api/tickets/{id}/hold/"), json!({"reason": "A part is missing"})).await;
            }
            if nth % 10 == 8 {
                dev.post(&format!("/api/tickets/{id}/finish_work/"), json!({"comment": "It runs again"})).await;
            }
        }
        let (first, waiting) = (ids[0], ids[8]);
        admin.post(&format!("/api/tickets/{first}/add_comment/"), json!({"comment": "The part is ordered."})).await;
        let picture = json!({"file_data": PICTURE, "filename": "photo.png"});
        client.post(&format!("/api/tickets/{first}/add_attachment/"), picture).await;
        Self { dev, waiting, first }
    }

    /// What an admin looks at: a short name, and the address.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        vec![
            ("now", "/now".to_owned()),
            ("notices", "/notifications".to_owned()),
            ("people", "/people".to_owned()),
            ("person", format!("/people/{}", self.dev.id)),
            ("list", "/tickets".to_owned()),
            ("board", "/tickets/board".to_owned()),
            ("ticket", format!("/tickets/{}", self.first)),
            ("new", "/tickets/new".to_owned()),
            ("new-person", "/people/new".to_owned()),
            ("profile", "/profile".to_owned()),
            ("nowhere", "/nowhere".to_owned()),
        ]
    }

    /// What a client and a support person look at besides.
    pub(crate) fn theirs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("now", "/now".to_owned()),
            ("list", "/tickets".to_owned()),
            ("waiting", format!("/tickets/{}", self.waiting)),
            ("ticket", format!("/tickets/{}", self.first)),
            ("notices", "/notifications".to_owned()),
        ]
    }
}
