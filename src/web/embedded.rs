//! Files out of the binary, with a tag by which a browser knows that it has them.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::EmbeddedFile;
use std::fmt::Write as _;

/// So many bytes of a file's hash make its tag.
const TAG: usize = 12;

/// How long a browser may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// It asks each time whether there is another.
    Asked,
    /// The address names the hash: another file has another address.
    ForGood,
}

/// What a file is known by.
pub fn tag(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(TAG).fold(String::new(), |mut tag, byte| {
        write!(tag, "{byte:02x}").expect("writing to a string does not fail");
        tag
    })
}

/// A file as it is sent, with what its page may load; 404 where there is none.
pub fn answer(
    file: Option<EmbeddedFile>,
    name: &str,
    policy: &'static str,
    caching: Caching,
    request: &HeaderMap,
) -> Response {
    let Some(file) = file else { return StatusCode::NOT_FOUND.into_response() };
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let etag = format!("\"{}\"", tag(&file));
    let kept = match caching {
        Caching::Asked => "no-cache",
        Caching::ForGood => "public, max-age=31536000, immutable",
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, kept),
        (header::ETAG, etag.as_str()),
    ];
    let unchanged = request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, file.data.into_owned()).into_response()
}
