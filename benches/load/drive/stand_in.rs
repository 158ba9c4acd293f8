//! A stand-in for Twilio: takes messages after a latency of its own, remembers them, lists what it knows, and
//! reports what became of them.

use super::callbacks::Callbacks;
use super::ledger::Ledger;
use super::list;
use super::twilio::{ACCOUNT, person};
use super::wire::Wire;
use rand::RngExt as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Takes every message, and answers after this many milliseconds, evenly spread.
    Answers(Range<u64>),
    /// Nobody listens at its address.
    Down,
}

/// The stand-in, until it is dropped.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    /// Keeps the port from others while nobody listens.
    _reserved: Option<TcpSocket>,
    listening: Option<tokio::task::JoinHandle<()>>,
}

impl StandIn {
    pub(crate) fn start(manner: &Manner, ledger: &Arc<Ledger>, callbacks: Callbacks) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        let Manner::Answers(latency) = manner.clone() else {
            return Ok(Self { address, _reserved: Some(socket), listening: None });
        };
        let (listener, ledger) = (socket.listen(4096)?, Arc::clone(ledger));
        let listening = tokio::spawn(listen(listener, Counter { ledger, callbacks, latency }));
        Ok(Self { address, _reserved: None, listening: Some(listening) })
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
    latency: Range<u64>,
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
    async fn serve(&self, mut wire: Wire) -> io::Result<()> {
        while let Some(request) = wire.receive().await? {
            let mut words = request.first_line.split(' ');
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let answer = if path != messages_path() {
                answer("404 Not Found", "{}")
            } else if method == "GET" {
                answer("200 OK", &list::page(&self.ledger.open(), query))
            } else {
                let taken = Taken::read(request.body);
                let sid = self.ledger.open().arrive(taken.to, &taken.token, &taken.body);
                // The caller may be killed meanwhile: the message is taken all the same.
                tokio::time::sleep(self.pause()).await;
                let answer = answer("201 Created", &format!(r#"{{"sid":"{sid}","status":"queued"}}"#));
                let sent = wire.send(&answer).await;
                self.callbacks.post(taken.callback, sid);
                sent?;
                continue;
            };
            wire.send(&answer).await?;
        }
        Ok(())
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(rand::rng().random_range(self.latency.clone()))
    }
}

/// A message as it was handed in.
struct Taken {
    to: u32,
    body: String,
    callback: String,
    token: String,
}

impl Taken {
    fn read(form: &[u8]) -> Self {
        let mut taken = Self { to: u32::MAX, body: String::new(), callback: String::new(), token: String::new() };
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
}

pub(crate) fn messages_path() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
}

fn answer(status: &str, json: &str) -> Vec<u8> {
    let length = json.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}")
        .into_bytes()
}
