//! Views of the list of tickets that somebody kept for themselves, and the way along which a status is read by its
//! deadlines.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m31_desk");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let views = vec![
            c.id(),
            c.of_row("person_id"),
            c.key("name"),
            c.text("query"), // the list's parameters, as they stand in an address
            c.instant("created_at"),
        ];
        table(m, "ticket_views", views, &[("person_id", "people")]).await?;
        index(m, "ticket_views", &["person_id"], false).await?;
        index(m, "tickets", &["status", "resolution_due_at", "id"], false).await
    }
}
