//! Reports: what happened in a stretch of days, compared with as many days before, as plots with the numbers under them.
//!
//! All of it is added up from rows by day ([`crate::figures`]); a page asks a fixed number of statements, however long the
//! stretch. A supervisor sees what their department answers for; messages, conversations and their cost are an admin's.

mod chats;
mod hours;
mod messages;
pub(super) mod range;
mod promises;
pub(super) mod sheet;
mod tickets;
mod times;

use super::desk::Desk;
use super::dress::Place;
use super::words::Words;
use super::{ADMINS, KEEPERS};
use crate::app::App;
use crate::figures::model::day_of;
use crate::figures::reading::Scope;
use axum::Router;
use axum::routing::get;
use range::Range;
use serde_json::json;

/// The pages of the reports.
pub(super) const TABS: &[Place] = &[
    Place::new("/reports", "report_tickets", KEEPERS),
    Place::new("/reports/times", "report_times", KEEPERS),
    Place::new("/reports/sla", "report_sla", KEEPERS),
    Place::new("/reports/hours", "report_hours", KEEPERS),
    Place::new("/reports/messages", "report_messages", ADMINS),
    Place::new("/reports/chats", "report_chats", ADMINS),
];

/// The pages below `/reports`.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/reports", get(tickets::page))
        .route("/reports/times", get(times::page))
        .route("/reports/sla", get(promises::page))
        .route("/reports/hours", get(hours::page))
        .route("/reports/messages", get(messages::page))
        .route("/reports/chats", get(chats::page))
}

/// What is asked for, and what its reader may see of it.
pub(super) fn asked(desk: &Desk, here: &'static str) -> (Range, Scope) {
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let today = day_of(desk.now, desk.app.settings.timezone);
    (Range::of(desk.words(), here, query, today), Scope::of(desk.actor()))
}

/// The words of a plot that shows the same as its table.
fn in_table(words: &Words) -> String {
    words.w("report.in_table")
}

/// How a head is called for the time before.
pub(super) fn before(words: &Words, head: &str) -> String {
    words.fill("report.before", &json!({ "what": head }))
}
