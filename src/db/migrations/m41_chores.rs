//! What an admin had Andon do once.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m41_chores");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let chores = vec![
            c.id(),
            c.key("kind"), // EXAMINE, BACK_UP
            c.of_row("asked_by"),
            c.instant("asked_at"),
            c.instant_or_null("taken_until"), // somebody does it until then; none: nobody does
            c.instant_or_null("ended_at"),    // none: still to be done
            c.text_or_null("outcome"),        // JSON, where it was done
            c.text_or_null("problem"),        // what was wrong, where it was not
        ];
        table(m, "chores", chores, &[("asked_by", "people")]).await?;
        index(m, "chores", &["kind", "id"], false).await
    }
}
