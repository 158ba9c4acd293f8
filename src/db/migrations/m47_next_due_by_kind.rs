//! The way along which a supervisor finds what is overdue and due soon: they see tickets by their kinds.

use super::{index, migration};
use sea_orm_migration::prelude::*;

migration!("m47_next_due_by_kind");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        index(m, "tickets", &["kind", "next_due_at", "soon_at", "id"], false).await
    }
}
