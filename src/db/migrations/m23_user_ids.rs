//! Finding somebody by Meta's id of them.

use super::{index, migration};
use sea_orm_migration::prelude::*;

migration!("m23_user_ids");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        index(m, "addresses", &["user_id"], false).await
    }
}
