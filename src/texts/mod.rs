//! Texts that people are sent, changed at the desk: what holds, who changed it, and the way back.
//!
//! Built in < the operator's folder < the desk. A change is checked before it is kept, holds in this process once it is
//! committed, and in the others when they hear of it: at once with Redis, within [`TIMER`] without. A row that cannot be
//! taken, say because a text is gone after an upgrade, is left out and told: it keeps nobody from starting.

pub mod events;
pub mod model;
pub mod preview;
mod sample;
mod store;

pub use model::Wrong;
pub use store::{row, version};

use crate::app::App;
use crate::bus::Poke;
use crate::chat::Flows;
use crate::db::marks;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::people::Actor;
use crate::pulse::Job;
use crate::wording::Wording;
use crate::wording::desk::{Changed, Untaken, Written};
use events::Changed as TextChanged;
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The most versions of a text that are shown.
const MOST_VERSIONS: u64 = 50;
/// Without a poke a process looks this often whether another one changed something.
const TIMER: Duration = Duration::from_secs(10);
/// The mark by which those who change texts take turns, so that versions are committed in their order.
const TURN: &str = "texts.turn";

/// A text as somebody wants it to hold.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Which, and what it is to say.
    pub text: Changed,
    /// The last version of it that they saw; 0 where there was none.
    pub seen: i64,
}

/// The words with this text in them, kept nowhere: for looking at it.
///
/// # Errors
/// What is wrong with it.
pub fn tried(app: &App, flows: &Flows, new: &Changed) -> Result<Wording, Wrong> {
    model::tried(&app.wording(), app.words.files(), flows, &app.settings.company, new)
}

/// Has a text hold from now on. One that says what the files say is put back to them.
///
/// # Errors
/// The field `text` with what is wrong, [`Wrong`] behind it; [`Kind::NotFound`] where there is no such text;
/// [`Kind::Outdated`] where somebody was faster.
pub async fn change(app: &App, flows: &Flows, actor: &Actor, edited: Edited) -> Result<()> {
    let Changed { language, key, text } = &edited.text;
    let files = app.words.files();
    let Some(Written::Text(of_files)) = files.written_as(language, key).filter(|_| is_there(files, language, key))
    else {
        return Err(unknown());
    };
    if of_files.trim() == text.trim() && files.source(language, key).is_some() {
        return put_back(app, actor, edited).await;
    }
    tried(app, flows, &edited.text).map_err(|wrong| Error::field("text", wrong.to_string()).because(wrong))?;
    keep(app, actor, edited, true).await
}

/// Has what the files say hold again.
///
/// # Errors
/// [`Kind::NotFound`] where there is no such text; [`Kind::Outdated`] where somebody was faster.
pub async fn put_back(app: &App, actor: &Actor, edited: Edited) -> Result<()> {
    let Changed { language, key, .. } = &edited.text;
    if !is_there(app.words.files(), language, key) {
        return Err(unknown());
    }
    keep(app, actor, edited, false).await
}

async fn keep(app: &App, actor: &Actor, edited: Edited, is_own: bool) -> Result<()> {
    let by = actor.person_id;
    let db = app.db.through(actor.door);
    let keeping = db.write_with(edited, move |tx, Edited { text: new, seen }| {
        Box::pin(async move {
            marks::hold(tx, TURN).await?;
            let (language, key) = (new.language.as_str(), new.key.as_str());
            let last = store::versions(tx.conn(), language, key, 1).await?;
            if last.first().map_or(0, |version| version.id) != *seen {
                let says = "Somebody changed this text meanwhile. Look at it as it is now, and send yours again.";
                return Err(Error::new(Kind::Outdated, says));
            }
            let before = store::one(tx.conn(), language, key).await?.map(|row| row.text);
            let text = is_own.then(|| new.text.trim().to_owned());
            if before == text {
                return Ok(());
            }
            let version_id = store::put(tx, language, key, text.as_deref(), by).await?;
            let (language, key) = (language.to_owned(), key.to_owned());
            outbox::append(tx, &[TextChanged { version_id, language, key, text, by }]).await
        })
    });
    keeping.await?;
    reload(app).await?;
    app.bus.poke(Poke::Texts);
    Ok(())
}

/// The versions of a text, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn versions(conn: &impl ConnectionTrait, language: &str, key: &str) -> Result<Vec<version::Model>> {
    store::versions(conn, language, key, MOST_VERSIONS).await
}

/// Whether a text with this key is in this language, and one that people are sent.
pub fn is_there(wording: &Wording, language: &str, key: &str) -> bool {
    model::is_for_people(key) && wording.languages().contains(&language) && wording.written_as(language, key).is_some()
}

/// Takes over what the desk changed since this process last looked.
///
/// # Errors
/// When the database is away; the words stay as they are.
pub async fn reload(app: &App) -> Result<()> {
    let conn = app.db.read();
    // Read before the rows: at worst they say more than this version, and are read once more.
    let version = store::last_version(conn).await?;
    if version == app.words.version() {
        return Ok(());
    }
    let changes = stored(conn).await?;
    let (wording, untaken) = app.words.files().changed_by(&changes);
    for (at, why) in untaken {
        let Changed { language, key, .. } = &changes[at];
        tracing::error!(
            wording.key = key,
            wording.language = language,
            "a text of the desk is left out, and that of the files holds: {why}"
        );
    }
    app.words.put(Arc::new(wording), version);
    Ok(())
}

/// The texts of the desk.
async fn stored(conn: &impl ConnectionTrait) -> Result<Vec<Changed>> {
    let rows = store::all(conn).await?.into_iter();
    Ok(rows.map(|row| Changed { language: row.language, key: row.name, text: row.text }).collect())
}

/// How many texts the desk has, and those of them that cannot be taken over these files, with why.
///
/// # Errors
/// When the database is away.
pub async fn examined(conn: &impl ConnectionTrait, files: &Wording) -> Result<(usize, Vec<(Changed, Untaken)>)> {
    let changes = stored(conn).await?;
    let (_, untaken) = files.changed_by(&changes);
    let untaken = untaken.into_iter().filter_map(|(at, why)| Some((changes.get(at)?.clone(), why)));
    Ok((changes.len(), untaken.collect()))
}

/// Takes over what other processes changed, on a poke and on a timer.
pub async fn run(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = app.bus.wait(Poke::Texts, TIMER) => {}
            () = stop.cancelled() => return,
        }
        app.ran(Job::Texts, reload(&app).await);
    }
}

fn unknown() -> Error {
    Error::not_found("There is no such text.")
}
