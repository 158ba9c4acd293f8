//! What people are sent: every text with how it reads on each medium, changed here by admins; and the approved templates.

mod templates;
mod text;
mod texts;
mod wrong;

use super::desk::Desk;
use super::dress::{self, Place};
use super::{ADMINS, KEEPERS};
use crate::app::App;
use crate::wording::{FALLBACK, bidi};
use axum::Router;
use axum::routing::get;

/// The pages of messages; what they cost stands with the reports.
pub(super) const TABS: &[Place] = &[
    Place::new("/messages/texts", "texts", KEEPERS),
    Place::new("/messages/templates", "templates", KEEPERS),
    Place::new("/reports/messages", "message_figures", ADMINS),
];

/// The pages below `/messages`.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/messages", get(|| async { dress::redirect(TABS[0].href) }))
        .route("/messages/texts", get(texts::list))
        .route("/messages/texts/{key}", get(text::page).post(text::change))
        .route("/messages/templates", get(templates::page))
}

/// The language that is asked for, where there is one; else the reader's own, where there are words in it.
fn language(desk: &Desk, asked: Option<&str>) -> String {
    let wording = desk.app.wording();
    let known = wording.languages();
    let wanted = [asked, Some(desk.words().language())].into_iter().flatten();
    wanted.into_iter().find(|language| known.contains(language)).unwrap_or(FALLBACK).to_owned()
}

/// For the attribute `dir` of a text in this language.
fn direction(language: &str) -> &'static str {
    if bidi::is_right_to_left(language) { "rtl" } else { "ltr" }
}
