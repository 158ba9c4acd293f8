//! What a text message costs is known by its parts.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m17_media");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "deliveries", c.small_or_null("sms_parts")).await // none: no text message
    }
}
