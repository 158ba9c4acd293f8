//! As what a message is billed, where its provider says a category and no amount.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m28_meta_prices");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "attempts", c.key_or_null("category")).await?; // as its receipts say
        add_column(m, "costs", c.key_or_null("category")).await // of what is estimated; none: the provider billed it
    }
}
