//! A desk with as much on it as a plant's: what its pages look like is looked at with this.

use super::inbox::person;
use crate::attachments::PNG;
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::user::User;
use andon::people::Role;
use andon::simulator::{Enclosure, Incoming};
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
    /// Whose conversation the desk has.
    talks: i64,
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
        Self { dev, waiting, first, talks: conversations(app, &admin).await }
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
            ("inbox", "/inbox".to_owned()),
            ("conversation", format!("/inbox/{}", self.talks)),
            ("replies", "/inbox/replies".to_owned()),
            ("merge", format!("/inbox/{}/merge", self.talks)),
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

/// Two conversations, one of a stranger, one that the desk has taken over, with a picture and a note. Answers with whose
/// that is.
async fn conversations(app: &TestApp, admin: &User) -> i64 {
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: PNG.to_vec() };
    let says = |text: &str| Incoming::text(&number(OPERATOR), text);
    for text in
        ["hi", "1", "ORD-12345", "A_very_long_word_without_any_blank_in_it_that_would_break_a_narrow_page_apart"]
    {
        app.simulator().send(says(text)).await;
    }
    app.simulator().send(Incoming { media: vec![photo], ..says("") }).await;
    let name = Some("Somebody with a rather long name of their own, as WhatsApp has it".to_owned());
    let stranger = Incoming::text(&number(STRANGER), "مرحبا، الماكينة رقم ٧ لا تعمل منذ الصباح");
    app.simulator().send(Incoming { profile_name: name, ..stranger }).await;
    let talks = person(app, OPERATOR).await;
    for (what, body) in [
        ("take_over", json!({})),
        ("notes", json!({"text": "Known for being exact.\nAsk for the batch."})),
        ("messages", json!({"text": "We are looking into it."})),
    ] {
        let (status, told) = admin.post(&format!("/api/conversations/{talks}/{what}/"), body).await;
        assert!(status.is_success(), "{what}: {told}");
    }
    talks
}
