//! The word that went with a decision about a BOM's revision: why, where it was rejected.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m46_bom_decisions");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add_column(m, "bom_revisions", Columns::of(m).text_or_null("decision_comment")).await
    }
}
