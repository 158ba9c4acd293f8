//! What people ask the desk, over connections that stay open, and what became of it.

use super::people::Staff;
use crate::drive::ledger::{histogram, micros};
use crate::drive::staff::{self, User, raise};
use crate::drive::wire::Wire;
use hdrhistogram::Histogram;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One answer in so many is read as a whole, not only by its status: the driver shares the machine.
const READ_ONE_IN: u64 = 32;
/// How many tickets a page has.
const PAGE: usize = 20;
/// The most examples of what is amiss that are kept.
const EXAMPLES: usize = 5;

/// A list of tickets that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) name: &'static str,
    who: Who,
    query: &'static str,
    /// Whether a row fits.
    fits: fn(&Value) -> bool,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Admin,
    Client,
    Support,
}

/// What is listed: by each role everything, and what is usually looked for. A page from the middle of the list goes by a
/// cursor that a page before gave.
pub(super) const LISTS: [List; 11] = [
    List { name: "admin", who: Who::Admin, query: "", fits: |_| true },
    List { name: "client", who: Who::Client, query: "", fits: |_| true },
    List { name: "support", who: Who::Support, query: "", fits: |_| true },
    List {
        name: "admin status",
        who: Who::Admin,
        query: "?status=IN_PROGRESS",
        fits: |row| row["status"] == "IN_PROGRESS",
    },
    List {
        name: "admin 2 statuses",
        who: Who::Admin,
        query: "?status=NEW,OPENED",
        fits: |row| row["status"] == "NEW" || row["status"] == "OPENED",
    },
    List {
        name: "admin status+priority",
        who: Who::Admin,
        query: "?status=CLOSED&priority=HIGH",
        fits: |row| row["status"] == "CLOSED" && row["priority"] == "HIGH",
    },
    List {
        name: "admin by priority",
        who: Who::Admin,
        query: "?sort=-priority",
        fits: |row| row["priority"] == "HIGH",
    },
    List {
        name: "admin overdue",
        who: Who::Admin,
        query: "?overdue=true",
        fits: |row| row["response_breached"] == true || row["resolution_breached"] == true,
    },
    List { name: "client status", who: Who::Client, query: "?status=CLOSED", fits: |row| row["status"] == "CLOSED" },
    List {
        name: "admin q common",
        who: Who::Admin,
        query: "?q=checkout",
        fits: |row| row["title"].as_str().is_some_and(|title| title.contains("checkout")),
    },
    List {
        name: "admin q rare",
        who: Who::Admin,
        query: "?q=needle",
        fits: |row| row["description"].as_str().is_some_and(|text| text.contains("needle")),
    },
];

/// What everybody asks for.
pub(super) enum Asking {
    /// To raise an incident.
    Create,
    /// A page of tickets.
    List(List),
    /// One ticket of their own.
    Open,
    /// To be signed in.
    Login,
}

/// What became of it.
pub(crate) struct Answers {
    /// Answered as it should be.
    pub(crate) accepted: u64,
    /// Answered otherwise, cut off or not taken.
    pub(crate) failed: u64,
    /// From the request's setting out to its answer, in microseconds.
    pub(crate) latency: Histogram<u64>,
    /// What was amiss.
    pub(crate) examples: Vec<String>,
    /// The titles of what was raised.
    pub(crate) raised: Vec<String>,
}

impl Answers {
    pub(super) fn none() -> Self {
        Self { accepted: 0, failed: 0, latency: histogram(), examples: Vec::new(), raised: Vec::new() }
    }

    pub(super) fn amiss(&mut self, example: impl FnOnce() -> String) {
        self.failed += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.accepted += more.accepted;
        self.failed += more.failed;
        self.latency.add(&more.latency).expect("all histograms have one shape");
        self.raised.extend(more.raised);
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(more.examples.into_iter().take(room));
    }
}

/// Has the people behind so many connections ask for so long.
pub(super) async fn ask(
    address: SocketAddr,
    staff: &Staff,
    asking: &Asking,
    connections: u32,
    time: Duration,
) -> io::Result<Answers> {
    let end = Instant::now() + time;
    let lines: Vec<_> = (0..connections)
        .map(|nth| {
            let user = who(staff, asking, nth as usize).clone();
            let line = Line { address, nth, user, past: staff.past, answers: Answers::none() };
            let asking = match asking {
                Asking::Create => Asking::Create,
                Asking::List(list) => Asking::List(*list),
                Asking::Open => Asking::Open,
                Asking::Login => Asking::Login,
            };
            tokio::spawn(line.run(asking, end))
        })
        .collect();
    let mut answers = Answers::none();
    for line in lines {
        answers.add(line.await.map_err(io::Error::other)??);
    }
    Ok(answers)
}

