//! Signing in with a browser, and the second factor with its recovery codes.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m29_pages");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "sign_ins", c.key_or_null("cookie_hash")).await?; // SHA-256 of a browser's cookie; none: the API's
        add_column(m, "sign_ins", c.key_or_null("agent")).await?; // what the browser calls itself
        add_column(m, "sign_ins", c.instant_or_null("seen_at")).await?; // when the browser was last seen, roughly
        index(m, "sign_ins", &["cookie_hash"], true).await?;

        let factors = vec![
            c.of_row("person_id").primary_key().take(),
            c.key("salt"), // of the secret that the authenticator has; the desk's key makes the secret of it
            c.instant("made_at"),
            c.instant_or_null("confirmed_at"), // none: shown, and not in force yet
            c.count_or_null("last_step"),      // the last code's half minute: an earlier one is not taken again
        ];
        table(m, "second_factors", factors, &[("person_id", "people")]).await?;

        let recovery = vec![
            c.id(),
            c.of_row("person_id"),
            c.key("hash"), // SHA-256 of the code, which nobody keeps
            c.instant_or_null("used_at"),
        ];
        table(m, "recovery_codes", recovery, &[("person_id", "people")]).await?;
        index(m, "recovery_codes", &["person_id", "hash"], false).await
    }
}
