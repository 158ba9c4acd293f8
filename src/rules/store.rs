//! Rules as rows: those that the desk changed, and no others.

use crate::config::RuleName;
use crate::db::Tx;
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// All of them.
pub(super) async fn all(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    Ok(row::Entity::find().order_by_asc(row::Column::Id).all(conn).await?)
}

/// The one with this name, where the desk changed it.
pub(super) async fn by_name(conn: &impl ConnectionTrait, name: RuleName) -> Result<Option<row::Model>> {
    Ok(row::Entity::find().filter(row::Column::Name.eq(name.as_str())).one(conn).await?)
}

/// Writes what a rule says.
pub(super) async fn put(tx: &Tx, name: RuleName, value: &str, by: i64) -> Result<()> {
    use row::Column as C;
    let new = row::ActiveModel {
        id: NotSet,
        name: Set(name.as_str().to_owned()),
        value: Set(value.to_owned()),
        changed_by: Set(by),
        changed_at: Set(tx.now()),
    };
    let conflict = OnConflict::column(C::Name).update_columns([C::Value, C::ChangedBy, C::ChangedAt]).to_owned();
    row::Entity::insert(new).on_conflict(conflict).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes a row away: the settings hold again.
pub(super) async fn take(tx: &Tx, id: i64) -> Result<()> {
    row::Entity::delete_by_id(id).exec(tx.conn()).await?;
    Ok(())
}

/// The stored rule.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rules")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub value: String,
        pub changed_by: i64,
        pub changed_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