fn who<'a>(staff: &'a Staff, asking: &Asking, nth: usize) -> &'a User {
    match asking {
        Asking::List(List { who: Who::Admin, .. }) => &staff.admin,
        Asking::List(List { who: Who::Support, .. }) => &staff.support[nth % staff.support.len()],
        // Whoever opens tickets is one of all sorts.
        Asking::Open if nth.is_multiple_of(4) => &staff.admin,
        Asking::Open if nth % 4 == 1 => &staff.support[nth / 4 % staff.support.len()],
        _ => &staff.clients[nth % staff.clients.len()],
    }
}

/// One connection and the person behind it.
struct Line {
    address: SocketAddr,
    nth: u32,
    user: User,
    past: u32,
    answers: Answers,
}

impl Line {
    async fn run(mut self, asking: Asking, end: Instant) -> io::Result<Answers> {
        let mut wire = Wire::connect(self.address).await?;
        let own = if matches!(asking, Asking::Open) { self.own(&mut wire).await? } else { Vec::new() };
        let expected = match asking {
            Asking::Create => 201,
            _ => 200,
        };
        let mut count = 0_u64;
        while Instant::now() < end {
            let title = format!("Load {}-{count}-{:08x}", self.nth, rand::random::<u32>());
            let request = match &asking {
                Asking::Create => raise(self.address, &self.user, &title),
                Asking::List(list) => {
                    staff::get(self.address, &format!("/api/tickets/{}", list.query), &self.user.access)
                }
                Asking::Open => {
                    let id = own[rand::rng().random_range(0..own.len())];
                    staff::get(self.address, &format!("/api/tickets/{id}/"), &self.user.access)
                }
                Asking::Login => staff::login(self.address, &self.user.username),
            };
            count += 1;
            let began = Instant::now();
            wire.send(&request).await?;
            let answer = wire.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let (status, took) = (answer.status(), began.elapsed());
            let wrong = if status != expected {
                Some(format!("{status}: {}", String::from_utf8_lossy(answer.body)))
            } else if count % READ_ONE_IN == 1 {
                wrong(&asking, answer.body, &title, &self.user, self.past)
            } else {
                None
            };
            if let Some(wrong) = wrong {
                self.answers.amiss(|| wrong);
                continue;
            }
            self.answers.accepted += 1;
            self.answers.latency.saturating_record(micros(took));
            if matches!(asking, Asking::Create) {
                self.answers.raised.push(title);
            }
        }
        Ok(self.answers)
    }

    /// Some hundreds of tickets that this person may open: those of the first pages of their list.
    async fn own(&self, wire: &mut Wire) -> io::Result<Vec<i64>> {
        let mut ids = Vec::new();
        let mut path = Some("/api/tickets/?page_size=100".to_owned());
        for _ in 0..5 {
            let Some(next) = path.take() else { break };
            wire.send(&staff::get(self.address, &next, &self.user.access)).await?;
            let answer = wire.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let page: Value = serde_json::from_slice(answer.body)?;
            ids.extend(page["results"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_i64()));
            path = page["next"].as_str().and_then(|link| link.find("/api/").map(|at| link[at..].to_owned()));
        }
        if ids.is_empty() { Err(io::Error::other("nobody's list is empty")) } else { Ok(ids) }
    }
}

/// What is wrong with an answer, if anything is.
fn wrong(asking: &Asking, body: &[u8], title: &str, user: &User, past: u32) -> Option<String> {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Some("no JSON".to_owned()) };
    let is_right = match asking {
        Asking::Create => {
            answer["title"] == title
                && answer["created_by"] == user.id
                && answer["history"].as_array().is_some_and(|history| history.len() == 1)
        }
        Asking::Login => answer["user"]["id"] == user.id,
        Asking::Open => {
            answer["history"].as_array().is_some_and(|history| !history.is_empty())
                && answer["allowed_actions"].is_array()
        }
        Asking::List(list) => return wrong_page(*list, &answer, user, past),
    };
    (!is_right).then(|| answer.to_string())
}

fn wrong_page(list: List, page: &Value, user: &User, past: u32) -> Option<String> {
    let Some(rows) = page["results"].as_array() else { return Some(page.to_string()) };
    // Of a thousand tickets there are fewer rare ones than a page has.
    if rows.len() != PAGE && (past > 1_000 || page["next"] != Value::Null) {
        return Some(format!("{}: {} rows", list.name, rows.len()));
    }
    let is_own = |row: &Value| match list.who {
        Who::Admin => true,
        Who::Client => row["created_by"] == user.id,
        Who::Support => row["assigned_to"].as_array().is_some_and(|ids| ids.contains(&json!(user.id))),
    };
    let stray = rows.iter().find(|row| !is_own(row) || !(list.fits)(row));
    let falls = rows.windows(2).all(|two| two[0]["id"].as_i64() > two[1]["id"].as_i64());
    match stray {
        Some(stray) => Some(format!("{}: {stray}", list.name)),
        None if !falls => Some(format!("{}: not in order", list.name)),
        None => None,
    }
}
