//! Two revisions side by side, as they are shown: what differs first, with the cost of each line and of the whole.

use crate::boms::Component;
use crate::boms::compare::{Line, Mark, compare};
use crate::boms::model::cost;
use crate::kit::decimal::{decimal, signed};
use crate::pages::words::Words;

/// How many lines a page has.
pub(super) const LINES: usize = 100;

/// A line on one side: how much of it, what one costs, and what that makes.
pub(super) struct Side {
    pub(super) quantity: String,
    pub(super) unit_cost: String,
    pub(super) cost: String,
    /// Whether the figure differs from the other side's.
    pub(super) is_other_quantity: bool,
    pub(super) is_other_cost: bool,
}

/// A component on both sides.
pub(super) struct Row {
    pub(super) number: String,
    /// What it is called, where that is not its number.
    pub(super) name: Option<String>,
    /// The name of what became of it, for the mark's colour, and the words for it; none where it is the same.
    pub(super) mark: Option<(&'static str, String)>,
    pub(super) before: Option<Side>,
    pub(super) after: Option<Side>,
    /// What it costs more than before; none where it costs the same.
    pub(super) more: Option<String>,
}

/// Both revisions, as far as one page shows them.
pub(super) struct Sides {
    pub(super) rows: Vec<Row>,
    /// What differs, in words: `1 changed · 2 taken out`.
    pub(super) summary: Vec<(&'static str, String)>,
    pub(super) total_before: String,
    pub(super) total_after: String,
    pub(super) more: String,
    /// The number of the page before this, and of the one behind.
    pub(super) previous: Option<usize>,
    pub(super) next: Option<usize>,
}

impl Sides {
    /// These components beside those, from the page with this number, which begin at 1.
    pub(super) fn of(words: &Words, before: &[Component], after: &[Component], page: usize) -> Self {
        let lines = compare(before, after);
        let pages = lines.len().div_ceil(LINES).max(1);
        let page = page.clamp(1, pages);
        let summary = [Mark::Added, Mark::Removed, Mark::Changed].into_iter().filter_map(|mark| {
            let count = lines.iter().filter(|line| line.mark == mark).count();
            let key = format!("boms.marked.{}", mark.as_str());
            let says = words.fill(key, &serde_json::json!({ "count": count.to_string() }));
            (count > 0).then_some((mark.as_str(), says))
        });
        Self {
            summary: summary.collect(),
            total_before: money(words, cost(before).ok()),
            total_after: money(words, cost(after).ok()),
            more: change(words, before, after).unwrap_or_else(|| "0".to_owned()),
            previous: (page > 1).then(|| page - 1),
            next: (page < pages).then(|| page + 1),
            rows: lines.iter().skip((page - 1) * LINES).take(LINES).map(|line| row(words, line)).collect(),
        }
    }
}

fn row(words: &Words, line: &Line<'_>) -> Row {
    let shown = line.after.or(line.before);
    let name = shown.map(|one| one.name.clone()).unwrap_or_default();
    let number = shown.map(|one| one.number.clone()).unwrap_or_default();
    let mark = (line.mark != Mark::Same).then(|| line.mark.as_str());
    let [before, after] = [line.before, line.after].map(|one| one.into_iter().cloned().collect::<Vec<_>>());
    Row {
        name: Some(name).filter(|name| *name != number && !name.is_empty()),
        number,
        mark: mark.map(|mark| (mark, words.w(format!("boms.mark.{mark}")))),
        before: line.before.map(|one| side(words, one, line.after)),
        after: line.after.map(|one| side(words, one, line.before)),
        more: change(words, &before, &after),
    }
}

fn side(words: &Words, one: &Component, other: Option<&Component>) -> Side {
    Side {
        quantity: words.number(&decimal(one.quantity, 0)),
        unit_cost: money(words, Some(one.unit_cost)),
        cost: money(words, cost(std::slice::from_ref(one)).ok()),
        is_other_quantity: other.is_some_and(|other| other.quantity != one.quantity),
        is_other_cost: other.is_some_and(|other| other.unit_cost != one.unit_cost),
    }
}

/// What the second costs more than the first; none where it is nothing.
fn change(words: &Words, before: &[Component], after: &[Component]) -> Option<String> {
    let more = crate::boms::model::cost_change(before, after).ok()?;
    (more != 0).then(|| words.number(&signed(more)))
}

/// An amount; a dash where it is too large to be computed.
fn money(words: &Words, micros: Option<i64>) -> String {
    micros.map_or_else(|| "–".to_owned(), |micros| words.number(&decimal(micros, 2)))
}
