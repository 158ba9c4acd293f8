//! Meta's webhooks: what the JSON says, and who proved to have sent it.

use crate::edits::{Bytes, edited};
use crate::{for_a_while, sound};
use andon::channels::meta::{Meta, signature};
use andon::channels::{Channel as _, Rejection, Signal, Webhook};
use andon::config::Settings;
use axum::http::{HeaderMap, HeaderValue, Method};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;

const SECRET: &str = "a-secret-for-fuzzing";
const WORDS: &[&str] = &[
    "null",
    "[]",
    "{}",
    "[[[[",
    "\"\"",
    "-1",
    "1e999",
    "\\u0000",
    "\\ud83d",
    "\"messages\":",
    "\"statuses\":",
    "\"errors\":[{}],",
    "\"from\":\"12025550100\",",
    "\"from\":7,",
    "\"id\":\"\",",
    "\"id\":null,",
    "\"type\":\"unsupported\",",
    "\"type\":\"location\",",
    "\"latitude\":1e308,",
    "\"timestamp\":\"99999999999999999999\",",
    "\"context\":[],",
    "\"status\":\"deleted\",",
    "\"code\":0,",
    ",",
    "}]}",
];

fn any_payload() -> impl Strategy<Value = Bytes> {
    let seeds = include_str!("seeds/meta.txt").lines().map(|line| line.as_bytes().to_vec()).collect();
    edited(seeds, WORDS)
}

fn meta() -> Meta {
    let given = [
        ("WHATSAPP_ACCESS_TOKEN", "a-token"),
        ("WHATSAPP_PHONE_NUMBER_ID", "100000000000001"),
        ("WHATSAPP_APP_SECRET", SECRET),
    ];
    let settings = Settings::from_variables(given).expect("good settings");
    andon::catalog::meta(&settings, andon::kit::http::client().expect("a client"))
}

fn mac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    let digits: Vec<String> = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={}", digits.concat())
}

/// What Andon makes of a request with this body and signature.
fn accept(meta: &Meta, body: &[u8], signature: &str) -> Result<Vec<Signal>, Rejection> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(signature::HEADER, HeaderValue::from_str(signature).expect("digits are a header's value"));
    let path_and_query = "/api/whatsapp/meta/webhook";
    meta.accept(&Webhook { method: &Method::POST, path_and_query, public_urls: &[], headers: &headers, body })
}

#[test]
fn a_signature_counts_only_over_the_same_bytes() {
    let meta = meta();
    for_a_while((any_payload(), any_payload(), any::<prop::sample::Index>()), |(body, other, at)| {
        let right = mac(SECRET, &body.0);
        assert_eq!(signature::sign(SECRET, &body.0), right);
        let taken = accept(&meta, &body.0, &right);
        assert!(!matches!(taken, Err(Rejection::Unproved(_))), "rightly signed: {taken:?}");

        let mut broken = right.clone().into_bytes();
        let at = at.index(broken.len());
        broken[at] = if broken[at] == b'0' { b'1' } else { b'0' };
        let broken = String::from_utf8(broken).expect("digits are text");
        for wrong in [broken.as_str(), &mac("another-secret", &body.0), "sha256=", ""] {
            assert_is_turned_away(&accept(&meta, &body.0, wrong));
        }
        if body != other {
            assert_is_turned_away(&accept(&meta, &other.0, &right));
        }
    });
}

fn assert_is_turned_away(taken: &Result<Vec<Signal>, Rejection>) {
    let why = if let Err(Rejection::Unproved(why)) = taken { why.as_str() } else { "" };
    assert!(!why.is_empty() && !why.contains(SECRET), "{taken:?}");
}

#[test]
fn what_a_signed_payload_says_is_fit_to_be_stored() {
    let meta = meta();
    for_a_while(any_payload(), |Bytes(body)| {
        let taken = accept(&meta, &body, &mac(SECRET, &body));
        assert_eq!(taken, accept(&meta, &body, &mac(SECRET, &body)), "it says the same twice");
        for signal in &taken.unwrap_or_default() {
            let id = match signal {
                Signal::Message(message) => {
                    sound::assert_message_is_sound(message, &body);
                    &message.provider_id
                }
                Signal::Receipt(receipt) => {
                    sound::assert_receipt_is_sound(receipt);
                    &receipt.provider_id
                }
            };
            assert!((1..=250).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id:?}");
        }
    });
}
