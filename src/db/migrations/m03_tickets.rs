//! Tickets, who holds them, their history, the facts of each kind, and the holds that tickets put on orders.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m03_tickets");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let tickets = vec![
            c.id(),
            c.key("reference"),
            c.key("kind"),
            c.key("status"),
            c.key("priority"),
            c.text("title"),
            c.text("description"),
            c.text("media"), // JSON: [{url, content_type}]
            c.of_row_or_null("requester_id"),
            c.key_or_null("department"),
            c.instant_or_null("response_due_at"),
            c.instant_or_null("resolution_due_at"),
            c.instant_or_null("opened_at"),
            c.instant_or_null("started_at"),
            c.instant_or_null("resolved_at"),
            c.instant_or_null("closed_at"),
            c.instant_or_null("paused_at"), // the resolution clock stands still since then
            c.count("paused_micros"),       // how long the pauses that have ended took together
            c.small("version"),
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "tickets", tickets, &[("requester_id", "people")]).await?;
        index(m, "tickets", &["reference"], true).await?;
        index(m, "tickets", &["status", "kind"], false).await?;
        index(m, "tickets", &["requester_id"], false).await?;

        let assignments = vec![c.id(), c.of_row("ticket_id"), c.of_row("person_id"), c.instant("assigned_at")];
        table(m, "ticket_assignments", assignments, &[("ticket_id", "tickets"), ("person_id", "people")]).await?;
        index(m, "ticket_assignments", &["ticket_id", "person_id"], true).await?;
        index(m, "ticket_assignments", &["person_id"], false).await?;

        let history = vec![
            c.id(),
            c.of_row("ticket_id"),
            c.of_row_or_null("changed_by"),
            c.key_or_null("status_from"),
            c.key("status_to"),
            c.text_or_null("comment"),
            c.instant("at"),
        ];
        table(m, "ticket_history", history, &[("ticket_id", "tickets"), ("changed_by", "people")]).await?;
        index(m, "ticket_history", &["ticket_id"], false).await?;

        let defects = vec![c.id(), c.of_row("ticket_id"), c.of_row("order_id"), c.key("defect_type")];
        table(m, "defects", defects, &[("ticket_id", "tickets"), ("order_id", "orders")]).await?;
        index(m, "defects", &["ticket_id"], true).await?;
        index(m, "defects", &["order_id"], false).await?;

        let maintenance = vec![c.id(), c.of_row("ticket_id"), c.of_row("machine_id"), c.key("issue_type")];
        table(m, "maintenance", maintenance, &[("ticket_id", "tickets"), ("machine_id", "machines")]).await?;
        index(m, "maintenance", &["ticket_id"], true).await?;
        index(m, "maintenance", &["machine_id"], false).await?;

        let sop_failures = vec![
            c.id(),
            c.of_row("ticket_id"),
            c.text("procedure"),
            c.text("failure_type"),
            c.key("department"), // the department charged
            c.small("escalation_level"),
            c.instant_or_null("escalated_at"),
        ];
        table(m, "sop_failures", sop_failures, &[("ticket_id", "tickets")]).await?;
        index(m, "sop_failures", &["ticket_id"], true).await?;

        let holds = vec![
            c.id(),
            c.of_row("order_id"),
            c.of_row_or_null("ticket_id"),
            c.text("reason"),
            c.of_row_or_null("held_by"),
            c.instant("held_at"),
            c.instant_or_null("released_at"),
        ];
        let references = [("order_id", "orders"), ("ticket_id", "tickets"), ("held_by", "people")];
        table(m, "order_holds", holds, &references).await?;
        index(m, "order_holds", &["order_id", "released_at"], false).await?;
        index(m, "order_holds", &["ticket_id"], false).await?;

        // Events: what happened, written in the transaction in which it happened.
        let events = vec![
            c.id(),
            c.key("name"),
            c.of_row_or_null("ticket_id"),
            c.of_row_or_null("actor_id"),
            c.text("payload"), // JSON, the event's own fields
            c.instant("at"),
            c.instant_or_null("handled_at"), // the mark of the job that tells people
        ];
        table(m, "events", events, &[]).await?;
        index(m, "events", &["handled_at"], false).await?;
        index(m, "events", &["ticket_id"], false).await
    }
}
