//! Events: what happened, written in the transaction in which it happened.
//!
//! A feature names its events in its own `events.rs` and appends them here; the job that tells people takes
//! them by their mark (`handled_at`), so that none is lost and none is told twice.

use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait as _;
use serde::Serialize;

/// Something that happened, named in the past tense.
pub trait Event: Serialize {
    /// The stored name, `ticket.opened`.
    const NAME: &'static str;

    /// The ticket it is about, if it is about one.
    fn ticket_id(&self) -> Option<i64> {
        None
    }

    /// The person who did it; none where time did.
    fn actor_id(&self) -> Option<i64>;
}

/// Writes a set of events of one kind, in order, with the transaction's instant.
pub async fn append<E: Event>(tx: &Tx, events: &[E]) -> Result<()> {
    let rows = events.iter().map(|event| row::ActiveModel {
        id: NotSet,
        name: Set(E::NAME.to_owned()),
        ticket_id: Set(event.ticket_id()),
        actor_id: Set(event.actor_id()),
        payload: Set(serde_json::to_string(event).unwrap_or_default()),
        at: Set(tx.now()),
        handled_at: Set(None),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The stored event.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub ticket_id: Option<i64>,
        pub actor_id: Option<i64>,
        pub payload: String,
        pub at: Instant,
        pub handled_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
