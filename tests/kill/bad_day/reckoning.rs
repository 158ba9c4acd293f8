//! The reckoning of a bad day: what the database says of each notice, against what the provider did with it and told.
//!
//! Andon may know less than the provider, where news were lost, and never more. It may hand a text in again only where
//! it was told that the last one failed and may be tried again.

pub(crate) mod tested;

use super::{TITLE, TOLD};
use crate::drive::ledger::{Entries, Reply, Told, reply_sid};
use crate::drive::verify::Findings;
use crate::drive::whims::{REFUSED, is_passing};
use andon::db::Db;
use andon::delivery::store::rows::{attempt, line, row as delivery};
use andon::kit::{Instant, Result};
use andon::outbox::row as event;
use andon::tickets::row as ticket;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// A message that fails each time for a passing reason is handed in no more after so many attempts. Source:
/// docs/operating.md, “What became of a message”.
const GIVEN_UP_AFTER: i32 = 5;

/// What the database holds of it.
#[derive(Clone)]
pub(crate) struct Rows {
    notices: Vec<Notice>,
    attempts: HashMap<i64, Vec<Attempt>>,
    /// The title of each ticket of the day, and the events that say it was made.
    tickets: HashMap<i64, String>,
    events: HashMap<i64, i64>,
    untold_events: usize,
    /// Lines that somebody has, or that are due.
    busy_lines: Vec<String>,
}

#[derive(Clone, Debug, sea_orm::FromQueryResult)]
struct Notice {
    id: i64,
    token: String,
    event_id: i64,
    status: String,
    error_code: Option<i32>,
    attempts: i32,
    due_at: Option<Instant>,
}

#[derive(Clone, Debug, sea_orm::FromQueryResult)]
struct Attempt {
    delivery_id: i64,
    outcome: String,
    provider_id: Option<String>,
}

/// What came of the day, in numbers.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    tickets: usize,
    notices: usize,
    by_status: HashMap<String, usize>,
    attempts: usize,
    not_taken: usize,
    taken: usize,
    /// Handed in again after a failure that was told.
    again: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |status: &str| self.by_status.get(status).copied().unwrap_or(0);
        write!(
            f,
            "{} notices of {} tickets, {} delivered, {} failed, {} whose last news were lost; {} attempts, {} of them in \
             doubt and not taken; {} messages taken, {} of them again after a failure; twice without need 0",
            self.notices,
            self.tickets,
            of("DELIVERED"),
            of("FAILED"),
            of("SENT") + of("SENDING"),
            self.attempts,
            self.not_taken,
            self.taken,
            self.again,
        )
    }
}

impl Rows {
    pub(crate) async fn read(db: &Db) -> Result<Self> {
        let notices: Vec<Notice> = delivery::Entity::find()
            .select_only()
            .columns([delivery::Column::Id, delivery::Column::Token, delivery::Column::EventId])
            .columns([delivery::Column::Status, delivery::Column::ErrorCode, delivery::Column::Attempts])
            .column(delivery::Column::DueAt)
            .filter(delivery::Column::EventId.is_not_null())
            .filter(delivery::Column::Medium.eq("whatsapp"))
            .order_by_asc(delivery::Column::Id)
            .into_model()
            .all(db.read())
            .await?;
        let tried: Vec<Attempt> = attempt::Entity::find()
            .select_only()
            .columns([attempt::Column::DeliveryId, attempt::Column::Outcome, attempt::Column::ProviderId])
            .order_by_asc(attempt::Column::Id)
            .into_model()
            .all(db.read())
            .await?;
        let mut attempts: HashMap<i64, Vec<Attempt>> = HashMap::new();
        for one in tried {
            attempts.entry(one.delivery_id).or_default().push(one);
        }
        let tickets: Vec<(i64, String)> = ticket::Entity::find()
            .select_only()
            .columns([ticket::Column::Id, ticket::Column::Title])
            .filter(ticket::Column::Title.starts_with(TITLE))
            .into_tuple()
            .all(db.read())
            .await?;
        let events: Vec<(i64, Option<i64>, String, Option<Instant>)> = event::Entity::find()
            .select_only()
            .columns([event::Column::Id, event::Column::TicketId, event::Column::Name, event::Column::HandledAt])
            .into_tuple()
            .all(db.read())
            .await?;
        let untold_events = events.iter().filter(|(.., handled_at)| handled_at.is_none()).count();
        let tickets: HashMap<i64, String> = tickets.into_iter().collect();
        let made = events.into_iter().filter(|(_, _, name, _)| name == "ticket.created");
        let events = made.filter_map(|(id, of, ..)| Some((id, of.filter(|of| tickets.contains_key(of))?))).collect();
        let busy_lines: Vec<String> = line::Entity::find()
            .select_only()
            .column(line::Column::Name)
            .filter(line::Column::Lease.is_not_null().or(line::Column::DueAt.is_not_null()))
            .into_tuple()
            .all(db.read())
            .await?;
        Ok(Self { notices, attempts, tickets, events, untold_events, busy_lines })
    }
}

