//! A stand-in for Twilio and for Meta: takes messages after a latency of its own, remembers them, lists what it knows, and
//! reports what became of them.

use super::callbacks::{ARRIVES, Callbacks, News};
use super::ledger::Ledger;
use super::list;
use super::meta;
use super::process::Provider;
use super::twilio::{ACCOUNT, PLANT, person};
use super::whims::{Answer, REFUSED, Whims};
use super::wire::Wire;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

/// How many callers may wait to be let in.
const BACKLOG: u32 = 4096;

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Takes every message, and answers after this many milliseconds, evenly spread.
    Answers(Range<u64>),
    /// Does with each message what its whims say.
    HasWhims(Whims),
    /// Nobody listens at its address.
    Down,
}

/// The stand-in, until it is dropped.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    /// Keeps the port from others while nobody listens.
    reserved: Option<TcpSocket>,
    listening: Option<tokio::task::JoinHandle<()>>,
}

impl StandIn {
    pub(crate) fn start(manner: &Manner, ledger: &Arc<Ledger>, callbacks: Callbacks) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let mut stand_in = Self { address: socket.local_addr()?, reserved: Some(socket), listening: None };
        stand_in.change(manner, ledger, callbacks)?;
        Ok(stand_in)
    }

    /// One that was down behaves in this manner from here on.
    pub(crate) fn change(&mut self, manner: &Manner, ledger: &Arc<Ledger>, callbacks: Callbacks) -> io::Result<()> {
        if matches!(manner, Manner::Down) {
            return Ok(());
        }
        let Some(socket) = self.reserved.take() else { return Ok(()) };
        let counter = Counter { ledger: Arc::clone(ledger), callbacks, manner: manner.clone() };
        self.listening = Some(tokio::spawn(listen(socket.listen(BACKLOG)?, counter)));
        Ok(())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

#[derive(Clone)]
struct Counter {
    ledger: Arc<Ledger>,
    callbacks: Callbacks,
    manner: Manner,
}

async fn listen(listener: TcpListener, counter: Counter) {
    while let Ok((stream, _)) = listener.accept().await {
        let counter = counter.clone();
        tokio::spawn(async move {
            if let Ok(wire) = Wire::accepted(stream) {
                // A caller that was killed leaves in the middle of something; that is what is tested.
                let _left = counter.serve(wire).await;
            }
        });
    }
}

impl Counter {
    /// Answers until the caller leaves, or is left.
    async fn serve(&self, mut wire: Wire) -> io::Result<()> {
        while let Some(request) = wire.receive().await? {
            let mut words = request.first_line.split(' ');
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let taken = if method == "GET" && path == messages_path() {
                let shown = self.show(query);
                wire.send(&shown).await?;
                continue;
            } else if path == messages_path() {
                Some(Taken::read(request.body))
            } else if path == metas_path() {
                Taken::read_metas(request.body)
            } else {
                wire.send(&answer("404 Not Found", "{}")).await?;
                continue;
            };
            match taken {
                // Meta's are told, by the same path, which messages were read.
                None => wire.send(&answer("200 OK", r#"{"success":true}"#)).await?,
                Some(taken) => match &self.manner {
                    Manner::HasWhims(whims) => {
                        if self.toy(&mut wire, whims, taken).await?.is_none() {
                            return Ok(());
                        }
                    }
                    Manner::Answers(latency) => self.take(&mut wire, latency, taken).await?,
                    Manner::Down => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// A page of the list; not always, on a bad day, where it is asked about our messages.
    fn show(&self, query: &str) -> Vec<u8> {
        let is_of_the_plant = query.split('&').any(|part| part.starts_with("To=") && part.contains(&PLANT[1..]));
        match &self.manner {
            Manner::HasWhims(whims) if !is_of_the_plant && !whims.answers() => answer("503 Service Unavailable", "{}"),
            _ => answer("200 OK", &list::page(&mut self.ledger.open(), query)),
        }
    }

    async fn take(&self, wire: &mut Wire, latency: &Range<u64>, taken: Taken) -> io::Result<()> {
        let sid = self.ledger.open().arrive(taken.to, &taken.token, &taken.body);
        // The caller may be killed meanwhile: the message is taken all the same.
        let pause = rand::rng().random_range(latency.clone());
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let sent = wire.send(&created(taken.by, &sid)).await;
        self.callbacks.post(News { callback: taken.callback, sid, steps: Cow::Borrowed(&ARRIVES) });
        sent
    }

    /// Does with a message whatever it pleases. Nothing when the caller is to be left.
    async fn toy(&self, wire: &mut Wire, whims: &Whims, handed: Taken) -> io::Result<Option<()>> {
        let (whim, sid) = {
            let mut entries = self.ledger.open();
            let nth = entries.hand_in(&handed.token);
            let whim = whims.decide(handed.to, &handed.body, nth);
            if whim.answer == Answer::Refusal {
                entries.refused.insert(handed.token.clone());
            }
            let sid = whim.is_taken.then(|| entries.arrive(handed.to, &handed.token, &handed.body));
            (whim, sid)
        };
        if let Some(sid) = sid.clone() {
            self.callbacks.post_later(whim.tells_after, News { callback: handed.callback, sid, steps: whim.news });
        }
        tokio::time::sleep(whim.answers_after).await;
        let answer = match whim.answer {
            Answer::Nothing => return Ok(None),
            Answer::Created => created(handed.by, &sid.unwrap_or_default()),
            Answer::Fault => answer("503 Service Unavailable", r#"{"code":20503,"message":"Service unavailable"}"#),
            Answer::TooMany => {
                answer("429 Too Many Requests\r\nRetry-After: 1", r#"{"code":20429,"message":"Too many requests"}"#)
            }
            Answer::Refusal => answer("400 Bad Request", &format!(r#"{{"code":{REFUSED},"message":"Invalid 'To'"}}"#)),
        };
        wire.send(&answer).await?;
        Ok(Some(()))
    }
}

/// A message as it was handed in.
struct Taken {
    by: Provider,
    to: u32,
    body: String,
    callback: String,
    token: String,
}

impl Taken {
    fn read(form: &[u8]) -> Self {
        let mut taken = Self {
            by: Provider::Twilio,
            to: u32::MAX,
            body: String::new(),
            callback: String::new(),
            token: String::new(),
        };
        for (name, value) in form_urlencoded::parse(form) {
            match &*name {
                "To" => taken.to = person(&value).unwrap_or(u32::MAX),
                "Body" => taken.body = value.into_owned(),
                "StatusCallback" => {
                    value.rsplit("d=").next().unwrap_or_default().clone_into(&mut taken.token);
                    taken.callback = value.into_owned();
                }
                _ => {}
            }
        }
        taken
    }

    /// The same at Meta's; none where it is no message.
    fn read_metas(body: &[u8]) -> Option<Self> {
        let sent: Value = serde_json::from_slice(body).ok()?;
        let to = sent["to"].as_str()?;
        let is_shown = sent["type"] == "interactive";
        let text = if is_shown { &sent["interactive"]["body"]["text"] } else { &sent["text"]["body"] };
        let token = sent["biz_opaque_callback_data"].as_str().unwrap_or_default();
        Some(Self {
            by: Provider::Meta,
            to: person(&format!("+{to}")).unwrap_or(u32::MAX),
            body: text.as_str().unwrap_or_default().to_owned(),
            callback: token.to_owned(),
            token: token.to_owned(),
        })
    }
}

pub(crate) fn messages_path() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
}

fn metas_path() -> String {
    format!("/{}/{}/messages", meta::VERSION, meta::NUMBER_ID)
}

fn created(by: Provider, sid: &str) -> Vec<u8> {
    match by {
        Provider::Twilio => answer("201 Created", &json!({"sid": sid, "status": "queued"}).to_string()),
        Provider::Meta => {
            answer("200 OK", &json!({"messaging_product": "whatsapp", "messages": [{"id": sid}]}).to_string())
        }
    }
}

fn answer(status: &str, json: &str) -> Vec<u8> {
    let length = json.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}")
        .into_bytes()
}
