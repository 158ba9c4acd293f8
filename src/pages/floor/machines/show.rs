//! One machine: whether it is down, its tickets, its figures over a chosen time, and what may be changed of it.

use super::figures::{self, Figures};
use super::{Broken, HERE, broken, forms};
use crate::kit::{Error, Result};
use crate::machines::{desk as use_cases, row};
use crate::maintenance;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{FormShown, Outcome, refuse};
use crate::pages::posted::{Posted, Typed};
use crate::pages::tickets::Row as TicketRow;
use crate::people::{Keeper, Seen};
use crate::tickets::{Status, reading};
use askama::Template;
use axum::response::Response;
use std::collections::BTreeSet;

/// The most open tickets that are shown, and the most of all.
const MOST_OPEN: u64 = 50;
const MOST_TICKETS: u64 = 30;

#[derive(Template)]
#[template(path = "machine.html")]
struct Machine {
    page: Page,
    id: i64,
    number: String,
    name: String,
    department: String,
    location: String,
    down: Option<Broken>,
    open: Vec<TicketRow>,
    past: Vec<TicketRow>,
    figures: Figures,
    /// None where it is not theirs to change.
    forms: Vec<FormShown>,
}

/// `GET /floor/machines/{id}`.
pub(in crate::pages) async fn page(desk: Desk, seen: Seen<row::Model>) -> Result<Response> {
    whole(&desk, &seen.keeper, seen.record, None).await
}

async fn whole(
    desk: &Desk,
    keeper: &Keeper,
    machine: row::Model,
    refused: Option<(&str, &Typed, Error)>,
) -> Result<Response> {
    let (conn, viewer) = (desk.app.db.read(), desk.viewer());
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let open = maintenance::tickets_of(conn, machine.id, true, MOST_OPEN).await?;
    let latest = maintenance::tickets_of(conn, machine.id, false, MOST_TICKETS).await?;
    let ids: BTreeSet<i64> = open.into_iter().chain(latest).collect();
    let mut tickets = reading::several(conn, &viewer, &ids.into_iter().collect::<Vec<_>>()).await?;
    tickets.sort_by_key(|shown| std::cmp::Reverse(shown.row.id));
    let is_over = |status| matches!(status, Status::Closed | Status::Cancelled);
    let (past, open): (Vec<_>, Vec<_>) = tickets.into_iter().partition(|shown| is_over(shown.row.status));
    let rows = |all: Vec<reading::Shown>| all.into_iter().map(|shown| TicketRow::of(desk, &viewer, shown)).collect();
    let down = broken(desk, maintenance::down(conn, &[machine.id]).await?).remove(&machine.id);
    let may_change = keeper.answers_for(&machine.department);
    let mut forms: Vec<FormShown> = may_change.then(|| forms::change(desk, &machine)).into_iter().collect();
    let Outcome { status, .. } = refuse(desk.words(), &mut forms, refused);
    let page = Machine {
        page: desk.page(format!("{} · {}", machine.number, machine.name)),
        figures: figures::of(desk, &machine, query).await?,
        id: machine.id,
        down,
        open: rows(open),
        past: rows(past),
        forms,
        number: machine.number,
        name: machine.name,
        department: machine.department,
        location: machine.location,
    };
    Ok(shown(status, &page))
}

/// `POST /floor/machines/{id}`.
pub(in crate::pages) async fn change(desk: Desk, seen: Seen<row::Model>, posted: Posted) -> Result<Response> {
    let Seen { keeper, record: machine } = seen;
    keeper.must_answer_for(&machine.department)?;
    let changing = async {
        posted.must_be_genuine()?;
        let record = forms::changed(&posted.typed, machine.number.clone())?;
        keeper.must_answer_for(record.department.as_ref().unwrap_or(&machine.department))?;
        let (db, by) = (desk.app.db.through(keeper.0.door), keeper.0.person_id);
        db.write_with(record, move |tx, record| Box::pin(use_cases::change(tx, record, by))).await
    };
    match changing.await {
        Ok(machine) => Ok(redirect(&format!("{HERE}/{}?done=saved", machine.id))),
        Err(error) => whole(&desk, &keeper, machine, Some(("change", &posted.typed, error))).await,
    }
}
