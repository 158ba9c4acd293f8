//! Notices: deliveries made from events, and what their person has read in the desk.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m14_notifications");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "deliveries", c.text_or_null("subject")).await?;
        // 1: its person has not read it in the desk; none: they have, or it is no notice.
        add_column(m, "deliveries", c.small_or_null("unread")).await?;
        add_column(m, "deliveries", c.instant_or_null("seen_at")).await?; // when they read it there
        index(m, "deliveries", &["event_id", "person_id", "medium"], true).await?;
        index(m, "deliveries", &["person_id", "kind", "id"], false).await?;
        index(m, "deliveries", &["person_id", "unread", "id"], false).await?;
        drop_index(m, "deliveries", "ix_deliveries_person_id").await?;

        add_column(m, "delivery_lines", c.small("lane")).await?; // 0: replies and tests; 1: notices
        index(m, "delivery_lines", &["medium", "lane", "due_at"], false).await?;
        drop_index(m, "delivery_lines", "ix_delivery_lines_medium_due_at").await?;

        // Each opens one connection to the live line.
        let tickets = vec![
            c.key("hash").primary_key().take(), // SHA-256 of the ticket, which nobody keeps
            c.of_row("person_id"),
            c.key("sign_in"),   // by which it was fetched
            c.instant("until"), // when the access token expires that it was fetched with
            c.instant("expires_at"),
        ];
        table(m, "live_tickets", tickets, &[("person_id", "people")]).await?;
        index(m, "live_tickets", &["expires_at"], false).await?;

        // What happened before there was anybody to tell it is no news.
        let past = Query::update()
            .table("events")
            .value("handled_at", Expr::col("at"))
            .and_where(Expr::col("handled_at").is_null())
            .take();
        m.execute(past).await
    }
}

async fn drop_index(m: &SchemaManager<'_>, table: &'static str, name: &'static str) -> Result<(), DbErr> {
    if !m.has_index(table, name).await? {
        return Ok(());
    }
    m.drop_index(Index::drop().name(name).table(table).to_owned()).await
}
