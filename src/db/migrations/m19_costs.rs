//! What messages cost, what is held back because of it, and what notices are counted by.

use super::{Columns, add_column, index, migration, table};
use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

migration!("m19_costs");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "attempts", c.count_or_null("price_micros")).await?; // in millionths of the currency
        add_column(m, "attempts", c.key_or_null("currency")).await?;
        add_column(m, "attempts", c.instant_or_null("price_due_at")).await?; // none: its price is asked no more
        add_column(m, "attempts", c.small("price_tries")).await?;
        index(m, "attempts", &["channel", "price_due_at"], false).await?;

        // Since when it is held back because the month's budget is spent; its `due_at` says until when.
        add_column(m, "deliveries", c.instant_or_null("over_budget_at")).await?;
        add_column(m, "deliveries", c.date_or_null("counted_on")).await?; // a notice's day at the plant; none: no notice
        add_column(m, "deliveries", c.key_or_null("counted_as")).await?; // a notice's status; none: no notice
        // The notices there are are counted by their days in UTC: which zone the plant is in, the database does not know.
        let past = Query::update()
            .table("deliveries")
            .value("counted_on", Expr::cust(day(m.get_database_backend())))
            .value("counted_as", Expr::col("status"))
            .and_where(Expr::col("kind").eq("NOTICE"))
            .and_where(Expr::col("counted_on").is_null())
            .take();
        m.execute(past).await?;
        index(m, "deliveries", &["counted_on", "medium", "counted_as"], false).await?;

        // What all attempts together cost, a month at the plant, channel, medium, kind of event and currency.
        let costs = vec![
            c.key("name").primary_key().take(), // all of these in one
            c.key("month"),                     // 2026-01
            c.key("channel"),
            c.key("medium"),
            c.key("kind"),          // REPLY, TEST, NOTICE, CODE
            c.key_or_null("event"), // of a notice: of which event
            c.key("currency"),
            c.count("micros"),
            c.count("messages"),
        ];
        table(m, "costs", costs, &[]).await?;
        index(m, "costs", &["month"], false).await
    }
}

fn day(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "(created_at AT TIME ZONE 'UTC')::date",
        DbBackend::MySql => "DATE(created_at)",
        _ => "SUBSTR(created_at, 1, 10)",
    }
}
