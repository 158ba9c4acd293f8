//! Texts that were changed at the desk, as they hold, and every version that there was.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m43_texts");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let texts = vec![
            c.id(),
            c.word("language"),
            c.key("name"), // the text's key: chat.menu.none
            c.text("text"),
            c.of_row("changed_by"),
            c.instant("changed_at"),
        ];
        table(m, "texts", texts, &[]).await?;
        index(m, "texts", &["language", "name"], true).await?;
        let versions = vec![
            c.id(),
            c.word("language"),
            c.key("name"),
            c.text_or_null("text"), // none: from then on what the files say
            c.of_row("changed_by"),
            c.instant("changed_at"),
        ];
        table(m, "text_versions", versions, &[]).await?;
        index(m, "text_versions", &["language", "name", "id"], false).await
    }
}
