//! A page that is one form: something is taken in, or proposed.

use super::desk::Desk;
use super::dress::{Page, shown};
use super::form::FormShown;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "one_form.html")]
struct OneForm {
    page: Page,
    title: String,
    back: (String, String),
    form: FormShown,
}

/// The page of this form; `back` is where one comes from, and what that is called.
pub(super) fn one_form(
    desk: &Desk,
    status: StatusCode,
    title: String,
    back: (impl Into<String>, String),
    form: FormShown,
) -> Response {
    let back = (back.0.into(), back.1);
    shown(status, &OneForm { page: desk.page(title.clone()), title, back, form })
}
