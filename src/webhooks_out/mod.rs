//! Webhooks out: what happens is told to other programs, signed, each kind of event to who wants it.
//!
//! A webhook's calls are rows, made from the log of events by its places ([`crate::outbox`]), one for each event and
//! webhook; the [`caller`] makes them, tries again for a day, and parks what nobody took. At least once: a call whose
//! answer could not be written down is made again, under the same id. In no promised order. Secrets are made of the
//! desk's key and are never stored.

pub mod api;
pub mod address;
pub mod caller;
pub mod desk;
pub mod events;
mod follow;
pub mod model;
pub mod sign;
pub mod store;
pub mod wire;

pub use caller::Caller;
pub use follow::follow;

use crate::db::{Tx, marks};
use crate::kit::error::Kind;
use crate::kit::{Error, Result, token};
use crate::outbox;
use crate::proof::Seed;
use chrono::TimeDelta;
use events::{Changed, Created, Deleted, SecretRotated};
use ipnet::IpNet;
use sign::{Kept, Secret};
use store::calls::{self, NewCall};
use store::{NewWebhook, row};
use url::Url;

/// The most webhooks of one desk.
pub const MOST: u64 = 50;
/// The longest address, in characters.
pub const MAX_URL: usize = 2_000;
/// How long calls are kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What somebody wants of a webhook; what is `None` stays, or is as usual.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Where it is called.
    pub url: Option<String>,
    /// The kinds of events.
    pub events: Option<Vec<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is told of events.
    pub is_active: Option<bool>,
}

impl Wish {
    /// Checks what is wished for against the kinds of events there are, and the networks that may be called.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn checked(self, known: &[&str], networks: &[IpNet]) -> Result<Self> {
        let wrong = |field: &'static str| move |why: String| Error::field(field, why);
        if let Some(url) = &self.url {
            address::read(url, networks).map_err(wrong("url"))?;
        }
        let events = self.events.map(|events| model::kinds(&events, known)).transpose().map_err(wrong("events"))?;
        Ok(Self { events, ..self })
    }
}

/// Makes a webhook that is told of what happens from now on.
///
/// # Errors
/// [`Kind::Conflict`] where there are as many as there may be.
pub async fn create(tx: &Tx, wish: &Wish, secret: &Kept, by: i64) -> Result<row::Model> {
    // Two at once are counted one after the other, and nobody passes the place from which on it is told.
    marks::hold(tx, follow::TURN).await?;
    if store::count(tx.conn()).await? >= MOST {
        let says = format!("There are {MOST} webhooks already, which is the most. Take one away that is not used.");
        return Err(Error::new(Kind::Conflict, says));
    }
    let new = NewWebhook {
        url: wish.url.clone().unwrap_or_default(),
        events: wish.events.clone().unwrap_or_default(),
        description: wish.description.clone().unwrap_or_default(),
        is_active: wish.is_active.unwrap_or(true),
        secret: secret.clone(),
        since: outbox::last_position(tx.conn()).await?,
    };
    let made = store::insert(tx, new).await?;
    outbox::append(tx, &[Created { webhook_id: made.id, by: Some(by), origin: origin(&made.url) }]).await?;
    Ok(made)
}

/// Changes a webhook. One that is switched on is told of what happens from then on; calls that were waiting go.
///
/// # Errors
/// [`Kind::NotFound`] where somebody else just took it away.
pub async fn change(tx: &Tx, id: i64, wish: &Wish, by: i64) -> Result<row::Model> {
    if wish.is_active == Some(true) {
        marks::hold(tx, follow::TURN).await?; // nobody passes the place from which on it is told
    }
    let before = held(tx, id).await?;
    let mut after = before.clone();
    let mut fields = Vec::new();
    let events = wish.events.as_deref().map(store::stored);
    for (name, field, wished) in [
        ("url", &mut after.url, &wish.url),
        ("events", &mut after.events, &events),
        ("description", &mut after.description, &wish.description),
    ] {
        if let Some(wished) = wished.as_ref().filter(|wished| **wished != *field) {
            field.clone_from(wished);
            fields.push(name);
        }
    }
    if let Some(is_active) = wish.is_active.filter(|is_active| *is_active != before.is_active) {
        fields.push("is_active");
        after.is_active = is_active;
        if is_active {
            after.since = outbox::last_position(tx.conn()).await?;
        }
    }
    if fields.is_empty() {
        return Ok(before);
    }
    after.updated_at = tx.now();
    store::update(tx, vec![after.clone()]).await?;
    outbox::append(tx, &[Changed { webhook_id: id, by: Some(by), fields }]).await?;
    Ok(after)
}

