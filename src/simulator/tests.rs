//! The simulator against a small stand-in for Andon that writes down what it is told.

use super::*;
use crate::channels::twilio::signature;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use base64::Engine as _;
use chrono::TimeZone as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use tower::ServiceExt as _;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "a token of the tests";

/// A request that reached Andon.
#[derive(Clone, Debug)]
struct Told {
    path: String,
    form: HashMap<String, String>,
    signed: bool,
    headers: HeaderMap,
}

/// Andon as these tests need it: it takes everything, answers what it is told to, and forgets nothing.
#[derive(Clone, Default)]
struct Andon {
    told: Arc<Mutex<Vec<Told>>>,
    answer: Arc<Mutex<Option<(u16, &'static str)>>>,
    base: Arc<Mutex<String>>,
}

impl Andon {
    fn told(&self) -> Vec<Told> {
        self.told.lock().expect("no test panics while it holds this").clone()
    }

    /// One field of everything that was told at this path, in order.
    fn field(&self, path: &str, field: &str) -> Vec<String> {
        let told = self.told();
        let there = told.iter().filter(|told| told.path.starts_with(path));
        there.map(|told| told.form.get(field).cloned().unwrap_or_default()).collect()
    }

    fn answer(&self, status: u16, body: &'static str) {
        *self.answer.lock().expect("no test panics while it holds this") = Some((status, body));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.lock().expect("no test panics while it holds this"))
    }
}

async fn note(State(andon): State<Andon>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let params = form_urlencoded::parse(&body).map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect::<Vec<_>>();
    let given = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = signature::verify(&[TOKEN], &[andon.url(&uri.to_string())], &params, given);
    let form = form_urlencoded::parse(&body).into_owned().collect();
    andon.told.lock().expect("no test panics while it holds this").push(Told { path: uri.to_string(), form, signed, headers });
    let (status, body) = andon.answer.lock().expect("no test panics while it holds this").unwrap_or((200, "<Response/>"));
    (StatusCode::from_u16(status).expect("a status"), body)
}

async fn start() -> (Simulator, Andon) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let andon = Andon::default();
    andon.base.lock().expect("fresh").clone_from(&base);
    let app = axum::Router::new().fallback(note).with_state(andon.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (simulator(&format!("{base}/api/whatsapp/webhook?plant=1#rc=5&rp=all")), andon)
}

fn simulator(webhook_url: &str) -> Simulator {
    Simulator::new(Setup {
        account_sid: ACCOUNT.into(),
        auth_token: TOKEN.into(),
        sender: number("+12025550100"),
        company: "Demo Plant".into(),
        webhook_url: webhook_url.into(),
        api_base: "http://127.0.0.1:8000/simulator/twilio".into(),
        http: crate::kit::http::client().expect("a client"),
        clock: Clock::manual(chrono::Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 22).single().expect("valid")),
        pace: Pace::Instant,
    })
}

fn number(text: &str) -> E164 {
    E164::parse(text).expect("well formed")
}

fn worker() -> E164 {
    number("+12025550101")
}

async fn ask(simulator: &Simulator, request: Request<Body>) -> (StatusCode, Value) {
    let app = axum::Router::new().nest("/simulator", simulator.router());
    let response = app.oneshot(request).await.expect("infallible");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn twilio(method: Method, path: &str, form: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    Request::builder()
        .method(method)
        .uri(format!("/simulator/twilio/2010-04-01/Accounts/{ACCOUNT}/{path}"))
        .header(header::AUTHORIZATION, format!("Basic {basic}"))
        .body(Body::from(body))
        .expect("a request")
}

fn page_api(method: Method, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(format!("/simulator/api/{path}"));
    request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).expect("a request")
}

/// Andon sends a text with a status callback.
async fn send_text(simulator: &Simulator, andon: &Andon, text: &str) -> (StatusCode, Value) {
    let callback = andon.url("/api/whatsapp/status?d=token");
    let form = [
        ("To", "whatsapp:+12025550101"),
        ("From", "whatsapp:+12025550100"),
        ("Body", text),
        ("StatusCallback", callback.as_str()),
    ];
    ask(simulator, twilio(Method::POST, "Messages.json", &form)).await
}

