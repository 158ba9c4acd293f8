//! Whether somebody chose their language, or their number or greeting suggested it.

use super::{Columns, add_column, migration};
use sea_orm_migration::prelude::*;

migration!("m22_languages");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "people", c.flag("has_chosen_language", false)).await?;
        // Until now a language other than English was there only where somebody had chosen it.
        let chosen = Query::update()
            .table("people")
            .value("has_chosen_language", true)
            .and_where(Expr::col("language").ne("en"))
            .take();
        m.execute(chosen).await
    }
}
