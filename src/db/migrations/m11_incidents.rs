//! What only incidents say, and the indices by which lists of tickets are read: newest first, for each role and usual
//! filter.

use super::{Columns, add_column, index, migration};
use sea_orm_migration::prelude::*;

migration!("m11_incidents");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        for column in [
            c.key_or_null("category"),
            c.text_or_null("project_name"),
            c.text_or_null("admin_notes"),
            c.text_or_null("estimated_resolution_time"), // in the words of who promised it
        ] {
            add_column(m, "tickets", column).await?;
        }
        for columns in [
            &["status", "id"][..],
            &["priority", "id"],
            &["category", "id"],
            &["kind", "id"],
            &["requester_id", "id"],
            &["updated_at", "id"],
            &["resolution_due_at", "id"],
        ] {
            index(m, "tickets", columns, false).await?;
        }
        index(m, "ticket_assignments", &["person_id", "ticket_id"], false).await
    }
}
