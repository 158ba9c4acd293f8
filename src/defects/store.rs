//! The facts of defects in the database, as sets.

use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::HashMap;

/// A defect has three columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 4;

/// A defect about to be stored.
pub(super) struct NewDefect {
    pub(super) ticket_id: i64,
    pub(super) order_id: i64,
    pub(super) defect_type: String,
}

pub(super) async fn insert(tx: &Tx, defects: &[NewDefect]) -> Result<()> {
    for part in defects.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|defect| row::ActiveModel {
            id: NotSet,
            ticket_id: Set(defect.ticket_id),
            order_id: Set(defect.order_id),
            defect_type: Set(defect.defect_type.clone()),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn orders_of(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::with_capacity(ticket_ids.len());
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find()
            .select_only()
            .columns([row::Column::TicketId, row::Column::OrderId])
            .filter(row::Column::TicketId.is_in(part.iter().copied()));
        found.extend(select.into_tuple::<(i64, i64)>().all(conn).await?);
    }
    Ok(found)
}

/// The tickets of an order's defects, the newest first.
pub(super) async fn tickets_of(conn: &impl ConnectionTrait, order_id: i64, most: u64) -> Result<Vec<i64>> {
    let select = row::Entity::find()
        .select_only()
        .column(row::Column::TicketId)
        .filter(row::Column::OrderId.eq(order_id))
        .order_by_desc(row::Column::TicketId)
        .limit(most);
    Ok(select.into_tuple().all(conn).await?)
}

pub(super) async fn of_ticket(conn: &impl ConnectionTrait, ticket_id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find().filter(row::Column::TicketId.eq(ticket_id)).one(conn).await?)
}

/// The stored defect: what it says beyond its ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "defects")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub order_id: i64,
        pub defect_type: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
