//! Deliveries and their attempts, and the marks that jobs leave for themselves.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m05_deliveries");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let deliveries = vec![
            c.id(),
            c.key("token"), // comes back in the status callback
            c.key("kind"),  // REPLY, TEST, NOTICE
            c.key("medium"),
            c.of_row("address_id"),
            c.of_row("person_id"),
            c.key_or_null("sender"), // the number of ours to send from
            c.key("line"),           // deliveries of one line leave in order, one at a time
            c.text("body"),
            c.key("status"),
            c.small("status_rank"),
            c.small_or_null("error_code"),
            c.text_or_null("error_text"),
            c.small("attempts"),
            c.instant_or_null("due_at"), // none: nothing left to do
            c.key_or_null("lease"),
            c.instant_or_null("leased_until"),
            c.of_row_or_null("message_id"), // the message it answers
            c.of_row_or_null("event_id"),
            c.instant("created_at"),
            c.instant_or_null("sent_at"),
            c.instant_or_null("delivered_at"),
            c.instant_or_null("read_at"),
            c.instant_or_null("failed_at"),
        ];
        table(m, "deliveries", deliveries, &[("address_id", "addresses"), ("person_id", "people")]).await?;
        index(m, "deliveries", &["token"], true).await?;
        index(m, "deliveries", &["due_at"], false).await?;
        index(m, "deliveries", &["line", "due_at"], false).await?;
        index(m, "deliveries", &["lease"], false).await?;
        index(m, "deliveries", &["person_id"], false).await?;

        let attempts = vec![
            c.id(),
            c.of_row("delivery_id"),
            c.small("number"), // 1, 2, 3 …
            c.key("channel"),
            c.key_or_null("provider_id"),
            c.key("outcome"), // STARTED, ACCEPTED, RETRY, REFUSED
            c.small_or_null("error_code"),
            c.text_or_null("error_text"),
            c.instant("started_at"),
            c.instant_or_null("finished_at"),
        ];
        table(m, "attempts", attempts, &[("delivery_id", "deliveries")]).await?;
        index(m, "attempts", &["delivery_id", "number"], true).await?;
        index(m, "attempts", &["channel", "provider_id"], false).await?;

        let marks = vec![c.id(), c.key("name"), c.instant("at")];
        table(m, "marks", marks, &[]).await?;
        index(m, "marks", &["name"], true).await
    }
}
