//! What leaves for Twilio and what its answers become, against a tiny server with canned answers.

use super::*;
use crate::channels::{Channel as _, twilio::Credentials};
use crate::kit::E164;
use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeZone as _;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use url::Url;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const MESSAGES: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";

/// Status, `Retry-After`, body.
type Answer = (u16, Option<&'static str>, String);

/// A server that gives its answers in their order and remembers what it was asked.
#[derive(Clone, Default)]
struct Canned {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
struct Asked {
    line: String,
    authorization: String,
    form: Vec<(String, String)>,
}

impl Canned {
    async fn serving(answers: impl IntoIterator<Item = Answer>) -> (Self, Url) {
        let canned = Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = Url::parse(&format!("http://{}/", listener.local_addr().expect("bound"))).expect("a URL");
        let app = Router::new().fallback(answer).with_state(canned.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (canned, base)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

async fn answer(
    State(canned): State<Canned>,
    method: axum::http::Method,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let authorization = headers.get("authorization").map(|value| value.to_str().expect("ASCII").to_owned());
    canned.asked.lock().expect("not poisoned").push(Asked {
        line: format!("{method} {uri}"),
        authorization: authorization.unwrap_or_default(),
        form: form_urlencoded::parse(body.as_bytes()).into_owned().collect(),
    });
    let next = canned.answers.lock().expect("not poisoned").pop_front();
    let (status, retry_after, body) = next.unwrap_or((599, None, "no answer was left".to_owned()));
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert("retry-after", seconds.parse().expect("a header's value"));
    }
    (axum::http::StatusCode::from_u16(status).expect("a status"), headers, body)
}

fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

fn channel(base: Url, next: Option<&str>) -> Twilio {
    let credentials = Credentials {
        account_sid: ACCOUNT.to_owned(),
        auth_token: "first".into(),
        auth_token_next: next.map(Into::into),
    };
    let http = crate::kit::http::client().expect("a client");
    let callback = Some("https://plant.example/api/whatsapp/status".to_owned());
    Twilio::new(http, base, Some(credentials), Some(number("+14155238886")), callback)
}

fn outbound(text: &str) -> Outbound {
    Outbound {
        medium: Medium::Whatsapp,
        to: number("+447700900123"),
        from: None,
        text: text.to_owned(),
        token: "t0ken".to_owned(),
    }
}

fn basic(token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{token}")))
}

fn ok(status: &str) -> Answer {
    (201, None, format!(r#"{{"sid":"SM1","status":"{status}","error_code":null,"num_media":"0"}}"#))
}

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
    assert_eq!(asked.form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
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
        ((429, Some("12"), String::new()), refused("too_many_requests", Retry::Later(secs(12)))),
        ((429, Some("999999"), String::new()), refused("too_many_requests", Retry::Later(secs(999_999)))),
        ((429, Some("soon"), String::new()), refused("too_many_requests", Retry::Later(None))),
        (code(400, 21211), refused("invalid_recipient", Retry::Never)),
        (code(400, 21610), refused("opted_out", Retry::Never)),
        (code(400, 63007), refused("sender_not_on_whatsapp", Retry::Never)),
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
    let sms = Outbound { medium: Medium::Sms, ..outbound("hi") };
    assert_eq!(twilio.send(&sms).await.expect_err("no sender for text messages").name, "no_sender");
    assert!(twilio.carries(Medium::Whatsapp) && !twilio.carries(Medium::Sms));

    let senderless = Twilio::new(http, base, twilio.credentials.clone(), None, None);
    assert_eq!(senderless.send(&outbound("hi")).await.expect_err("no sender").name, "not_configured");
    assert!(server.asked().is_empty(), "nothing left the house");
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

fn listed_message(sid: &str, second: u32, rest: &str) -> String {
    format!(
        r#"{{"sid":"{sid}","from":"whatsapp:+447700900123","to":"whatsapp:+14155238886","body":"{sid}",
           "date_created":"Sun, 18 Jan 2026 14:30:{second:02} +0000","date_sent":null,{rest}}}"#
    )
}

fn page(messages: &[String], next: Option<&str>) -> Answer {
    let next = next.map_or("null".to_owned(), |uri| format!("\"{uri}\""));
    (200, None, format!(r#"{{"messages":[{}],"next_page_uri":{next}}}"#, messages.join(",")))
}

#[tokio::test]
async fn what_came_in_is_listed_over_all_pages_oldest_first() {
    let inbound = r#""direction":"inbound","num_media":"0""#;
    let next = format!("{MESSAGES}?PageToken=PA1&Page=1");
    let media = r#"{"media_list":[{"sid":"ME1","content_type":"image/png","uri":"/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1.json"}]}"#;
    let (server, base) = Canned::serving([
        page(
            &[
                listed_message("SM5", 40, inbound),
                listed_message("SM4", 31, inbound),
                listed_message("SM3", 31, inbound),
                r#"{"odd":true}"#.to_owned(),
                listed_message("SMout", 31, r#""direction":"outbound-api","num_media":"0""#),
            ],
            Some(&next),
        ),
        page(
            &[
                listed_message("MM1", 30, r#""direction":"inbound","num_media":"1""#),
                listed_message("SM0", 29, inbound),
                listed_message("SMcode", 31, inbound).replace("whatsapp:+447700900123", "12345"),
            ],
            None,
        ),
        (200, None, media.to_owned()),
    ])
    .await;
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 30).single().expect("an instant");
    let since = since + chrono::TimeDelta::milliseconds(700);
    let received = channel(base.clone(), None).received_since(since).await.expect("listed");

    let ids: Vec<&str> = received.iter().map(|listed| listed.message.provider_id.as_str()).collect();
    assert_eq!(ids, ["MM1", "SM3", "SM4", "SM5"]);
    assert_eq!(received.iter().map(|listed| listed.has_media).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!((received[1].message.medium, received[1].message.text.as_str()), (Medium::Whatsapp, "SM3"));
    assert!(received.iter().all(|listed| listed.message.sent_at.is_some_and(|at| at >= since.trunc_subsecs(0))));
    let media = channel(base.clone(), None).media_of("MM1").await.expect("listed");
    let url = format!("{base}2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1");
    assert_eq!(media, [Media { url, content_type: "image/png".to_owned() }]);

    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let first = format!("GET {MESSAGES}?To=whatsapp%3A%2B14155238886&DateSent%3E=2026-01-18&PageSize=1000");
    let media = MESSAGES.replace(".json", "/MM1/Media.json");
    assert_eq!(lines, [first, format!("GET {next}"), format!("GET {media}")]);
}

#[tokio::test]
async fn a_list_that_never_ends_or_leads_elsewhere_is_left() {
    let endless = page(&[], Some(&format!("{MESSAGES}?Page=1")));
    let (server, base) = Canned::serving(vec![endless; 30]).await;
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 0, 0, 0).single().expect("an instant");
    assert_eq!(channel(base, None).received_since(since).await, Ok(vec![]));
    assert_eq!(server.asked().len(), MAX_PAGES);

    let (server, base) = Canned::serving([page(&[], Some("https://elsewhere.example/Messages.json"))]).await;
    assert_eq!(channel(base, None).received_since(since).await, Ok(vec![]));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn deleted_media_are_none_and_a_passing_trouble_is_told() {
    let gone = (404, None, r#"{"code":20404,"message":"not found","status":404}"#.to_owned());
    let (_, base) = Canned::serving([gone, (503, None, String::new())]).await;
    let twilio = channel(base, None);
    assert_eq!(twilio.media_of("MM1").await, Ok(vec![]), "gone for good");
    let error = twilio.media_of("MM1").await.expect_err("Twilio is down");
    assert_eq!((error.name, error.in_doubt), ("provider_down", false));
}

#[tokio::test]
async fn an_account_that_cannot_be_asked_has_received_nothing() {
    let http = crate::kit::http::client().expect("a client");
    let base = Url::parse("http://127.0.0.1:9").expect("a URL");
    let twilio = Twilio::new(http, base, None, Some(number("+14155238886")), None);
    let since = Utc.with_ymd_and_hms(2026, 1, 18, 0, 0, 0).single().expect("an instant");
    assert_eq!(twilio.received_since(since).await, Ok(vec![]));
}