async fn arm(simulator: &Simulator, faults: Value) {
    let faults = serde_json::from_value(faults).expect("faults");
    simulator.set_faults(faults).await.expect("within bounds");
}

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
    let button = Button { text: "Approve".into(), payload: "approve:7".into() };
    let tap = Incoming { button: Some(button), quoted: Some("SM1".into()), ..Incoming::text(&worker(), "Approve") };
    simulator.send(tap).await;
    simulator.send(Incoming { medium: Medium::Sms, ..Incoming::text(&worker(), "by SMS") }).await;

    let of = |field| andon.field("/api/whatsapp/webhook", field);
    assert_eq!(of("MessageType"), ["image", "location", "interactive", ""]);
    assert_eq!(of("NumMedia"), ["1", "0", "0", "0"]);
    assert_eq!(of("MediaContentType0")[0], "image/jpeg");
    assert_eq!((of("Latitude")[1].as_str(), of("Longitude")[1].as_str(), of("Label")[1].as_str()), ("52.5", "-13.25", "Hall 3"));
    assert_eq!((of("ButtonPayload")[2].as_str(), of("OriginalRepliedMessageSid")[2].as_str()), ("approve:7", "SM1"));
    assert_eq!(of("From")[3], "+12025550101");

    let url = &of("MediaUrl0")[0];
    let path = url.strip_prefix("http://127.0.0.1:8000/simulator/twilio/2010-04-01/Accounts/").expect("the API's base");
    let path = path.strip_prefix(&format!("{ACCOUNT}/")).expect("the account");
    let fetched = axum::Router::new().nest("/simulator", simulator.router()).oneshot(twilio(Method::GET, path, &[])).await;
    let fetched = fetched.expect("infallible");
    assert_eq!(fetched.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(fetched.into_body().collect().await.expect("a body").to_bytes().as_ref(), [1, 2, 3]);
    let (_, media) = ask(&simulator, twilio(Method::GET, &format!("Messages/{}/Media.json", sent.sid), &[])).await;
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
    let (_, fetched) = ask(&simulator, twilio(Method::GET, &format!("Messages/{sid}.json"), &[])).await;
    assert_eq!((&fetched["status"], &fetched["date_sent"]), (&json!("read"), &json!("Sun, 18 Jan 2026 14:30:22 +0000")));
}

#[tokio::test]
async fn errors_have_twilios_shape() {
    let (simulator, _andon) = start().await;
    let mut wrong = twilio(Method::POST, "Messages.json", &[]);
    wrong.headers_mut().insert(header::AUTHORIZATION, "Basic d3Jvbmc6d3Jvbmc=".parse().expect("a header"));
    let (status, error) = ask(&simulator, wrong).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let more = "https://www.twilio.com/docs/errors/20003";
    assert_eq!(error, json!({"code": 20003, "message": "Authenticate", "more_info": more, "status": 401}));
    let (status, error) = ask(&simulator, twilio(Method::POST, "Messages.json", &[("Body", "x")])).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!(21604)));
    let (status, error) = ask(&simulator, twilio(Method::GET, "Messages/SM1.json", &[])).await;
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

    let mut next = Some("Messages.json?To=whatsapp%3A%2B12025550100&DateSent>=2026-01-18&PageSize=2".to_owned());
    let mut bodies = Vec::new();
    while let Some(path) = next {
        let (_, page) = ask(&simulator, twilio(Method::GET, &path, &[])).await;
        bodies.extend(page["messages"].as_array().expect("messages").iter().map(|m| m["body"].clone()));
        simulator.say(&worker(), "later").await;
        let prefix = format!("/2010-04-01/Accounts/{ACCOUNT}/");
        next = page["next_page_uri"].as_str().map(|uri| uri.strip_prefix(&prefix).expect("relative to the API").to_owned());
    }
    assert_eq!(bodies, ["5", "4", "3", "2", "1"], "newest first, with the one whose webhook was dropped");

    let count = async |query: &str| {
        let (_, page) = ask(&simulator, twilio(Method::GET, &format!("Messages.json?{query}"), &[])).await;
        page["messages"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("From=whatsapp%3A%2B12025550100").await, 1);
    assert_eq!(count("DateSent%3E=2026-01-19").await, 0);
    assert_eq!(count("DateSent<=2026-01-17").await, 0);
    assert_eq!(count("DateSent=2026-01-18").await, 9);
    let (status, _) = ask(&simulator, twilio(Method::GET, "Messages.json?DateSent>=soon", &[])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn armed_sends_fail_as_told_and_then_all_is_well() {
    let (simulator, andon) = start().await;
    let cases = [
        (json!({"kind": "refuse", "code": 63016}), 400, Some(63016)),
        (json!({"kind": "refuse", "code": 20003}), 401, Some(20003)),
        (json!({"kind": "respond", "status": 429, "retry_after_s": 2}), 429, Some(20429)),
        (json!({"kind": "respond", "status": 503}), 503, None),
        (json!({"kind": "delay", "ms": 1}), 201, None),
    ];
    for (fault, expected, code) in cases {
        arm(&simulator, json!({"sends": {"next": 1, "fault": fault}})).await;
        let (status, answer) = send_text(&simulator, &andon, "x").await;
        assert_eq!((status.as_u16(), answer["code"].as_i64()), (expected, code), "{fault}");
    }
    simulator.settle().await;
    assert_eq!(simulator.transcript(&worker()).len(), 1, "only the delayed one went out");
    assert_eq!(send_text(&simulator, &andon, "well again").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_answer_that_is_lost_may_hide_a_message_that_went_out() {
    let (simulator, andon) = start().await;
    arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "respond", "status": 500, "taken": true}}})).await;
    let (status, _) = send_text(&simulator, &andon, "in doubt").await;
    simulator.settle().await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(simulator.transcript(&worker())[0].text, "in doubt");
    assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus"), ["sent", "delivered"]);
}

