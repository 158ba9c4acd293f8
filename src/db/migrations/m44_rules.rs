//! What the desk says otherwise than the settings.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m44_rules");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let rules = vec![
            c.id(),
            c.word("name"),  // of config/rules.rs; none of it: as the settings say
            c.text("value"), // JSON
            c.of_row("changed_by"),
            c.instant("changed_at"),
        ];
        table(m, "rules", rules, &[("changed_by", "people")]).await?;
        index(m, "rules", &["name"], true).await
    }
}
