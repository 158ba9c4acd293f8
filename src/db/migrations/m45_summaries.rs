//! The Monday up to whose morning somebody has had their weekly summary, where they want one.

use super::{Columns, add_column, index, migration};
use sea_orm_migration::prelude::*;

migration!("m45_summaries");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "notice_preferences", c.date_or_null("summary_on")).await?; // none: they want none
        index(m, "notice_preferences", &["summary_on"], false).await
    }
}
