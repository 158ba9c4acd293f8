//! Messages in and out, in Twilio's shapes.

use super::*;

#[tokio::test]
async fn what_a_phone_writes_reaches_andon_signed_and_whole() {
    let (simulator, andon) = start().await;
    let sent = simulator.say(&worker(), " hi 👋\n+ second line & more").await;
    assert_eq!(sent.webhook, Some(200));

    let told = andon.told();
    let [message] = told.as_slice() else { panic!("one webhook, not {told:?}") };
    assert!(message.signed, "signed over the URL without its fragment");
    assert_eq!(message.path, "/api/whatsapp/webhook?plant=1");
    assert_eq!(message.headers["user-agent"], "TwilioProxy/1.1");
    assert!(message.headers.contains_key("i-twilio-idempotency-token"));
    let expected = [
        ("MessageSid", sent.sid.as_str()),
        ("SmsSid", &sent.sid),
        ("SmsMessageSid", &sent.sid),
        ("AccountSid", ACCOUNT),
        ("From", "whatsapp:+12025550101"),
        ("To", "whatsapp:+12025550100"),
        ("Body", " hi 👋\n+ second line & more"),
        ("WaId", "12025550101"),
        ("ProfileName", "Operator"),
        ("MessageType", "text"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("ReferralNumMedia", "0"),
        ("SmsStatus", "received"),
        ("ApiVersion", "2010-04-01"),
    ];
    for (name, value) in expected {
        assert_eq!(message.form.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(simulator.transcript(&worker())[0].status, Status::Delivered);
}

#[tokio::test]
async fn files_places_buttons_and_quotes_have_their_fields() {
    let (simulator, andon) = start().await;
    let photo = Enclosure { content_type: "image/jpeg".into(), bytes: vec![1, 2, 3] };
    let sent = simulator.send(Incoming { media: vec![photo], ..Incoming::text(&worker(), "the crack") }).await;
    assert!(sent.sid.starts_with("MM"));
    let place = Place { latitude: 52.5, longitude: -13.25, label: Some("Hall 3".into()) };
    simulator.send(Incoming { place: Some(place), ..Incoming::text(&worker(), "") }).await;
    let button = Button { text: "Approve".into(), payload: "approve:7".into(), is_row: false };
    let tap = Incoming { button: Some(button), quoted: Some("SM1".into()), ..Incoming::text(&worker(), "Approve") };
    simulator.send(tap).await;
    simulator.send(Incoming { medium: Medium::Sms, ..Incoming::text(&worker(), "by SMS") }).await;

    let of = |field| andon.field("/api/whatsapp/webhook", field);
    assert_eq!(of("MessageType"), ["image", "location", "interactive", ""]);
    assert_eq!(of("NumMedia"), ["1", "0", "0", "0"]);
    assert_eq!(of("MediaContentType0")[0], "image/jpeg");
    assert_eq!(
        (of("Latitude")[1].as_str(), of("Longitude")[1].as_str(), of("Label")[1].as_str()),
        ("52.5", "-13.25", "Hall 3")
    );
    assert_eq!((of("ButtonPayload")[2].as_str(), of("OriginalRepliedMessageSid")[2].as_str()), ("approve:7", "SM1"));
    assert_eq!(of("From")[3], "+12025550101");

    let url = &of("MediaUrl0")[0];
    let path = url.strip_prefix("http://127.0.0.1:8000/simulator/twilio/2010-04-01/Accounts/").expect("the API's base");
    let path = path.strip_prefix(&format!("{ACCOUNT}/")).expect("the account");
    let fetched =
        axum::Router::new().nest("/simulator", simulator.router()).oneshot(twilio_api(Method::GET, path, &[])).await;
    let fetched = fetched.expect("infallible");
    assert_eq!(fetched.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(fetched.into_body().collect().await.expect("a body").to_bytes().as_ref(), [1, 2, 3]);
    let (_, media) = ask(&simulator, twilio_api(Method::GET, &format!("Messages/{}/Media.json", sent.sid), &[])).await;
    assert_eq!(media["media_list"][0]["parent_sid"], sent.sid.as_str());
}

#[tokio::test]
async fn a_sent_message_is_answered_with_twilios_object_and_then_called_back_in_order() {
    let (simulator, andon) = start().await;
    let (status, message) = send_text(&simulator, &andon, "Hello").await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(message["status"], "queued");
    assert_eq!((&message["num_segments"], &message["num_media"]), (&json!("1"), &json!("0")));
    assert_eq!(message["date_created"], "Sun, 18 Jan 2026 14:30:22 +0000");
    assert_eq!(message["date_sent"], Value::Null);
    let sid = message["sid"].as_str().expect("a sid");
    assert!(sid.starts_with("SM") && sid.len() == 34);
    assert_eq!(message["uri"], format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"));

    simulator.settle().await;
    simulator.read(&worker());
    simulator.settle().await;
    assert_eq!(andon.field("/api/whatsapp/status?d=token", "MessageStatus"), ["sent", "delivered", "read"]);
    assert!(andon.told().iter().all(|told| told.signed), "signed over the URL with its query");
    let delivered = &andon.told()[1].form;
    assert_eq!(delivered["ChannelToAddress"], "+1202555XXXX");
    assert!(delivered.contains_key("ExternalUserId") && !delivered.contains_key("StructuredMessage"));
    let (_, fetched) = ask(&simulator, twilio_api(Method::GET, &format!("Messages/{sid}.json"), &[])).await;
    assert_eq!(
        (&fetched["status"], &fetched["date_sent"]),
        (&json!("read"), &json!("Sun, 18 Jan 2026 14:30:22 +0000"))
    );
}

#[tokio::test]
async fn errors_have_twilios_shape() {
    let (simulator, _andon) = start().await;
    let mut wrong = twilio_api(Method::POST, "Messages.json", &[]);
    wrong.headers_mut().insert(header::AUTHORIZATION, "Basic d3Jvbmc6d3Jvbmc=".parse().expect("a header"));
    let (status, error) = ask(&simulator, wrong).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let more = "https://www.twilio.com/docs/errors/20003";
    assert_eq!(error, json!({"code": 20003, "message": "Authenticate", "more_info": more, "status": 401}));
    let (status, error) = ask(&simulator, twilio_api(Method::POST, "Messages.json", &[("Body", "x")])).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!(21604)));
    let (status, error) = ask(&simulator, twilio_api(Method::GET, "Messages/SM1.json", &[])).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!(20404)));
    let (status, error) = ask(&simulator, twilio_api(Method::GET, "Calls.json", &[])).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!(20404)));
}

