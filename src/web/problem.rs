//! The one place where an [`Error`] becomes an HTTP answer: `application/problem+json` (RFC 9457).
//!
//! The public text goes out, the private cause goes to the log, once. `error` repeats the text for clients
//! written for older desks.

use crate::kit::Error;
use crate::kit::error::Kind;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What a refused request is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do about it.
    detail: String,
    /// The same as `detail`, under the name older clients read.
    error: String,
}

impl Problem {
    /// The answer with this status, and what is wrong and what to do about it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind: "about:blank", title, status: status.as_u16(), error: detail.clone(), detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status(self.kind());
        match self.kind() {
            Kind::Internal => tracing::error!(cause = self.private(), "a request failed by our own fault"),
            Kind::Unavailable => tracing::warn!(cause = self.private(), "a request had to be put off: {self}"),
            // The text may hold a phone number that the caller sent.
            _ => tracing::debug!(status = status.as_u16(), "a request was refused"),
        }
        let mut response = Problem::new(status, self.public()).into_response();
        match self.kind() {
            Kind::Unavailable => response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5")),
            Kind::Unauthorized => response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            _ => None,
        };
        response
    }
}

/// The answer to a path that leads nowhere.
pub async fn nowhere(uri: Uri) -> Response {
    let detail = format!("There is nothing at {}. The API is described at /docs.", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail).into_response()
}

/// The answer to a method that a path does not take.
pub async fn wrong_method() -> Response {
    let detail = "This path does not take that method. The API is described at /docs.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
}

/// The answer where a handler panicked: the log has the story.
pub fn after_panic(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Error::internal("a handler panicked").into_response()
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::BadRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Setting | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no other writer panics").write(line)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_number_in_a_refusal_stays_out_of_the_log() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let refused = Error::not_found("There is no session of +12025550101.");
        let response = tracing::subscriber::with_default(subscriber, || refused.into_response());
        let logged = String::from_utf8(log.0.lock().expect("no writer panics").clone()).expect("text");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(logged.contains("a request was refused") && !logged.contains("2025550101"), "{logged}");
    }
}
