//! How forms of the chat went, as rows that are only added to.

use crate::chat::went::Went;
use crate::db::Tx;
use crate::kit::Result;
pub use row::{Column, Entity};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait as _;

/// The longest name of a flow that is kept, in characters.
const MAX_FLOW: usize = 255;

/// Notes what became of forms.
pub async fn note(tx: &Tx, turns: &[Went]) -> Result<()> {
    if turns.is_empty() {
        return Ok(());
    }
    let short = |name: &str| name.chars().take(MAX_FLOW).collect::<String>();
    let rows = turns.iter().map(|went| row::ActiveModel {
        id: NotSet,
        what: Set(went.what),
        flow: Set(short(&went.flow)),
        question: Set(short(&went.question)),
        at: Set(tx.now()),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The stored turn.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::chat::went::What;
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "form_turns")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub what: What,
        pub flow: String,
        pub question: String,
        pub at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
