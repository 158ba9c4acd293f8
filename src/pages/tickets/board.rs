//! The board: what is open, by how far it is, the nearest deadlines first.
//!
//! One page of tickets is read and dealt out to the columns, so the board costs what a list costs.

use super::{OPEN, Row};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::tickets::list::{By, Filter, Order};
use crate::tickets::reading;
use crate::web::page::Part;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// How many tickets lie on the board; more are in the list.
const MOST: u64 = 60;
/// By the deadline, the nearest first.
const NEAREST: Order = Order { by: By::Due, is_descending: false };

/// A column of the board.
struct Column {
    status: &'static str,
    name: String,
    href: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "board.html")]
struct Board {
    page: Page,
    title: String,
    columns: Vec<Column>,
    /// Whether there are more than lie here.
    has_more: bool,
}

/// `GET /tickets/board`.
pub(in crate::pages) async fn board(desk: Desk) -> Result<Response> {
    let (words, viewer) = (desk.words(), desk.viewer());
    let filter = Filter { statuses: OPEN.to_vec(), ..Filter::default() };
    let part = Part { size: MOST, cursor: None, is_counted: false };
    let found = reading::page(&desk.app.db, &viewer, &filter, NEAREST, &part, desk.now).await?;
    let has_more = found.cut.next.is_some();
    let rows: Vec<Row> = found.cut.rows.into_iter().map(|shown| Row::of(&desk, &viewer, shown)).collect();
    let mut columns: Vec<Column> = OPEN
        .map(|status| {
            let status = status.as_str();
            let (name, href) = (words.w(format!("status.{status}")), format!("/tickets?status={status}"));
            Column { status, name, href, rows: Vec::new() }
        })
        .into();
    for row in rows {
        if let Some(column) = columns.iter_mut().find(|column| column.status == row.status) {
            column.rows.push(row);
        }
    }
    let title = words.w("board.title");
    Ok(shown(StatusCode::OK, &Board { page: desk.page(title.clone()), title, columns, has_more }))
}
