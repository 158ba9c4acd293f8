//! How people sign in: names and addresses, passwords, sign-ins, tokens; and the keys that all processes share.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m09_users");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "people", c.key_or_null("username")).await?; // small letters; none: does not sign in
        add_column(m, "people", c.key_or_null("email")).await?; // small letters
        add_column(m, "people", c.text_or_null("first_name")).await?;
        add_column(m, "people", c.text_or_null("last_name")).await?;
        add_column(m, "people", c.key_or_null("phone_number")).await?; // E.164, to be called at
        index(m, "people", &["username"], true).await?;
        index(m, "people", &["email"], true).await?;
        index(m, "people", &["role"], false).await?;

        let passwords = vec![c.of_row("person_id").primary_key().take(), c.text("hash"), c.instant("changed_at")];
        table(m, "passwords", passwords, &[("person_id", "people")]).await?;

        let sign_ins = vec![
            c.id(),
            c.key("token"), // what its tokens name
            c.of_row("person_id"),
            c.count("generation"), // which refresh token is the current one
            c.key("network"),      // whence it came
            c.instant("created_at"),
            c.instant("rotated_at"),
            c.instant("expires_at"),
            c.instant_or_null("ended_at"),
        ];
        table(m, "sign_ins", sign_ins, &[("person_id", "people")]).await?;
        index(m, "sign_ins", &["token"], true).await?;
        index(m, "sign_ins", &["person_id"], false).await?;
        index(m, "sign_ins", &["expires_at"], false).await?;

        let tokens = vec![
            c.id(),
            c.of_row("person_id"),
            c.key("name"),
            c.key("hash"), // SHA-256 of the token, which nobody keeps
            c.flag("can_write", false),
            c.instant("created_at"),
            c.instant_or_null("expires_at"),
            c.instant_or_null("last_used_at"),
            c.instant_or_null("revoked_at"),
        ];
        table(m, "api_tokens", tokens, &[("person_id", "people")]).await?;
        index(m, "api_tokens", &["hash"], true).await?;
        index(m, "api_tokens", &["person_id"], false).await?;

        let secrets = vec![c.key("name").primary_key().take(), c.text("value"), c.instant("created_at")];
        table(m, "secrets", secrets, &[]).await
    }
}