#[tokio::test]
async fn a_silent_send_ends_without_an_answer() {
    let (simulator, andon) = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", listener.local_addr().expect("bound"));
    let router = simulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "silent"}}})).await;
    let form = [("To", "whatsapp:+12025550101"), ("From", "whatsapp:+12025550100"), ("Body", "x")];
    let client = crate::kit::http::client().expect("a client");
    let request = client.post(url).basic_auth(ACCOUNT, Some(TOKEN)).form(&form);
    let error = request.send().await.expect_err("no answer");
    assert!(!error.is_connect() && error.status().is_none(), "{error:?}");
    assert!(simulator.transcript(&worker()).is_empty() && andon.told().is_empty());
}

#[tokio::test]
async fn a_late_failure_comes_by_callback_with_its_code() {
    let (simulator, andon) = start().await;
    for (code, statuses) in [(63016, &["undelivered"][..]), (30003, &["sent", "undelivered"][..])] {
        arm(&simulator, json!({"sends": {"next": 1, "fault": {"kind": "fail_later", "code": code}}})).await;
        let before = andon.told().len();
        assert_eq!(send_text(&simulator, &andon, "x").await.0, StatusCode::CREATED);
        simulator.settle().await;
        assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus")[before..], *statuses);
        assert_eq!(andon.field("/api/whatsapp/status", "ErrorCode").last(), Some(&code.to_string()));
    }
}

#[tokio::test]
async fn a_shut_window_sends_free_text_back_until_the_phone_writes() {
    let (simulator, andon) = start().await;
    arm(&simulator, json!({"window": true})).await;
    send_text(&simulator, &andon, "too early").await;
    simulator.settle().await;
    simulator.say(&worker(), "hi").await;
    send_text(&simulator, &andon, "in time").await;
    simulator.settle().await;
    let outcome: Vec<_> = simulator.transcript(&worker()).iter().map(|b| (b.text.clone(), b.status)).collect();
    let expected = [("too early", Status::Failed), ("hi", Status::Delivered), ("in time", Status::Delivered)];
    assert_eq!(outcome, expected.map(|(text, status)| (text.to_owned(), status)));
}

#[tokio::test]
async fn webhooks_are_dropped_repeated_and_swapped_as_told() {
    let (simulator, andon) = start().await;
    let told = || andon.field("/api/whatsapp/webhook", "Body");
    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "drop"}}})).await;
    assert_eq!(simulator.say(&worker(), "lost").await.webhook, None);
    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "repeat", "times": 2}}})).await;
    simulator.say(&worker(), "thrice").await;
    arm(&simulator, json!({"webhooks": {"next": 2, "fault": {"kind": "reorder"}}})).await;
    simulator.say(&worker(), "first").await;
    simulator.say(&worker(), "second").await;
    simulator.settle().await;
    assert_eq!(told(), ["thrice", "thrice", "thrice", "second", "first"]);
    let sids = andon.field("/api/whatsapp/webhook", "MessageSid");
    assert_eq!((&sids[0], &sids[0]), (&sids[1], &sids[2]), "a repeated webhook is the same message");

    arm(&simulator, json!({"webhooks": {"next": 1, "fault": {"kind": "reorder"}}})).await;
    simulator.say(&worker(), "held").await;
    assert_eq!(told().len(), 5);
    simulator.set_faults(Faults::default()).await.expect("always within bounds");
    assert_eq!(told().last().map(String::as_str), Some("held"), "what was held goes when all is well again");
}

