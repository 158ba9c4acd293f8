//! What is not let in, and what the refusal says.

use super::*;

#[test]
fn rubbish_is_malformed_signed_or_not() {
    let twilio = channel_with(Some((TOKEN, None)));
    let json = |mut request: Request| {
        request.headers.insert(CONTENT_TYPE, "application/json".parse().expect("a value"));
        request
    };
    let bare = |mut request: Request| {
        request.headers.remove(CONTENT_TYPE);
        request
    };
    let good = form(&[("MessageSid", SID), ("From", "whatsapp:+447700900123")]);
    let with_sid = |sid: &str| {
        let fields = [("MessageSid", sid), ("From", "whatsapp:+447700900123"), ("MessageStatus", "sent")];
        Request::post(STATUS_URL, "", &form(&fields))
    };
    for (what, request, named) in [
        ("a sid too long", with_sid(&"S".repeat(65)), "no id of Twilio's"),
        ("a sid of other signs", with_sid("SM00-1"), "no id of Twilio's"),
        ("a sid of other letters", with_sid("SMé"), "no id of Twilio's"),
        ("JSON", json(Request::post(URL, "", b"{}")), "not a form"),
        ("no content type", bare(Request::post(URL, "", &good)), "not a form"),
        ("nothing", Request::post(URL, "", b""), "MessageSid is missing"),
        ("no sid", Request::post(URL, "", &form(&[("From", "whatsapp:+447700900123")])), "MessageSid is missing"),
        ("an empty sid", Request::post(URL, "", &form(&[("MessageSid", ""), ("From", "x")])), "MessageSid is missing"),
        ("no sender", Request::post(URL, "", &form(&[("MessageSid", SID)])), "From is missing"),
        ("no status", Request::post(STATUS_URL, "", &form(&[("MessageSid", SID)])), "MessageStatus is missing"),
        ("a GET of nothing", Request::get(URL, ""), "MessageSid is missing"),
    ] {
        for request in [
            &request,
            &Request {
                headers: request.headers.clone(),
                body: request.body.clone(),
                path_and_query: request.path_and_query.clone(),
                method: request.method.clone(),
                ..request
            }
            .signed(TOKEN),
        ] {
            let Err(Rejection::Malformed(text)) = request.accepted_by(&twilio) else { panic!("{what} was taken") };
            assert!(text.contains(named), "{what}: {text}");
        }
    }
}

#[test]
fn what_is_not_proved_is_refused_and_the_text_says_why_without_secrets() {
    let body = form(&[("MessageSid", SID), ("From", "whatsapp:+447700900123"), ("AccountSid", ACCOUNT)]);
    let foreign = form(&[("MessageSid", SID), ("From", "whatsapp:+447700900123"), ("AccountSid", "AC2")]);
    let post = |body: &[u8]| Request::post(URL, "?key=hush", body);
    let tampered = || {
        let mut request = post(&body).signed(TOKEN);
        request.body.extend_from_slice(b"&Body=more");
        request
    };
    let with = channel_with(Some((TOKEN, None)));
    for (what, twilio, request, named) in [
        ("no credentials", &channel_with(None), post(&body).signed(TOKEN), "TWILIO_AUTH_TOKEN is not configured"),
        (
            "an empty token",
            &channel_with(Some(("", None))),
            post(&body).signed(""),
            "TWILIO_AUTH_TOKEN is not configured",
        ),
        ("no token, rubbish", &channel_with(None), post(b""), "TWILIO_AUTH_TOKEN is not configured"),
        ("no signature", &with, post(&body), "X-Twilio-Signature header is missing"),
        ("another token", &with, post(&body).signed("other"), "ANDON_PUBLIC_URL"),
        ("another account", &with, post(&foreign).signed("other"), "another account than TWILIO_ACCOUNT_SID"),
        ("a field more", &with, tampered(), URL),
    ] {
        let Err(Rejection::Unproved(text)) = request.accepted_by(twilio) else { panic!("{what} was taken") };
        assert!(text.contains(named), "{what}: {text}");
        assert!(!text.contains(TOKEN) && !text.contains("hush"), "{what}: {text}");
    }
    assert_eq!(without_secrets("https://user:pass@plant.example/x?key=1"), "https://…@plant.example/x");
}

#[test]
fn during_a_rotation_both_tokens_count() {
    let twilio = channel_with(Some((TOKEN, Some("the next one"))));
    let body = form(&[("MessageSid", SID), ("From", "whatsapp:+447700900123")]);
    for (token, taken) in [(TOKEN, true), ("the next one", true), ("a third", false)] {
        assert_eq!(Request::post(URL, "", &body).signed(token).accepted_by(&twilio).is_ok(), taken, "{token}");
    }
}
