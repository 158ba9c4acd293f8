//! Reading the inbox: the list and one transcript, each a fixed number of statements, however much there is.

use super::model::{Heard, Item, Last, Listed, Said, Sent, Shown, Which, Who, Window};
use super::store::entries::{self, entry};
use super::store::transcript::{self, HEARD, NOTED, Rows, SENT};
use super::store::{self, Ask, Head, Place};
use crate::app::App;
use crate::channels::{Media, Place as Spot, Rich};
use crate::chat::store::message;
use crate::db::Db;
use crate::delivery::model::open_until;
use crate::delivery::store::Kind;
use crate::delivery::store::rows::{row, window};
use crate::files::store::message_media as media;
use crate::kit::{Instant, Result};
use crate::people::store::records::names_of;
use crate::people::{Actor, model::Sight};
use crate::web::form::missing;
use crate::web::page::{Cursor, Cut, Part};
use chrono::SecondsFormat;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// The name of the list's one order: the last written in first.
pub const LATEST: &str = "-last_at";
/// How much of a transcript is read at once.
const AT_ONCE: usize = 50;

/// A stretch of a transcript.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// What was said, the oldest first.
    pub items: Vec<Item>,
    /// Before which place there is more; none where this is the beginning.
    pub before: Option<Place>,
}

/// The conversations that somebody sees, as far as they are asked for. Six statements.
///
/// # Errors
/// When the database is away.
pub async fn list(
    db: &Db,
    actor: &Actor,
    which: Which,
    words: Option<&str>,
    part: &Part,
    now: Instant,
) -> Result<Cut<Listed>> {
    let sight = actor.sight();
    let behind = part.cursor.as_ref().and_then(|cursor| Some((cursor.key.as_deref()?.parse().ok()?, cursor.id)));
    let (is_rising, most) = (part.is_before(), part.fetched());
    let ask = Ask { sight: &sight, asker: actor.person_id, which, words, behind, is_rising, most };
    let heads = store::list(db.read(), &ask).await?;
    let at = |head: &Head| Cursor {
        key: head.last_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        ..Cursor::of_id(LATEST, head.person_id)
    };
    let Cut { rows, next, previous } = part.cut(heads, at);
    Ok(Cut { rows: listed(db, rows, now).await?, next, previous })
}

async fn listed(db: &Db, heads: Vec<Head>, now: Instant) -> Result<Vec<Listed>> {
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let conn = db.read();
    let people: Vec<i64> = heads.iter().map(|head| head.person_id).collect();
    let mut heard = transcript::last_heard(conn, &people).await?;
    let mut sent = transcript::last_sent(conn, &people).await?;
    let tokens: Vec<String> = sent.values().filter(|row| is_desks(row)).map(|row| row.token.clone()).collect();
    let authors = entries::authors(conn, &tokens).await?;
    let whose: Vec<i64> = heads.iter().filter_map(|head| head.assigned_to).chain(authors.values().copied()).collect();
    let names = names_of(conn, &whose).await?;
    let addresses: Vec<i64> = heads.iter().map(|head| head.address_id).collect();
    let windows = store::windows(conn, &addresses).await?;
    let listed = heads.into_iter().map(|head| {
        let last = last(heard.remove(&head.person_id), sent.remove(&head.person_id), &authors, &names);
        let holder = head.assigned_to.and_then(|id| names.get(&id).cloned());
        let window = window(&head, &windows, now);
        Listed { head, last, holder, window }
    });
    Ok(listed.collect())
}

fn last(
    heard: Option<message::Model>,
    sent: Option<row::Model>,
    authors: &HashMap<String, i64>,
    names: &HashMap<i64, String>,
) -> Option<Last> {
    let of_person = heard.map(|heard| Last {
        who: Who::Person,
        text: heard.body,
        kind: heard.kind,
        at: heard.received_at,
        status: None,
    });
    let ours = sent.map(|sent| Last {
        who: who(&sent, authors, names),
        kind: "text".to_owned(),
        at: sent.created_at,
        status: Some(sent.status),
        text: sent.body,
    });
    match (of_person, ours) {
        // An answer is of the same instant as what it answers.
        (Some(heard), Some(ours)) => Some(if ours.at >= heard.at { ours } else { heard }),
        (heard, ours) => heard.or(ours),
    }
}

