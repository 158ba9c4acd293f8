//! What falls due: the alarms of tickets' deadlines, shifts, preventive maintenance.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m16_reminders");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        // How much was said of a deadline (sla/alarms.rs); none: nobody has looked yet.
        add_column(m, "tickets", c.small_or_null("response_said")).await?;
        add_column(m, "tickets", c.small_or_null("resolution_said")).await?;
        add_column(m, "tickets", c.instant_or_null("alarm_at")).await?; // when there is more to say
        index(m, "tickets", &["alarm_at"], false).await?;
        // Of what is open the job looks once how it stands.
        let open = Query::update()
            .table("tickets")
            .value("alarm_at", Expr::col("created_at"))
            .and_where(Expr::col("alarm_at").is_null())
            .and_where(Expr::col("status").is_in(["NEW", "OPENED", "IN_PROGRESS"]))
            .take();
        m.execute(open).await?;

        let shifts = vec![
            c.id(),
            c.of_row("person_id"),
            c.instant("starts_at"),
            c.of_row_or_null("machine_id"),
            c.text("note"),
            c.instant_or_null("remind_at"), // none: the person was reminded, or it was too late for that
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "shifts", shifts, &[("person_id", "people"), ("machine_id", "machines")]).await?;
        index(m, "shifts", &["person_id", "starts_at"], true).await?;
        index(m, "shifts", &["starts_at"], false).await?;
        index(m, "shifts", &["machine_id"], false).await?;
        index(m, "shifts", &["remind_at"], false).await?;

        let plans = vec![
            c.id(),
            c.key("number"),
            c.of_row("machine_id"),
            c.text("title"),
            c.text("instructions"),
            c.small("every_days"),
            c.date("next_on"),
            c.date_or_null("last_done_on"),
            c.instant_or_null("remind_at"), // when the job looks next; none: all is said until the day is moved
            c.instant("created_at"),
            c.instant("updated_at"),
        ];
        table(m, "maintenance_plans", plans, &[("machine_id", "machines")]).await?;
        index(m, "maintenance_plans", &["number"], true).await?;
        index(m, "maintenance_plans", &["machine_id"], false).await?;
        index(m, "maintenance_plans", &["remind_at"], false).await?;

        // Who is responsible for a plan.
        let people = vec![c.id(), c.of_row("plan_id"), c.of_row("person_id")];
        let references = [("plan_id", "maintenance_plans"), ("person_id", "people")];
        table(m, "maintenance_plan_people", people, &references).await?;
        index(m, "maintenance_plan_people", &["plan_id", "person_id"], true).await?;
        index(m, "maintenance_plan_people", &["person_id"], false).await
    }
}