#[tokio::test]
async fn callbacks_are_dropped_repeated_and_turned_round_as_told() {
    let (simulator, andon) = start().await;
    let cases = [
        (json!({"kind": "drop"}), &[][..]),
        (json!({"kind": "repeat", "times": 1}), &["sent", "sent", "delivered", "delivered"][..]),
        (json!({"kind": "reorder"}), &["read", "delivered", "sent"][..]),
    ];
    for (fault, expected) in cases {
        let before = andon.told().len();
        arm(&simulator, json!({"callbacks": {"next": 1, "fault": fault}})).await;
        send_text(&simulator, &andon, "x").await;
        simulator.settle().await;
        assert_eq!(andon.field("/api/whatsapp/status", "MessageStatus")[before..], *expected, "{fault}");
    }
}

#[tokio::test]
async fn a_message_that_andon_does_not_take_says_so() {
    let (simulator, andon) = start().await;
    andon.answer(403, "");
    assert_eq!(simulator.say(&worker(), "hi").await.webhook, Some(403));
    let bubble = &simulator.transcript(&worker())[0];
    assert_eq!((bubble.status, bubble.note.as_deref()), (Status::Sent, Some("Not delivered: Andon answered 403.")));

    let nowhere = super::tests::simulator("http://127.0.0.1:1/");
    assert_eq!(nowhere.say(&worker(), "hi").await.webhook, None);
    assert_eq!(nowhere.transcript(&worker())[0].note.as_deref(), Some("Not delivered: Andon did not answer."));
}

#[tokio::test]
async fn an_answer_in_twiml_is_shown_on_the_phone() {
    let (simulator, andon) = start().await;
    andon.answer(200, "<Response><Message>Hello &amp; welcome</Message></Response>");
    simulator.say(&worker(), "hi").await;
    simulator.settle().await;
    assert_eq!(simulator.transcript(&worker())[1].text, "Hello & welcome");
}

#[tokio::test]
async fn phones_are_added_and_bad_input_is_answered_with_what_to_do() {
    let (simulator, _andon) = start().await;
    let (status, phone) =
        ask(&simulator, page_api(Method::POST, "phones", &json!({"number": "+447700900123", "name": "Night shift"}))).await;
    assert_eq!((status, &phone["name"]), (StatusCode::CREATED, &json!("Night shift")));
    let (_, all) = ask(&simulator, page_api(Method::GET, "phones", &Value::Null)).await;
    assert_eq!(all["phones"].as_array().map(Vec::len), Some(7));

    for path in ["phones/+447700900123/messages", "phones/%2B447700900123/messages", "phones/%20447700900123/messages"] {
        let (status, sent) = ask(&simulator, page_api(Method::POST, path, &json!({"text": "hi"}))).await;
        assert_eq!((status, &sent["webhook"]), (StatusCode::CREATED, &json!(200)), "{path}");
    }
    let long = "x".repeat(4_097);
    let cases = [
        ("phones", json!({"number": "0044 20 7946 0018"}), 400, "did you mean +442079460018?"),
        ("phones", json!({"number": "+12025550100"}), 409, "the plant's own number"),
        ("phones/+447700900124/messages", json!({"text": "hi"}), 404, "Add it first"),
        ("phones/+12025550101/messages", json!({}), 400, "Write something first"),
        ("phones/+12025550101/messages", json!({"text": long}), 400, "this one has 4097"),
        ("phones/+12025550101/messages", json!({"txt": "hi"}), 400, "unknown field `txt`"),
        ("phones/+12025550101/messages", json!({"media": [{"content_type": "text/html", "data": ""}]}), 400, "can send: image/jpeg"),
        ("nothing", json!({}), 404, "nothing at this address"),
    ];
    for (path, body, expected, words) in cases {
        let (status, problem) = ask(&simulator, page_api(Method::POST, path, &body)).await;
        assert_eq!(status.as_u16(), expected, "{path} {body}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
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
    let (status, _) = ask(&simulator, page_api(Method::PUT, "faults", &json!({"sends": {"next": 0, "fault": {"kind": "silent"}}}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(simulator.faults().sends.map(|rule| rule.next), Some(3), "a refused change changes nothing");
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
    assert!(news.contains(r#""text":"hi""#) || news.is_empty(), "{news}");
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
