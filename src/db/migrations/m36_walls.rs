//! Walls: screens that show how a department stands, each with a link of its own; and the way along which a department's
//! open tickets are read.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m36_walls");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let walls = vec![
            c.id(),
            c.key("name"),
            c.key_or_null("department"), // none: the whole plant
            c.key("language"),
            c.key("hash"), // of the link's secret, which itself is nowhere
            c.of_row("made_by"),
            c.instant("created_at"),
            c.instant_or_null("seen_at"), // when a screen last asked, roughly
            c.instant_or_null("revoked_at"),
        ];
        table(m, "walls", walls, &[]).await?;
        index(m, "walls", &["hash"], true).await?;
        index(m, "walls", &["revoked_at"], false).await?;
        index(m, "tickets", &["department", "status", "resolution_due_at"], false).await
    }
}
