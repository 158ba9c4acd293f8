//! Files of records that somebody brought in and looks at before they count.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m33_files_in");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let files = vec![
            c.id(),
            c.of_row("person_id"), // whose it is; no reference, since what waits keeps nobody from being deleted
            c.key("kind"),
            c.key("name"),
            c.text("content"), // base64: the bytes exactly as they came
            c.instant("created_at"),
        ];
        table(m, "waiting_files", files, &[]).await?;
        index(m, "waiting_files", &["person_id"], false).await?;
        index(m, "waiting_files", &["created_at"], false).await
    }
}