/// Compares everything. `raised` are the titles of tickets that were answered.
pub(crate) fn reckon(rows: &Rows, entries: &Entries, raised: &[String]) -> (Findings, Tally) {
    let mut findings = Findings::default();
    whom(rows, raised, &mut findings);
    let mut messages: HashMap<&str, Vec<Message<'_>>> = HashMap::new();
    for (nth, reply) in entries.replies.iter().enumerate() {
        messages.entry(&reply.token).or_default().push(Message { sid: reply_sid(nth), reply });
    }
    let known: HashSet<&str> = rows.notices.iter().map(|notice| notice.token.as_str()).collect();
    for stray in messages.keys().filter(|token| !known.contains(*token)) {
        findings.fault("messages of no notice", || (*stray).to_owned());
    }
    let mut tally = Tally { tickets: rows.tickets.len(), notices: rows.notices.len(), ..Tally::default() };
    for notice in &rows.notices {
        let taken = messages.get(notice.token.as_str()).map_or(&[][..], Vec::as_slice);
        let attempts = rows.attempts.get(&notice.id).map_or(&[][..], Vec::as_slice);
        let about = || format!("{notice:?}, taken {taken:?}, attempts {attempts:?}");
        for (name, is_wrong) in wrongs(notice, taken, attempts, entries.refused.contains(&notice.token)) {
            if is_wrong {
                findings.fault(name, about);
            }
        }
        *tally.by_status.entry(notice.status.clone()).or_default() += 1;
        tally.attempts += attempts.len();
        tally.not_taken += attempts.iter().filter(|attempt| attempt.outcome == "NOT_TAKEN").count();
        tally.taken += taken.len();
        tally.again += taken.len().saturating_sub(1);
    }
    (findings, tally)
}

/// Every ticket that was answered is there, and of each that is there everybody was told once.
fn whom(rows: &Rows, raised: &[String], findings: &mut Findings) {
    let titles: HashSet<&str> = rows.tickets.values().map(String::as_str).collect();
    for lost in raised.iter().filter(|title| !titles.contains(title.as_str())) {
        findings.fault("tickets lost", || lost.clone());
    }
    let mut told: HashMap<i64, u32> = rows.tickets.keys().map(|id| (*id, 0)).collect();
    for notice in &rows.notices {
        if let Some(count) = rows.events.get(&notice.event_id).and_then(|ticket| told.get_mut(ticket)) {
            *count += 1;
        }
    }
    for (ticket, count) in told.into_iter().filter(|(_, count)| *count != TOLD) {
        findings.fault("notices lost or doubled", || format!("{} has {count}", rows.tickets[&ticket]));
    }
    if rows.untold_events > 0 {
        findings.fault("events that nobody was told of", || rows.untold_events.to_string());
    }
    for line in &rows.busy_lines {
        findings.fault("lines that do not rest", || line.clone());
    }
}

/// A message that the provider took.
struct Message<'a> {
    sid: String,
    reply: &'a Reply,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reply { status, code, told, shown, .. } = self.reply;
        write!(f, "{} {status} {code:?} told {told:?} shown {shown:?}", self.sid)
    }
}

impl Message<'_> {
    /// Whether Andon certainly knows that it came so far.
    fn surely(&self, status: &'static str) -> bool {
        self.reply.told.contains(&(status, Told::Surely))
    }

    /// Whether Andon may know it: by a callback, or from the list.
    fn perhaps(&self, status: &'static str) -> bool {
        self.reply.told.iter().any(|(told, _)| *told == status) || self.reply.shown == Some(status)
    }

    /// Whether it failed in a way that allows another try, and Andon may know.
    fn may_go_again(&self) -> bool {
        self.reply.code.is_some_and(is_passing) && self.perhaps("undelivered")
    }
}

/// What may be wrong with a notice, and whether it is.
fn wrongs(notice: &Notice, taken: &[Message<'_>], attempts: &[Attempt], is_refused: bool) -> [(&'static str, bool); 4] {
    let sids: BTreeSet<&str> = taken.iter().map(|message| message.sid.as_str()).collect();
    let known: BTreeSet<&str> = attempts.iter().filter_map(|attempt| attempt.provider_id.as_deref()).collect();
    let before = &taken[..taken.len().saturating_sub(1)];
    [
        ("notices that are still open", notice.due_at.is_some()),
        ("messages that no attempt, or more than one, answers for", sids != known || sids.len() != taken.len()),
        ("messages sent twice", before.iter().any(|message| !message.may_go_again())),
        ("notices that do not stand as they should", !stands_right(notice, taken, is_refused)),
    ]
}

/// Whether this is what Andon can know to have become of the notice.
fn stands_right(notice: &Notice, taken: &[Message<'_>], is_refused: bool) -> bool {
    let Notice { status, error_code, attempts, .. } = notice;
    let status = status.as_str();
    if status == "FAILED" && *error_code == Some(REFUSED) {
        return is_refused && taken.iter().all(Message::may_go_again);
    }
    let Some(last) = taken.last() else { return false };
    let end = last.reply.status;
    match status {
        "DELIVERED" => end == "delivered" && last.perhaps(end),
        "FAILED" => {
            let is_over = last.reply.code.is_some_and(|code| !is_passing(code)) || *attempts >= GIVEN_UP_AFTER;
            end == "undelivered" && last.perhaps(end) && is_over && *error_code == last.reply.code
        }
        "SENT" => last.perhaps("sent") && !last.surely(end),
        "SENDING" => !last.surely("sent") && !last.surely(end),
        _ => false,
    }
}
