//! Two people who are one: what is the one's becomes the other's.
//!
//! An admin says so, and sees before what will move. Whoever signs in is nobody's second self, and whoever has a role is
//! not added to somebody without one: then it is the other way round. The other's open form stays; where there is none,
//! the one's is theirs to go on with; where both are in the middle of one, the one's is put aside, unless something is
//! put aside already. The desk has the conversation afterwards if it had either. There is no way back.

use super::store::entries::{self, Kind, New};
use super::store::merging::{self, Joined};
use super::{Head, events};
use crate::app::App;
use crate::channels::Medium;
use crate::chat::session::{MENU, Session};
use crate::chat::store::conversation;
use crate::chat::{self, Ways, desk};
use crate::db::{Change, Tx};
use crate::kit::error::Kind as Failure;
use crate::kit::{E164, Error, Result};
use crate::outbox;
use crate::people::store::{by_addresses, person};
use crate::people::{self, Actor};

/// What becomes of the form that the one is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormThen {
    /// There is none.
    None,
    /// The other goes on with it.
    GoesOn,
    /// It is put aside: the other takes it up again with `resume`.
    PutAside,
    /// It is dropped: something is put aside already.
    Dropped,
}

impl FormThen {
    /// Its name in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::GoesOn => "goes_on",
            Self::PutAside => "put_aside",
            Self::Dropped => "dropped",
        }
    }
}

/// What will move, for whoever decides.
#[derive(Clone, Debug)]
pub struct Moves {
    /// To whom.
    pub into: i64,
    /// What they are called.
    pub into_called: String,
    /// Their numbers.
    pub into_numbers: Vec<String>,
    /// The numbers that become theirs.
    pub numbers: Vec<String>,
    /// How many messages the one wrote.
    pub messages: u64,
    /// How many went to them.
    pub deliveries: u64,
    /// How many tickets they raised.
    pub tickets: u64,
    /// What becomes of their open form.
    pub form: FormThen,
}

/// Who has this WhatsApp number.
///
/// # Errors
/// A field where nobody has it.
pub async fn by_number(app: &App, number: &E164) -> Result<i64> {
    let known = by_addresses(app.db.read(), Medium::Whatsapp, &[number.to_string()]).await?;
    let found = known.get(number.as_str()).map(|known| known.person_id);
    found.ok_or_else(|| Error::field("number", "is nobody's that Andon knows"))
}

/// What would move if the one is the other.
///
/// # Errors
/// As with [`merge`].
pub async fn what_moves(app: &App, ways: &Ways, actor: &Actor, from: &Head, into: i64) -> Result<Moves> {
    actor.must_be_admin("merge people")?;
    let conn = app.db.read();
    let (one, other) = (merging::person(conn, from.person_id).await?, merging::person(conn, into).await?);
    let (_, other) = judged(one, other)?;
    let (messages, deliveries, tickets) = merging::counts(conn, from.person_id).await?;
    let into_numbers = merging::addresses(conn, into).await?;
    let rows = chat::store::desk::of_both(conn, from.person_id, into).await?;
    let of = |person: i64| rows.iter().find(|row| row.person_id == person);
    let form = joined_session(ways, of(from.person_id), of(into)).1;
    let first = into_numbers.first().cloned().unwrap_or_default();
    Ok(Moves {
        into,
        into_called: other.name.or(other.username).unwrap_or(first),
        into_numbers,
        numbers: merging::addresses(conn, from.person_id).await?,
        messages,
        deliveries,
        tickets,
        form,
    })
}

/// Makes the one the other. Done twice, it is done.
///
/// # Errors
/// [`Failure::Forbidden`] for whoever is no admin; [`Failure::Conflict`] where the one signs in, is an admin, or has a
/// role while the other has none; a field where there is no such person.
pub async fn merge(app: &App, ways: &Ways, actor: &Actor, from: i64, into: i64) -> Result<()> {
    actor.must_be_admin("merge people")?;
    let by = actor.person_id;
    let db = app.db.through(actor.door);
    let merging =
        db.write_with(ways.clone(), move |tx, ways| Box::pin(async move { merged(tx, ways, by, from, into).await }));
    merging.await?;
    app.bus.changed([from, into]);
    app.bus.tell_desk([Change::Conversation(from), Change::Conversation(into)]);
    Ok(())
}

