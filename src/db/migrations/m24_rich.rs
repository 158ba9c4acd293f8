//! What a message holds beside its text.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m24_rich");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // As JSON (channels/rich.rs); it goes when the text goes.
        add_column(m, "deliveries", Columns::of(m).text_or_null("rich")).await
    }
}
