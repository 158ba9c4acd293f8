//! The stylesheet, the script and the icon, out of the binary: kept by browsers for good under an address with their hash.

use crate::web::embedded::{self, Caching};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use rust_embed::RustEmbed;

/// What an icon that somebody opens by itself may do.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "assets/desk"]
struct Assets;

/// `/assets/{name}`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let is_pinned = query.is_some_and(|query| format!("/assets/{name}?{query}") == address(&name));
    let caching = if is_pinned { Caching::ForGood } else { Caching::Asked };
    embedded::answer(Assets::get(&name), &name, POLICY, caching, &headers)
}

/// The address of a file in its present form.
pub(super) fn address(name: &str) -> String {
    let tag = Assets::get(name).map(|file| embedded::tag(&file)).unwrap_or_default();
    format!("/assets/{name}?v={tag}")
}
