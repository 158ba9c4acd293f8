//! Twilio's webhook signature: how it is made and how it is checked.
//!
//! The signature is base64(HMAC-SHA1(auth token, URL + sorted form)). Everything is done on bytes: nothing is
//! trimmed, and broken UTF-8 is checked as it came. Twilio is not consistent about ports, so an URL counts
//! with and without its own port; a port that we were not told of never does. Comparison takes constant time.
//!
//! Source: twilio-python `request_validator.py` and its tests (the vectors below), twilio-node `webhooks.ts`,
//! Twilio's pages "Webhooks security" and error 57012.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::percent_decode;
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq as _};

/// The header that carries the signature.
pub const HEADER: &str = "x-twilio-signature";

/// A name and its value, as bytes.
pub type Param = (Vec<u8>, Vec<u8>);

/// The signature of a request to `url` (with its query, without fragment) with these form parameters.
///
/// A GET, and a request whose body is no form, are signed with no parameters.
pub fn sign(token: &str, url: &str, params: &[(Vec<u8>, Vec<u8>)]) -> String {
    signed(token, url, &in_order(params))
}

/// Code-point order is byte order in UTF-8. A name that occurs twice gives its distinct values, sorted.
fn in_order(params: &[Param]) -> Vec<&Param> {
    let mut sorted: Vec<&Param> = params.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

fn signed(token: &str, url: &str, sorted: &[&Param]) -> String {
    let mut mac = keyed(token);
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name);
        mac.update(value);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether one of the tokens made `given` over one of the URLs and these parameters.
///
/// Every combination is computed whatever the others gave, so the time taken says nothing.
pub fn verify(tokens: &[&str], urls: &[String], params: &[(Vec<u8>, Vec<u8>)], given: &str) -> bool {
    let mut proved = Choice::from(0);
    let sorted = in_order(params);
    for token in tokens.iter().filter(|token| !token.is_empty()) {
        for url in urls {
            proved |= signed(token, url, &sorted).as_bytes().ct_eq(given.as_bytes());
        }
    }
    proved.into()
}

/// The URLs that Twilio may have signed: each public URL with the query as it was received, as it stands, with
/// the scheme's own port added where it names none, and without port where it names one.
pub fn candidates(public_urls: &[String], query: Option<&str>) -> Vec<String> {
    let mut urls = Vec::new();
    for public in public_urls {
        let public = public.split_once('#').map_or(public.as_str(), |(url, _)| url);
        for mut url in [Some(public.to_owned()), without_port(public), with_port(public)].into_iter().flatten() {
            if let Some(query) = query {
                url.push('?');
                url.push_str(query);
            }
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    urls
}

/// The fields of a form or query, in their order: `+` is a space, `%xx` a byte, nothing is repaired.
pub fn parse_form(bytes: &[u8]) -> Vec<Param> {
    bytes
        .split(|&b| b == b'&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = match field.iter().position(|&b| b == b'=') {
                Some(at) => (&field[..at], &field[at + 1..]),
                None => (field, &[][..]),
            };
            (decode(name), decode(value))
        })
        .collect()
}

fn keyed(token: &str) -> Hmac<Sha1> {
    Hmac::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length")
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = encoded.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_decode(&spaced).collect()
}

/// The URL as scheme with `://`, authority, and the rest; `None` if it has no scheme.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let host_at = url.find("://")? + 3;
    let (scheme, rest) = url.split_at(host_at);
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    Some((scheme, authority, path))
}

/// The authority's host and port, if it names a port. The colons of a bracketed IPv6 address are none.
fn port_of(authority: &str) -> Option<(&str, &str)> {
    authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
}

fn without_port(url: &str) -> Option<String> {
    let (scheme, authority, path) = parts(url)?;
    let (host, _) = port_of(authority)?;
    Some(format!("{scheme}{host}{path}"))
}

