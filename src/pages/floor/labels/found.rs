//! The machines or orders that get labels, and what their codes say.

use super::asked::{Asked, BY_NUMBER, Kind};
use crate::app::App;
use crate::channels::Medium;
use crate::chat::RecordKind;
use crate::kit::{E164, Result};
use crate::pages::desk::Desk;
use crate::papers::labels::{Label, MOST, address, fits};
use crate::web::page::Cursor;
use crate::{machines, orders};
use std::collections::HashMap;

/// What there is to print.
#[derive(Default)]
pub(super) struct Found {
    pub(super) labels: Vec<Label>,
    /// Of those that were typed: what is none.
    pub(super) missing: Vec<String>,
    /// Whose code would be too small to be read.
    pub(super) too_long: Vec<String>,
    /// More were typed than are printed at once.
    pub(super) has_more_typed: bool,
    /// Where the next ones begin.
    pub(super) next: Option<Cursor>,
}

/// The plant's number on WhatsApp, where it is known.
pub(super) fn plant(app: &App) -> Option<E164> {
    let ours = app.carrier(Medium::Whatsapp).and_then(|channel| channel.number(Medium::Whatsapp));
    ours.or_else(|| app.settings.whatsapp_sender.clone())
}

/// Finds them: two statements at most.
pub(super) async fn find(desk: &Desk, asked: &Asked) -> Result<Found> {
    let mut found = Found::default();
    let named = if asked.numbers.is_empty() {
        listed(desk, asked, &mut found).await?
    } else {
        typed(desk, asked, &mut found).await?
    };
    let plant = plant(&desk.app).or_else(|| asked.to.clone());
    for (number, name) in named {
        let reference = record(asked.kind).reference(&number);
        let says = reference.zip(plant.as_ref()).map(|(reference, plant)| address(plant, &reference));
        let is_too_long = plant.is_some() && !says.as_deref().is_some_and(|says| fits(asked.format, says));
        if is_too_long {
            found.too_long.push(number.clone());
        }
        found.labels.push(Label { number, name, address: says.filter(|_| !is_too_long) });
    }
    Ok(found)
}

fn record(kind: Kind) -> RecordKind {
    match kind {
        Kind::Machines => RecordKind::Machine,
        Kind::Orders => RecordKind::Order,
    }
}

/// Those that fit what was asked: number and name.
async fn listed(desk: &Desk, asked: &Asked, found: &mut Found) -> Result<Vec<(String, String)>> {
    let (conn, words) = (desk.app.db.read(), asked.words.clone());
    let rows: Vec<(String, String)> = match asked.kind {
        Kind::Machines => {
            let filter = machines::desk::Filter { words, number: None, department: asked.department.clone() };
            let rows = machines::desk::list(conn, &filter, &asked.part).await?;
            rows.into_iter().map(|machine| (machine.number, machine.name)).collect()
        }
        Kind::Orders => {
            let filter = orders::desk::Filter { words, ..orders::desk::Filter::default() };
            let rows = orders::desk::list(conn, &filter, &asked.part).await?;
            rows.into_iter().map(|order| (order.number, order.product)).collect()
        }
    };
    let cut = asked.part.cut(rows, |(number, _)| Cursor::of_key(BY_NUMBER, number));
    found.next = cut.next;
    Ok(cut.rows)
}

/// Those that were typed, in that order.
async fn typed(desk: &Desk, asked: &Asked, found: &mut Found) -> Result<Vec<(String, String)>> {
    let (conn, record) = (desk.app.db.read(), record(asked.kind));
    let (wanted, rest) = asked.numbers.split_at(MOST.min(asked.numbers.len()));
    found.has_more_typed = !rest.is_empty();
    let keys: Vec<Vec<String>> = wanted.iter().map(|number| record.candidates(number)).collect();
    let all: Vec<String> = keys.iter().flatten().cloned().collect();
    let mut known: HashMap<String, String> = match asked.kind {
        Kind::Machines => {
            machines::by_numbers(conn, &all).await?.into_iter().map(|(number, row)| (number, row.name)).collect()
        }
        Kind::Orders => {
            orders::by_numbers(conn, &all).await?.into_iter().map(|(number, row)| (number, row.product)).collect()
        }
    };
    let mut named = Vec::with_capacity(wanted.len());
    for (number, keys) in wanted.iter().zip(keys) {
        match keys.iter().find_map(|key| known.remove_entry(key)) {
            Some(entry) => named.push(entry),
            None if named.iter().any(|(known, _)| keys.contains(known)) => {} // typed twice, in two ways
            None => found.missing.push(number.clone()),
        }
    }
    Ok(named)
}
