//! People and the ways to reach them.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m01_people");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let people = vec![
            c.id(),
            c.key("token"), // a natural key, so that people made as a set can be found again
            c.text_or_null("name"),
            c.key_or_null("role"), // none: only a number so far
            c.key_or_null("department"),
            c.key("language"),
            c.flag("is_active", true),
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "people", people, &[]).await?;
        index(m, "people", &["token"], true).await?;

        let addresses = vec![
            c.id(),
            c.of_row("person_id"),
            c.key("medium"),
            c.key("value"),           // E.164
            c.key_or_null("user_id"), // Meta's business-scoped user id
            c.text_or_null("profile_name"),
            c.instant_or_null("opted_out_at"),
            c.instant_or_null("last_inbound_at"),
            c.instant("created_at"),
        ];
        table(m, "addresses", addresses, &[("person_id", "people")]).await?;
        index(m, "addresses", &["medium", "value"], true).await?;
        index(m, "addresses", &["person_id"], false).await
    }
}
