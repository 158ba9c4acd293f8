//! The ways along which the floor's pages read: what waits for review, and what maintenance falls due.

use super::{index, migration};
use sea_orm_migration::prelude::*;

migration!("m34_plant");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        index(m, "bom_revisions", &["status", "bom_id", "number"], false).await?;
        index(m, "maintenance_plans", &["next_on"], false).await?;
        index(m, "sop_failures", &["escalation_level", "ticket_id"], false).await
    }
}
