//! Conversations taken up again: what of them still counts, and since when things are put aside.
//!
//! The engine knows no clock; whatever lives for a while in a session is let go here.

use super::engine::Finished;
use super::inbound::{Chat, Fresh};
use super::pace::Pace;
use super::session::{Form, Made, Session};
use super::silence::AtTheDesk;
use super::store;
use crate::app::App;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::people::store::Known;
use chrono::TimeDelta;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// How long files that came at the menu wait for the report they belong to.
const AHEAD_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long after a report files still join it.
const JOIN_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// Files that come no further apart come in a row. WhatsApp sends an album as messages of one picture, within seconds.
const ROW_GAP: TimeDelta = TimeDelta::seconds(30);

/// The conversations these messages belong to, locked; a stranger's begins at the menu.
pub(super) async fn open_chats(app: &App, tx: &Tx, fresh: &[Fresh<'_>]) -> Result<HashMap<i64, Chat>> {
    let people: HashSet<i64> = fresh.iter().map(|fresh| fresh.known.person_id).collect();
    let mut stored = store::conversations(tx, &people.into_iter().collect::<Vec<_>>()).await?;
    let mut chats: HashMap<i64, Chat> = HashMap::new();
    for Fresh { known, .. } in fresh {
        let chat = || open_chat(app, tx.now(), known, stored.remove(&known.person_id));
        chats.entry(known.person_id).or_insert_with(chat);
    }
    Ok(chats)
}

fn open_chat(app: &App, now: Instant, known: &Known, row: Option<store::conversation::Model>) -> Chat {
    // Counted from the clock, so that no form of a conversation that was deleted has a number of this one's.
    let begin = u32::try_from(now.timestamp()).unwrap_or_default();
    let fresh = || Session {
        forms: begin,
        language: known.language.clone(),
        has_chosen_language: known.has_chosen_language,
        ..Session::default()
    };
    let address_id = known.address_id;
    let Some(row) = row else {
        let desk = AtTheDesk::default();
        let pace = Pace::default();
        return Chat { session: fresh(), version: 0, address_id, dormant: false, created_at: now, pace, desk };
    };
    let (pace, desk) = (row.pace(), AtTheDesk::of(&row));
    if row.cleared_at.is_some() {
        let version = row.version;
        return Chat { session: fresh(), version, address_id, dormant: false, created_at: now, pace, desk };
    }
    let idle = now - row.updated_at;
    // A session that cannot be read (an older or newer program's) starts over rather than failing.
    let session: Option<Session> = serde_json::from_str(&row.session).ok();
    let forms = session.as_ref().map_or(begin, |session| session.forms);
    let session = session.filter(|_| idle < app.settings.draft_life);
    let mut session = session.unwrap_or_else(|| Session { forms, ..fresh() });
    if session.draft_since.is_some_and(|since| now - since >= app.settings.draft_life) {
        session.draft = None;
    }
    if session.ahead_since.is_some_and(|since| now - since >= AHEAD_LIFE) {
        session.ahead.clear();
    }
    session.made = session.made.filter(|made| now - made.at < JOIN_WITHIN);
    session.in_a_row = session.in_a_row.filter(|_| idle < ROW_GAP);
    let is_idle = idle > app.settings.session_timeout;
    session.shown = session.shown.filter(|_| !is_idle);
    // The person's language may have been changed at the desk meanwhile.
    session.language.clone_from(&known.language);
    session.has_chosen_language = known.has_chosen_language;
    let dormant = session.flow.is_some() && is_idle;
    let created_at = if is_idle && !dormant { now } else { row.created_at };
    Chat { session, version: row.version, address_id: row.address_id, dormant, created_at, pace, desk }
}

/// What was put aside before a message.
pub(super) struct Aside {
    draft: Option<Form>,
    draft_since: Option<Instant>,
    ahead_since: Option<Instant>,
}

impl Aside {
    pub(super) fn of(session: &Session) -> Self {
        let ahead_since = session.ahead_since.filter(|_| !session.ahead.is_empty());
        Self { draft: session.draft.clone(), draft_since: session.draft_since, ahead_since }
    }

    /// Notes since when things are put aside after the message.
    pub(super) fn note_since(self, session: &mut Session, now: Instant) {
        session.draft_since = if session.draft == self.draft { self.draft_since } else { Some(now) };
        session.ahead_since = (!session.ahead.is_empty()).then(|| self.ahead_since.unwrap_or(now));
    }
}

/// The report that an action made, where it made one.
pub(super) fn made(finished: &Finished, vars: &Value, at: Instant) -> Option<Made> {
    let ticket_id = vars["ticket_id"].as_i64()?;
    let reference = vars["reference"].as_str()?.to_owned();
    let files = finished.answers.iter().map(|(_, answer)| answer.media.len()).sum();
    Some(Made { ticket_id, reference, at, files })
}
