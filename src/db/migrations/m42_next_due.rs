//! The deadline that a ticket breaks next and since when that is near, and the same beside whoever has it: so that what
//! is overdue and due soon, and what somebody has to do, lies along an index.

use super::{Columns, add_column, index, migration};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_query::SubQueryStatement;

migration!("m42_next_due");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        for table in ["tickets", "ticket_assignments"] {
            add_column(m, table, c.instant_or_null("next_due_at")).await?; // none: none can be broken as things stand
            add_column(m, table, c.instant_or_null("soon_at")).await?; // none: nor is any near
        }
        // Copies of the ticket's own: written with them.
        add_column(m, "ticket_assignments", c.key_or_null("status")).await?;
        add_column(m, "ticket_assignments", c.instant_or_null("resolution_due_at")).await?;
        let of_ticket = |column: &'static str| {
            let is_its = Expr::col(("tickets", "id")).eq(Expr::col(("ticket_assignments", "ticket_id")));
            let its = Query::select().column(("tickets", column)).from("tickets").and_where(is_its).take();
            Expr::from(SubQueryStatement::SelectStatement(its))
        };
        let copied = Query::update()
            .table("ticket_assignments")
            .value("status", of_ticket("status"))
            .value("resolution_due_at", of_ticket("resolution_due_at"))
            .take();
        m.execute(copied).await?;
        // Of what is open the job looks once how it stands.
        let open = Query::update()
            .table("tickets")
            .value("alarm_at", Expr::col("created_at"))
            .and_where(Expr::col("status").is_in(["NEW", "OPENED", "IN_PROGRESS", "ON_HOLD"]))
            .take();
        m.execute(open).await?;
        for columns in [
            &["next_due_at", "soon_at", "id"][..],
            &["requester_id", "next_due_at", "soon_at", "id"],
            &["requester_id", "status", "id"],
            &["requester_id", "status", "resolution_due_at", "id"],
        ] {
            index(m, "tickets", columns, false).await?;
        }
        for columns in [
            &["person_id", "next_due_at", "soon_at", "ticket_id"][..],
            &["person_id", "status", "ticket_id"],
            &["person_id", "status", "resolution_due_at"], // MySQL: a name has 64 characters at most
        ] {
            index(m, "ticket_assignments", columns, false).await?;
        }
        Ok(())
    }
}
