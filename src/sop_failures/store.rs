//! The facts of SOP failures in the database, as sets.

use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use std::collections::HashMap;

/// An SOP failure has six columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 8;

/// An SOP failure about to be stored.
pub(super) struct NewSopFailure {
    pub(super) ticket_id: i64,
    pub(super) procedure: String,
    pub(super) failure_type: String,
    pub(super) department: String,
}

pub(super) async fn insert(tx: &Tx, failures: &[NewSopFailure]) -> Result<()> {
    for part in failures.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|failure| row::ActiveModel {
            id: NotSet,
            ticket_id: Set(failure.ticket_id),
            procedure: Set(failure.procedure.clone()),
            failure_type: Set(failure.failure_type.clone()),
            department: Set(failure.department.clone()),
            escalation_level: Set(0),
            escalated_at: Set(None),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The facts of these tickets, by ticket.
pub(super) async fn by_tickets(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, row::Model>> {
    let mut failures = HashMap::with_capacity(ticket_ids.len());
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find().filter(row::Column::TicketId.is_in(part.iter().copied()));
        failures.extend(select.all(conn).await?.into_iter().map(|failure| (failure.ticket_id, failure)));
    }
    Ok(failures)
}

/// The stored SOP failure: what it says beyond its ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sop_failures")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub procedure: String,
        pub failure_type: String,
        pub department: String,
        pub escalation_level: i32,
        pub escalated_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
