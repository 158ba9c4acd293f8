//! One call over the network: signed bytes out, how it ended back. It connects to addresses that may be called only.

use super::address::{is_named, literal, may_be_called};
use super::model::{Ending, Failure, PATIENCE_SECONDS, cause, harmless, retry_after};
use crate::kit::http::{Barred, guarded_client};
use crate::kit::{Instant, Result};
use ipnet::IpNet;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The most that is read of an answer, in bytes.
const MOST_READ: usize = 64 * 1024;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub url: Url,
    /// What the receiver knows it by, whatever the attempt.
    pub message: String,
    /// When.
    pub at: Instant,
    /// One signature or two, parted by a space.
    pub signature: String,
    /// JSON.
    pub body: String,
}

/// The way to receivers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wire {
    secure: reqwest::Client,
    plain: reqwest::Client,
    networks: Arc<[IpNet]>,
}

impl Wire {
    /// The way to public addresses, and to those of these networks.
    ///
    /// # Errors
    /// When the machine has no usable TLS roots.
    pub fn new(networks: &[IpNet]) -> Result<Self> {
        Self::with_patience(networks, Duration::from_secs(PATIENCE_SECONDS))
    }

    fn with_patience(networks: &[IpNet], patience: Duration) -> Result<Self> {
        let networks: Arc<[IpNet]> = networks.into();
        let (open, named) = (Arc::clone(&networks), Arc::clone(&networks));
        Ok(Self {
            secure: guarded_client(move |address| may_be_called(address, &open), patience)?,
            plain: guarded_client(move |address| is_named(address, &named), patience)?,
            networks,
        })
    }

    /// Makes one call, and answers with how it ended: within the time a receiver has, whatever it does.
    pub async fn send(&self, letter: Letter) -> Ending {
        let is_plain = letter.url.scheme() == "http";
        if let Some(address) = literal(&letter.url)
            && let Some(failure) = self.barred(address, is_plain)
        {
            return Ending::Failed(failure);
        }
        let client = if is_plain { &self.plain } else { &self.secure };
        let request = client
            .post(letter.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", letter.message)
            .header("webhook-timestamp", letter.at.timestamp())
            .header("webhook-signature", letter.signature)
            .body(letter.body);
        match request.send().await {
            Ok(response) => read(response, letter.at).await,
            Err(error) => Ending::Failed(failure(&error, is_plain)),
        }
    }

    fn barred(&self, address: IpAddr, is_plain: bool) -> Option<Failure> {
        if is_plain {
            (!is_named(address, &self.networks)).then_some(Failure::PlainBarred(address))
        } else {
            (!may_be_called(address, &self.networks)).then_some(Failure::Barred(address))
        }
    }
}

/// Reads the beginning of an answer. One that breaks off counts by its status all the same.
async fn read(mut response: reqwest::Response, now: Instant) -> Ending {
    let status = response.status().as_u16();
    let asked = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
    let retry_after = asked.and_then(|wait| retry_after(wait, now));
    let mut bytes = Vec::new();
    while bytes.len() < MOST_READ
        && let Ok(Some(more)) = response.chunk().await
    {
        bytes.extend_from_slice(&more[..more.len().min(MOST_READ - bytes.len())]);
    }
    Ending::Answered { status, retry_after, text: harmless(&bytes) }
}

fn failure(error: &reqwest::Error, is_plain: bool) -> Failure {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    let mut innermost = String::new();
    while let Some(source) = next {
        if let Some(Barred(address)) = source.downcast_ref::<Barred>() {
            return if is_plain { Failure::PlainBarred(*address) } else { Failure::Barred(*address) };
        }
        innermost = source.to_string();
        next = source.source();
    }
    let cause = cause(&innermost);
    if error.is_dns() {
        Failure::NoSuchName
    } else if error.is_timeout() {
        Failure::Late
    } else if cause.contains("certificate") {
        Failure::Certificate(cause)
    } else if error.is_connect() {
        Failure::Unreachable(cause)
    } else {
        Failure::Broken(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn letter(url: &str) -> Letter {
        Letter {
            url: url.parse().expect("an address"),
            message: "msg_1".to_owned(),
            at: Instant::UNIX_EPOCH,
            signature: "v1,x".to_owned(),
            body: "{}".to_owned(),
        }
    }

    fn wire(networks: &str, ms: u64) -> Wire {
        let networks: Vec<IpNet> = networks.split_whitespace().map(|text| text.parse().expect("a network")).collect();
        Wire::with_patience(&networks, Duration::from_millis(ms)).expect("a way")
    }

    /// Somebody who takes one connection, says this, and then nothing more.
    async fn receiver(says: Vec<u8>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut line, _) = listener.accept().await.expect("somebody calls");
            let mut head = [0; 4_096];
            let read = line.read(&mut head).await.expect("a request");
            assert!(head[..read].starts_with(b"POST / HTTP/1.1\r\n"));
            line.write_all(&says).await.expect("it is heard");
            let _until_it_hangs_up = line.read(&mut head).await;
        });
        port
    }

