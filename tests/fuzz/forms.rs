//! Twilio's webhooks: what the form says, and who proved to have sent it.

use crate::edits::{Bytes, edited};
use crate::{for_a_while, sound};
use andon::channels::twilio::{Credentials, Twilio, signature};
use andon::channels::{Channel as _, Rejection, Signal, Webhook};
use andon::kit::E164;
use axum::http::{HeaderMap, HeaderValue, Method};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use proptest::sample::select;
use sha1::Sha1;
use std::collections::BTreeSet;

const ORIGIN: &str = "https://plant.example";
const TOKEN: &str = "a-token-for-fuzzing";
const PLANT: &str = "+12025550100";
const PATHS: &[&str] = &["/api/whatsapp/webhook", "/api/whatsapp/webhook?x=1&y=%00", "/api/whatsapp/status?d=0token"];
const WORDS: &[&str] = &[
    "&",
    "=",
    "+",
    "%",
    "%00",
    "%ff",
    "%2B",
    "%F0%9F",
    "%E2%80%AE",
    "&&=&",
    "&From=",
    "&From=12345",
    "&Body=",
    "&Body",
    "&MessageSid=",
    "&MessageSid=SM1",
    "&MessageStatus=sent",
    "&MessageStatus=received",
    "&ErrorCode=0",
    "&ErrorCode=99999999999",
    "&Latitude=NaN",
    "&Latitude=1e999",
    "&Longitude=inf",
    "&MediaUrl0=x",
    "&MediaUrl9=x",
    "&NumMedia=-1",
    "whatsapp%3A",
    "+12025550100",
    "&ListId=x",
    "&To=",
    "&MessageType=",
];

fn any_form() -> impl Strategy<Value = Bytes> {
    let seeds = include_str!("seeds/forms.txt").lines().map(|line| line.as_bytes().to_vec()).collect();
    edited(seeds, WORDS)
}

fn twilio() -> Twilio {
    let credentials =
        Credentials { account_sid: "AC0".to_owned(), auth_token: TOKEN.to_owned().into(), auth_token_next: None };
    let api = "https://api.twilio.com".parse().expect("a URL");
    let sender = E164::parse(PLANT).expect("a number");
    Twilio::new(andon::kit::http::client().expect("a client"), api, Some(credentials), Some(sender), None)
}

/// What Twilio would sign, put together in another way than Andon does: the URL, then every field once, in order.
fn signed_text(url: &str, form: &[u8]) -> Vec<u8> {
    let fields: BTreeSet<(Vec<u8>, Vec<u8>)> = signature::parse_form(form).into_iter().collect();
    fields.into_iter().fold(url.as_bytes().to_vec(), |text, (name, value)| [text, name, value].concat())
}

fn mac(token: &str, text: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What Andon makes of a request with this body and signature.
fn accept(twilio: &Twilio, path: &str, body: &[u8], signature: &str) -> Result<Vec<Signal>, Rejection> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(signature::HEADER, HeaderValue::from_str(signature).expect("base64 is a header's value"));
    let public = format!("{ORIGIN}{}", path.split('?').next().unwrap_or_default());
    let webhook =
        Webhook { method: &Method::POST, path_and_query: path, public_urls: &[public], headers: &headers, body };
    twilio.accept(&webhook)
}

#[test]
fn a_form_is_read_as_others_read_it() {
    for_a_while(any_form(), |Bytes(body)| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ours: Vec<(String, String)> =
            signature::parse_form(&body).iter().map(|(name, value)| (text(name), text(value))).collect();
        let theirs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        assert_eq!(ours, theirs);
    });
}

#[test]
fn a_form_survives_being_written_and_read() {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..20);
    for_a_while(proptest::collection::vec((bytes(), bytes()), 0..20), |fields| {
        let encoded = |bytes: &[u8]| form_urlencoded::byte_serialize(bytes).collect::<String>();
        let written: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        assert_eq!(signature::parse_form(written.join("&").as_bytes()), fields);
    });
}

#[test]
fn a_signature_counts_only_over_the_same_things() {
    let twilio = twilio();
    for_a_while((any_form(), any_form(), select(PATHS), any::<prop::sample::Index>()), |(form, other, path, at)| {
        let url = format!("{ORIGIN}{path}");
        let right = mac(TOKEN, &signed_text(&url, &form.0));
        assert_eq!(signature::sign(TOKEN, &url, &signature::parse_form(&form.0)), right);
        let taken = accept(&twilio, path, &form.0, &right);
        assert!(!matches!(taken, Err(Rejection::Unproved(_))), "rightly signed: {taken:?}");

        let mut broken = right.clone().into_bytes();
        let at = at.index(broken.len());
        broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
        let broken = String::from_utf8(broken).expect("base64 is text");
        let elsewhere = mac(TOKEN, &signed_text(&format!("{url}2"), &form.0));
        for wrong in [&broken, &elsewhere, &mac("another-token", &signed_text(&url, &form.0)), ""] {
            assert_is_turned_away(&accept(&twilio, path, &form.0, wrong));
        }
        if signed_text(&url, &form.0) != signed_text(&url, &other.0) {
            assert_is_turned_away(&accept(&twilio, path, &other.0, &right));
        }
    });
}

fn assert_is_turned_away(taken: &Result<Vec<Signal>, Rejection>) {
    let why = match taken {
        Err(Rejection::Unproved(why) | Rejection::Malformed(why)) => why.as_str(),
        Ok(_) => "",
    };
    assert!(!why.is_empty() && !why.contains(TOKEN), "{taken:?}");
}

#[test]
fn what_a_signed_form_says_is_fit_to_be_stored() {
    let twilio = twilio();
    for_a_while((any_form(), select(PATHS)), |(form, path)| {
        let signature = mac(TOKEN, &signed_text(&format!("{ORIGIN}{path}"), &form.0));
        let taken = accept(&twilio, path, &form.0, &signature);
        assert_eq!(taken, accept(&twilio, path, &form.0, &signature), "it says the same twice");
        let signals = taken.unwrap_or_default();
        assert!(signals.len() <= 1, "one request, one signal: {signals:?}");
        for signal in &signals {
            match signal {
                Signal::Message(message) => {
                    assert_is_id(&message.provider_id);
                    assert!(message.from.number().is_some(), "Twilio tells the number");
                    assert_ne!(message.from.as_str(), PLANT, "an answer would go to ourselves");
                    sound::assert_message_is_sound(message, &form.0);
                }
                Signal::Receipt(receipt) => {
                    assert_is_id(&receipt.provider_id);
                    sound::assert_receipt_is_sound(receipt);
                }
            }
        }
    });
}

fn assert_is_id(id: &str) {
    assert!((1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id:?}");
}
