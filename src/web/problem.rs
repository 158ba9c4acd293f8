//! The one place where an [`Error`] becomes an HTTP answer: `application/problem+json` (RFC 9457).
//!
//! The public text goes out, the private cause goes to the log, once. `error` repeats the text for clients
//! written for older desks.

use super::refusals::PROBLEM_TYPE;
use crate::kit::Error;
use crate::kit::error::{Fields, Kind};
use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;
use utoipa::ToSchema;

/// When a request that had to be put off may be sent again.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// How many requests that were put off are told to the log a minute.
const TOLD_A_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("twenty is not zero");
static TOLD: LazyLock<DefaultDirectRateLimiter> =
    LazyLock::new(|| RateLimiter::direct(Quota::per_minute(TOLD_A_MINUTE)));

/// What a refused request is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What is wrong and what to do about it.
    #[schema(example = "There is no such ticket among those you may see. Please check its number.")]
    detail: String,
    /// The same as `detail`, under the name older clients read.
    #[schema(example = "There is no such ticket among those you may see. Please check its number.")]
    error: String,
    /// What is wrong with each field, where fields are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = json!({"title": ["must not be empty"]}), value_type = BTreeMap<String, Vec<String>>)]
    errors: Option<Box<Fields>>,
    /// What else an answer of this kind says.
    #[serde(flatten)]
    #[schema(ignore)]
    members: Option<Box<Map<String, Value>>>,
}

impl Problem {
    /// The answer with this status, and what is wrong and what to do about it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let title = status.canonical_reason().unwrap_or("Error");
        let error = detail.clone();
        Self { kind: "about:blank", title, status: status.as_u16(), error, detail, errors: None, members: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_TYPE));
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status(self.kind());
        match self.kind() {
            Kind::Internal => tracing::error!(cause = self.private(), "a request failed by our own fault"),
            // An outage under load would fill the log with one sentence.
            Kind::Unavailable if TOLD.check().is_err() => tracing::debug!("another request had to be put off"),
            Kind::Unavailable => tracing::warn!(cause = self.private(), "a request had to be put off: {self}"),
            // The text may hold a phone number that the caller sent.
            _ => tracing::debug!(status = status.as_u16(), "a request was refused"),
        }
        let mut problem = Problem::new(status, self.public());
        if let Some(details) = self.details() {
            problem.errors = (!details.fields.is_empty()).then(|| Box::new(details.fields.clone()));
            problem.members = (!details.members.is_empty()).then(|| Box::new(details.members.clone()));
        }
        let mut response = problem.into_response();
        let wait = self.details().and_then(|details| details.retry_after);
        let wait = wait.or_else(|| (self.kind() == Kind::Unavailable).then_some(TRY_AGAIN));
        if let Some(wait) = wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.kind() == Kind::Unauthorized {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
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

/// The HTTP status of a failure.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::BadRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Outdated => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnknownForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
