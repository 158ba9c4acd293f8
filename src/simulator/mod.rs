//! The simulator: a stand-in for Twilio, for Meta and for a mail server, and a phone in the browser.
//!
//! It is a provider, not a mock. It takes sends in Twilio's and Meta's shapes with their checks and errors, tells Andon
//! of messages and receipts over HTTP, signed as they sign, takes e-mails over SMTP, and can be told to go wrong.
//! Everything lives in memory, bounded, and is gone when the process ends.
//!
//! It refuses nothing to whoever reaches it beyond what Twilio would: mount it on loopback only.

mod choices;
mod content;
mod control;
mod faults;
mod fetched;
mod list;
mod mail;
mod meta_api;
mod meta_wire;
mod page;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod traffic;
mod twilio_api;
mod wire;

pub use choices::Button;
pub use faults::{Faults, ListFault, MailFault, PostFault, PriceFault, Rule, SendFault};
pub use mail::Letter;

use crate::channels::taps::Shown;
use crate::channels::{Medium, Place, Status};
use crate::config::Templates;
use crate::kit::{Clock, E164, Instant};
use secrecy::SecretString;
use serde::Serialize;
use state::{Book, File};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// News that a slow page may lag behind before it has to read everything again.
const MAX_NEWS: usize = 1_024;

/// Whose API a message goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Twilio's.
    #[default]
    Twilio,
    /// Meta's own.
    Meta,
}

/// What the simulator needs to know to stand in for Meta.
#[derive(Clone)]
pub struct MetaSetup {
    /// The number's id: the only one that may send.
    pub phone_number_id: String,
    /// The account's id.
    pub account_id: String,
    /// Checks sends.
    pub access_token: SecretString,
    /// Signs webhooks.
    pub app_secret: SecretString,
    /// Where webhooks go.
    pub webhook_url: String,
    /// Where the simulated API is reached, `http://127.0.0.1:8000/simulator/meta`.
    pub api_base: String,
    /// Whether phones write by Meta where nothing else is said.
    pub is_default: bool,
}

/// A stand-in for the providers. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

/// What a simulator needs to know.
#[derive(Clone)]
pub struct Setup {
    /// The account that sends must name, `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Checks sends and signs webhooks.
    pub auth_token: SecretString,
    /// The plant's WhatsApp number: the only one that may send there, and the one that phones write to.
    pub sender: E164,
    /// The same for text messages; often it is the same number.
    pub sms_sender: E164,
    /// Meta, where it is there as well; its number is the WhatsApp number above.
    pub meta: Option<MetaSetup>,
    /// Whose plant it is; the phone shows it at the top.
    pub company: String,
    /// The templates that Twilio has, all approved.
    pub templates: Arc<Templates>,
    /// Where the webhook of a phone's message goes. A `#fragment` is left off, as Twilio does.
    pub webhook_url: String,
    /// Where the simulated API is reached, `http://127.0.0.1:8000/simulator/twilio`; media URLs begin with it.
    pub api_base: String,
    /// The outgoing HTTP client.
    pub http: reqwest::Client,
    /// Where dates come from.
    pub clock: Clock,
    /// How fast messages travel.
    pub pace: Pace,
}

/// How fast messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Sent after 150 ms, delivered after 400 ms: a person can watch the ticks.
    #[default]
    Human,
    /// Without waiting, for tests.
    Instant,
}

/// Something a phone writes.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The phone.
    pub from: E164,
    /// WhatsApp or SMS.
    pub medium: Medium,
    /// The text; the caption where there is a file; the file's name where that is a document.
    pub text: String,
    /// Files.
    pub media: Vec<Enclosure>,
    /// A place on the map.
    pub place: Option<Place>,
    /// A button that was tapped.
    pub button: Option<Button>,
    /// The id of the message that this one quotes.
    pub quoted: Option<String>,
    /// The name the writer goes by; otherwise the phone's.
    pub profile_name: Option<String>,
    /// `MessageType`; otherwise found from what there is.
    pub kind: Option<String>,
    /// By which provider; otherwise the usual one.
    pub provider: Option<Provider>,
    /// The writer goes by a user name, so that Meta does not tell the number.
    pub hides_number: bool,
}

impl Incoming {
    /// A WhatsApp text.
    pub fn text(from: &E164, text: impl Into<String>) -> Self {
        Self {
            from: from.clone(),
            medium: Medium::Whatsapp,
            text: text.into(),
            media: Vec::new(),
            place: None,
            button: None,
            quoted: None,
            profile_name: None,
            kind: None,
            provider: None,
            hides_number: false,
        }
    }
}

/// A file on its way from a phone.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// Its media type, `image/jpeg`.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What became of something a phone wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The message's id.
    pub sid: String,
    /// The HTTP status Andon answered with; `None` when it was not asked, or did not answer.
    pub webhook: Option<u16>,
}

/// Which side of the phone's screen a message is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// From the plant to the phone.
    In,
    /// From the phone to the plant.
    Out,
}

/// A message as the phone shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bubble {
    /// Twilio's id.
    pub sid: String,
    /// Who wrote it.
    pub side: Side,
    /// WhatsApp or SMS.
    pub medium: Medium,
    /// By which provider it went.
    pub provider: Provider,
    /// The text, in WhatsApp's markup.
    pub text: String,
    /// When it was written.
    pub at: Instant,
    /// How far it got. What the phone wrote is delivered once Andon has taken it.
    pub status: Status,
    /// Twilio's code where it failed.
    pub error_code: Option<i32>,
    /// Twilio's words where it failed.
    pub error_text: Option<String>,
    /// Its files.
    pub media: Vec<Attachment>,
    /// A place.
    pub place: Option<Place>,
    /// The id of the message it quotes.
    pub quoted: Option<String>,
    /// Why Andon has not taken it, in words.
    pub note: Option<String>,
    /// What may be tapped under it.
    pub choices: Option<Shown>,
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Twilio's id, `ME…`.
    pub sid: String,
    /// Where it can be fetched.
    pub url: String,
    /// Its media type.
    pub content_type: String,
}

