//! The desk's pages as a browser asks for them: signed in by a cookie, a page after the other, taken smaller.

use super::ask::Answers;
use crate::drive::ledger::micros;
use crate::drive::staff::PASSWORD;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, StatusCode};
use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many people look at the same time.
const PEOPLE: u32 = 2;
/// The most that a page may weigh, plain, and the longest that half of the answers may take. **Source**: the issue of the
/// desk's pages.
const MOST_BYTES: usize = 100 * 1024;
const MOST_MS: f64 = 20.0;

/// A page that is looked at.
pub(super) struct Page {
    pub(super) name: &'static str,
    /// `{id}` stands for a ticket of the list.
    path: &'static str,
    who: &'static str,
}

/// What people look at all day.
pub(super) const PAGES: [Page; 14] = [
    Page { name: "list", path: "/tickets", who: "admin0" },
    Page { name: "list by deadline", path: "/tickets?sort=resolution_due_at", who: "admin0" },
    Page { name: "list of a client", path: "/tickets", who: "client0" },
    Page { name: "board", path: "/tickets/board", who: "admin0" },
    Page { name: "board of support", path: "/tickets/board", who: "support0" },
    Page { name: "ticket", path: "/tickets/{id}", who: "admin0" },
    Page { name: "now", path: "/now", who: "admin0" },
    Page { name: "now of support", path: "/now", who: "support0" },
    Page { name: "now of a client", path: "/now", who: "client0" },
    Page { name: "inbox", path: "/inbox", who: "admin0" },
    Page { name: "notifications", path: "/notifications", who: "admin0" },
    Page { name: "notifications of support", path: "/notifications", who: "support0" },
    Page { name: "people", path: "/people", who: "admin0" },
    Page { name: "profile", path: "/profile", who: "admin0" },
];

/// What looking at a page gave.
pub(super) struct Looked {
    pub(super) answers: Answers,
    /// Bytes as they are read, and as they were sent.
    pub(super) plain: usize,
    pub(super) sent: usize,
}

type Failure = Box<dyn Error>;

/// A browser in which somebody is signed in.
#[derive(Clone)]
struct Browser {
    http: Client,
    origin: String,
    cookie: String,
}

impl Browser {
    async fn of(address: SocketAddr, name: &str) -> Result<Self, Failure> {
        let origin = format!("http://{address}");
        let http = andon::kit::http::client()?;
        let page = http.get(format!("{origin}/sign-in")).header(ACCEPT, "text/html").send().await?;
        let guest = cookie(&page).ok_or("a guest gets a cookie")?;
        let html = page.text().await?;
        let token = html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields = [("token", token.ok_or("a form has a token")?), ("username", name), ("password", PASSWORD)];
        let entering = http.post(format!("{origin}/sign-in")).header(ACCEPT, "text/html").header(ORIGIN, &origin);
        let entered = entering.header(COOKIE, guest).form(&fields).send().await?;
        let cookie = cookie(&entered).ok_or_else(|| format!("{name} does not get in: {}", entered.status()))?;
        Ok(Self { http, origin, cookie })
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.origin)).header(ACCEPT, "text/html").header(COOKIE, &self.cookie)
    }

    /// A page as it is read.
    async fn plain(&self, path: &str) -> Result<String, Failure> {
        let page = self.request(path).send().await?;
        if page.status() != StatusCode::OK {
            return Err(format!("{path}: {}, {:?}", page.status(), page.headers().get(LOCATION)).into());
        }
        Ok(page.text().await?)
    }
}

fn cookie(answer: &reqwest::Response) -> Option<String> {
    let set = answer.headers().get(SET_COOKIE)?.to_str().ok()?;
    set.split(';').next().map(str::to_owned)
}

/// Looks at a page again and again for so long.
pub(super) async fn look(address: SocketAddr, page: &Page, time: Duration) -> Result<Looked, Failure> {
    let browser = Browser::of(address, page.who).await?;
    let mut path = page.path.to_owned();
    if path.contains("{id}") {
        let list = browser.plain("/tickets").await?;
        let id = list.split("href=\"/tickets/").find_map(|rest| rest.split('"').next()?.parse::<i64>().ok());
        path = path.replace("{id}", &id.ok_or("the list is empty")?.to_string());
    }
    let plain = browser.plain(&path).await?;
    let end = Instant::now() + time;
    let lookers: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let (browser, path) = (browser.clone(), path.clone());
            tokio::spawn(async move {
                let (mut answers, mut sent) = (Answers::none(), 0);
                while Instant::now() < end {
                    let began = Instant::now();
                    let answer = browser.request(&path).header(ACCEPT_ENCODING, "gzip").send().await?;
                    let (status, is_small) = (answer.status(), answer.headers().contains_key(CONTENT_ENCODING));
                    sent = answer.bytes().await?.len();
                    if status == StatusCode::OK && is_small {
                        answers.accepted += 1;
                        answers.latency.saturating_record(micros(began.elapsed()));
                    } else {
                        answers.amiss(|| format!("{path}: {status}, sent smaller: {is_small}"));
                    }
                }
                Ok::<_, reqwest::Error>((answers, sent))
            })
        })
        .collect();
    let mut looked = Looked { answers: Answers::none(), plain: plain.len(), sent: 0 };
    for looker in lookers {
        let (answers, sent) = looker.await??;
        looked.answers.add(answers);
        looked.sent = sent;
    }
    Ok(looked)
}

/// What is not as it should be.
pub(super) fn faults(page: &Page, looked: &Looked) -> Vec<String> {
    let mut faults = Vec::new();
    let half_ms = Duration::from_micros(looked.answers.latency.value_at_quantile(0.5)).as_secs_f64() * 1000.0;
    if half_ms > MOST_MS {
        faults.push(format!("{}: half of the answers take {half_ms:.1} ms or more, not {MOST_MS} at most", page.name));
    }
    if looked.plain > MOST_BYTES {
        faults.push(format!("{} has {} bytes, not {MOST_BYTES} at most", page.name, looked.plain));
    }
    faults
}
