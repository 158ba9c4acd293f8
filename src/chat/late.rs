//! Messages answered late: those of a person who writes faster than `ANDON_SENDER_LIMIT`.
//!
//! Every message is stored when it comes. One over the limit waits as a row, with all that follows it, and this job
//! takes what waits through the same message step, in order, as fast as the limit allows. It works from rows alone, so
//! a restart and a second process are the same to it. Nobody else's messages wait.

use super::inbound::{self, Chat, Fresh};
use super::pace::{self, Told, When};
use super::reply::reply;
use super::store::{self, Waiting, message};
use super::{Say, Ways, pick};
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Inbound, Media, Medium, Place};
use crate::db::{Batch, Change, Door, Tx, is_refusal};
use crate::delivery::{self, NewDelivery};
use crate::kit::{Error, Handle, Result};
use crate::people;
use crate::people::store::Known;
use crate::pulse::Job;
use chrono::TimeDelta;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks whether somebody's turn has come.
const TIMER: Duration = Duration::from_secs(1);
/// The most people answered in one transaction.
const MOST_PEOPLE: usize = 32;
/// The most people looked for at once.
const MOST_DUE: u64 = 256;

/// New messages, parted into those to be answered now and those that are not.
#[derive(Default)]
pub(super) struct Admitted<'a> {
    pub(super) now: Vec<&'a Fresh<'a>>,
    /// What those who write too fast are told.
    pub(super) notices: Vec<NewDelivery>,
}

/// Lets pass what is within the limit, and puts off the rest.
pub(super) async fn admit<'a>(
    app: &App,
    tx: &Tx,
    fresh: &'a [Fresh<'a>],
    chats: &mut HashMap<i64, Chat>,
) -> Result<Admitted<'a>> {
    let mut admitted = Admitted::default();
    let (mut later, mut never, mut stops) = (Vec::new(), Vec::new(), Vec::new());
    for one in fresh {
        let Some(chat) = chats.get_mut(&one.known.person_id) else { continue };
        let (when, told) = chat.pace.arrive(app.settings.sender_limit, tx.now());
        match when {
            When::Now => admitted.now.push(one),
            When::Later => later.push(Waiting { person_id: one.known.person_id, message_id: one.row }),
            When::Never => {
                never.push(one.row);
                // Opting out holds without an answer too.
                if app.wording().knows("chat.words.stop", &pick::bare(&one.inbound.text)) {
                    stops.push(one.known.address_id);
                }
            }
        }
        // What was fetched was written over a longer time, and nobody is told to slow down for that.
        let was_fetched = one.inbound.sent_at.is_some();
        if let Some(told) = told.filter(|told| *told == Told::TooMuch || !was_fetched) {
            let from = one.inbound.from.masked();
            let (key, what) = match told {
                Told::TooMuch => ("chat.flood.too_much", "keeps on; the rest is kept and not answered"),
                Told::SlowDown | Told::Nothing => ("chat.flood.slow_down", "writes too fast and is answered late"),
            };
            tracing::info!(message.from = from, "somebody {what}");
            admitted.notices.extend(reply(app, one, &chat.session.language, &[Say::plain(key)]));
        }
    }
    store::put_off(tx, &later).await?;
    store::leave_unanswered(tx, &never).await?;
    people::store::consent(tx, &stops, false).await?;
    Ok(admitted)
}

/// The job that answers what waits. Cheap to clone.
#[derive(Clone)]
pub struct Late {
    app: App,
    /// People whose turn has come; answers with how many messages of theirs were answered.
    people: Batch<i64, usize>,
}

impl Late {
    /// Prepares the job; [`Late::run`] sets it going.
    pub fn new(app: &App, ways: &Ways) -> Self {
        let (worker, ways) = (app.clone(), ways.clone());
        let people = Batch::start(
            MOST_PEOPLE,
            || Duration::ZERO,
            move |people: Arc<Vec<i64>>| {
                let (app, ways) = (worker.clone(), ways.clone());
                Box::pin(async move {
                    let db = app.db.through(Door::Chat);
                    db.write_with((app, ways, people), |tx, (app, ways, people)| {
                        Box::pin(resume(app, ways, tx, people))
                    })
                    .await
                })
            },
        );
        Self { app: app.clone(), people }
    }

    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.app.ran(Job::LateAnswers, self.once().await);
            tokio::select! {
                () = tokio::time::sleep(TIMER) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Answers everybody whose turn has come. Answers with the number of messages.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn once(&self) -> Result<usize> {
        let mut total = 0;
        loop {
            let now = self.app.clock.now();
            let until = pace::has_budget_until(self.app.settings.sender_limit, now);
            let due = store::due(self.app.db.read(), until, now + TimeDelta::minutes(1), MOST_DUE).await?;
            let mut answered = 0;
            for (person, outcome) in due.iter().zip(self.people.submit_all(due.clone()).await) {
                answered += match outcome {
                    Ok(count) => count,
                    Err(error) if is_refusal(&error) => self.give_up(*person, &error).await?,
                    Err(error) => return Err(error),
                };
            }
            if answered == 0 {
                return Ok(total);
            }
            total += answered;
            self.app.bus.tell_desk(due.iter().copied().map(Change::Conversation));
            self.app.bus.changed(due);
            self.app.bus.poke(Poke::Dispatch);
        }
    }

    /// A message that the database will never take must not hold up those behind it.
    async fn give_up(&self, person: i64, error: &Error) -> Result<usize> {
        tracing::error!(
            person.id = person,
            cause = error.private(),
            "a message that waited cannot be answered: {error}"
        );
        self.app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    people::store::lock(tx, vec![person]).await?;
                    let waiting = store::waiting_of(tx, &[person]).await?;
                    let first: Vec<i64> = waiting.iter().take(1).map(|first| first.message_id).collect();
                    store::leave_unanswered(tx, &first).await?;
                    store::let_go(tx, &first).await?;
                    store::note_waiting(tx, person, waiting.len() - first.len()).await?;
                    Ok(first.len())
                })
            })
            .await
    }
}

