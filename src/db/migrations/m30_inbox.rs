//! The inbox: who has a conversation, what the desk did in it, replies kept at hand, and what people sent in it.

use super::{Columns, add_column, index, migration, table};
use sea_orm_migration::prelude::*;

migration!("m30_inbox");

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = Columns::of(m);
        add_column(m, "conversations", c.instant_or_null("last_at")).await?; // when person or desk last wrote
        add_column(m, "conversations", c.small("unread")).await?; // messages since the desk last looked
        add_column(m, "conversations", c.instant_or_null("taken_at")).await?; // none: the bot has it
        add_column(m, "conversations", c.of_row_or_null("taken_by")).await?;
        add_column(m, "conversations", c.instant_or_null("desk_at")).await?; // the desk's last word while it has it
        add_column(m, "conversations", c.of_row_or_null("assigned_to")).await?;
        add_column(m, "conversations", c.instant_or_null("cleared_at")).await?; // the session is gone; none: it is there
        index(m, "conversations", &["last_at"], false).await?;
        index(m, "conversations", &["taken_at"], false).await?;
        index(m, "conversations", &["cleared_at", "updated_at"], false).await?;
        let last = Query::update()
            .table("conversations")
            .value("last_at", Expr::col("updated_at"))
            .and_where(Expr::col("last_at").is_null())
            .take();
        m.execute(last).await?;
        m.execute(of_the_past()?).await?;

        // What the desk did in a conversation, and what it noted there.
        let entries = vec![
            c.id(),
            c.of_row("person_id"),           // whose conversation
            c.key("kind"), // NOTE, MESSAGE, TAKEN, HANDED_BACK, STARTED_OVER, RETURNED, ASSIGNED, MERGED
            c.of_row_or_null("author_id"), // none: time did it
            c.text("body"), // a note's text, or whom it speaks of
            c.key_or_null("once"), // the form's own key: sent twice, it counts once
            c.key_or_null("delivery_token"), // of a message
            c.instant("at"),
        ];
        let references = [("person_id", "people")];
        table(m, "desk_entries", entries, &references).await?;
        index(m, "desk_entries", &["person_id", "id"], false).await?;
        index(m, "desk_entries", &["once"], true).await?;
        index(m, "desk_entries", &["delivery_token"], false).await?;

        let canned = vec![
            c.id(),
            c.key("name"), // the same in every language
            c.key("language"),
            c.text("body"),
            c.of_row_or_null("author_id"),
            c.instant("updated_at"),
        ];
        table(m, "canned_replies", canned, &[]).await?;
        index(m, "canned_replies", &["name", "language"], true).await?;

        // Photos, voice notes and papers that came in a message, fetched to be shown at the desk.
        let media = vec![
            c.id(),
            c.of_row("message_id"),
            c.of_row("person_id"),
            c.small("place"),              // 0, 1, … within the message
            c.text("url"),                 // where the provider has it
            c.key_or_null("hash"),         // of its content, once it is here
            c.key_or_null("content_type"), // by content
            c.count_or_null("size"),
            c.small("tries"),
            c.instant_or_null("due_at"), // none: it is here, or given up
            c.instant("created_at"),
        ];
        table(m, "message_media", media, &[("message_id", "messages"), ("person_id", "people")]).await?;
        index(m, "message_media", &["message_id", "place"], true).await?;
        index(m, "message_media", &["due_at"], false).await?;
        index(m, "message_media", &["hash"], false).await
    }
}

/// The conversations of those who wrote once and whose session was let go since: until now its row went with it.
fn of_the_past() -> Result<InsertStatement, DbErr> {
    let received = || Expr::col("received_at");
    let on_whatsapp =
        Query::select().column("id").from("addresses").and_where(Expr::col("medium").eq("whatsapp")).take();
    let there = Query::select().column("person_id").from("conversations").take();
    let past = Query::select()
        .column("person_id")
        .expr(Func::max(Expr::col("address_id")))
        .expr(Expr::val("MENU"))
        .expr(Expr::val("{}"))
        .expr(Func::min(received()))
        .expr(Func::max(received()))
        .expr(Func::max(received()))
        .expr(Func::max(received()))
        .from("messages")
        .and_where(Expr::col("address_id").in_subquery(on_whatsapp))
        .and_where(Expr::col("person_id").not_in_subquery(there))
        .group_by_col("person_id")
        .take();
    let mut insert = Query::insert();
    insert.into_table("conversations").columns([
        "person_id",
        "address_id",
        "state",
        "session",
        "created_at",
        "updated_at",
        "last_at",
        "cleared_at",
    ]);
    insert.select_from(past).map_err(|e| DbErr::Custom(e.to_string()))?;
    Ok(insert)
}
