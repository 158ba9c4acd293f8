//! Where papers are fetched: `GET /files/{token}`, by an address that is proof enough. It is for the providers and for who
//! was sent one, so it is no part of the contract.

use super::Drawn;
use crate::app::App;
use crate::kit::Result;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The one endpoint of papers.
pub fn routes() -> Router<App> {
    Router::new().route("/files/{token}", get(fetch))
}

async fn fetch(State(app): State<App>, token: Result<Path<String>, PathRejection>) -> Result<Response> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let Drawn { content_type, name, bytes } = super::draw(&app, &token).await?;
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
