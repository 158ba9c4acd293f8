//! What somebody took away by a press of a button is kept a while, to be put back.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m40_undo");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        for table in ["attachments", "ticket_views", "canned_replies"] {
            add_column(m, table, c.instant_or_null("removed_at")).await?; // none: it is there
        }
        Ok(())
    }
}
