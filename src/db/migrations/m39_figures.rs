//! What happened on each day, counted: the rows that reports are added up from.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m39_figures");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let figures = vec![
            c.id(),
            c.word("measure"),   // figures/model.rs
            c.date("day"),       // at the plant
            c.key("department"), // of the tickets; empty: of none
            c.word("kind"),      // of the tickets, or the channel; empty: of all
            c.key("slice"),      // what else it is counted by, as its measure says
            c.count("n"),
            c.count("total"),         // seconds, or millionths of a currency
            c.text_or_null("spread"), // how long each took: figures/spread.rs
        ];
        table(m, "figures", figures, &[]).await?;
        // All that is added up stands in the index: the rows themselves are not read.
        let whole = &["measure", "day", "department", "kind", "slice", "n", "total"];
        index(m, "figures", whole, false).await?;

        // How forms of the chat went: one row when one is begun, one when it is finished or left.
        let turns = vec![
            c.id(),
            c.word("what"), // BEGUN, DONE, LEFT
            c.key("flow"),
            c.key("question"), // the one that was open when it was left; empty: none was
            c.instant("at"),
        ];
        table(m, "form_turns", turns, &[]).await?;
        index(m, "form_turns", &["at"], false).await
    }
}
