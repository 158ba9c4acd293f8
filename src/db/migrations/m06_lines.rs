//! Lines and the processes that lease them; a delivery knows whether its last attempt is in doubt.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m06_lines");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let lines = vec![
            c.key("name").primary_key().take(), // what `deliveries.line` names
            c.key("medium"),
            c.instant_or_null("due_at"), // none: nothing waits, or a process has it
            c.key_or_null("lease"),      // the process that sends its first open delivery
            c.count("round"),            // since which of that process's rounds
        ];
        table(m, "delivery_lines", lines, &[]).await?;
        index(m, "delivery_lines", &["medium", "due_at"], false).await?;
        index(m, "delivery_lines", &["lease"], false).await?;
        m.execute(open_lines()?).await?;

        let processes = vec![c.key("token").primary_key().take(), c.instant("expires_at")];
        table(m, "processes", processes, &[]).await?;

        // When the attempt began of which nobody knows whether the provider took it.
        add_column(m, "deliveries", c.instant_or_null("doubted_at")).await?;
        // Sent again although the provider may have had it and could not be asked.
        add_column(m, "deliveries", c.flag("may_be_duplicate", false)).await?;
        if m.has_index("deliveries", "ix_deliveries_lease").await? {
            m.drop_index(Index::drop().name("ix_deliveries_lease").table("deliveries").to_owned()).await?;
        }
        drop(m, "lease").await?;
        drop(m, "leased_until").await
    }
}

/// Lines from the deliveries that wait already; whoever leased one of them is gone.
fn open_lines() -> Result<InsertStatement, DbErr> {
    let waiting = Query::select()
        .column("line")
        .expr(Func::min(Expr::col("medium")))
        .expr(Func::min(Expr::col("due_at")))
        .from("deliveries")
        .and_where(Expr::col("due_at").is_not_null())
        .group_by_col("line")
        .take();
    let mut insert = Query::insert();
    insert.into_table("delivery_lines").columns(["name", "medium", "due_at"]);
    insert.on_conflict(OnConflict::column("name").update_column("due_at").to_owned());
    insert.select_from(waiting).map_err(|e| DbErr::Custom(e.to_string()))?;
    Ok(insert)
}

async fn drop(m: &SchemaManager<'_>, column: &'static str) -> Result<(), DbErr> {
    if !m.has_column("deliveries", column).await? {
        return Ok(());
    }
    m.alter_table(Table::alter().table("deliveries").drop_column(column).take()).await
}
