//! Who did what to what, through which door, and each event's place in the log.

use super::{Columns, add_column, index, migration};
use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::prelude::*;

migration!("m13_events_audit");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "events", c.key_or_null("door")).await?; // db/door.rs; unknown of what happened before
        add_column(m, "events", c.key_or_null("subject_kind")).await?;
        add_column(m, "events", c.of_row_or_null("subject_id")).await?;
        add_column(m, "events", c.of_row_or_null("position")).await?; // none until outbox::number gives it one
        let db = m.get_connection();
        db.execute_unprepared("UPDATE events SET position = id WHERE position IS NULL").await?;
        let of_tickets = "UPDATE events SET subject_kind = 'ticket', subject_id = ticket_id \
                          WHERE subject_kind IS NULL AND name LIKE 'ticket.%'";
        db.execute_unprepared(of_tickets).await?;
        for kind in ["order", "bom"] {
            let id = match m.get_database_backend() {
                DbBackend::Postgres => format!("CAST(payload::json->>'{kind}_id' AS bigint)"),
                _ => format!("JSON_EXTRACT(payload, '$.{kind}_id')"),
            };
            let of_records = format!(
                "UPDATE events SET subject_kind = '{kind}', subject_id = {id} \
                 WHERE subject_kind IS NULL AND name LIKE '{kind}.%'"
            );
            db.execute_unprepared(&of_records).await?;
        }
        index(m, "events", &["position"], true).await?;
        index(m, "events", &["subject_kind", "subject_id", "position"], false).await?;
        index(m, "events", &["actor_id", "position"], false).await?;
        index(m, "events", &["name", "position"], false).await
    }
}
