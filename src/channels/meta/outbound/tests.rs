//! What leaves for Meta and what its answers become, against a tiny server with canned answers.

use super::*;
use crate::channels::meta::canned::*;
use crate::channels::{Channel as _, Choices, Enclosed, Medium, Retry, Rich};
use crate::config::{self, Pace};
use url::Url;

#[tokio::test]
async fn a_text_leaves_as_metas_json_with_the_deliverys_token() {
    let (server, base) = Canned::serving([ok("wamid.1")]).await;
    let accepted = channel(&base).send(&outbound("✅ *Done* & \"dusted\"")).await;
    assert_eq!(accepted, Ok(Accepted { provider_id: "wamid.1".to_owned(), status: Status::Queued }));
    let [asked] = server.asked().try_into().expect("asked once");
    assert_eq!(asked.line, format!("POST /v23.0/{NUMBER_ID}/messages"));
    assert_eq!(asked.authorization, "Bearer a-token");
    let expected = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "447700900123",
        "biz_opaque_callback_data": "t0ken",
        "type": "text",
        "text": {"body": "✅ *Done* & \"dusted\"", "preview_url": false},
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn a_file_leaves_by_its_address_with_the_text_as_its_caption() {
    let link = "https://plant.example/files/x.y";
    let with = |kind, text: &str| {
        let file = Enclosed { kind, name: "ORD-1.pdf".to_owned(), link: link.to_owned() };
        Outbound { rich: Rich { files: vec![file], ..Rich::default() }, ..outbound(text) }
    };
    let long = "x".repeat(MAX_CAPTION_CHARS + 1);
    for (message, kind, shown) in [
        (with(EnclosedKind::Image, "hi"), "image", json!({"link": link, "caption": "hi"})),
        (
            with(EnclosedKind::Document, "hi"),
            "document",
            json!({"link": link, "caption": "hi", "filename": "ORD-1.pdf"}),
        ),
        (with(EnclosedKind::Image, &long), "text", json!({"body": long, "preview_url": false})),
    ] {
        let (server, base) = Canned::serving([ok("wamid.1")]).await;
        assert!(channel(&base).send(&message).await.is_ok());
        let [asked] = server.asked().try_into().expect("asked once");
        assert_eq!((&asked.json()["type"], &asked.json()[kind]), (&json!(kind), &shown));
    }
}

#[tokio::test]
async fn a_place_leaves_with_the_text_as_its_name() {
    for (label, mut shown) in [
        (Some("Hall 2"), json!({"latitude": -33.9, "longitude": 18.4241, "name": "MAINT-1", "address": "Hall 2"})),
        (None, json!({"latitude": -33.9, "longitude": 18.4241, "name": "MAINT-1"})),
    ] {
        let (server, base) = Canned::serving([ok("wamid.1")]).await;
        let place = Place { latitude: -33.9, longitude: 18.4241, label: label.map(str::to_owned) };
        let rich = Rich { place: Some(place), ..Rich::default() };
        assert!(channel(&base).send(&Outbound { rich, ..outbound("MAINT-1") }).await.is_ok());
        let [asked] = server.asked().try_into().expect("asked once");
        assert_eq!((&asked.json()["type"], &asked.json()["location"]), (&json!("location"), &shown.take()));
    }
}

#[tokio::test]
async fn a_template_leaves_by_its_name_and_language_filled_in_on_one_line() {
    let named = Named { name: "ticket_created".to_owned(), language: "en_US".to_owned() };
    let filled = |variables: &[&str]| Template {
        id: None,
        named: Some(named.clone()),
        variables: variables.iter().map(|text| (*text).to_owned()).collect(),
    };
    let parameters = json!([{"type": "text", "text": "Press 7"}, {"type": "text", "text": "a b c"}]);
    for (template, components) in [
        (filled(&["Press 7", "a\n\tb      c"]), json!([{"type": "body", "parameters": parameters}])),
        (filled(&[]), Value::Null),
    ] {
        let (server, base) = Canned::serving([ok("wamid.1")]).await;
        let meta = channel(&base);
        assert!(meta.takes(&template));
        assert!(meta.send(&Outbound { template: Some(template), ..outbound("not this") }).await.is_ok());
        let [asked] = server.asked().try_into().expect("asked once");
        assert_eq!(asked.json()["type"], "template");
        let named = json!({"name": "ticket_created", "language": {"code": "en_US"}});
        assert_eq!(
            (&asked.json()["template"]["name"], &asked.json()["template"]["language"]),
            (&named["name"], &named["language"])
        );
        assert_eq!((&asked.json()["template"]["components"], &asked.json()["text"]), (&components, &Value::Null));
    }
}

#[tokio::test]
async fn somebody_who_hides_their_number_is_written_to_by_id() {
    let (server, base) = Canned::serving([ok("wamid.1")]).await;
    let to = Recipient::Whatsapp(Handle::parse("US.13491208655302741918").expect("an id"));
    assert!(channel(&base).send(&Outbound { to, ..outbound("hi") }).await.is_ok());
    let [asked] = server.asked().try_into().expect("asked once");
    assert_eq!((&asked.json()["recipient"], &asked.json()["to"]), (&json!("US.13491208655302741918"), &Value::Null));
}

#[tokio::test]
async fn an_answer_becomes_accepted_or_an_error_that_says_what_to_do() {
    let secs = |s| Some(Duration::from_secs(s));
    let refused = |name, retry| Err((name, retry, false));
    let code = |status, code: i32| (status, None, json!({"error": {"message": "m", "code": code}}).to_string());
    let held = r#"{"messages":[{"id":"wamid.2","message_status":"held_for_quality_assessment"}]}"#.to_owned();
    let cases = vec![
        (ok("wamid.1"), Ok("wamid.1".to_owned())),
        ((200, None, held), Ok("wamid.2".to_owned())),
        ((200, None, "<html>".to_owned()), Err(("unreadable_answer", Retry::Later(None), true))),
        ((200, None, r#"{"messages":[]}"#.to_owned()), Err(("unreadable_answer", Retry::Later(None), true))),
        (code(401, 190), refused("invalid_credentials", Retry::StopChannel)),
        ((429, Some("12"), String::new()), refused("too_many_requests", Retry::Slower(secs(12)))),
        (code(400, 131_056), refused("too_many_to_one", Retry::SlowerToOne)),
        (code(400, 131_047), refused("outside_window", Retry::Never)),
        (code(400, 131_026), refused("undeliverable", Retry::Never)),
        ((502, None, "<html>Bad gateway".to_owned()), Err(("provider_down", Retry::Later(None), true))),
    ];
    let (_, base) = Canned::serving(cases.iter().map(|(answer, _)| answer.clone())).await;
    let meta = channel(&base);
    for (answer, expected) in cases {
        let got = meta.send(&outbound("hi")).await;
        let got = got.map(|accepted| accepted.provider_id).map_err(|e| (e.name, e.retry, e.in_doubt));
        assert_eq!(got, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn choices_that_meta_refuses_go_as_text() {
    let refused = (400, None, json!({"error": {"message": "m", "code": 131_009}}).to_string());
    let (server, base) = Canned::serving([refused.clone(), ok("wamid.1"), refused]).await;
    let option = Choice { id: "answer:1:a:b:LOW".to_owned(), title: "Low".to_owned(), description: None };
    let choices = Choices { text: Some("Which?".to_owned()), button: "Choose".to_owned(), options: vec![option] };
    let message = Outbound { rich: Rich { choices: Some(choices), ..Rich::default() }, ..outbound("Which? 1: Low") };
    assert!(channel(&base).send(&message).await.is_ok());
    let error = channel(&base).send(&outbound("no choices")).await.expect_err("it is the text itself");
    assert_eq!(error.code, Some(131_009));
    let kinds = server.asked().iter().map(|asked| asked.json()["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds, ["interactive", "text", "text"]);
    let text = &server.asked()[1].json();
    assert_eq!((&text["text"]["body"], &text["interactive"]), (&json!("Which? 1: Low"), &Value::Null));
}

#[tokio::test]
async fn what_meta_would_refuse_for_certain_is_not_sent() {
    let (server, base) = Canned::serving([]).await;
    let meta = channel(&base);
    let long = meta.send(&outbound(&"ü".repeat(4097))).await.expect_err("too long");
    assert_eq!((long.name, long.code), ("parameter_invalid", Some(131_009)));
    let twilios = Template { id: Some("HX1".to_owned()), named: None, variables: Vec::new() };
    assert!(!meta.takes(&twilios));
    let template = meta.send(&Outbound { template: Some(twilios), ..outbound("hi") }).await.expect_err("not Meta's");
    assert_eq!(template.name, "template_missing");
    assert!(meta.carries(Medium::Whatsapp) && !meta.carries(Medium::Sms) && !meta.carries(Medium::Email));

    let http = crate::kit::http::client().expect("a client");
    let without = |keys: config::Meta| Meta::new(http.clone(), &base, keys, Pace::Usual);
    for (meta, says) in [
        (without(config::Meta { access_token: None, ..keys() }), "WHATSAPP_ACCESS_TOKEN"),
        (without(config::Meta { phone_number_id: None, ..keys() }), "WHATSAPP_PHONE_NUMBER_ID"),
    ] {
        let error = meta.send(&outbound("hi")).await.expect_err(says);
        assert_eq!((error.name, error.retry), ("not_configured", Retry::StopChannel));
        assert!(error.advice.starts_with(says) && !meta.carries(Medium::Whatsapp), "{}", error.advice);
    }
    assert!(server.asked().is_empty(), "nothing left the house");
}

#[tokio::test]
async fn the_token_shows_nowhere() {
    let meta = channel(&Url::parse("http://127.0.0.1:1/").expect("a URL"));
    let error = meta.send(&outbound("hi")).await.expect_err("nobody listens");
    assert_eq!((error.name, error.in_doubt), ("unreachable_provider", false));
    for told in [format!("{error} {error:?}"), format!("{meta:?}")] {
        assert!(!told.contains("a-token") && !told.contains("an app secret") && !told.contains("made up"), "{told}");
    }
}

#[tokio::test]
async fn choices_leave_as_buttons_or_as_a_list_and_as_text_where_they_do_not_fit() {
    let button = |id: &str, title: &str| json!({"type": "reply", "reply": {"id": id, "title": title}});
    let low_high = json!({"buttons": [button("1", "Low"), button("2", "High")]});
    let rows = json!([{"id": "1", "title": "INC-1", "description": "The checkout"}, {"id": "2", "title": "INC-2"}]);
    for (titles, under, kind, action) in [
        (["Low", "High"], None, "button", low_high),
        (["INC-1", "INC-2"], Some("The checkout"), "list", json!({"button": "Choose", "sections": [{"rows": rows}]})),
    ] {
        let (server, base) = Canned::serving([ok("wamid.1")]).await;
        let [one, other] = titles.map(str::to_owned);
        let options = vec![
            Choice { id: "1".to_owned(), title: one, description: under.map(str::to_owned) },
            Choice { id: "2".to_owned(), title: other, description: None },
        ];
        let choices = Choices { text: Some("Which?".to_owned()), button: "Choose".to_owned(), options };
        let rich = Rich { choices: Some(choices), ..Rich::default() };
        assert!(channel(&base).send(&Outbound { rich, ..outbound("Which? 1 or 2") }).await.is_ok());
        let [asked] = server.asked().try_into().expect("asked once");
        let expected = json!({"type": kind, "body": {"text": "Which?"}, "action": action});
        assert_eq!((&asked.json()["type"], &asked.json()["interactive"]), (&json!("interactive"), &expected));
    }
    let (server, base) = Canned::serving([ok("wamid.1")]).await;
    let option = |nth: usize| Choice { id: nth.to_string(), title: nth.to_string(), description: None };
    let choices = Choices { text: None, button: "Choose".to_owned(), options: (0..11).map(option).collect() };
    let rich = Rich { choices: Some(choices), ..Rich::default() };
    assert!(channel(&base).send(&Outbound { rich, ..outbound("Which?") }).await.is_ok());
    let [asked] = server.asked().try_into().expect("asked once");
    assert_eq!(asked.json()["text"]["body"], "Which?");
}

#[tokio::test]
async fn that_a_message_was_read_is_told_with_a_sign_that_one_is_being_written() {
    let (server, base) = Canned::serving([ok("wamid.1")]).await;
    assert!(channel(&base).show_reading("wamid.7").await.is_ok());
    let [asked] = server.asked().try_into().expect("asked once");
    let expected = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.7", "typing_indicator": {"type": "text"},
    });
    assert_eq!((asked.line.as_str(), asked.json()), (format!("POST /v23.0/{NUMBER_ID}/messages").as_str(), expected));
}