/// Until when words of our own may go to the address of this conversation.
fn window(head: &Head, windows: &HashMap<(i64, String), window::Model>, now: Instant) -> Window {
    let known = head.last_inbound_to.as_ref().and_then(|to| windows.get(&(head.address_id, to.clone())));
    // The window's own row is moved once a minute at most; the address knows the last word.
    let last = known.and_then(|known| known.last_inbound_at).max(head.last_inbound_at);
    let refused = known.and_then(|known| known.refused_at);
    open_until(last, refused, now).map_or(Window::Shut, Window::Open)
}

/// The window of one conversation. One statement.
///
/// # Errors
/// When the database is away.
pub(super) async fn window_of(conn: &impl sea_orm::ConnectionTrait, head: &Head, now: Instant) -> Result<Window> {
    Ok(window(head, &store::windows(conn, &[head.address_id]).await?, now))
}

/// One conversation, where the asker sees it.
///
/// # Errors
/// Where they do not.
pub async fn head(app: &App, actor: &Actor, person_id: i64) -> Result<Head> {
    let head = store::head(app.db.read(), &actor.sight(), person_id).await?;
    head.ok_or_else(|| missing("conversation"))
}

/// What replies kept at hand are filled in with in this conversation, by the names of [`super::FIELDS`].
///
/// # Errors
/// When the database is away.
pub async fn values(app: &App, actor: &Actor, head: &Head) -> Result<BTreeMap<&'static str, String>> {
    let names = names_of(app.db.read(), &[actor.person_id]).await?;
    let (ticket, order) = store::latest_records(app.db.read(), head.person_id).await?;
    let me = names.get(&actor.person_id).cloned().unwrap_or_else(|| actor.username.clone());
    Ok(BTreeMap::from([
        ("name", head.name.clone().or_else(|| head.profile_name.clone()).unwrap_or_default()),
        ("me", me),
        ("company", app.settings.company.clone()),
        ("number", head.value.clone()),
        ("ticket", ticket.unwrap_or_default()),
        ("order", order.unwrap_or_default()),
    ]))
}

/// One conversation as it is listed. Five statements.
///
/// # Errors
/// When the database is away.
pub async fn one(app: &App, head: Head) -> Result<Option<Listed>> {
    Ok(listed(&app.db, vec![head], app.clock.now()).await?.pop())
}

/// What was said last in a conversation, or before a place in it. Six statements.
///
/// # Errors
/// When the database is away.
pub async fn transcript(db: &Db, person_id: i64, before: Option<Place>) -> Result<Transcript> {
    let conn = db.read();
    let rows = transcript::before(conn, person_id, before, AT_ONCE as u64 + 1).await?;
    let Rows { heard, sent, noted } = rows;
    let tokens: Vec<String> = sent.iter().filter(|row| is_desks(row)).map(|row| row.token.clone()).collect();
    let authors = entries::authors(conn, &tokens).await?;
    let whose: Vec<i64> = noted.iter().filter_map(|entry| entry.author_id).chain(authors.values().copied()).collect();
    let names = names_of(conn, &whose).await?;
    let messages: Vec<i64> = heard.iter().map(|message| message.id).collect();
    let mut files: BTreeMap<i64, Vec<media::Model>> = BTreeMap::new();
    for file in transcript::media_of(conn, &messages).await? {
        files.entry(file.message_id).or_default().push(file);
    }
    let heard = heard.into_iter().map(|message| of_person(message, &mut files));
    let mut items: Vec<Item> = heard.collect();
    items.extend(sent.into_iter().map(|row| of_ours(row, &authors, &names)));
    items.extend(noted.into_iter().map(|entry| of_desk(entry, &names)));
    items.sort_unstable_by_key(|item| std::cmp::Reverse(item.place));
    let has_more = items.len() > AT_ONCE;
    items.truncate(AT_ONCE);
    items.reverse();
    let before = items.first().filter(|_| has_more).map(|item| item.place);
    Ok(Transcript { items, before })
}

