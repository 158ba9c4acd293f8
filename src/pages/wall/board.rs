//! What stands on a wall, as HTML: the page begins with it, and the live line sends it anew.

use super::super::words::Words;
use crate::app::App;
use crate::kit::{Error, Instant, Result};
use crate::walls::board::{self, Board, Part};
use crate::walls::row;
use askama::Template;
use serde_json::json;

/// One thing that somebody has to see to.
struct Row {
    /// Its number.
    number: String,
    /// What it is called.
    name: String,
    /// Why, where there is something to say.
    why: Option<String>,
    /// Since when, as HTML.
    since: Option<String>,
    /// Who is on it; none: nobody.
    who: Option<String>,
}

/// All things of one kind.
struct Column {
    id: &'static str,
    title: String,
    /// What is said where there are none.
    none: String,
    count: String,
    rows: Vec<Row>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "wall_board.html")]
struct Drawn {
    words: Words,
    columns: Vec<Column>,
}

/// The time of day at the plant, to the second.
pub(super) fn clock(app: &App, at: Instant) -> String {
    at.with_timezone(&app.settings.timezone).format("%H:%M:%S").to_string()
}

/// How things stand at `now`, as HTML.
///
/// # Errors
/// When the database is away.
pub(super) async fn drawn(app: &App, words: &Words, wall: &row::Model, now: Instant) -> Result<String> {
    let Board { down, held, overdue } = board::read(app, wall, now).await?;
    let since = |at: Instant| words.when(at, now).html();
    let who = |who: Vec<String>| (!who.is_empty()).then(|| who.join(", "));
    let columns = vec![
        column(words, "down", down, |machine| Row {
            number: machine.number,
            name: machine.name,
            why: None,
            since: Some(since(machine.since)),
            who: who(machine.who),
        }),
        column(words, "held", held, |order| Row {
            number: order.number,
            name: order.product,
            why: order.reason,
            since: order.since.map(since),
            who: who(order.who),
        }),
        column(words, "overdue", overdue, |ticket| Row {
            number: ticket.reference,
            name: ticket.title,
            why: None,
            since: Some(since(ticket.since)),
            who: who(ticket.who),
        }),
    ];
    Drawn { words: words.clone(), columns }.render().map_err(|error| Error::internal(error.to_string()))
}

fn column<T>(words: &Words, id: &'static str, part: Part<T>, row: impl Fn(T) -> Row) -> Column {
    let open = if part.is_cut { "+" } else { "" };
    let left_over = part.left_over();
    let more = json!({ "count": format!("{left_over}{open}") });
    Column {
        id,
        title: words.w(format!("wall.{id}")),
        none: words.w(format!("wall.none.{id}")),
        count: format!("{}{open}", part.count),
        rows: part.rows.into_iter().map(row).collect(),
        more: (left_over > 0).then(|| words.fill("wall.more", &more)),
    }
}
