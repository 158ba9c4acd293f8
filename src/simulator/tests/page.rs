//! The phone page and its API.

use super::*;

#[tokio::test]
async fn phones_are_added_and_bad_input_is_answered_with_what_to_do() {
    let (simulator, _andon) = start().await;
    let (status, phone) =
        ask(&simulator, page_api(Method::POST, "phones", &json!({"number": "+447700900123", "name": "Night shift"})))
            .await;
    assert_eq!((status, &phone["name"]), (StatusCode::CREATED, &json!("Night shift")));
    let (_, all) = ask(&simulator, page_api(Method::GET, "phones", &Value::Null)).await;
    assert_eq!(all["phones"].as_array().map(Vec::len), Some(11));

    for path in ["phones/+447700900123/messages", "phones/%2B447700900123/messages", "phones/%20447700900123/messages"]
    {
        let (status, sent) = ask(&simulator, page_api(Method::POST, path, &json!({"text": "hi"}))).await;
        assert_eq!((status, &sent["webhook"]), (StatusCode::CREATED, &json!(200)), "{path}");
    }
    let long = "x".repeat(4_097);
    let cases = [
        ("phones", json!({"number": "0044 20 7946 0018"}), 400, "did you mean +442079460018?"),
        ("phones", json!({"number": "+12025550100"}), 409, "the plant's own number"),
        ("phones/+447700900124/messages", json!({"text": "hi"}), 404, "Add it first"),
        ("phones/+12025550101/messages", json!({}), 400, "Write something first"),
        ("phones/+12025550101/messages", json!({"text": "hi", "medium": "email"}), 400, "not written"),
        ("phones/+12025550101/messages", json!({"text": long}), 400, "this one has 4097"),
        ("phones/+12025550101/messages", json!({"txt": "hi"}), 400, "unknown field `txt`"),
        (
            "phones/+12025550101/messages",
            json!({"media": [{"content_type": "text/html", "data": ""}]}),
            400,
            "can send: image/jpeg",
        ),
        ("nothing", json!({}), 404, "nothing at this address"),
    ];
    for (path, body, expected, words) in cases {
        let (status, problem) = ask(&simulator, page_api(Method::POST, path, &body)).await;
        assert_eq!(status.as_u16(), expected, "{path} {body}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{path} {body}: {problem}");
        assert_eq!(problem["error"], problem["detail"]);
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_write() {
    let (simulator, andon) = start().await;
    for path in ["phones", "phones/+12025550101/messages", "phones/+12025550101/read"] {
        let mut request = page_api(Method::POST, path, &json!({"text": "hi", "number": "+447700900123"}));
        request.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().expect("a header"));
        let (status, _) = ask(&simulator, request).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
    assert!(andon.told().is_empty());
}

#[tokio::test]
async fn faults_are_armed_and_cleared_over_the_api() {
    let (simulator, _andon) = start().await;
    let armed = json!({"sends": {"next": 3, "fault": {"kind": "refuse", "code": 63016}}});
    let (status, answer) = ask(&simulator, page_api(Method::PUT, "faults", &armed)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["words"], json!(["The next 3 messages from Andon are refused with code 63016."]));
    let (status, _) =
        ask(&simulator, page_api(Method::PUT, "faults", &json!({"sends": {"next": 0, "fault": {"kind": "silent"}}})))
            .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(simulator.faults().sends.map(|rule| rule.next), Some(3), "a refused change changes nothing");
    let mails = json!({"mails": {"next": 2, "fault": {"kind": "refuse", "code": 450}}});
    let (_, answer) = ask(&simulator, page_api(Method::PUT, "faults", &mails)).await;
    assert_eq!(answer["words"], json!(["The next 2 e-mails are refused with code 450."]));
    let (_, answer) = ask(&simulator, page_api(Method::DELETE, "faults", &Value::Null)).await;
    assert_eq!(answer["words"], json!([]));
}

#[tokio::test]
async fn live_news_carry_each_new_bubble_and_end_on_close() {
    let (simulator, _andon) = start().await;
    let app = axum::Router::new().nest("/simulator", simulator.router());
    let response = app.oneshot(page_api(Method::GET, "events", &Value::Null)).await.expect("infallible");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    simulator.say(&worker(), "hi").await;
    simulator.close();
    let news = response.into_body().collect().await.expect("a body that ends").to_bytes();
    let news = String::from_utf8_lossy(&news);
    assert!(news.contains(r#""text":"hi""#), "{news}");
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_that_forbids_everything_foreign() {
    let (simulator, _andon) = start().await;
    let app = axum::Router::new().nest("/simulator", simulator.router());
    for (path, content_type) in [
        ("/simulator", "text/html; charset=utf-8"),
        ("/simulator/assets/phone.css", "text/css; charset=utf-8"),
        ("/simulator/assets/phone.js", "text/javascript; charset=utf-8"),
        ("/simulator/assets/icon.svg", "image/svg+xml"),
    ] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("infallible");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], content_type);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = response.into_body().collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("innerHTML") && !text.contains("style=\"") && !text.contains("https://"), "{path}");
    }
}

#[tokio::test]
async fn e_mails_are_taken_by_any_client_and_shown() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (simulator, _andon) = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let taking = tokio::spawn(simulator.clone().take_mail(listener));
    let mut client = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let talk = "HELO me\r\nDATA\r\nMAIL FROM:<andon@example.com> SIZE=1\r\nRCPT TO:nobody\r\nRCPT TO:<dev1@example.com>\r\n\
                DATA\r\nFrom: Andon <andon@example.com>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\
                Message-ID: <1@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n..\r\nBye\r\n.\r\n\
                VRFY dev1\r\nQUIT\r\n";
    client.write_all(talk.as_bytes()).await.expect("it reads");
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.expect("it hangs up after QUIT");
    let codes: Vec<&str> = answers.lines().filter_map(|line| line.get(..3)).collect();
    assert_eq!(codes, ["220", "250", "503", "250", "501", "250", "354", "250", "502", "221"]);
    let (_, shown) = ask(&simulator, page_api(Method::GET, "letters", &Value::Null)).await;
    let letter = &shown["letters"][0];
    assert_eq!((&letter["to"], &letter["subject"]), (&json!("dev1@example.com"), &json!("Grüße")));
    assert_eq!((&letter["from"], &letter["text"]), (&json!("Andon <andon@example.com>"), &json!("Hello\n.\nBye")));
    assert_eq!((&letter["message_id"], &letter["auto_submitted"]), (&json!("1@example.com"), &Value::Null));
    simulator.close();
    taking.await.expect("it ends when the simulator is closed");
}