/// What the channel's message held, as it is kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Extra {
    media: Vec<Media>,
    tapped: Option<String>,
    place: Option<Spot>,
}

fn of_person(message: message::Model, files: &mut BTreeMap<i64, Vec<media::Model>>) -> Item {
    let extra: Extra = serde_json::from_str(&message.extra).unwrap_or_default();
    let here = files.remove(&message.id).unwrap_or_default();
    let shown = |(place, media): (usize, &Media)| {
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        let row = here.iter().find(|row| row.place == place);
        Shown {
            place,
            content_type: row.and_then(|row| row.content_type.clone()).unwrap_or_else(|| media.content_type.clone()),
            is_here: row.is_some_and(|row| row.hash.is_some()),
            is_awaited: row.is_some_and(|row| row.hash.is_none() && row.due_at.is_some()),
        }
    };
    let heard = Heard {
        media: extra.media.iter().enumerate().map(shown).collect(),
        text: message.body,
        kind: message.kind,
        is_tapped: extra.tapped.is_some(),
        spot: extra.place,
        is_emptied: message.emptied_at.is_some(),
    };
    let place = Place { at: message.received_at, rank: HEARD, id: message.id };
    Item { place, said: Said::Heard(heard) }
}

fn of_ours(row: row::Model, authors: &HashMap<String, i64>, names: &HashMap<i64, String>) -> Item {
    let rich: Rich = row.rich.as_deref().and_then(|rich| serde_json::from_str(rich).ok()).unwrap_or_default();
    let place = Place { at: row.created_at, rank: SENT, id: row.id };
    let sent = Sent {
        who: who(&row, authors, names),
        choices: rich.choices,
        files: rich.files,
        why: row.error_text,
        by_template: row.template.is_some(),
        is_emptied: row.emptied_at.is_some(),
        status: row.status,
        text: row.body,
    };
    Item { place, said: Said::Sent(sent) }
}

fn of_desk(entry: entry::Model, names: &HashMap<i64, String>) -> Item {
    let place = Place { at: entry.at, rank: NOTED, id: entry.id };
    let by = entry.author_id.map(|id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()));
    Item { place, said: Said::Noted { kind: entry.kind, by, body: entry.body } }
}

fn is_desks(row: &row::Model) -> bool {
    row.kind == Kind::Desk.as_str()
}

fn who(row: &row::Model, authors: &HashMap<String, i64>, names: &HashMap<i64, String>) -> Who {
    let is = |kind: Kind| row.kind == kind.as_str();
    if is(Kind::Desk) {
        return Who::Desk(authors.get(&row.token).and_then(|id| names.get(id).cloned()));
    }
    if is(Kind::Notice) || is(Kind::Digest) || is(Kind::Test) { Who::Notice } else { Who::Bot }
}

/// How many conversations that the desk has hold messages that nobody looked at. One statement.
///
/// # Errors
/// When the database is away.
pub async fn count_waiting(db: &Db, sight: &Sight) -> Result<u64> {
    store::count_waiting(db.read(), sight).await
}

/// Those who may be given this conversation: who sees it and can sign in; each with what they are called.
///
/// # Errors
/// When the database is away.
pub async fn candidates(db: &Db, head: &Head) -> Result<Vec<(i64, String)>> {
    let all = store::candidates(db.read()).await?;
    let seeing = all.into_iter().filter_map(|person| {
        let role = crate::people::Role::named(person.role.as_deref()?)?;
        let sight = Sight::of(person.id, role, person.department.as_deref());
        let sees = sight.reaches_conversation(head.person_id, head.role(), head.department.as_deref());
        sees.then(|| (person.id, person.name.or(person.username).unwrap_or_default()))
    });
    Ok(seeing.collect())
}
