//! The desk in the browser, as a browser asks for it.

pub(crate) mod bom_walked;
pub(crate) mod counted;
pub(crate) mod door;
pub(crate) mod factor;
pub(crate) mod floor;
pub(crate) mod floor_files;
pub(crate) mod floor_boms;
pub(crate) mod floor_calendar;
pub(crate) mod floor_furnished;
pub(crate) mod floor_sops;
pub(crate) mod floor_walked;
pub(crate) mod forged;
pub(crate) mod frame;
pub(crate) mod furnished;
pub(crate) mod hands;
pub(crate) mod harmless;
pub(crate) mod labels;
pub(crate) mod lists;
pub(crate) mod hooks;
pub(crate) mod inbox;
pub(crate) mod inbox_beside;
pub(crate) mod inbox_foes;
pub(crate) mod inbox_walked;
pub(crate) mod log;
pub(crate) mod looked;
pub(crate) mod meanwhile;
pub(crate) mod mended;
pub(crate) mod messages;
pub(crate) mod own;
pub(crate) mod people;
pub(crate) mod plotted;
pub(crate) mod prompt;
pub(crate) mod reports;
pub(crate) mod rules;
pub(crate) mod seen_by;
pub(crate) mod settings;
pub(crate) mod ticket;
pub(crate) mod undone;
pub(crate) mod walked;
pub(crate) mod walls;
pub(crate) mod walls_walked;

use crate::support::app::TestApp;
use crate::support::user::User;
use crate::support::window::Window;
use andon::people::Role;

/// An admin, a client and a support person, each with a window, and a ticket of the client's.
pub(crate) struct Stage {
    pub(crate) app: TestApp,
    pub(crate) admin: (User, Window),
    pub(crate) client: (User, Window),
    pub(crate) support: (User, Window),
    pub(crate) ticket: i64,
}

impl Stage {
    pub(crate) async fn set(backend: crate::support::databases::Backend) -> Self {
        let app = TestApp::start(backend).await;
        let admin = app.at_a_window("boss", Role::Admin).await;
        let client = app.at_a_window("client1", Role::Client).await;
        let support = app.at_a_window("dev1", Role::Support).await;
        let (_, raised) = client.0.post("/api/tickets/", crate::tickets::incident()).await;
        let ticket = raised["id"].as_i64().expect("a ticket");
        Self { app, admin, client, support, ticket }
    }
}
