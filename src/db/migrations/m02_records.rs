//! The plant's records: orders and their holds, machines, BOMs and their revisions.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m02_records");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let orders = vec![
            c.id(),
            c.key("number"),
            c.text("customer"),
            c.text("product"),
            c.count("quantity_ordered"),
            c.count("quantity_completed"),
            c.count("quantity_rejected"),
            c.date("starts_on"),
            c.date("due_on"),
            c.key("status"),
            c.key_or_null("status_before_hold"),
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "orders", orders, &[]).await?;
        index(m, "orders", &["number"], true).await?;
        index(m, "orders", &["status"], false).await?;

        let machines = vec![
            c.id(),
            c.key("number"),
            c.text("name"),
            c.text("location"),
            c.key("department"),
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "machines", machines, &[]).await?;
        index(m, "machines", &["number"], true).await?;

        let boms = vec![c.id(), c.key("number"), c.text("product"), c.instant("created_at"), c.instant("updated_at")];
        table(m, "boms", boms, &[]).await?;
        index(m, "boms", &["number"], true).await?;

        let revisions = vec![
            c.id(),
            c.of_row("bom_id"),
            c.small("number"),
            c.key("status"),
            c.text_or_null("component"), // what the revision changes, as it was submitted
            c.text_or_null("change"),
            c.text_or_null("reason"),
            c.count("cost_change_micros"),
            c.of_row_or_null("submitted_by"),
            c.of_row_or_null("decided_by"),
            c.instant("created_at"),
            c.instant_or_null("decided_at"),
        ];
        let references = [("bom_id", "boms"), ("submitted_by", "people"), ("decided_by", "people")];
        table(m, "bom_revisions", revisions, &references).await?;
        index(m, "bom_revisions", &["bom_id", "number"], true).await?;

        let components = vec![
            c.id(),
            c.of_row("revision_id"),
            c.small("position"),
            c.key("number"),
            c.text("name"),
            c.count("quantity_micros"),
            c.count("unit_cost_micros"),
        ];
        table(m, "bom_components", components, &[("revision_id", "bom_revisions")]).await?;
        index(m, "bom_components", &["revision_id", "number"], true).await
    }
}
