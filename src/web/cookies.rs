//! The cookies of a request.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// The cookie of somebody who is signed in, where the desk is reached by https: no other host and no plain connection
/// can set one of this name. **Source**: RFC 6265bis, 4.1.3.2.
pub const SESSION_BEHIND_TLS: &str = "__Host-andon";
/// The same on a plain connection.
pub const SESSION: &str = "andon";

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The cookie of somebody who is signed in, on whichever connection.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_BEHIND_TLS).or_else(|| cookie(headers, SESSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; andon=two;b=3".parse().expect("a header"));
        headers.append(COOKIE, "c=4=4".parse().expect("a header"));
        for (name, value) in
            [("a", Some("1")), ("andon", Some("two")), ("b", Some("3")), ("c", Some("4=4")), ("d", None)]
        {
            assert_eq!(cookie(&headers, name), value, "{name}");
        }
        assert_eq!(session(&headers), Some("two"));
    }
}
