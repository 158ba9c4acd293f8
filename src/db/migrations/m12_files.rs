//! Attachments, and the photos of chats that are still at the provider's.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m12_files");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let attachments = vec![
            c.id(),
            c.of_row("ticket_id"),
            c.key("hash"), // SHA-256 of the content, under which the file is kept
            c.key("filename"),
            c.key("content_type"), // by content
            c.count("size"),       // bytes
            c.of_row_or_null("uploaded_by"),
            c.instant("uploaded_at"),
        ];
        table(m, "attachments", attachments, &[("ticket_id", "tickets"), ("uploaded_by", "people")]).await?;
        index(m, "attachments", &["ticket_id"], false).await?;
        index(m, "attachments", &["hash"], false).await?;

        let awaited = vec![
            c.id(),
            c.of_row("ticket_id"),
            c.of_row_or_null("sent_by"),
            c.text("url"),
            c.small("tries"),
            c.instant_or_null("due_at"), // none: given up
            c.text_or_null("problem"),
            c.instant("created_at"),
        ];
        table(m, "awaited_media", awaited, &[("ticket_id", "tickets"), ("sent_by", "people")]).await?;
        index(m, "awaited_media", &["due_at"], false).await
    }
}
