//! Machines: which they are and which are down, and one machine with its repairs and figures.

mod figures;
mod forms;
mod show;

pub(in crate::pages) use forms::{add, adding};
pub(in crate::pages) use show::{change, page};

use super::shortened;
use crate::kit::Result;
use crate::machines::api::Asked;
use crate::machines::{desk as use_cases, row};
use crate::maintenance::{self, Down};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::listed::{self, Frame, Head};
use crate::people::Keeper;
use crate::web::page::Cursor;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::HashMap;

/// Where the list is.
pub(super) const HERE: &str = "/floor/machines";
/// What an address of the list keeps.
const KEPT: [&str; 2] = ["q", "department"];
/// The most departments that are offered.
const MOST_DEPARTMENTS: u64 = 30;

/// A machine in the list.
struct Row {
    id: i64,
    number: String,
    name: String,
    location: String,
    department: String,
    down: Option<Broken>,
}

/// That a machine is down: the ticket, how many more there are, and since when.
pub(super) struct Broken {
    ticket: i64,
    reference: String,
    more: i64,
    since: String,
}

#[derive(Template)]
#[template(path = "machines.html")]
struct List {
    page: Page,
    around: Frame,
    rows: Vec<Row>,
}

/// `GET /floor/machines`.
pub(in crate::pages) async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let (words, conn) = (desk.words(), desk.app.db.read());
    let (asking, Asked { filter, part }) = listed::asked(&desk, HERE, &KEPT)?;
    let machines = use_cases::list(conn, &filter, &part).await?;
    let cut = part.cut(machines, |machine| Cursor::of_key(crate::machines::api::BY_NUMBER, &machine.number));
    let ids: Vec<i64> = cut.rows.iter().map(|machine| machine.id).collect();
    let mut down = broken(&desk, maintenance::down(conn, &ids).await?);
    let departments = use_cases::departments(conn, MOST_DEPARTMENTS).await?;
    let mut links = vec![(None, words.w("tickets.any"))];
    links.extend(departments.into_iter().map(|name| (Some(name.clone()), name)));
    let title = words.w("tabs.machines");
    let head = Head::new(&asking, HERE, title.clone(), words.w("machine.search"));
    let head = head.add(format!("{HERE}/new"), words.w("machine.add"));
    let around = Frame::new(&desk, &asking, head, "machine", &cut).groups(vec![listed::group(
        &asking,
        words.w("fact.department"),
        "department",
        links,
    )]);
    let rows = cut.rows.into_iter().map(|machine| row_shown(&mut down, machine)).collect();
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, rows }))
}

/// By which ticket each machine is down: the oldest, and how many more.
pub(super) fn broken(desk: &Desk, down: Vec<Down>) -> HashMap<i64, Broken> {
    let shown = |one: Down| {
        let since = desk.words().when(one.since, desk.now).html();
        (one.machine_id, Broken { ticket: one.ticket_id, reference: one.reference, more: one.reports - 1, since })
    };
    down.into_iter().map(shown).collect()
}

fn row_shown(down: &mut HashMap<i64, Broken>, machine: row::Model) -> Row {
    let row::Model { id, mut number, mut name, mut location, mut department, .. } = machine;
    [&mut number, &mut name, &mut location, &mut department].into_iter().for_each(shortened);
    Row { down: down.remove(&id), id, number, name, location, department }
}
