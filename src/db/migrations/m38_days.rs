//! The ways along which a day's tickets, messages and attempts are read, to be counted.

use super::{Columns, index, migration};
use sea_orm_migration::prelude::*;

migration!("m38_days");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for column in ["created_at", "opened_at", "resolved_at", "closed_at"] {
            index(m, "tickets", &[column], false).await?;
        }
        index(m, "messages", &["received_at", "channel"], false).await?;
        index(m, "attempts", &["started_at"], false).await?;

        // Which days are to be counted again, and how often that was said since they were.
        let c = Columns::of(m);
        let days = vec![c.id(), c.date("day"), c.word("family"), c.count("said")];
        super::table(m, "figure_days", days, &[]).await?;
        index(m, "figure_days", &["day", "family"], true).await
    }
}
