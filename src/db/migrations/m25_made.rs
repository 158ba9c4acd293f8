//! What was made at a provider so that choices can be shown.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m25_made");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let made = vec![
            c.id(),
            c.key("shape"), // a hash over the account and the shape
            c.key("channel"),
            c.key("provider_id"),
            c.instant("created_at"),
        ];
        table(m, "made", made, &[]).await?;
        index(m, "made", &["shape"], true).await
    }
}
