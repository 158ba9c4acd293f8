//! What every endpoint shares: problems as answers, who may ask, paths with and without a trailing slash.

pub mod client;
pub mod contract;
pub mod cookies;
pub mod embedded;
pub mod form;
pub mod guard;
pub mod hear_out;
pub mod page;
pub mod problem;
pub mod rate_limit;
pub mod read;
pub mod refusals;
pub mod serve;
pub mod words;

pub use form::{Body, Fields, Form, Query, Said};

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The request's URI as it arrived, before a trailing slash was dropped for routing; signatures cover this one.
#[derive(Clone, Debug)]
pub struct AsReceived(pub Uri);

/// Lets the API's paths work with and without their trailing slash, without a redirect: a redirected webhook loses
/// its form. The simulator's page too is there both ways; other pages keep their slash, which relative links need.
pub fn forgive_trailing_slash(mut request: Request) -> Request {
    let received = request.uri().clone();
    let path = received.path();
    let is_forgiven = path.starts_with("/api/")
        || path.starts_with("/ws/")
        || path == "/health/"
        || path == "/metrics/"
        || path == "/simulator/";
    if is_forgiven && path.ends_with('/') {
        let trimmed = path.trim_end_matches('/');
        let rewritten = match received.query() {
            Some(query) => format!("{trimmed}?{query}"),
            None => trimmed.to_owned(),
        };
        if let Ok(path_and_query) = rewritten.parse::<PathAndQuery>() {
            let mut parts = received.clone().into_parts();
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request.extensions_mut().insert(AsReceived(received));
    request
}
