//! What the desk did in conversations, and noted there.

use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashMap;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody noted something.
    Note,
    /// Somebody wrote: the words are the delivery's.
    Message,
    /// Somebody took it over.
    Taken,
    /// Somebody handed it back, for the bot to go on.
    HandedBack,
    /// The same, for the bot to start over.
    StartedOver,
    /// It went back by itself.
    Returned,
    /// It was given to somebody, whose name is the words; empty where it is nobody's any more.
    Assigned,
    /// Somebody else's was added to it: their name and number are the words.
    Merged,
}

impl Kind {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "NOTE",
            Self::Message => "MESSAGE",
            Self::Taken => "TAKEN",
            Self::HandedBack => "HANDED_BACK",
            Self::StartedOver => "STARTED_OVER",
            Self::Returned => "RETURNED",
            Self::Assigned => "ASSIGNED",
            Self::Merged => "MERGED",
        }
    }
}

/// An entry about to be written.
#[derive(Clone, Debug)]
pub struct New {
    /// Whose conversation.
    pub person_id: i64,
    /// What it is.
    pub kind: Kind,
    /// Who; none: time.
    pub author_id: Option<i64>,
    /// What it says.
    pub body: String,
    /// The key of the form that it came by.
    pub once: Option<String>,
    /// The delivery, where it is a message.
    pub delivery_token: Option<String>,
}

impl New {
    /// An entry without words.
    pub fn of(person_id: i64, kind: Kind, author_id: Option<i64>) -> Self {
        Self { person_id, kind, author_id, body: String::new(), once: None, delivery_token: None }
    }
}

/// Writes entries.
pub async fn add(tx: &Tx, entries: Vec<New>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries.into_iter().map(|new| entry::ActiveModel {
        id: NotSet,
        person_id: Set(new.person_id),
        kind: Set(new.kind.as_str().to_owned()),
        author_id: Set(new.author_id),
        body: Set(new.body),
        once: Set(new.once),
        delivery_token: Set(new.delivery_token),
        at: Set(tx.now()),
    });
    entry::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Whether a form with this key was done already. Whoever asks holds the person whose conversation it is about.
pub async fn is_done(tx: &Tx, once: &str) -> Result<bool> {
    let done = entry::Entity::find().select_only().column(entry::Column::Id).filter(entry::Column::Once.eq(once));
    Ok(done.into_tuple::<i64>().one(tx.conn()).await?.is_some())
}

/// Who wrote the deliveries with these tokens, by token.
pub async fn authors(conn: &impl ConnectionTrait, tokens: &[String]) -> Result<HashMap<String, i64>> {
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let authors: Vec<(Option<String>, Option<i64>)> = entry::Entity::find()
        .select_only()
        .columns([entry::Column::DeliveryToken, entry::Column::AuthorId])
        .filter(entry::Column::DeliveryToken.is_in(tokens))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(authors.into_iter().filter_map(|(token, author)| Some((token?, author?))).collect())
}

/// The stored entry.
pub mod entry {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "desk_entries")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub kind: String,
        pub author_id: Option<i64>,
        pub body: String,
        pub once: Option<String>,
        pub delivery_token: Option<String>,
        pub at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