    #[tokio::test]
    async fn nobody_is_waited_for_longer_than_patience_lasts() {
        let port = receiver(Vec::new()).await;
        let ending = wire("127.0.0.0/8", 200).send(letter(&format!("http://127.0.0.1:{port}/"))).await;
        assert_eq!(ending, Ending::Failed(Failure::Late));
        let port = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nso".to_vec()).await;
        let ending = wire("127.0.0.0/8", 200).send(letter(&format!("http://127.0.0.1:{port}/"))).await;
        assert_eq!(ending, Ending::Answered { status: 200, retry_after: None, text: "so".to_owned() });
    }

    #[tokio::test]
    async fn an_endless_answer_is_left_at_its_beginning() {
        let mut says = b"HTTP/1.1 500 Oops\r\nretry-after: 60\r\n\r\n".to_vec();
        says.extend(vec![b'x'; MOST_READ + 1]);
        let port = receiver(says).await;
        let ending = wire("127.0.0.0/8 ::1/128", 10_000).send(letter(&format!("http://localhost:{port}/"))).await;
        let Ending::Answered { status: 500, retry_after: Some(wait), text } = ending else {
            panic!("{ending:?}");
        };
        assert_eq!((wait.num_seconds(), text.len()), (60, 500));
    }

    #[tokio::test]
    async fn what_may_not_be_called_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let here: IpAddr = "127.0.0.1".parse().expect("an address");
        for (networks, url, failure) in [
            ("", format!("https://127.0.0.1:{port}/"), Failure::Barred(here)),
            ("", format!("http://127.0.0.1:{port}/"), Failure::PlainBarred(here)),
            ("10.0.0.0/8", format!("http://127.0.0.1:{port}/"), Failure::PlainBarred(here)),
        ] {
            assert_eq!(wire(networks, 5_000).send(letter(&url)).await, Ending::Failed(failure), "{url}");
        }
        // A name is looked at when it is resolved.
        for (scheme, is_plain) in [("https", false), ("http", true)] {
            let ending = wire("10.0.0.0/8", 5_000).send(letter(&format!("{scheme}://localhost:{port}/"))).await;
            let is_barred = match &ending {
                Ending::Failed(Failure::PlainBarred(address)) => is_plain && address.is_loopback(),
                Ending::Failed(Failure::Barred(address)) => !is_plain && address.is_loopback(),
                _ => false,
            };
            assert!(is_barred, "{ending:?}");
        }
        let called = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(called.is_err(), "nobody connected");
    }

    #[tokio::test]
    async fn a_failure_has_words_of_its_own() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let ending = wire("127.0.0.0/8", 5_000).send(letter(&format!("http://127.0.0.1:{port}/"))).await;
        assert!(matches!(&ending, Ending::Failed(Failure::Unreachable(cause)) if !cause.is_empty()), "{ending:?}");
        let port = receiver(b"no HTTP at all\r\n\r\n".to_vec()).await;
        let ending = wire("127.0.0.0/8", 5_000).send(letter(&format!("http://127.0.0.1:{port}/"))).await;
        assert!(matches!(ending, Ending::Failed(Failure::Broken(_))), "{ending:?}");
        let ending = wire("", 5_000).send(letter("https://nobody.invalid/")).await;
        assert!(matches!(ending, Ending::Failed(Failure::NoSuchName | Failure::Late)), "{ending:?}");
    }
}
