//! The one door in: providers' webhooks, checked, stored, and answered with an empty acknowledgement.
//!
//! A signed message is on disk, with its effects and its reply, before the provider gets its 200. What is not
//! proved to come from the provider is turned away and nothing of it is stored. Twilio brings one message at a time, as
//! a form; Meta up to a thousand, as JSON.

use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Inbound, Medium, Receipt, Rejection, Signal, Webhook, meta, twilio};
use crate::chat::inbound::Taken;
use crate::config::STATUS_PATH;
use crate::db::{Batch, is_refusal};
use crate::kit::error::Kind;
use crate::kit::metrics::Stopwatch;
use crate::kit::{Error, Result};
use crate::web::problem::Problem;
use crate::web::rate_limit::PerAddress;
use crate::web::{AsReceived, client};
use axum::body::Body;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::TimeDelta;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Serialize;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use utoipa::ToSchema;

/// The largest body taken in. Twilio's have a few kilobytes; more would only give strangers work to order.
const MAX_BODY: usize = 256 * 1024;
/// The same for what Meta sends. Source: Meta's page "Webhooks", 3 MB and up to 1,000 updates.
const MAX_META_BODY: usize = 3 * 1024 * 1024;
/// A message that was written earlier than this was brought late: its own time counts.
const LATE: TimeDelta = TimeDelta::minutes(2);
/// A provider's body is there at once; who takes longer is no provider.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// What is not stored within this time is refused: Twilio waits 15 seconds for an answer.
/// <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>, read in November 2026.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many refusals of one address are logged a minute: a stranger must not fill the log.
const LOGGED_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// TwiML's way of saying "no reply here"; replies are deliveries of their own.
const NO_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// What the door leads to.
#[derive(Clone)]
pub struct Door {
    /// The application.
    pub app: App,
    /// The message step's queue.
    pub messages: Batch<Inbound, Taken>,
    /// The receipts' queue.
    pub receipts: Batch<Receipt, ()>,
    /// Whether the last thing that came could not be stored.
    has_refused: Arc<AtomicBool>,
    /// Whose refusals were logged lately.
    told: PerAddress,
}

/// What a webhook came to.
enum Entered {
    /// Its messages and statuses are stored.
    Stored,
    /// It was only a look whether we are there.
    Look,
    /// A provider asked whether this address is ours; this is the answer.
    Shaken(String),
}

/// We are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Looked {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Messages from a provider.
///
/// Form-encoded and signed as Twilio does it, or JSON signed as Meta does it. The answer is empty: replies are deliveries
/// of their own.
#[utoipa::path(
    post, path = "/api/whatsapp/webhook", tag = "WhatsApp", operation_id = "receive_webhook",
    request_body(content = BTreeMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Stored, with its effects and its reply", content_type = "text/xml"),
        (status = 400, description = "Not a message", body = Problem),
        (status = 403, description = "Not signed by the provider", body = Problem),
        (status = 413, description = "Too large", body = Problem),
        (status = 503, description = "Cannot be stored now; nothing was", body = Problem),
    ),
)]
pub async fn webhook(
    State(door): State<Door>,
    Extension(received): Extension<AsReceived>,
    request: Request,
) -> Response {
    let channel = door.channel_of(&request);
    let stored = if channel == meta::NAME {
        StatusCode::OK.into_response()
    } else {
        ([(CONTENT_TYPE, "text/xml; charset=utf-8")], NO_REPLY).into_response()
    };
    door.answer(("webhook", channel), &received, request, stored).await
}

/// Messages and statuses from Meta alone.
///
/// JSON, signed with the app's secret. The answer is empty: replies are deliveries of their own. The same is taken at
/// `/api/whatsapp/webhook`.
#[utoipa::path(
    post, path = "/api/whatsapp/meta/webhook", tag = "WhatsApp", operation_id = "receive_meta_webhook",
    responses(
        (status = 200, description = "Stored, with its effects and its reply"),
        (status = 400, description = "No JSON", body = Problem),
        (status = 403, description = "Not signed by Meta", body = Problem),
        (status = 413, description = "Too large", body = Problem),
        (status = 503, description = "Cannot be stored now; Meta brings it again", body = Problem),
    ),
)]
pub async fn meta(State(door): State<Door>, Extension(received): Extension<AsReceived>, request: Request) -> Response {
    door.answer(("webhook", meta::NAME), &received, request, StatusCode::OK.into_response()).await
}

