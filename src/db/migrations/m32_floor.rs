//! The ways along which the floor's pages read orders: by where they stand, then by number or by the day they are due;
//! and machines by whose department answers for them.

use super::{index, migration};
use sea_orm_migration::prelude::*;

migration!("m32_floor");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        index(m, "orders", &["status", "number"], false).await?;
        index(m, "orders", &["status", "due_on", "id"], false).await?;
        index(m, "machines", &["department", "number"], false).await
    }
}
