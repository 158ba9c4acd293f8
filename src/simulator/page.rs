//! The phone in the browser: one page, a stylesheet and a script, out of the binary.
//!
//! The page loads nothing from elsewhere and runs no inline script; its policy says so to the browser.

use super::Simulator;
use crate::web::embedded::{self, Caching};
use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use rust_embed::RustEmbed;

/// What the page may load: its own files, and pictures it has just been given.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "assets/simulator"]
struct Assets;

/// The routes: the page itself and `/assets/…`.
pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| asset("index.html", &headers)))
        .route("/assets/{name}", get(async |Path(name): Path<String>, headers: HeaderMap| asset(&name, &headers)))
}

fn asset(name: &str, request: &HeaderMap) -> Response {
    embedded::answer(Assets::get(name), name, POLICY, Caching::Asked, request)
}
