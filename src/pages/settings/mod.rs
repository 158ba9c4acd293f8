//! How Andon runs, for admins: the state of its channels, the rules it goes by, who else is told, what happened, and the
//! system itself.

mod audit;
mod rules;
mod running;
mod state;
mod system;
mod webhooks;

use super::dress::{self, Place};
use crate::app::App;
use crate::people::Role;
use axum::Router;
use axum::routing::{get, post};

/// Who runs it.
pub(super) const ADMINS: &[Role] = &[Role::Admin];

/// The pages of the settings.
pub(super) const TABS: &[Place] = &[
    Place::new("/settings/state", "state", ADMINS),
    Place::new("/settings/rules", "rules", ADMINS),
    Place::new("/settings/webhooks", "webhooks", ADMINS),
    Place::new("/settings/audit", "audit", ADMINS),
    Place::new("/settings/system", "system", ADMINS),
];

/// The pages below `/settings`.
pub(super) fn routes(kinds: &'static [&'static str]) -> Router<App> {
    Router::new()
        .route("/settings", get(|| async { dress::redirect(TABS[0].href) }))
        .route("/settings/state", get(state::page))
        .route("/settings/audit", get(audit::page))
        .route("/settings/rules", get(rules::page))
        .route("/settings/rules/{name}", post(rules::change))
        .route("/settings/rules/{name}/put-back", post(rules::put_back))
        .merge(webhooks::routes(kinds))
        .route("/settings/system", get(system::page))
        .route("/settings/system/{chore}", post(system::ask))
}