async fn merged(tx: &Tx, ways: &Ways, by: i64, from: i64, into: i64) -> Result<()> {
    people::store::lock(tx, vec![from, into]).await?;
    let (one, other) = (merging::person(tx.conn(), from).await?, merging::person(tx.conn(), into).await?);
    let (one, _) = judged(one, other)?;
    let numbers = merging::addresses(tx.conn(), from).await?;
    if numbers.is_empty() && !one.is_active {
        return Ok(()); // it was done before
    }
    chat::store::stop_waiting(tx, from).await?;
    let rows = chat::store::desk::of_both(tx.conn(), from, into).await?;
    let of = |person: i64| rows.iter().find(|row| row.person_id == person).cloned();
    match (of(from), of(into)) {
        (Some(gone), Some(stays)) => {
            let (session, _) = joined_session(ways, Some(&gone), Some(&stays));
            let is_later = gone.last_at > stays.last_at;
            let joined = Joined {
                address_id: if is_later { gone.address_id } else { stays.address_id },
                last_at: gone.last_at.max(stays.last_at),
                state: session.as_ref().map_or_else(|| MENU.to_owned(), |session| session.state(&ways.flows)),
                is_cleared: session.is_none(),
                session: session
                    .and_then(|session| serde_json::to_string(&session).ok())
                    .unwrap_or_else(|| "{}".to_owned()),
                unread: gone.unread.saturating_add(stays.unread),
                row: stays.clone(),
            };
            let taker = gone.taken_by.filter(|_| stays.taken_at.is_none());
            merging::join(tx, Some(gone.id), Some(joined)).await?;
            if let Some(taker) = taker {
                desk::take(tx, into, taker).await?;
            }
        }
        (Some(moves), None) => merging::give_conversation(tx, moves.id, into).await?,
        (None, _) => {}
    }
    merging::move_all(tx, from, into).await?;
    merging::leave_behind(tx, from).await?;
    let whom = [one.name.unwrap_or_default(), numbers.join(", ")];
    let body = whom.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    entries::add(tx, vec![New { body, ..New::of(into, Kind::Merged, Some(by)) }]).await?;
    outbox::append(tx, &[events::Merged { person_id: into, actor_id: Some(by), from }]).await
}

/// The two, where the one can be the other.
fn judged(one: Option<person::Model>, other: Option<person::Model>) -> Result<(person::Model, person::Model)> {
    let nobody = || Error::field("number", "is nobody's that Andon knows");
    let (one, other) = (one.ok_or_else(nobody)?, other.ok_or_else(nobody)?);
    let refuse = |what: &'static str, says: &'static str| Err(Error::new(Failure::Conflict, says).with(what, true));
    if one.id == other.id {
        return Err(Error::field("number", "is their own"));
    }
    if one.username.is_some() {
        return refuse("signs_in", "They sign in at the desk themselves. Do it the other way round.");
    }
    if one.role.is_some() && other.role.is_none() {
        return refuse("has_role", "They have a role and the other has none. Do it the other way round.");
    }
    if one.role.as_deref() == Some(people::Role::Admin.as_str()) {
        return refuse("has_role", "They are an admin. Give them another role first.");
    }
    Ok((one, other))
}

/// The session that stays of two, and what becomes of the one's open form.
fn joined_session(
    ways: &Ways,
    gone: Option<&conversation::Model>,
    stays: Option<&conversation::Model>,
) -> (Option<Session>, FormThen) {
    let since = gone.map(|row| row.updated_at);
    let read = |row: Option<&conversation::Model>| {
        let row = row.filter(|row| row.cleared_at.is_none())?;
        serde_json::from_str::<Session>(&row.session).ok()
    };
    let (gone, stays) = (read(gone), read(stays));
    let has_form = |session: &Session| session.open(&ways.flows).is_some();
    match (gone, stays) {
        (Some(mut gone), Some(mut stays)) if has_form(&gone) && has_form(&stays) => {
            if stays.draft.is_some() {
                return (Some(stays), FormThen::Dropped);
            }
            stays.draft = gone.close();
            stays.draft_since = since;
            (Some(stays), FormThen::PutAside)
        }
        (Some(gone), Some(stays)) if has_form(&gone) => {
            (Some(Session { language: stays.language, ..gone }), FormThen::GoesOn)
        }
        (Some(gone), None) if has_form(&gone) => (Some(gone), FormThen::GoesOn),
        (_, stays) => (stays, FormThen::None),
    }
}