fn with_port(url: &str) -> Option<String> {
    let (scheme, authority, path) = parts(url)?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https://" => "443",
        "http://" => "80",
        _ => return None,
    };
    port_of(authority).is_none().then(|| format!("{scheme}{authority}:{port}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "12345";
    const URL: &str = "https://mycompany.com/myapp.php";
    const QUERY: &str = "foo=1&bar=2";
    const FORM: &[u8] =
        b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";

    fn proves(public: &str, query: &str, form: &[u8], given: &str) -> bool {
        verify(&[TOKEN], &candidates(&[public.to_owned()], Some(query)), &parse_form(form), given)
    }

    #[test]
    fn the_vectors_of_twilios_own_library_hold() {
        let signed = |url: &str| sign(TOKEN, &format!("{url}?{QUERY}"), &parse_form(FORM));
        assert_eq!(signed(URL), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        assert_eq!(signed("https://mycompany.com:443/myapp.php"), "kvajT1Ptam85bY51eRf/AJRuM3w=");
        assert_eq!(signed("http://mycompany.com:80/myapp.php"), "0ZXoZLH/DfblKGATFgpif+LLRf4=");
        assert_eq!(signed("http://mycompany.com:1234/myapp.php"), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
        let doubled = parse_form(b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234");
        assert_eq!(sign(TOKEN, &format!("{URL}?{QUERY}"), &doubled), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    }

    #[test]
    fn a_request_without_a_form_is_signed_by_its_url_alone() {
        let query = "foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        assert!(proves(URL, query, b"", "a9nBmqA0ju/hNViExpshrM61xv4="));
    }

    #[test]
    fn a_url_counts_with_and_without_its_own_port_and_with_no_other() {
        let (bare, p443) = ("RSOYDt4T1cUTdK1PDd93/VVr8B8=", "kvajT1Ptam85bY51eRf/AJRuM3w=");
        let (p80, p1234) = ("0ZXoZLH/DfblKGATFgpif+LLRf4=", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
        for (public, given, expected) in [
            (URL, bare, true),
            (URL, p443, true),
            ("https://mycompany.com:443/myapp.php", bare, true),
            ("https://mycompany.com:443/myapp.php", p443, true),
            ("https://mycompany.com:1234/myapp.php", bare, true),
            ("https://mycompany.com:1234/myapp.php", p443, false),
            ("http://mycompany.com/myapp.php", p80, true),
            ("http://mycompany.com:80/myapp.php", p80, true),
            ("http://mycompany.com:1234/myapp.php", p1234, true),
            ("http://mycompany.com/myapp.php", p1234, false),
            ("http://mycompany.com:80/myapp.php", p1234, false),
            ("http://mycompany.com/myapp.php", bare, false),
            ("https://mycompany.com/myapp.php#rc=5&rp=all", bare, true),
            ("https://mycompany.com/other.php", bare, false),
        ] {
            assert_eq!(proves(public, QUERY, FORM, given), expected, "{public} {given}");
        }
        assert!(!proves(URL, "foo=1&bar=3", FORM, bare), "the query is signed");
    }

    #[test]
    fn an_ipv6_address_has_a_port_only_behind_its_bracket() {
        let urls = candidates(&["http://[::1]:8000/x".to_owned(), "http://[::1]/x".to_owned()], None);
        assert_eq!(urls, ["http://[::1]:8000/x", "http://[::1]/x", "http://[::1]:80/x"]);
    }

    #[test]
    fn either_token_proves_and_an_empty_one_never_does() {
        let (urls, params) = (vec![URL.to_owned()], parse_form(FORM));
        let by_next = sign("next", URL, &params);
        assert!(verify(&[TOKEN, "next"], &urls, &params, &by_next));
        assert!(!verify(&[TOKEN], &urls, &params, &by_next));
        assert!(!verify(&[""], &urls, &params, &sign("", URL, &params)));
        assert!(!verify(&[TOKEN], &urls, &params, ""));
    }

    #[test]
    fn a_form_is_read_as_bytes_and_nothing_is_trimmed() {
        let fields = parse_form(b"Body=+a%2Bb%0A+&Empty=&Bare&&Broken=%ff%C3%28&Odd=%zz&A=b=c");
        let expected: [(&[u8], &[u8]); 6] = [
            (b"Body", b" a+b\n "),
            (b"Empty", b""),
            (b"Bare", b""),
            (b"Broken", b"\xff\xc3("),
            (b"Odd", b"%zz"),
            (b"A", b"b=c"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_vec(), value.to_vec())));
        let broken = parse_form(b"Broken=%ff");
        assert_ne!(sign(TOKEN, URL, &broken), sign(TOKEN, URL, &parse_form(b"Broken=%EF%BF%BD")));
    }

    #[test]
    fn the_order_of_the_fields_does_not_matter() {
        let mut params = parse_form(FORM);
        let signature = sign(TOKEN, URL, &params);
        params.reverse();
        assert_eq!(sign(TOKEN, URL, &params), signature);
    }

    /// `text` with the byte at `at` (modulo its length) changed by `by`, another one for certain.
    fn flipped(text: &[u8], at: usize, by: u8) -> Vec<u8> {
        let mut bytes = text.to_vec();
        let at = at % bytes.len();
        bytes[at] ^= by;
        bytes
    }

    proptest! {
        #[test]
        fn a_flipped_byte_never_verifies(
            values in proptest::collection::vec(("[A-Za-z]{1,8}", proptest::collection::vec(any::<u8>(), 1..24)), 1..6),
            which in any::<usize>(), at in any::<usize>(), by in 1_u8..=255, url_bit in 0_u8..7,
        ) {
            let params: Vec<Param> = values.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect();
            let url = format!("{URL}?{QUERY}");
            let good = sign(TOKEN, &url, &params);
            let urls = candidates(&[URL.to_owned()], Some(QUERY));
            prop_assert!(verify(&[TOKEN], &urls, &params, &good));

            let mut value_changed = params.clone();
            let field = which % value_changed.len();
            value_changed[field].1 = flipped(&value_changed[field].1, at, by);
            prop_assert!(!verify(&[TOKEN], &urls, &value_changed, &good), "a value");

            let mut name_changed = params.clone();
            name_changed[field].0 = flipped(&name_changed[field].0, at, by);
            prop_assert!(!verify(&[TOKEN], &urls, &name_changed, &good), "a name");

            let other = String::from_utf8(flipped(url.as_bytes(), at, 1 << url_bit)).expect("ASCII stays ASCII");
            prop_assert!(!verify(&[TOKEN], &candidates(&[other], None), &params, &good), "the URL");

            let forged = String::from_utf8(flipped(good.as_bytes(), at, 1 << url_bit)).expect("ASCII stays ASCII");
            prop_assert!(!verify(&[TOKEN], &urls, &params, &forged), "the signature");
        }
    }
}
