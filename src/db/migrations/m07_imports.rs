//! Imports on their way into the records, and the pieces that they have left to write.

use super::{Columns, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m07_imports");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        let imports = vec![
            c.id(),
            c.key("kind"),
            c.key("status"), // GATHERING: nothing holds yet; WRITING: all of it holds, and the rest is to be written
            c.instant("created_at"),
            c.instant("touched_at"),
        ];
        table(m, "imports", imports, &[]).await?;

        let pieces = vec![c.id(), c.of_row("import_id"), c.small("position"), c.text("records")]; // a JSON array
        table(m, "import_pieces", pieces, &[("import_id", "imports")]).await?;
        index(m, "import_pieces", &["import_id", "position"], true).await
    }
}
