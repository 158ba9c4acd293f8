//! Attachments of tickets: adding one, taking one away, and the photos that come by chat.
//!
//! Whoever may see a ticket may attach to it and read what is attached. One takes one's own away; an ADMIN anybody's
//! but a client's.

pub mod api;
pub mod events;
pub mod fetch;
mod going;
mod upload;

use crate::app::App;
use crate::db::{Door, Tx};
use crate::files::store::NewAttachment;
use crate::files::{self, attachment, model};
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::people::{self, Actor, Role};
use events::{Attached, Detached};
use sea_orm::ConnectionTrait;
use std::collections::HashSet;

/// The most attachments of one ticket.
pub const MOST: u64 = 100;

/// A file to attach.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its name, as it was given.
    pub filename: Option<String>,
}

/// Attaches a file to a ticket that `by` may see.
///
/// # Errors
/// [`Kind::BadRequest`] for content that is not taken in, said of `field`; [`Kind::Conflict`] where the ticket has
/// enough.
pub async fn attach(
    app: &App,
    ticket_id: i64,
    upload: Upload,
    by: Option<i64>,
    door: Door,
    field: &'static str,
) -> Result<attachment::Model> {
    let (bytes, kind) = files::look_at(upload.bytes).await?;
    let kind = kind.map_err(|why| Error::field(field, why))?;
    let filename = model::name(upload.filename.as_deref(), kind);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let hash = app.vault.keep(bytes).await?;
    let content_type = kind.content_type;
    let new = NewAttachment { ticket_id, hash, filename, content_type, size, uploaded_by: by };
    app.db.through(door).write_with(new, |tx, new| Box::pin(add(tx, new.clone()))).await
}

/// Adds an attachment whose file is kept.
pub(crate) async fn add(tx: &Tx, new: NewAttachment) -> Result<attachment::Model> {
    must_have_room(tx, new.ticket_id).await?;
    let added = files::store::add(tx, new).await?;
    tell_attached(tx, &added, added.uploaded_by).await?;
    Ok(added)
}

/// Holds the ticket until the transaction ends.
async fn must_have_room(tx: &Tx, ticket_id: i64) -> Result<()> {
    files::store::hold_ticket(tx, ticket_id).await?;
    if files::store::count_of_ticket(tx.conn(), ticket_id).await? >= MOST {
        return Err(Error::new(Kind::Conflict, format!("This ticket has {MOST} attachments, which is the most.")));
    }
    Ok(())
}

async fn tell_attached(tx: &Tx, attachment: &attachment::Model, attached_by: Option<i64>) -> Result<()> {
    let (ticket_id, attachment_id) = (attachment.ticket_id, attachment.id);
    let told = Attached { ticket_id, attachment_id, filename: attachment.filename.clone(), attached_by };
    outbox::append(tx, &[told]).await
}

/// Whose attachments somebody may take away: their own; an admin anybody's but a client's.
#[derive(Clone, Debug)]
pub struct Takers {
    person_id: i64,
    is_admin: bool,
    clients: HashSet<i64>,
}

impl Takers {
    /// The rule for this person, as far as it is about these who attached something. One statement for an admin, where
    /// others did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn of(
        conn: &impl ConnectionTrait,
        actor: &Actor,
        uploaders: impl IntoIterator<Item = i64>,
    ) -> Result<Self> {
        let (person_id, is_admin) = (actor.person_id, actor.is_admin());
        let others: Vec<i64> = uploaders.into_iter().filter(|person| is_admin && *person != person_id).collect();
        let clients = people::store::records::with_role(conn, &others, Role::Client).await?;
        Ok(Self { person_id, is_admin, clients })
    }

    /// Whether they may take away what this person attached; none came by itself.
    pub fn may_take(&self, uploaded_by: Option<i64>) -> bool {
        uploaded_by == Some(self.person_id)
            || self.is_admin && uploaded_by.is_none_or(|person| !self.clients.contains(&person))
    }
}

/// Takes an attachment away. Until house-keeping it can be put back; then its file goes too, where nothing else refers to
/// it.
///
/// # Errors
/// [`Kind::Forbidden`] where it is not theirs to take; [`Kind::NotFound`] where it is gone.
pub async fn detach(tx: &Tx, attachment: &attachment::Model, actor: &Actor) -> Result<()> {
    must_be_theirs(tx, attachment, actor).await?;
    if !files::store::remove(tx, attachment.id).await? {
        return Err(Error::not_found("There is no such attachment any more."));
    }
    let told = Detached {
        ticket_id: attachment.ticket_id,
        attachment_id: attachment.id,
        filename: attachment.filename.clone(),
        detached_by: actor.person_id,
    };
    outbox::append(tx, &[told]).await
}

/// Puts back an attachment that was taken away.
///
/// # Errors
/// [`Kind::Forbidden`] where it was not theirs to take; [`Kind::NotFound`] where it is gone for good or there;
/// [`Kind::Conflict`] where its ticket has as many as may be.
pub async fn put_back(tx: &Tx, attachment: &attachment::Model, actor: &Actor) -> Result<()> {
    must_be_theirs(tx, attachment, actor).await?;
    must_have_room(tx, attachment.ticket_id).await?;
    if !files::store::put_back(tx, attachment.id).await? {
        return Err(Error::not_found("There is no such attachment any more."));
    }
    tell_attached(tx, attachment, Some(actor.person_id)).await
}

async fn must_be_theirs(tx: &Tx, attachment: &attachment::Model, actor: &Actor) -> Result<()> {
    if Takers::of(tx.conn(), actor, attachment.uploaded_by).await?.may_take(attachment.uploaded_by) {
        return Ok(());
    }
    let says = "One takes one's own attachments away; an admin anybody's but a client's.";
    Err(Error::new(Kind::Forbidden, says))
}
