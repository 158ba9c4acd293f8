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
/// The most that a page may weigh, plain, and the longest that half of the answers may take, of a year's report too.
/// **Source**: the issues of the desk's and of the floor's pages.
const MOST_BYTES: usize = 100 * 1024;
const MOST_MS: f64 = 20.0;
const MOST_MS_OF_A_YEAR: f64 = 300.0;

/// A page that is looked at.
pub(super) struct Page {
    pub(super) name: &'static str,
    /// `{id}` stands for the first of the list above it, `{year}` for the days of the last year.
    path: &'static str,
    who: Who,
}

/// Who looks.
#[derive(Clone, Copy)]
enum Who {
    /// Somebody who is signed in.
    User(&'static str),
    /// A screen on the wall.
    Wall,
}

const ADMIN: Who = Who::User("admin0");
const SUPERVISOR: Who = Who::User("supervisor0");
const SUPPORT: Who = Who::User("support0");
const CLIENT: Who = Who::User("client0");

/// What people look at all day.
pub(super) const OF_THE_DESK: [Page; 14] = [
    Page { name: "list", path: "/tickets", who: ADMIN },
    Page { name: "list by deadline", path: "/tickets?sort=resolution_due_at", who: ADMIN },
    Page { name: "list of a client", path: "/tickets", who: CLIENT },
    Page { name: "board", path: "/tickets/board", who: ADMIN },
    Page { name: "board of support", path: "/tickets/board", who: SUPPORT },
    Page { name: "ticket", path: "/tickets/{id}", who: ADMIN },
    Page { name: "now", path: "/now", who: ADMIN },
    Page { name: "now of support", path: "/now", who: SUPPORT },
    Page { name: "now of a client", path: "/now", who: CLIENT },
    Page { name: "inbox", path: "/inbox", who: ADMIN },
    Page { name: "notifications", path: "/notifications", who: ADMIN },
    Page { name: "notifications of support", path: "/notifications", who: SUPPORT },
    Page { name: "people", path: "/people", who: ADMIN },
    Page { name: "profile", path: "/profile", who: ADMIN },
];

/// What a supervisor and a planner look at, and what an admin of a plant does.
pub(super) const OF_THE_FLOOR: [Page; 46] = [
    Page { name: "orders", path: "/floor/orders", who: ADMIN },
    Page { name: "all orders", path: "/floor/orders?all=true", who: ADMIN },
    Page { name: "orders that stand", path: "/floor/orders?status=ON_HOLD", who: ADMIN },
    Page { name: "orders with a word", path: "/floor/orders?q=GX-23", who: ADMIN },
    Page { name: "an order", path: "/floor/orders/{id}", who: ADMIN },
    Page { name: "machines", path: "/floor/machines", who: ADMIN },
    Page { name: "machines of a supervisor", path: "/floor/machines", who: SUPERVISOR },
    Page { name: "a machine", path: "/floor/machines/{id}", who: ADMIN },
    Page { name: "a machine over a year", path: "/floor/machines/{id}?{year}", who: ADMIN },
    Page { name: "defects", path: "/floor/defects", who: ADMIN },
    Page { name: "defects of a year", path: "/floor/defects?{year}", who: ADMIN },
    Page { name: "SOP failures", path: "/floor/sop-failures", who: ADMIN },
    Page { name: "an SOP failure", path: "/floor/sop-failures/{id}", who: ADMIN },
    Page { name: "BOMs", path: "/floor/boms", who: ADMIN },
    Page { name: "a BOM", path: "/floor/boms/{id}", who: ADMIN },
    Page { name: "shifts", path: "/floor/shifts", who: ADMIN },
    Page { name: "plans", path: "/floor/plans", who: ADMIN },
    Page { name: "records in and out", path: "/floor/records", who: ADMIN },
    Page { name: "labels", path: "/floor/labels", who: ADMIN },
    Page { name: "walls", path: "/floor/walls", who: ADMIN },
    Page { name: "wall", path: "/wall", who: Who::Wall },
    Page { name: "now of a supervisor", path: "/now", who: SUPERVISOR },
    Page { name: "tickets of a supervisor", path: "/tickets", who: SUPERVISOR },
    Page { name: "inbox of a supervisor", path: "/inbox", who: SUPERVISOR },
    Page { name: "report of a month", path: "/reports", who: ADMIN },
    Page { name: "times of a month", path: "/reports/times", who: ADMIN },
    Page { name: "SLA of a month", path: "/reports/sla", who: ADMIN },
    Page { name: "hours of a month", path: "/reports/hours", who: ADMIN },
    Page { name: "messages of a month", path: "/reports/messages", who: ADMIN },
    Page { name: "chats of a month", path: "/reports/chats", who: ADMIN },
    Page { name: "report of a year", path: "/reports?{year}", who: ADMIN },
    Page { name: "times of a year", path: "/reports/times?{year}", who: ADMIN },
    Page { name: "SLA of a year", path: "/reports/sla?{year}", who: ADMIN },
    Page { name: "hours of a year", path: "/reports/hours?{year}", who: ADMIN },
    Page { name: "messages of a year", path: "/reports/messages?{year}", who: ADMIN },
    Page { name: "chats of a year", path: "/reports/chats?{year}", who: ADMIN },
    Page { name: "report of a year of a supervisor", path: "/reports?{year}", who: SUPERVISOR },
    Page { name: "texts", path: "/messages/texts", who: ADMIN },
    Page { name: "a text", path: "/messages/texts/chat.miss.menu", who: ADMIN },
    Page { name: "templates", path: "/messages/templates", who: ADMIN },
    Page { name: "state", path: "/settings/state", who: ADMIN },
    Page { name: "rules", path: "/settings/rules", who: ADMIN },
    Page { name: "webhooks", path: "/settings/webhooks", who: ADMIN },
    Page { name: "log", path: "/settings/audit", who: ADMIN },
    Page { name: "log of a day", path: "/settings/audit?name=ticket.created&until={today}T23:59:59Z", who: ADMIN },
    Page { name: "system", path: "/settings/system", who: ADMIN },
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
    async fn of(address: SocketAddr, who: Who) -> Result<Self, Failure> {
        match who {
            Who::User(name) => Self::of_user(address, name).await,
            Who::Wall => Self::of_wall(address).await,
        }
    }

    async fn of_user(address: SocketAddr, name: &str) -> Result<Self, Failure> {
        let guest = Self::of_nobody(address).await?;
        let entered = guest.post("/sign-in", "/sign-in", &[("username", name), ("password", PASSWORD)]).await?;
        let cookie = cookie(&entered).ok_or_else(|| format!("{name} does not get in: {}", entered.status()))?;
        Ok(Self { cookie, ..guest })
    }

    /// A screen that an admin has made a wall for.
    async fn of_wall(address: SocketAddr) -> Result<Self, Failure> {
        let admin = Self::of_user(address, "admin0").await?;
        let fields = [("name", "Hall 1"), ("department", "Machining"), ("language", "en")];
        let made = admin.post("/floor/walls", "/floor/walls", &fields).await?.text().await?;
        let secret = made.split("/wall/enter#").nth(1).and_then(|rest| rest.split('<').next());
        let guest = Self::of_nobody(address).await?;
        let secret = [("secret", secret.ok_or("a wall has a link")?)];
        let entered = guest.post("/wall/enter", "/wall/enter", &secret).await?;
        let cookie = cookie(&entered).ok_or_else(|| format!("a screen does not get in: {}", entered.status()))?;
        Ok(Self { cookie, ..guest })
    }

    async fn of_nobody(address: SocketAddr) -> Result<Self, Failure> {
        let (origin, http) = (format!("http://{address}"), andon::kit::http::client()?);
        let page = http.get(format!("{origin}/sign-in")).header(ACCEPT, "text/html").send().await?;
        let cookie = cookie(&page).ok_or("a guest gets a cookie")?;
        Ok(Self { http, origin, cookie })
    }

    /// Sends the form of a page.
    async fn post(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Result<reqwest::Response, Failure> {
        let html = self.plain(page).await?;
        let token = html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields: Vec<_> = [("token", token.ok_or("a form has a token")?)].iter().chain(fields).copied().collect();
        let posting = self.http.post(format!("{}{path}", self.origin)).header(ACCEPT, "text/html");
        Ok(posting.header(ORIGIN, &self.origin).header(COOKIE, &self.cookie).form(&fields).send().await?)
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
    let today = andon::kit::Clock::System.now().date_naive();
    let year = format!("from={}&until={today}", today - chrono::Days::new(364));
    let mut path = page.path.replace("{year}", &year).replace("{today}", &today.to_string());
    if let Some((list, _)) = page.path.split_once("/{id}") {
        let html = browser.plain(list).await?;
        let id = html.split(&format!("href=\"{list}/")).find_map(|rest| rest.split('"').next()?.parse::<i64>().ok());
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
    let most = if page.path.contains("{year}") { MOST_MS_OF_A_YEAR } else { MOST_MS };
    if half_ms > most {
        faults.push(format!("{}: half of the answers take {half_ms:.1} ms or more, not {most} at most", page.name));
    }
    if looked.plain > MOST_BYTES {
        faults.push(format!("{} has {} bytes, not {MOST_BYTES} at most", page.name, looked.plain));
    }
    faults
}