/// Meta's question whether this address is ours.
#[utoipa::path(
    get, path = "/api/whatsapp/meta/webhook", tag = "WhatsApp", operation_id = "verify_meta_webhook",
    params(
        ("hub.mode" = Option<String>, Query, description = "`subscribe`"),
        ("hub.challenge" = Option<String>, Query, description = "Goes back as it is"),
        ("hub.verify_token" = Option<String>, Query, description = "WHATSAPP_VERIFY_TOKEN"),
    ),
    responses(
        (status = 200, description = "The challenge; without a question `{\"status\": \"ok\"}`", content(
            (Looked = "application/json"), (String = "text/plain"),
        )),
        (status = 400, description = "No question of Meta's", body = Problem),
        (status = 403, description = "Another verify token", body = Problem),
    ),
)]
pub async fn ask_meta(door: State<Door>, received: Extension<AsReceived>, request: Request) -> Response {
    meta(door, received, request).await
}

/// A look whether we are there; or a message, where the provider is set to GET; or Meta's question whether this address
/// is ours.
#[utoipa::path(
    get, path = "/api/whatsapp/webhook", tag = "WhatsApp", operation_id = "probe_webhook",
    responses(
        (status = 200, description = "`{\"status\": \"ok\"}`, or an empty acknowledgement of a signed message, or Meta's challenge", content(
            (Looked = "application/json"), (String = "text/xml"), (String = "text/plain"),
        )),
        (status = 400, description = "Not a message", body = Problem),
        (status = 403, description = "Not signed by the provider", body = Problem),
    ),
)]
pub async fn probe(door: State<Door>, received: Extension<AsReceived>, request: Request) -> Response {
    webhook(door, received, request).await
}

/// News of our own messages: the provider's status callbacks.
#[utoipa::path(
    post, path = "/api/whatsapp/status", tag = "WhatsApp", operation_id = "receive_status",
    request_body(content = BTreeMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "Noted"),
        (status = 400, description = "Not a status", body = Problem),
        (status = 403, description = "Not signed by the provider", body = Problem),
        (status = 413, description = "Too large", body = Problem),
    ),
)]
pub async fn status(
    State(door): State<Door>,
    Extension(received): Extension<AsReceived>,
    request: Request,
) -> Response {
    door.answer(("status", twilio::NAME), &received, request, StatusCode::NO_CONTENT.into_response()).await
}

impl Door {
    /// A door that leads to these queues.
    pub fn new(app: &App, messages: Batch<Inbound, Taken>, receipts: Batch<Receipt, ()>) -> Self {
        let told = PerAddress::new(&app.clock, &app.proof.marker, LOGGED_A_MINUTE);
        Self { app: app.clone(), messages, receipts, has_refused: Arc::default(), told }
    }

