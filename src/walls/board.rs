//! What a wall shows of its department: machines that are down, orders on hold, tickets past a deadline, and who is on it.
//!
//! A machine is down while a maintenance ticket of it is open. Orders belong to no department, so every wall shows those
//! on hold; so do tickets without a department. Nothing of clients' incidents is on a wall. Each list is read up to a
//! bound, in a fixed number of statements however much there is.

use super::row;
use crate::app::App;
use crate::kit::{Instant, Result};
use crate::orders;
use crate::people::store::records::names_of;
use crate::tickets::store::{
    self,
    floor::{self, Of},
};
use crate::tickets::{Kind, Priority, Status};
use crate::{machines, maintenance};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

/// More of a kind are not counted.
pub const MOST_COUNTED: usize = 300;
/// So many rows fit under one another on a screen, read from five metres.
const ROWS: usize = 6;

/// What a wall shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// Machines that are down, the most urgent first, then the longest.
    pub down: Part<Down>,
    /// Orders on hold, the first due first.
    pub held: Part<Held>,
    /// Tickets past a deadline, the longest first.
    pub overdue: Part<Overdue>,
}

/// One of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// As many as there is room for.
    pub rows: Vec<T>,
    /// How many there are, as far as was counted.
    pub count: usize,
    /// Whether there may be more: [`MOST_COUNTED`] tickets or orders were looked at.
    pub is_cut: bool,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), count: 0, is_cut: false }
    }
}

impl<T> Part<T> {
    /// Those for whom there is room; where some are left over, one place is for saying so.
    /// `looked_at` is of how many tickets or orders they were made.
    fn of((mut rows, looked_at): (Vec<T>, usize)) -> Self {
        let count = rows.len();
        rows.truncate(if count > ROWS { ROWS - 1 } else { ROWS });
        Self { rows, count, is_cut: looked_at >= MOST_COUNTED }
    }

    /// How many are not shown.
    pub fn left_over(&self) -> usize {
        self.count - self.rows.len()
    }
}

/// A machine that is down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Instant,
    /// How much it matters.
    pub priority: Priority,
    /// Who is on it.
    pub who: Vec<String>,
    tickets: Vec<i64>,
}

/// An order on hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub number: String,
    /// What is made.
    pub product: String,
    /// Why, where that was said.
    pub reason: Option<String>,
    /// Since when, where that is known.
    pub since: Option<Instant>,
    /// Who is on it: who has the ticket that holds it, else who holds it by hand.
    pub who: Vec<String>,
    due_on: NaiveDate,
    id: i64,
}

/// A ticket past a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Its reference.
    pub reference: String,
    /// One line.
    pub title: String,
    /// Since when it is overdue.
    pub since: Instant,
    /// Who is on it.
    pub who: Vec<String>,
    id: i64,
}

/// How things stand for this wall at `now`. Eight statements at most.
///
/// # Errors
/// When the database is away.
pub async fn read(app: &App, wall: &row::Model, now: Instant) -> Result<Board> {
    let department = wall.department.as_deref();
    let (down, held, overdue) = tokio::try_join!(down(app, department), on_hold(app), overdue(app, department, now))?;
    let mut board = Board { down: Part::of(down), held: Part::of(held), overdue: Part::of(overdue) };
    let ids: Vec<i64> = board.held.rows.iter().map(|order| order.id).collect();
    let holds = orders::desk::holds_of(app.db.read(), &ids).await?;
    let of_down = board.down.rows.iter().flat_map(|machine| machine.tickets.iter().copied());
    let of_overdue = board.overdue.rows.iter().map(|ticket| ticket.id);
    let of_held = holds.iter().filter_map(|hold| hold.ticket_id);
    let tickets: BTreeSet<i64> = of_down.chain(of_overdue).chain(of_held).collect();
    let tickets: Vec<i64> = tickets.into_iter().collect();
    let mut holders: HashMap<i64, Vec<String>> = HashMap::new();
    for holder in store::holders(app.db.read(), &tickets).await? {
        holders.entry(holder.ticket_id).or_default().extend(holder.name);
    }
    let by_hand: Vec<i64> =
        holds.iter().filter(|hold| hold.ticket_id.is_none()).filter_map(|hold| hold.held_by).collect();
    let names = if by_hand.is_empty() { HashMap::new() } else { names_of(app.db.read(), &by_hand).await? };
    let on = |ids: &mut dyn Iterator<Item = i64>| {
        let mut who: Vec<String> = Vec::new();
        for name in ids.filter_map(|id| holders.get(&id)).flatten() {
            if !who.contains(name) {
                who.push(name.clone());
            }
        }
        who
    };
    for machine in &mut board.down.rows {
        machine.who = on(&mut machine.tickets.iter().copied());
    }
    for ticket in &mut board.overdue.rows {
        ticket.who = on(&mut std::iter::once(ticket.id));
    }
    for order in &mut board.held.rows {
        let of_order = || holds.iter().filter(|hold| hold.order_id == order.id);
        let first = of_order().min_by_key(|hold| hold.held_at);
        order.since = first.map(|hold| hold.held_at);
        order.reason = first.map(|hold| hold.reason.clone()).filter(|reason| !reason.trim().is_empty());
        let mut who = on(&mut of_order().filter_map(|hold| hold.ticket_id));
        if who.is_empty() {
            who = of_order().filter_map(|hold| names.get(&hold.held_by?).cloned()).take(1).collect();
        }
        order.who = who;
    }
    Ok(board)
}

