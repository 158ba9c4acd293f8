//! Webhooks out: who is told of what happens, and the calls that tell them.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m18_webhooks_out");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let webhooks = vec![
            c.id(),
            c.text("url"),
            c.text("events"), // a JSON list of kinds, or ["*"]
            c.text("description"),
            c.flag("is_active", true),
            c.key("salt"),             // of which, with the desk's key, its secret is made
            c.key("mark"),             // by which the secret is known to be the one that was shown
            c.key_or_null("old_salt"), // of the secret before
            c.key_or_null("old_mark"),
            c.instant_or_null("old_until"),     // how long that one signs too
            c.of_row("since"),                  // events behind this place in the log are told
            c.instant_or_null("failing_since"), // none: the last call that ended was taken
            c.instant_or_null("last_failure_at"),
            c.text_or_null("last_failure"),
            c.instant_or_null("last_success_at"),
            c.instant("created_at"),
            c.instant("updated_at"),
            c.instant_or_null("deleted_at"), // house-keeping takes the row and its calls
        ];
        table(m, "webhooks", webhooks, &[]).await?;

        let calls = vec![
            c.id(),
            c.of_row("webhook_id"),
            c.of_row_or_null("position"), // the event's place in the log; none of a test
            c.key("message"),             // what the receiver knows it by, over all attempts
            c.key("event"),
            c.key("status"),
            c.small("attempts"),
            c.small("tries"),            // attempts since it was made or asked for again
            c.instant_or_null("due_at"), // the next attempt, or until when it is somebody's; none: there is none
            c.instant("give_up_at"),
            c.key_or_null("lease"), // of who makes it just now
            c.instant_or_null("last_attempt_at"),
            c.small_or_null("took_ms"),
            c.small_or_null("status_code"),
            c.text_or_null("answer"),
            c.text_or_null("problem"),
            c.instant("created_at"),
        ];
        table(m, "webhook_calls", calls, &[("webhook_id", "webhooks")]).await?;
        index(m, "webhook_calls", &["webhook_id", "position"], true).await?;
        index(m, "webhook_calls", &["webhook_id", "due_at"], false).await?;
        index(m, "webhook_calls", &["webhook_id", "id"], false).await?;
        index(m, "webhook_calls", &["webhook_id", "status", "id"], false).await?;
        index(m, "webhook_calls", &["created_at"], false).await
    }
}