struct Inner {
    setup: Setup,
    wire: wire::Wire,
    book: Mutex<Book>,
    in_flight: traffic::InFlight,
    news: broadcast::Sender<Arc<str>>,
    closed: CancellationToken,
}

impl Simulator {
    /// A simulator with the phones known at start and no messages.
    pub fn new(setup: Setup) -> Self {
        let app_secret = setup.meta.as_ref().map(|meta| meta.app_secret.clone());
        let wire = wire::Wire::new(setup.http.clone(), setup.auth_token.clone(), app_secret);
        let inner = Inner {
            setup,
            wire,
            book: Mutex::new(Book::new()),
            in_flight: traffic::InFlight::default(),
            news: broadcast::Sender::new(MAX_NEWS),
            closed: CancellationToken::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The phone's page, its API, under `/twilio` Twilio's API and under `/meta` Meta's; to be nested at `/simulator`.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
            .nest("/twilio", twilio_api::routes())
            .nest("/meta", meta_api::routes())
            .nest("/api", control::routes())
            .merge(page::routes())
            .fallback(control::nothing_here)
            .with_state(self.clone())
    }

    /// A phone writes a text over WhatsApp. Returns when Andon has answered the webhook.
    pub async fn say(&self, phone: &E164, text: &str) -> Sent {
        self.send(Incoming::text(phone, text)).await
    }

    /// Waits until no webhook and no callback is on its way. A webhook that a fault holds back does not count.
    pub async fn settle(&self) {
        self.inner.in_flight.settled().await;
    }

    /// What the phone shows, oldest first.
    pub fn transcript(&self, phone: &E164) -> Vec<Bubble> {
        self.book().of_phone(phone).map(state::Message::bubble).collect()
    }

    /// What is armed to go wrong.
    pub fn faults(&self) -> Faults {
        self.book().faults.clone()
    }

    /// Arms faults in place of those that are armed; [`Faults::default`] makes all well. A webhook that is held
    /// back goes now unless webhooks still shall change places.
    ///
    /// # Errors
    /// When a figure is out of bounds: a sentence that names it. Nothing changes then.
    pub async fn set_faults(&self, faults: Faults) -> Result<(), String> {
        faults.check()?;
        let reorders = faults.webhooks.is_some_and(|rule| rule.fault == PostFault::Reorder);
        self.book().faults = faults;
        self.announce_faults();
        if !reorders {
            self.release_held().await;
        }
        Ok(())
    }

    /// Ends the pages' live connections, so that a server can shut down.
    pub fn close(&self) {
        self.inner.closed.cancel();
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.inner.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.inner.setup.clock.now()
    }

    fn sender(&self) -> &E164 {
        &self.inner.setup.sender
    }

    /// The plant's number on this medium.
    fn sender_on(&self, medium: Medium) -> &E164 {
        if medium == Medium::Sms { &self.inner.setup.sms_sender } else { self.sender() }
    }

    /// By which provider a phone writes, and the setup where that is Meta.
    fn meta_for(&self, incoming: &Incoming) -> Option<&MetaSetup> {
        let setup = self.inner.setup.meta.as_ref().filter(|_| incoming.medium == Medium::Whatsapp)?;
        let provider = incoming.provider.unwrap_or(if setup.is_default { Provider::Meta } else { Provider::Twilio });
        (provider == Provider::Meta).then_some(setup)
    }

    fn templates(&self) -> &Templates {
        &self.inner.setup.templates
    }

    fn account_sid(&self) -> &str {
        &self.inner.setup.account_sid
    }

    fn auth_token(&self) -> &SecretString {
        &self.inner.setup.auth_token
    }

    /// Keeps a file that a phone sends with this message.
    fn attachment(&self, message: &str, enclosure: &Enclosure) -> Attachment {
        let sid = sid("ME");
        let base = self.inner.setup.api_base.trim_end_matches('/');
        let url =
            format!("{base}/{}/Accounts/{}/Messages/{message}/Media/{sid}", wire::API_VERSION, self.account_sid());
        self.book().keep_file(File {
            sid: sid.clone(),
            content_type: enclosure.content_type.clone(),
            bytes: enclosure.bytes.as_slice().into(),
        });
        Attachment { sid, url, content_type: enclosure.content_type.clone() }
    }

    /// Tells the pages of a new or changed message.
    fn announce(&self, sid: &str) {
        if self.inner.news.receiver_count() == 0 {
            return;
        }
        let news = self.book().message(sid).map(|message| {
            serde_json::json!({"type": "bubble", "phone": message.phone.as_str(), "bubble": message.bubble()})
        });
        if let Some(news) = news {
            self.publish(&news);
        }
    }

    fn announce_faults(&self) {
        if self.inner.news.receiver_count() > 0 {
            let faults = self.faults();
            self.publish(&serde_json::json!({"type": "faults", "words": faults.in_words(), "faults": faults}));
        }
    }

    fn publish(&self, news: &serde_json::Value) {
        // An error means that no page is open any more, which is nobody's loss.
        let _no_page_open = self.inner.news.send(news.to_string().into());
    }
}

/// A fresh id in Twilio's form.
fn sid(prefix: &str) -> String {
    format!("{prefix}{:032x}", rand::random::<u128>())
}
