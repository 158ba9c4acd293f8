//! Who gets what how: urgency, preferences, quiet hours, several notices in one message, the window and templates, and
//! the next medium where one does not reach somebody.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m20_reach");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "deliveries", c.small_or_null("urgency")).await?; // of a notice (outbox/urgency.rs)
        add_column(m, "deliveries", c.key_or_null("words")).await?; // the file of a notice's words
        add_column(m, "deliveries", c.text_or_null("template")).await?; // what it says outside the window, as JSON
        add_column(m, "deliveries", c.instant_or_null("fallback_at")).await?; // when the next medium is thought of
        index(m, "deliveries", &["fallback_at"], false).await?;
        add_column(m, "deliveries", c.instant_or_null("held_until")).await?; // not before; then `due_at` is set
        index(m, "deliveries", &["held_until"], false).await?;
        add_column(m, "deliveries", c.of_row_or_null("digest_id")).await?; // the delivery that carries it with others
        index(m, "deliveries", &["digest_id"], false).await?;
        add_column(m, "attempts", c.key_or_null("template")).await?; // the template that it went by

        // When an address last wrote to a sender of ours, and when that sender was last told that this is too long ago.
        add_column(m, "addresses", c.key_or_null("last_inbound_to")).await?;
        add_column(m, "addresses", c.instant_or_null("told_low_at")).await?; // since when what is low waits for company
        let windows = vec![
            c.id(),
            c.of_row("address_id"),
            c.key("sender"),
            c.instant_or_null("last_inbound_at"),
            c.instant_or_null("refused_at"),
        ];
        table(m, "windows", windows, &[("address_id", "addresses")]).await?;
        index(m, "windows", &["address_id", "sender"], true).await?;

        // What somebody wants otherwise than others.
        let preferences = vec![
            c.id(),
            c.of_row("person_id"),
            c.key_or_null("urgent"),
            c.key_or_null("normal"),
            c.key_or_null("low"),
            c.small_or_null("quiet_from"), // minutes of the plant's day
            c.small_or_null("quiet_until"),
            c.instant("updated_at"),
        ];
        table(m, "notice_preferences", preferences, &[("person_id", "people")]).await?;
        index(m, "notice_preferences", &["person_id"], true).await
    }
}