    /// Whose webhook this is, where both come by one path: Meta's is JSON, or its question.
    fn channel_of(&self, request: &Request) -> &'static str {
        let asks = request.uri().query().is_some_and(meta::is_question);
        let is_metas = self.app.settings.meta.is_wanted() && (is_json(request.headers()) || asks);
        if is_metas { meta::NAME } else { twilio::NAME }
    }

    /// Takes in a webhook of this kind and channel, and answers with `stored` once it is; a mere question is not counted.
    async fn answer(
        &self,
        (kind, channel): (&'static str, &'static str),
        received: &AsReceived,
        request: Request,
        stored: Response,
    ) -> Response {
        let took = Stopwatch::start();
        let response = match self.enter(channel, received, request).await {
            Ok(Entered::Stored) => stored,
            Ok(Entered::Look) => return Json(Looked { status: "ok" }).into_response(),
            Ok(Entered::Shaken(challenge)) => {
                return ([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response();
            }
            Err(error) => error.into_response(),
        };
        self.app.metrics.webhook(kind, response.status().as_u16(), took);
        response
    }

    /// Checks and stores what a webhook of this channel says.
    async fn enter(&self, name: &'static str, received: &AsReceived, request: Request) -> Result<Entered> {
        let (parts, body) = request.into_parts();
        let uri = &received.0;
        let is_meta = name == meta::NAME;
        let is_look = matches!(parts.method, Method::GET | Method::HEAD);
        let asks = |query: &str| if is_meta { meta::is_question(query) } else { names_a_message(query) };
        if is_look && !uri.query().is_some_and(asks) {
            return Ok(Entered::Look);
        }
        let is_status = uri.path().trim_end_matches('/') == STATUS_PATH;
        let is_heard = self.app.settings.whatsapp_enabled || is_status && self.app.carrier(Medium::Sms).is_some();
        if !is_heard {
            return Err(Error::unavailable("WhatsApp is switched off here (ENABLE_WHATSAPP=false)."));
        }
        let body = read(body, if is_meta { MAX_META_BODY } else { MAX_BODY }).await?;
        let path_and_query = uri.path_and_query().map_or("/", |it| it.as_str());
        let webhook = Webhook {
            method: &parts.method,
            path_and_query,
            public_urls: &self.app.settings.public_urls(uri.path()),
            headers: &parts.headers,
            body: &body,
        };
        let channel = self.app.channel(name).ok_or_else(|| Error::internal("no channel takes webhooks"))?;
        let turned_away = |rejection: Rejection| {
            let from = client::of(&parts.extensions, &parts.headers, &self.app.settings.trusted_proxies);
            self.turned_away(&rejection, from)
        };
        if let Some(answer) = channel.handshake(&webhook).filter(|_| is_look) {
            return answer.map(Entered::Shaken).map_err(turned_away);
        }
        let mut signals = channel.accept(&webhook).map_err(turned_away)?;
        self.in_time(&mut signals);
        self.take(signals).await?;
        Ok(Entered::Stored)
    }

    /// What was written just now was written now: clocks differ.
    fn in_time(&self, signals: &mut [Signal]) {
        let late = self.app.clock.now() - LATE;
        for signal in signals {
            if let Signal::Message(message) = signal {
                message.sent_at = message.sent_at.filter(|at| *at < late);
            }
        }
    }

    /// What the caller is told. The reason goes to the log, a few times a minute from one address.
    fn turned_away(&self, rejection: &Rejection, from: IpAddr) -> Error {
        let is_news = self.told.check(from).is_ok();
        match rejection {
            Rejection::Unproved(why) => {
                if is_news {
                    tracing::warn!(client.address = %from, "webhook turned away: {why}");
                }
                let public = "The request does not carry a valid signature. The reason is in Andon's log.";
                Error::new(Kind::Forbidden, public)
            }
            Rejection::Malformed(why) => {
                if is_news {
                    tracing::info!(client.address = %from, "webhook turned away: {why}");
                }
                Error::bad_request(why.clone())
            }
        }
    }

    /// Stores signals, each on its own; answers when all are committed, or with the first failure. One among several that
    /// the database will never take is left aside, or the provider would bring the others again for days.
    pub async fn take(&self, signals: Vec<Signal>) -> Result<()> {
        let is_one = signals.len() == 1;
        let (mut messages, mut receipts) = (Vec::new(), Vec::new());
        for signal in signals {
            match signal {
                Signal::Message(message) => messages.push(message),
                Signal::Receipt(receipt) => receipts.push(receipt),
            }
        }
        let stored = async { tokio::join!(self.take_messages(messages), self.receipts.submit_all(receipts)) };
        let outcome: Result<()> = match tokio::time::timeout(PATIENCE, stored).await {
            Ok((messages, receipts)) => {
                let mut all = messages.into_iter().map(|taken| taken.map(drop)).chain(receipts);
                all.try_for_each(|one| if is_one { one } else { leave_aside(one) })
            }
            // It may be stored yet, and is known then when it comes again.
            Err(_) => Err(Error::unavailable("It could not be stored in time; please try again.")),
        };
        // What was refused the provider may not bring again: it is asked for at once, and as soon as storing works again.
        let had_refused = self.has_refused.swap(outcome.is_err(), Ordering::Relaxed);
        if had_refused || outcome.is_err() {
            self.app.bus.poke(Poke::Reconcile);
        }
        outcome
    }

    /// Stores messages in their order; one answer each.
    pub async fn take_messages(&self, messages: Vec<Inbound>) -> Vec<Result<Taken>> {
        let names: Vec<(&str, String, String, String)> = messages
            .iter()
            .map(|message| (message.channel, message.from.masked(), message.kind.clone(), message.provider_id.clone()))
            .collect();
        let taken = self.messages.submit_all(messages).await;
        for (taken, (channel, from, kind, id)) in taken.iter().zip(names) {
            let outcome = match taken {
                Ok(Taken::New) => {
                    tracing::info!(message.from = from, message.kind = kind, provider.id = id, "message in");
                    "new"
                }
                Ok(Taken::Known) => {
                    tracing::debug!(provider.id = id, "message was here before");
                    "known"
                }
                Err(_) => {
                    tracing::debug!(provider.id = id, "message not stored"); // why is told where it is answered
                    "unstored"
                }
            };
            self.app.metrics.message(channel, outcome);
        }
        taken
    }
}

fn leave_aside(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if is_refusal(&error) => {
            tracing::error!(cause = error.private(), "one of several cannot be stored and is left aside: {error}");
            Ok(())
        }
        other => other,
    }
}

async fn read(body: Body, most: usize) -> Result<Vec<u8>> {
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, most).collect()).await;
    let Ok(collected) = collected else {
        return Err(Error::bad_request("The request's body took too long to arrive."));
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(most)),
        Err(error) => Err(Error::bad_request("The request's body broke off.").because(error)),
    }
}

fn too_large(most: usize) -> Error {
    Error::new(Kind::TooLarge, format!("A webhook's body may have {most} bytes at most."))
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn names_a_message(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| matches!(&*name, "MessageSid" | "SmsMessageSid" | "SmsSid"))
}
