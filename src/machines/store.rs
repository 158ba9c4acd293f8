//! Machines in the database, as sets.

use super::NewMachine;
use crate::db::{MAX_BOUND_VALUES, Tx, rows_by_key};
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ConnectionTrait, EntityTrait as _};

/// A machine has six columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 6;

pub(super) async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Number, numbers).await
}

pub(super) async fn insert(tx: &Tx, machines: &[&NewMachine]) -> Result<()> {
    for part in machines.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|machine| row::ActiveModel {
            id: NotSet,
            number: Set(machine.number.clone()),
            name: Set(machine.name.clone()),
            location: Set(machine.location.clone()),
            department: Set(machine.department.clone()),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
        });
        let insert = row::Entity::insert_many(rows).on_conflict_do_nothing_on([row::Column::Number]);
        insert.exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The stored machine.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "machines")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub number: String,
        pub name: String,
        pub location: String,
        pub department: String,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
