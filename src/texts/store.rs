//! Texts of the desk as rows: what holds, and every version.

use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

/// All that hold.
pub(super) async fn all(conn: &impl ConnectionTrait) -> Result<Vec<row::Model>> {
    Ok(row::Entity::find().order_by_asc(row::Column::Id).all(conn).await?)
}

/// The one that holds for this key in this language.
pub(super) async fn one(conn: &impl ConnectionTrait, language: &str, name: &str) -> Result<Option<row::Model>> {
    let select = row::Entity::find().filter(row::Column::Language.eq(language)).filter(row::Column::Name.eq(name));
    Ok(select.one(conn).await?)
}

/// The last version of any text; 0 where there is none.
pub(super) async fn last_version(conn: &impl ConnectionTrait) -> Result<i64> {
    let last = version::Entity::find().select_only().column(version::Column::Id).order_by_desc(version::Column::Id);
    Ok(last.limit(1).into_tuple::<i64>().one(conn).await?.unwrap_or(0))
}

/// The versions of one text, the latest first.
pub(super) async fn versions(
    conn: &impl ConnectionTrait,
    language: &str,
    name: &str,
    most: u64,
) -> Result<Vec<version::Model>> {
    let select = version::Entity::find()
        .filter(version::Column::Language.eq(language))
        .filter(version::Column::Name.eq(name))
        .order_by_desc(version::Column::Id);
    Ok(select.limit(most).all(conn).await?)
}

/// Has this hold from now on, none: what the files say. Answers with the version.
pub(super) async fn put(tx: &Tx, language: &str, name: &str, text: Option<&str>, by: i64) -> Result<i64> {
    row::Entity::delete_many()
        .filter(row::Column::Language.eq(language))
        .filter(row::Column::Name.eq(name))
        .exec(tx.conn())
        .await?;
    if let Some(text) = text {
        let holds = row::ActiveModel {
            id: NotSet,
            language: Set(language.to_owned()),
            name: Set(name.to_owned()),
            text: Set(text.to_owned()),
            changed_by: Set(by),
            changed_at: Set(tx.now()),
        };
        row::Entity::insert(holds).exec_without_returning(tx.conn()).await?;
    }
    let new = version::ActiveModel {
        id: NotSet,
        language: Set(language.to_owned()),
        name: Set(name.to_owned()),
        text: Set(text.map(str::to_owned)),
        changed_by: Set(by),
        changed_at: Set(tx.now()),
    };
    Ok(version::Entity::insert(new).exec(tx.conn()).await?.last_insert_id)
}

/// The text that holds.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "texts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub language: String,
        pub name: String,
        pub text: String,
        pub changed_by: i64,
        pub changed_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A version of a text.
pub mod version {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "text_versions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub language: String,
        pub name: String,
        pub text: Option<String>,
        pub changed_by: i64,
        pub changed_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
