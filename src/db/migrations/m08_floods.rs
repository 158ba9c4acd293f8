//! What is answered late, and what is let go with time.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m08_floods");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "conversations", c.instant_or_null("busy_until")).await?; // chat/pace.rs
        add_column(m, "conversations", c.small("waiting")).await?;
        add_column(m, "conversations", c.small("told")).await?;
        add_column(m, "messages", c.flag("is_unanswered", false)).await?;
        add_column(m, "messages", c.instant_or_null("emptied_at")).await?; // when its text was let go
        add_column(m, "deliveries", c.instant_or_null("emptied_at")).await?;
        add_column(m, "marks", c.of_row_or_null("position")).await?; // the last row the job is done with

        let waiting = vec![c.id(), c.of_row("message_id"), c.of_row("person_id")];
        let references = [("message_id", "messages"), ("person_id", "people")];
        table(m, "waiting_messages", waiting, &references).await?;
        index(m, "waiting_messages", &["message_id"], true).await?;
        index(m, "waiting_messages", &["person_id", "message_id"], false).await
    }
}