#[tokio::test]
async fn the_list_filters_and_its_pages_join_without_gap_while_messages_come_in() {
    let (simulator, andon) = start().await;
    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "drop"}}})).await;
    for text in ["1", "2", "3", "4", "5"] {
        simulator.say(&worker(), text).await;
    }
    send_text(&simulator, &andon, "an answer").await;
    simulator.settle().await;

    let mut next = Some("Messages.json?To=whatsapp%3A%2B12025550100&DateSent%3E=2026-01-18&PageSize=2".to_owned());
    let mut bodies = Vec::new();
    while let Some(path) = next {
        let (_, page) = ask(&simulator, twilio_api(Method::GET, &path, &[])).await;
        bodies.extend(page["messages"].as_array().expect("messages").iter().map(|m| m["body"].clone()));
        simulator.say(&worker(), "later").await;
        let prefix = format!("/2010-04-01/Accounts/{ACCOUNT}/");
        next = page["next_page_uri"]
            .as_str()
            .map(|uri| uri.strip_prefix(&prefix).expect("relative to the API").to_owned());
    }
    assert_eq!(bodies, ["5", "4", "3", "2", "1"], "newest first, with the one whose webhook was dropped");

    let count = async |query: &str| {
        let (_, page) = ask(&simulator, twilio_api(Method::GET, &format!("Messages.json?{query}"), &[])).await;
        page["messages"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("From=whatsapp%3A%2B12025550100").await, 1);
    assert_eq!(count("DateSent%3E=2026-01-19").await, 0);
    assert_eq!(count("DateSent%3C=2026-01-17").await, 0);
    assert_eq!(count("DateSent=2026-01-18").await, 9);
    let (status, _) = ask(&simulator, twilio_api(Method::GET, "Messages.json?DateSent%3E=soon", &[])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_answer_in_twiml_is_shown_on_the_phone() {
    let (simulator, andon) = start().await;
    andon.answer(200, "<Response><Message>Hello &amp; welcome</Message></Response>");
    simulator.say(&worker(), "hi").await;
    simulator.settle().await;
    assert_eq!(simulator.transcript(&worker())[1].text, "Hello & welcome");
}
