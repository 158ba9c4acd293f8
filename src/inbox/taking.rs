//! Who has a conversation: taken over, handed back, given to somebody, gone back by itself.

use super::store::entries::{self, Kind, New};
use super::store::{self, Head};
use super::{LEFT_FOR, Window, events, reading};
use crate::app::App;
use crate::bus::{Poke, Typing};
use crate::chat::{self, Ways, desk};
use crate::db::{Change, Tx};
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::people::store::Known;
use crate::people::store::records::by_address_ids;
use crate::people::{Actor, store::users};
use crate::web::form::missing;

/// How many conversations go back in one transaction.
const AT_ONCE: u64 = 100;

/// Takes a conversation over from the bot. Who has it already keeps it.
///
/// # Errors
/// [`Failure::Conflict`] where somebody else took it.
pub async fn take_over(app: &App, actor: &Actor, person_id: i64) -> Result<()> {
    let by = actor.person_id;
    let db = app.db.through(actor.door);
    let taking = db.write(move |tx| {
        Box::pin(async move {
            let row = desk::held(tx, person_id).await?.ok_or_else(|| missing("conversation"))?;
            match row.taken_by {
                Some(other) if other != by => return Err(taken()),
                Some(_) => return Ok(()),
                None => {}
            }
            desk::take(tx, person_id, by).await?;
            entries::add(tx, vec![New::of(person_id, Kind::Taken, Some(by))]).await?;
            outbox::append(tx, &[events::TakenOver { person_id, actor_id: Some(by) }]).await
        })
    });
    taking.await?;
    app.bus.tell_desk([Change::Conversation(person_id)]);
    Ok(())
}

fn taken() -> Error {
    Error::new(Failure::Conflict, "Somebody else took this conversation over before you.").with("taken", true)
}

/// Hands a conversation back to the bot, which goes on where it was, or starts over. One that the bot has stays as it is.
///
/// # Errors
/// When the database is away.
pub async fn hand_back(app: &App, ways: &Ways, actor: &Actor, person_id: i64, starts_over: bool) -> Result<()> {
    let (by, sight) = (actor.person_id, actor.sight());
    let input = (app.clone(), ways.clone(), sight);
    let db = app.db.through(actor.door);
    let handing = db.write_with(input, move |tx, (app, ways, sight)| {
        Box::pin(async move {
            let row = desk::held(tx, person_id).await?.ok_or_else(|| missing("conversation"))?;
            if row.taken_at.is_none() {
                return Ok(());
            }
            desk::let_go(tx, &[person_id]).await?;
            let head = store::head(tx.conn(), sight, person_id).await?.ok_or_else(|| missing("conversation"))?;
            let known = address(tx, &head).await?;
            let is_open = reading::window_of(tx.conn(), &head, tx.now()).await? != Window::Shut;
            if let Some(known) = known {
                desk::go_on(app, ways, tx, &row, &known, (starts_over, is_open)).await?;
            }
            let kind = if starts_over { Kind::StartedOver } else { Kind::HandedBack };
            entries::add(tx, vec![New::of(person_id, kind, Some(by))]).await?;
            outbox::append(tx, &[events::HandedBack { person_id, actor_id: Some(by), starts_over }]).await
        })
    });
    handing.await?;
    app.bus.poke(Poke::Dispatch);
    app.bus.changed([person_id]);
    app.bus.tell_desk([Change::Conversation(person_id)]);
    Ok(())
}

/// The address of a conversation, as long as it is still the person's.
pub(super) async fn address(tx: &Tx, head: &Head) -> Result<Option<Known>> {
    if head.owner_id != head.person_id {
        return Ok(None);
    }
    Ok(by_address_ids(tx.conn(), &[head.address_id]).await?.remove(&head.address_id))
}

/// Gives a conversation to somebody at the desk, or to nobody.
///
/// # Errors
/// A field where this is nobody who sees it.
pub async fn assign(app: &App, actor: &Actor, head: &Head, to: Option<i64>) -> Result<()> {
    let name = match to {
        None => String::new(),
        Some(to) => {
            let candidates = reading::candidates(&app.db, head).await?;
            let found = candidates.into_iter().find(|(id, _)| *id == to).map(|(_, name)| name);
            found.ok_or_else(|| Error::field("to", "must be one of those who see this conversation"))?
        }
    };
    let (by, person_id) = (actor.person_id, head.person_id);
    let db = app.db.through(actor.door);
    let assigning = db.write_with(name, move |tx, name| {
        Box::pin(async move {
            let row = desk::held(tx, person_id).await?.ok_or_else(|| missing("conversation"))?;
            if row.assigned_to == to {
                return Ok(());
            }
            chat::store::desk::assign(tx, person_id, to).await?;
            let entry = New { body: name.clone(), ..New::of(person_id, Kind::Assigned, Some(by)) };
            entries::add(tx, vec![entry]).await?;
            outbox::append(tx, &[events::Assigned { person_id, actor_id: Some(by), to }]).await
        })
    });
    assigning.await?;
    app.bus.tell_desk([Change::Conversation(person_id)]);
    Ok(())
}

/// Notes that somebody at the desk looked at so many messages that nobody had looked at.
///
/// # Errors
/// When the database is away.
pub async fn look(app: &App, actor: &Actor, person_id: i64, at: i32) -> Result<()> {
    if at <= 0 {
        return Ok(());
    }
    let db = app.db.through(actor.door);
    let looking = db.write(move |tx| {
        Box::pin(async move {
            desk::held(tx, person_id).await?;
            chat::store::desk::looked(tx, person_id, at).await
        })
    });
    looking.await?;
    app.bus.tell_desk([Change::Conversation(person_id)]);
    Ok(())
}

/// Tells others who look at a conversation that somebody types in it.
///
/// # Errors
/// When the database is away.
pub async fn typing(app: &App, actor: &Actor, person_id: i64) -> Result<()> {
    let user = users::by_id(app.db.read(), actor.person_id).await?;
    let name = user.map_or_else(|| actor.username.clone(), |user| user.called());
    app.bus.tell_typing(Typing { person_id, by: actor.person_id, name });
    Ok(())
}

/// Gives back to the bot what the desk has and left alone; answers with how many conversations that were.
///
/// # Errors
/// When the database is away.
pub async fn return_left(app: &App) -> Result<usize> {
    let mut all = 0;
    loop {
        let returned = app.db.write(|tx| Box::pin(return_some(tx))).await?;
        all += returned.len();
        if returned.is_empty() {
            return Ok(all);
        }
        tracing::info!(conversations = returned.len(), "conversations that the desk left alone are the bot's again");
        app.bus.tell_desk(returned.into_iter().map(Change::Conversation));
    }
}

async fn return_some(tx: &Tx) -> Result<Vec<i64>> {
    let before = tx.now() - LEFT_FOR;
    let left = chat::store::desk::left_alone(tx, before, AT_ONCE).await?;
    if left.is_empty() {
        return Ok(left);
    }
    // Asked again once they are held: somebody may have written in this moment.
    crate::people::store::lock(tx, left.clone()).await?;
    let still = chat::store::desk::left_alone(tx, before, AT_ONCE).await?;
    let left: Vec<i64> = left.into_iter().filter(|person| still.contains(person)).collect();
    desk::let_go(tx, &left).await?;
    entries::add(tx, left.iter().map(|person| New::of(*person, Kind::Returned, None)).collect()).await?;
    let events: Vec<events::Returned> =
        left.iter().map(|person_id| events::Returned { person_id: *person_id, actor_id: None }).collect();
    outbox::append(tx, &events).await?;
    Ok(left)
}