/// Answers as many messages of each of these people as the limit allows. Answers with how many, in their order.
async fn resume(app: &App, ways: &Ways, tx: &Tx, people: &[i64]) -> Result<Vec<usize>> {
    people::store::lock(tx, people.to_vec()).await?;
    let stored = store::conversations(tx, people).await?;
    let mut waiting: HashMap<i64, Vec<i64>> = HashMap::new();
    for Waiting { person_id, message_id } in store::waiting_of(tx, people).await? {
        waiting.entry(person_id).or_default().push(message_id);
    }
    let (mut paces, mut left) = (HashMap::new(), HashMap::new());
    let (mut resumed, mut whose) = (Vec::new(), HashMap::new());
    let mut counts = Vec::with_capacity(people.len());
    for person in people {
        let all = waiting.remove(person).unwrap_or_default();
        let mut pace = stored.get(person).map(store::conversation::Model::pace).unwrap_or_default();
        let count = pace.resume(u32::try_from(all.len()).unwrap_or(u32::MAX), app.settings.sender_limit, tx.now());
        left.insert(*person, all.len() - count as usize);
        for message in all.into_iter().take(count as usize) {
            resumed.push(message);
            whose.insert(message, *person);
        }
        counts.push(count as usize);
        paces.insert(*person, pace);
    }
    if resumed.is_empty() {
        return Ok(counts);
    }
    let messages = read_back(app, store::with_address(tx, &resumed).await?)?;
    let numbers: Vec<String> = messages.iter().map(|(_, inbound)| inbound.from.to_string()).collect();
    let known = people::store::by_addresses(tx.conn(), Medium::Whatsapp, &numbers).await?;
    let is_theirs = |row: &i64, known: &Known| whose.get(row) == Some(&known.person_id);
    let fresh = messages.iter().filter_map(|(row, inbound)| {
        let known = known.get(inbound.from.as_str()).filter(|known| is_theirs(row, known))?;
        Some(Fresh { row: *row, inbound, known })
    });
    let fresh: Vec<Fresh<'_>> = fresh.collect();
    let mut chats = super::opening::open_chats(app, tx, &fresh).await?;
    for (person, chat) in &mut chats {
        chat.pace = paces.remove(person).unwrap_or_default();
    }
    // A number that changed hands leads to somebody who is not held here and did not write this.
    let answered: HashSet<i64> = fresh.iter().map(|fresh| fresh.row).collect();
    let strays: Vec<i64> = resumed.iter().copied().filter(|message| !answered.contains(message)).collect();
    store::leave_unanswered(tx, &strays).await?;
    let writers: BTreeSet<i64> = strays.iter().filter_map(|message| whose.get(message).copied()).collect();
    for person in writers.into_iter().filter(|person| !chats.contains_key(person)) {
        store::note_waiting(tx, person, left.get(&person).copied().unwrap_or_default()).await?;
    }
    let replies = inbound::answer(app, ways, tx, &fresh.iter().collect::<Vec<_>>(), chats).await?;
    delivery::enqueue(tx, replies, app.max_chars()).await?;
    store::let_go(tx, &resumed).await?;
    Ok(counts)
}

/// What the engine reads of a stored message's `extra`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Extra {
    media: Vec<Media>,
    tapped: Option<String>,
    place: Option<Place>,
}

/// Stored messages as they were when they came in, as far as they are still to be answered.
fn read_back(app: &App, stored: Vec<(message::Model, String)>) -> Result<Vec<(i64, Inbound)>> {
    let message = |(message, from): (message::Model, String)| {
        let extra: Extra = serde_json::from_str(&message.extra).unwrap_or_default();
        let inbound = Inbound {
            channel: app.channel(&message.channel).map_or("", |channel| channel.name()),
            provider_id: message.provider_id,
            medium: Medium::Whatsapp, // the others have no conversations
            from: Handle::parse(&from).ok_or_else(|| Error::internal("an address is neither a number nor an id"))?,
            to: message.sender,
            text: message.body,
            kind: message.kind,
            media: extra.media,
            tapped: extra.tapped,
            reply_to: None,
            profile_name: None,
            user_id: None,
            place: extra.place,
            sent_at: None,
        };
        Ok((message.id, inbound))
    };
    stored.into_iter().map(message).collect()
}
