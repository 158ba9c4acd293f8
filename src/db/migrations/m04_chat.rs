//! Messages that came in, and the conversations they belong to.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m04_chat");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let messages = vec![
            c.id(),
            c.key("channel"),
            c.key("provider_id"),
            c.key("batch"),      // the set that brought it in: one query tells which of a set are new
            c.small("position"), // its place in that set
            c.of_row("address_id"),
            c.of_row("person_id"),
            c.key_or_null("sender"), // the number of ours it was written to
            c.key("kind"),
            c.text("body"),
            c.text("extra"), // JSON: media, place, tap, what it replies to
            c.instant("received_at"),
        ];
        table(m, "messages", messages, &[("address_id", "addresses"), ("person_id", "people")]).await?;
        index(m, "messages", &["channel", "provider_id"], true).await?;
        index(m, "messages", &["batch"], false).await?;
        index(m, "messages", &["person_id"], false).await?;

        let conversations = vec![
            c.id(),
            c.of_row("person_id"),
            c.of_row("address_id"), // the one last written from
            c.key("state"),         // MENU, create_defect.severity
            c.text("session"),      // JSON of chat/session.rs
            c.small("version"),
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "conversations", conversations, &[("person_id", "people"), ("address_id", "addresses")]).await?;
        index(m, "conversations", &["person_id"], true).await?;
        index(m, "conversations", &["address_id"], false).await?;
        index(m, "conversations", &["updated_at"], false).await
    }
}
