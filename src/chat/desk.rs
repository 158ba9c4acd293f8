//! What the desk does in a chat: it takes the word from the bot, speaks itself, and gives the word back.
//!
//! All of it in the transaction of whoever does it ([`crate::inbox`]), with the person held: a message that arrives in
//! the same moment is wholly before it or wholly after it.

use super::Ways;
use super::engine::{self, Asker};
use super::reply::{To, line, said};
use super::session::Session;
use super::store::{self, conversation};
use crate::app::App;
use crate::channels::Medium;
use crate::db::Tx;
use crate::delivery::{self, Kind, NewDelivery};
use crate::kit::{Error, Result};
use crate::people::store::Known;

/// The conversation of this person, held until the transaction ends; none where they never wrote.
///
/// # Errors
/// When the database is away.
pub async fn held(tx: &Tx, person_id: i64) -> Result<Option<conversation::Model>> {
    crate::people::store::lock(tx, vec![person_id]).await?;
    Ok(store::conversations(tx, &[person_id]).await?.remove(&person_id))
}

/// Gives the word to the desk: what waits for the bot's answer gets none any more.
///
/// # Errors
/// When the database is away.
pub async fn take(tx: &Tx, person_id: i64, by: i64) -> Result<()> {
    store::stop_waiting(tx, person_id).await?;
    store::desk::take(tx, person_id, by).await
}

/// Gives the word back to the bot, without a word of its own: it goes on when the person writes.
///
/// # Errors
/// When the database is away.
pub async fn let_go(tx: &Tx, people: &[i64]) -> Result<()> {
    store::desk::let_go(tx, people).await
}

/// Has the bot go on where it was, or start over, and say so where it may still write in words of its own.
///
/// # Errors
/// When the database is away.
pub async fn go_on(
    app: &App,
    ways: &Ways,
    tx: &Tx,
    row: &conversation::Model,
    known: &Known,
    (starts_over, may_speak): (bool, bool),
) -> Result<()> {
    let forms = u32::try_from(tx.now().timestamp()).unwrap_or_default();
    let read = serde_json::from_str::<Session>(&row.session).ok().filter(|_| row.cleared_at.is_none());
    let mut session = read.unwrap_or_else(|| Session { forms, ..Session::default() });
    session.language.clone_from(&known.language);
    session.has_chosen_language = known.has_chosen_language;
    let role = known.role();
    let asker = Asker { role, registered: role.is_some(), open_access: app.chat_is_open() };
    let (session, say) = engine::go_on(&ways.flows, &app.wording(), session, asker, &app.settings.company, starts_over);
    store::desk::keep_session(tx, row.person_id, &session.state(&ways.flows), &session).await?;
    let channel = store::desk::last_channel(tx, row.person_id, known.address_id).await?;
    let (Some(channel), Some(medium)) = (channel, Medium::named(&known.medium)) else { return Ok(()) };
    let to = To {
        medium,
        address_id: known.address_id,
        person_id: known.person_id,
        sender: known.last_inbound_to.as_deref(),
        channel: &channel,
    };
    let said = said(app, to, &known.language, &say, None).filter(|_| may_speak);
    delivery::enqueue(tx, said.into_iter().collect(), app.max_chars()).await.map(drop)
}

/// Stores words of the desk's own as a message in the conversation's line, on the way by which the person wrote. Answers
/// with its token.
///
/// # Errors
/// When the database is away.
pub async fn say(app: &App, tx: &Tx, known: &Known, body: String) -> Result<String> {
    let channel = store::desk::last_channel(tx, known.person_id, known.address_id).await?.unwrap_or_default();
    let message = NewDelivery {
        kind: Kind::Desk,
        medium: Medium::named(&known.medium).unwrap_or(Medium::Whatsapp),
        address_id: known.address_id,
        person_id: known.person_id,
        sender: known.last_inbound_to.clone(),
        line: line(&channel, known.address_id),
        body,
        rich: None,
        message_id: None,
    };
    let tokens = delivery::enqueue(tx, vec![message], app.max_chars()).await?;
    tokens.into_iter().next().ok_or_else(|| Error::internal("a message without a text was queued"))
}