/// The machines with open maintenance tickets: each once, whatever there is of them.
async fn down(app: &App, department: Option<&str>) -> Result<(Vec<Down>, usize)> {
    let conn = app.db.read();
    let tickets = floor::open(conn, Of { kind: Some(Kind::Maintenance), department }, MOST_COUNTED as u64).await?;
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.id).collect();
    let machine_of = maintenance::machines_of(conn, &ids).await?;
    let machines = machines::by_ids(conn, &machine_of.values().copied().collect()).await?;
    let mut down: Vec<Down> = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    for ticket in &tickets {
        let Some(machine) = machine_of.get(&ticket.id).and_then(|id| machines.get(id)) else { continue };
        let place = *places.entry(machine.id).or_insert_with(|| {
            down.push(Down {
                number: machine.number.clone(),
                name: machine.name.clone(),
                since: ticket.created_at,
                priority: ticket.priority,
                who: Vec::new(),
                tickets: Vec::new(),
            });
            down.len() - 1
        });
        if let Some(known) = down.get_mut(place) {
            known.since = known.since.min(ticket.created_at);
            known.priority = known.priority.max(ticket.priority);
            known.tickets.push(ticket.id);
        }
    }
    down.sort_by(|one, other| other.priority.cmp(&one.priority).then(one.since.cmp(&other.since)));
    Ok((down, tickets.len()))
}

async fn on_hold(app: &App) -> Result<(Vec<Held>, usize)> {
    let orders = orders::desk::on_hold(app.db.read(), MOST_COUNTED as u64).await?;
    let held = orders.into_iter().map(|order| Held {
        number: order.number,
        product: order.product,
        reason: None,
        since: None,
        who: Vec::new(),
        due_on: order.due_on,
        id: order.id,
    });
    let mut held: Vec<Held> = held.collect();
    held.sort_by(|one, other| one.due_on.cmp(&other.due_on).then_with(|| one.number.cmp(&other.number)));
    let looked_at = held.len();
    Ok((held, looked_at))
}

async fn overdue(app: &App, department: Option<&str>, now: Instant) -> Result<(Vec<Overdue>, usize)> {
    let tickets = floor::overdue(app.db.read(), Of { kind: None, department }, now, MOST_COUNTED as u64).await?;
    let looked_at = tickets.len();
    let overdue = tickets.into_iter().filter_map(|ticket| {
        let answer = ticket.response_due_at.filter(|due| ticket.status == Status::New && *due < now);
        let since = [answer, ticket.resolution_due_at.filter(|due| *due < now)].into_iter().flatten().min()?;
        Some(Overdue { reference: ticket.reference, title: ticket.title, since, who: Vec::new(), id: ticket.id })
    });
    let mut overdue: Vec<Overdue> = overdue.collect();
    overdue.sort_by_key(|ticket| (ticket.since, ticket.id));
    Ok((overdue, looked_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let part = |count: usize| Part::of(((0..count).collect::<Vec<usize>>(), count));
        for (count, shown, left_over) in [(0, 0, 0), (6, 6, 0), (7, 5, 2), (12, 5, 7)] {
            let part = part(count);
            assert_eq!((part.rows.len(), part.left_over()), (shown, left_over), "{count}");
        }
    }
}
