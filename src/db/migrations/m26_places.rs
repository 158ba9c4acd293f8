//! Where machines stand, and where somebody stood who reported.

use super::{Columns, add_column, index, migration};
use sea_orm_migration::prelude::*;

migration!("m26_places");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "machines", c.count_or_null("latitude")).await?; // millionths of a degree; none: not known
        add_column(m, "machines", c.count_or_null("longitude")).await?;
        index(m, "machines", &["latitude"], false).await?;
        add_column(m, "tickets", c.text_or_null("place")).await // JSON: latitude, longitude, label
    }
}
