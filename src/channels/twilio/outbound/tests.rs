//! What leaves for Twilio and what its answers become, against a tiny server with canned answers.

use super::*;
use crate::channels::twilio::canned::*;
use crate::channels::{Channel as _, Choice, Choices, Enclosed, EnclosedKind, Retry, Rich};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use url::Url;

#[tokio::test]
async fn a_message_leaves_as_twilios_form_with_the_deliverys_token() {
    let (server, base) = Canned::serving([ok("queued")]).await;
    let accepted = channel(base, None).send(&outbound("✅ *Done* & dusted + more")).await;
    assert_eq!(accepted, Ok(Accepted { provider_id: "SM1".to_owned(), status: Status::Queued }));
    let [asked] = server.asked().try_into().expect("asked once");
    assert_eq!(asked.line, format!("POST {MESSAGES}"));
    assert_eq!(asked.authorization, basic("first"));
    let expected = [
        ("To", "whatsapp:+447700900123"),
        ("From", "whatsapp:+14155238886"),
        ("Body", "✅ *Done* & dusted + more"),
        ("StatusCallback", "https://plant.example/api/whatsapp/status?d=t0ken"),
    ];
    assert_eq!(asked.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_file_leaves_by_its_address_beside_the_text() {
    let (server, base) = Canned::serving([ok("queued")]).await;
    let file = Enclosed {
        kind: EnclosedKind::Image,
        name: "ORD-1.png".to_owned(),
        link: "https://plant.example/files/x.y".to_owned(),
    };
    let rich = Rich { files: vec![file], ..Rich::default() };
    assert!(channel(base, None).send(&Outbound { rich, ..outbound("ORD-1") }).await.is_ok());
    let [asked] = server.asked().try_into().expect("asked once");
    let form = asked.form();
    let given = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((given("Body"), given("MediaUrl")), (Some("ORD-1"), Some("https://plant.example/files/x.y")));
}

#[tokio::test]
async fn a_place_leaves_beside_the_text() {
    for (label, action) in [(Some("Hall 2"), "geo:-33.9,18.4241|Hall 2"), (None, "geo:-33.9,18.4241")] {
        let (server, base) = Canned::serving([ok("queued")]).await;
        let place = Place { latitude: -33.9, longitude: 18.4241, label: label.map(str::to_owned) };
        let rich = Rich { place: Some(place), ..Rich::default() };
        assert!(channel(base, None).send(&Outbound { rich, ..outbound("MAINT-1") }).await.is_ok());
        let [asked] = server.asked().try_into().expect("asked once");
        let form = asked.form();
        let given = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!((given("Body"), given("PersistentAction")), (Some("MAINT-1"), Some(action)));
    }
}

#[tokio::test]
async fn an_answer_becomes_accepted_or_an_error_that_says_what_to_do() {
    let accepted = |status| Ok((status, false));
    let refused = |name, retry| Err((name, retry, false));
    let secs = |s| Some(Duration::from_secs(s));
    let code = |status, code: i32| (status, None, format!(r#"{{"code":{code},"message":"m","status":{status}}}"#));
    let cases = vec![
        (ok("queued"), accepted(Status::Queued)),
        (ok("accepted"), accepted(Status::Queued)),
        (ok("sent"), accepted(Status::Sent)),
        (ok("beamed"), accepted(Status::Queued)),
        ((201, None, "<html>".to_owned()), Err(("unreadable_answer", Retry::Later(None), true))),
        ((201, None, "{}".to_owned()), Err(("unreadable_answer", Retry::Later(None), true))),
        (code(401, 20003), refused("invalid_credentials", Retry::StopChannel)),
        ((429, Some("12"), String::new()), refused("too_many_requests", Retry::Slower(secs(12)))),
        ((429, Some("999999"), String::new()), refused("too_many_requests", Retry::Slower(secs(999_999)))),
        ((429, Some("soon"), String::new()), refused("too_many_requests", Retry::Slower(None))),
        (code(400, 21211), refused("invalid_recipient", Retry::Never)),
        (code(400, 21610), refused("opted_out", Retry::Never)),
        (code(400, 63007), refused("sender_not_on_whatsapp", Retry::Elsewhere)),
        (code(400, 29999), refused("unknown_error", Retry::Never)),
        ((502, None, "<html>Bad gateway".to_owned()), Err(("provider_down", Retry::Later(None), true))),
    ];
    let (_, base) = Canned::serving(cases.iter().map(|(answer, _)| answer.clone())).await;
    let twilio = channel(base, None);
    for (answer, expected) in cases {
        let got = twilio.send(&outbound("hi")).await;
        let got = got.map(|accepted| (accepted.status, false)).map_err(|e| (e.name, e.retry, e.in_doubt));
        assert_eq!(got, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_leaves_the_send_in_doubt_and_a_refused_one_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = Url::parse(&format!("http://{}", listener.local_addr().expect("bound"))).expect("a URL");
    let twilio = channel(base, None);
    let message = outbound("hi");
    let hang_up = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let read = stream.read(&mut [0; 4096]).await.expect("a request");
        assert!(read > 0, "the request was on its way");
    };
    let (sent, ()) = tokio::join!(twilio.send(&message), hang_up);
    let broken = sent.expect_err("no answer came");
    assert_eq!((broken.name, broken.retry, broken.in_doubt), ("connection_broken", Retry::Later(None), true));

    drop(listener);
    let refused = twilio.send(&outbound("hi")).await.expect_err("nobody listens");
    assert_eq!((refused.name, refused.retry, refused.in_doubt), ("unreachable_provider", Retry::Later(None), false));
}

#[tokio::test]
async fn what_twilio_would_refuse_for_certain_is_not_sent() {
    let (server, base) = Canned::serving([]).await;
    let http = crate::kit::http::client().expect("a client");
    let keyless = Twilio::new(http.clone(), base.clone(), None, Some(number("+14155238886")), None);
    let error = keyless.send(&outbound("hi")).await.expect_err("no credentials");
    assert_eq!((error.name, error.retry), ("not_configured", Retry::StopChannel));
    assert!(error.advice.starts_with("TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured"), "{}", error.advice);
    assert!(!keyless.carries(Medium::Whatsapp));

    let twilio = channel(base.clone(), None);
    let long = twilio.send(&outbound(&"ü".repeat(1601))).await.expect_err("too long");
    assert_eq!((long.name, long.code), ("body_too_long", Some(21617)));
    let error = twilio.send(&by_sms("hi")).await.expect_err("no sender for text messages");
    assert_eq!((error.name, error.retry), ("not_configured", Retry::StopChannel));
    assert!(error.advice.starts_with("Neither TWILIO_SMS_NUMBER nor TWILIO_MESSAGING_SERVICE_SID"), "{}", error.advice);
    assert!(twilio.carries(Medium::Whatsapp) && !twilio.carries(Medium::Sms) && !twilio.carries(Medium::Email));

    let senderless = Twilio::new(http, base, twilio.credentials.clone(), None, None);
    assert_eq!(senderless.send(&outbound("hi")).await.expect_err("no sender").name, "not_configured");
    assert!(server.asked().is_empty(), "nothing left the house");
}

#[tokio::test]
async fn a_text_message_comes_from_our_number_from_a_service_or_from_the_number_it_answers() {
    let service = "MG00000000000000000000000000000001";
    let (number, service) = (SmsSender::Number(number("+12025550100")), SmsSender::Service(service.to_owned()));
    let answers = by_sms("hi");
    let answers = Outbound { from: Some("+12025550142".to_owned()), ..answers };
    for (sender, message, field, value) in [
        (&number, by_sms("hi"), "From", "+12025550100"),
        (&service, by_sms("hi"), "MessagingServiceSid", "MG00000000000000000000000000000001"),
        (&service, answers, "From", "+12025550142"),
    ] {
        let (server, base) = Canned::serving([ok("accepted")]).await;
        let twilio = channel(base, None).with_sms(Some(sender.clone()));
        assert!(twilio.carries(Medium::Sms) && twilio.carries(Medium::Whatsapp));
        assert_eq!(twilio.send(&message).await.map(|accepted| accepted.status), Ok(Status::Queued));
        let [asked] = server.asked().try_into().expect("asked once");
        let expected = [
            ("To", "+447700900123"),
            (field, value),
            ("Body", "hi"),
            ("StatusCallback", "https://plant.example/api/whatsapp/status?d=t0ken"),
        ];
        assert_eq!(asked.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

#[tokio::test]
async fn during_a_rotation_the_next_token_is_tried_where_the_first_is_refused() {
    let (server, base) = Canned::serving([(401, None, String::new()), ok("queued")]).await;
    assert!(channel(base, Some("second")).send(&outbound("hi")).await.is_ok());
    let tokens: Vec<String> = server.asked().into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(tokens, [basic("first"), basic("second")]);
}

#[test]
fn the_token_goes_into_the_query_before_any_fragment() {
    for (callback, expected) in [
        ("https://p.example/s", "https://p.example/s?d=t0k"),
        ("https://p.example/s?x=1", "https://p.example/s?x=1&d=t0k"),
        ("https://p.example/s#rc=5&rp=all", "https://p.example/s?d=t0k#rc=5&rp=all"),
    ] {
        assert_eq!(with_token(callback, "t0k"), expected);
    }
}

fn with_choices(titles: &[&str], text: &str) -> Outbound {
    let option = |(nth, title): (usize, &&str)| Choice {
        id: format!("answer:3:a:b:{nth}"),
        title: (*title).to_owned(),
        description: None,
    };
    let options = titles.iter().enumerate().map(option).collect();
    let choices = Choices { text: Some(text.to_owned()), button: "Choose".to_owned(), options };
    Outbound { rich: Rich { choices: Some(choices), ..Rich::default() }, ..outbound("Which? 1 or 2") }
}

const CONTENT: &str = "HX00000000000000000000000000000001";

#[tokio::test]
async fn choices_are_made_without_words_and_filled_in_line_by_line() {
    let made = (201, None, format!(r#"{{"sid":"{CONTENT}"}}"#));
    let (server, base) = Canned::serving([made, ok("queued")]).await;
    let twilio = channel(base, None);
    let mut message = with_choices(&["Low", "It's high"], "✅ Found: ORD-1\n\nWhich?");
    let need = twilio.needs(&message).expect("choices need something");
    assert_eq!(twilio.needs(&with_choices(&["Bas", "Haut"], "Trouvé\n\nLequel ?")), Some(need.clone()), "one shape");
    for other in [with_choices(&["Low"], "Found\n\nWhich?"), with_choices(&["Low", "High"], "Which?")] {
        assert!(twilio.needs(&other).is_some_and(|other| other.key != need.key));
    }
    message.made = Some(twilio.make(&need).await.expect("made"));
    assert!(twilio.send(&message).await.is_ok());
    let [making, sending] = server.asked().try_into().expect("asked twice");
    assert_eq!(making.line, "POST /v1/Content");
    let actions = json!([
        {"type": "QUICK_REPLY", "title": "{{3}}", "id": "{{4}}"}, {"type": "QUICK_REPLY", "title": "{{5}}", "id": "{{6}}"},
    ]);
    assert_eq!(making.json()["types"], json!({"twilio/quick-reply": {"body": "{{1}}\n\n{{2}}", "actions": actions}}));
    let form = sending.form();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let filled: Value = serde_json::from_str(field("ContentVariables").unwrap_or_default()).expect("JSON");
    assert_eq!((field("ContentSid"), field("Body")), (Some(CONTENT), None));
    let expected = json!({
        "1": "✅ Found: ORD-1", "2": "Which?", "3": "Low", "4": "answer:3:a:b:0", "5": "It's high", "6": "answer:3:a:b:1",
    });
    assert_eq!(filled, expected);
}

#[tokio::test]
async fn what_a_content_cannot_hold_goes_as_text_and_so_does_one_that_is_refused() {
    let refused = (400, None, r#"{"code":21656,"message":"no"}"#.to_owned());
    let (server, base) = Canned::serving([refused, ok("queued"), ok("queued")]).await;
    let twilio = channel(base, None);
    let message = Outbound { made: Some(CONTENT.to_owned()), ..with_choices(&["Low"], "Which?") };
    assert!(twilio.send(&message).await.is_ok());
    let long = with_choices(&["Low"], &"x".repeat(256));
    assert_eq!(twilio.needs(&long), None);
    assert!(twilio.send(&Outbound { made: Some(CONTENT.to_owned()), ..long }).await.is_ok());
    let bodies: Vec<bool> =
        server.asked().iter().map(|asked| asked.form().iter().any(|field| field.1 == "Which? 1 or 2")).collect();
    assert_eq!(bodies, [false, true, true]);
}