/// Takes a webhook away; house-keeping takes its calls.
///
/// # Errors
/// [`Kind::NotFound`] where somebody else just did.
pub async fn delete(tx: &Tx, id: i64, by: i64) -> Result<()> {
    let before = held(tx, id).await?;
    let origin = origin(&before.url);
    let gone = row::Model { is_active: false, deleted_at: Some(tx.now()), ..before };
    store::update(tx, vec![gone]).await?;
    outbox::append(tx, &[Deleted { webhook_id: id, by: Some(by), origin }]).await
}

/// Gives a webhook another secret; the one from before signs too for a day.
///
/// # Errors
/// [`Kind::NotFound`] where somebody else just took it away.
pub async fn rotate_secret(tx: &Tx, id: i64, secret: &Kept, by: i64) -> Result<row::Model> {
    let before = held(tx, id).await?;
    let after = row::Model {
        salt: secret.salt.clone(),
        mark: secret.mark.clone(),
        old_salt: Some(before.salt.clone()),
        old_mark: Some(before.mark.clone()),
        old_until: Some(tx.now() + model::OLD_SECRET_LIFE),
        updated_at: tx.now(),
        ..before
    };
    store::update(tx, vec![after.clone()]).await?;
    outbox::append(tx, &[SecretRotated { webhook_id: id, by: Some(by) }]).await?;
    Ok(after)
}

/// Makes a call that says nothing, to see whether it arrives.
///
/// # Errors
/// [`Kind::Conflict`] where the webhook is switched off.
pub async fn test(tx: &Tx, id: i64) -> Result<calls::row::Model> {
    must_be_on(&held(tx, id).await?)?;
    let new = NewCall { webhook_id: id, position: None, event: model::TEST.to_owned(), message: message() };
    calls::insert(tx, &new).await
}

/// Makes a call again, under its id: at once, and then for as long as a new one.
///
/// # Errors
/// [`Kind::Conflict`] where it is being made just now, or the webhook is switched off.
pub async fn retry(tx: &Tx, webhook_id: i64, id: i64) -> Result<calls::row::Model> {
    must_be_on(&held(tx, webhook_id).await?)?;
    let call = calls::by_ids_locked(tx, &[id]).await?.pop().filter(|call| call.webhook_id == webhook_id);
    let call = call.ok_or_else(|| Error::not_found("There is no such call any more."))?;
    if call.is_under_way(tx.now()) {
        return Err(Error::new(Kind::Conflict, "This call is being made just now. See what becomes of it first."));
    }
    let (status, due_at) = (model::Status::Pending, Some(tx.now()));
    let give_up_at = model::gives_up_at(&call.event, tx.now());
    let again = calls::row::Model { status, due_at, give_up_at, tries: 0, lease: None, ..call };
    calls::update(tx, vec![again.clone()]).await?;
    Ok(again)
}

/// Lets go of old calls, and of what is left of webhooks that were taken away: at most so many rows; answers with how
/// many calls.
pub async fn tidy(tx: &Tx, most: u64) -> Result<u64> {
    let mut calls = 0;
    let gone = store::deleted(tx.conn()).await?;
    if !gone.is_empty() {
        calls = calls::delete_of(tx, &gone, most).await?;
        if calls == most {
            return Ok(calls);
        }
        store::forget(tx, &gone).await?;
    }
    Ok(calls + calls::delete_old(tx, tx.now() - KEPT, most - calls).await?)
}

/// A new secret, and what to keep of it.
pub fn fresh_secret(seed: &Seed) -> (Secret, Kept) {
    Secret::fresh(seed)
}

/// What a receiver knows a call by, over all attempts.
fn message() -> String {
    format!("msg_{}", token::fresh())
}

/// An address as far as it may be told: what follows the port may be a secret.
pub fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

async fn held(tx: &Tx, id: i64) -> Result<row::Model> {
    let webhook = store::by_id_locked(tx, id).await?;
    webhook.ok_or_else(|| Error::not_found("There is no such webhook any more."))
}

fn must_be_on(webhook: &row::Model) -> Result<()> {
    if webhook.is_active {
        return Ok(());
    }
    let says = "This webhook is switched off, so it is not called. Switch it on (is_active) first.";
    Err(Error::new(Kind::Conflict, says))
}
