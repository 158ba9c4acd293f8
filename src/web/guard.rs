//! Who may ask: the admin's bearer token, and the walls around the demo.

use super::cookies;
use crate::app::App;
use crate::kit::Error;
use crate::kit::error::Kind;
use crate::proof::Access;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use url::Url;

/// The names under which a machine reaches itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether a request with these headers comes from an admin; in the demo everybody is one.
pub fn is_admin(app: &App, headers: &HeaderMap) -> bool {
    app.settings.is_demo || app.settings.admin_token.as_ref().is_some_and(|token| carries(headers, token))
}

/// Whether a request with these headers comes from somebody who proved who they are at some time: an admin, or one
/// with a token that we made. Whether it still holds is asked later.
pub fn is_known(app: &App, headers: &HeaderMap) -> bool {
    let holds = |access: Access| access.holds(app.clock.now());
    let signer = &app.proof.signer;
    let is_ours = |token: &str| signer.made(token) || signer.read::<Access>(token).is_some_and(holds);
    let has_our_cookie = || cookies::session(headers).is_some_and(|cookie| signer.made(cookie));
    is_admin(app, headers) || bearer_of(headers).is_some_and(is_ours) || has_our_cookie()
}

/// Whether a request carries this token as bearer; compared in constant time.
pub fn carries(headers: &HeaderMap, token: &SecretString) -> bool {
    bearer_of(headers).unwrap_or_default().as_bytes().ct_eq(token.expose_secret().as_bytes()).into()
}

/// The bearer token of a request.
pub fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    bearer(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// The token of an `Authorization` header. The scheme's name is read in any case (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Keeps the demo and the simulator to this machine: a foreign `Host`, any sign of a proxy, and what a page from
/// elsewhere asks for in somebody's browser are turned away. A link on such a page may still be followed.
pub async fn loopback_only(request: Request, next: Next) -> Response {
    match stranger(request.method(), request.headers()) {
        None => next.run(request).await,
        Some(why) => Error::new(Kind::Forbidden, format!("This answers on this machine only: {why}.")).into_response(),
    }
}

fn stranger(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let forwarded = headers.keys().any(|name| name.as_str().starts_with("x-forwarded") || name == "forwarded");
    if forwarded {
        return Some("the request came through a proxy");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    if !is_loopback(name) {
        return Some("the request names another host");
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let origin_is_ours = headers.get(ORIGIN).is_none_or(|origin| origin.to_str().is_ok_and(is_loopback_origin));
    // Following a link is a GET for a whole page, not one of a frame or a script.
    let follows_a_link = method == Method::GET && text("sec-fetch-dest") == Some("document");
    let is_foreign = text("sec-fetch-site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site"));
    let from_elsewhere = !origin_is_ours || (is_foreign && !follows_a_link);
    from_elsewhere.then_some("the request comes from a page of another site")
}

fn is_loopback(host: &str) -> bool {
    LOOPBACK.iter().any(|ours| ours.eq_ignore_ascii_case(host))
}

fn is_loopback_origin(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|origin| origin.host_str().is_some_and(is_loopback))
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
            ("host", "LOCALHOST:8000", true),
            ("host", "LocalHost", true),
            ("host", "localhost.plant.example", false),
            ("origin", "http://127.0.0.1:8000", true),
            ("origin", "http://localhost:3000", true),
            ("origin", "http://[::1]:8000", true),
            ("origin", "https://plant.example", false),
            ("origin", "http://localhost.plant.example", false),
            ("origin", "http://localhost@plant.example", false),
            ("origin", "null", false),
            ("origin", "", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "cross-site", false),
        ];
        for (name, value, welcome) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8000"));
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(stranger(&Method::POST, &headers).is_none(), welcome, "{name}: {value}");
        }
    }

    #[test]
    fn a_link_on_another_page_may_be_followed_and_nothing_more() {
        for (method, destination, welcome) in [
            (Method::GET, "document", true),
            (Method::GET, "iframe", false),
            (Method::GET, "empty", false),
            (Method::POST, "document", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8000"));
            headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
            headers.insert("sec-fetch-dest", HeaderValue::from_static(destination));
            assert_eq!(stranger(&method, &headers).is_none(), welcome, "{method} {destination}");
        }
    }

    #[test]
    fn the_scheme_of_a_token_is_read_in_any_case() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("BEARER   abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearerabc", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), token, "{header}");
        }
    }
}
