//! Who may ask: the admin's bearer token, and the walls around the demo.

use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

/// Proof that the asker is an admin: where this extractor runs, the bearer token was right.
///
/// Being on loopback proves nothing (a tunnel makes the whole internet loopback). Only the demo, which keeps to
/// its own data and takes requests for loopback alone, is open.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if app.settings.is_demo {
            return Ok(Self);
        }
        let Some(token) = &app.settings.admin_token else {
            return Err(Error::new(
                Kind::Unauthorized,
                "This endpoint is for admins, and no ANDON_ADMIN_TOKEN is set. Set one and send it as Authorization: Bearer.",
            ));
        };
        let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let given = given.strip_prefix("Bearer ").unwrap_or_default().trim();
        if bool::from(given.as_bytes().ct_eq(token.expose_secret().as_bytes())) {
            Ok(Self)
        } else {
            Err(Error::new(
                Kind::Unauthorized,
                "This endpoint is for admins: send ANDON_ADMIN_TOKEN as Authorization: Bearer.",
            ))
        }
    }
}

/// Keeps the demo and the simulator to this machine: a foreign `Host` or any sign of a proxy is turned away.
pub async fn loopback_only(request: Request, next: Next) -> Response {
    match stranger(request.headers()) {
        None => next.run(request).await,
        Some(why) => Error::new(Kind::Forbidden, format!("This answers on this machine only: {why}.")).into_response(),
    }
}

fn stranger(headers: &HeaderMap) -> Option<&'static str> {
    let forwarded = headers.keys().any(|name| name.as_str().starts_with("x-forwarded") || name == "forwarded");
    if forwarded {
        return Some("the request came through a proxy");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let is_ours = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    (!is_ours).then_some("the request names another host")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn the_demo_knows_its_own_host_and_no_proxy() {
        let table = [
            ("host", "127.0.0.1:8000", true),
            ("host", "localhost", true),
            ("host", "[::1]:8000", true),
            ("host", "plant.example", false),
            ("host", "127.0.0.1.plant.example:8000", false),
            ("x-forwarded-for", "127.0.0.1", false),
            ("forwarded", "for=127.0.0.1", false),
        ];
        for (name, value, welcome) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8000"));
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(stranger(&headers).is_none(), welcome, "{name}: {value}");
        }
    }
}
