//! The facts of maintenance in the database, as sets.

use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashMap;

/// A maintenance row has three columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 4;

/// A report about to be stored.
pub(super) struct NewMaintenance {
    pub(super) ticket_id: i64,
    pub(super) machine_id: i64,
    pub(super) issue_type: String,
}

pub(super) async fn insert(tx: &Tx, reports: &[NewMaintenance]) -> Result<()> {
    for part in reports.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|report| row::ActiveModel {
            id: NotSet,
            ticket_id: Set(report.ticket_id),
            machine_id: Set(report.machine_id),
            issue_type: Set(report.issue_type.clone()),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn machines_of(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::with_capacity(ticket_ids.len());
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find()
            .select_only()
            .columns([row::Column::TicketId, row::Column::MachineId])
            .filter(row::Column::TicketId.is_in(part.iter().copied()));
        found.extend(select.into_tuple::<(i64, i64)>().all(conn).await?);
    }
    Ok(found)
}

/// The stored report: what it says beyond its ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "maintenance")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub machine_id: i64,
        pub issue_type: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
