//! One-time codes by which people prove a number to be theirs, and the wrong ones.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m10_codes");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let codes = vec![
            c.id(),
            c.of_row("person_id"),
            c.key("hash"),            // SHA-256 of the code
            c.flag("is_sent", false), // sent to the number, to be typed at the desk; else shown there
            c.key_or_null("number"),  // the number it was sent to, or came from
            c.instant("created_at"),
            c.instant("expires_at"),
            c.instant_or_null("ended_at"), // used, or another took its place
        ];
        table(m, "codes", codes, &[("person_id", "people")]).await?;
        index(m, "codes", &["hash"], false).await?;
        index(m, "codes", &["person_id", "created_at"], false).await?;

        let wrong = vec![c.id(), c.key("number"), c.instant("at")];
        table(m, "wrong_codes", wrong, &[]).await?;
        index(m, "wrong_codes", &["number", "at"], false).await
    }
}
