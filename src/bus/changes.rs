//! What changed since those at the desk were last told of it, gathered until they are.
//!
//! It may be lost, like a poke: then a page shows it when it is next read. However much changes, what is remembered is
//! bounded; past that, anything may have changed.

use crate::db::Change;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most tickets, and the most people, that are remembered.
const MOST: usize = 1_000;

/// A set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Tickets that changed.
    pub tickets: BTreeSet<i64>,
    /// People from whom a ticket was taken.
    pub taken_from: BTreeSet<i64>,
    /// Whether orders changed.
    pub orders: bool,
    /// Whether something became of messages.
    pub deliveries: bool,
    /// More changed than could be remembered.
    pub overflowed: bool,
}

impl Changes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Ticket(id) => self.tickets.insert(id),
            Change::TakenFrom(id) => self.taken_from.insert(id),
            Change::Orders => std::mem::replace(&mut self.orders, true),
            Change::Deliveries => std::mem::replace(&mut self.deliveries, true),
        };
        self.bound();
    }

    fn take_in(&mut self, others: Self) {
        self.tickets.extend(others.tickets);
        self.taken_from.extend(others.taken_from);
        self.orders |= others.orders;
        self.deliveries |= others.deliveries;
        self.overflowed |= others.overflowed;
        self.bound();
    }

    fn bound(&mut self) {
        if self.tickets.len().max(self.taken_from.len()) > MOST {
            *self = Self { overflowed: true, ..Self::default() };
        }
    }
}

/// Changes that are still to be told.
#[derive(Default)]
pub(super) struct Gathered(Mutex<Changes>);

impl Gathered {
    /// Adds one; whether it is the first.
    pub(super) fn add(&self, change: Change) -> bool {
        let mut gathered = self.lock();
        let is_first = gathered.is_empty();
        gathered.add(change);
        is_first
    }

    /// Adds what another process told.
    pub(super) fn take_in(&self, changes: Changes) {
        self.lock().take_in(changes);
    }

    pub(super) fn take(&self) -> Changes {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_gathered_until_they_are_taken() {
        let gathered = Gathered::default();
        assert!(gathered.add(Change::Ticket(7)) && !gathered.add(Change::Orders) && !gathered.add(Change::Ticket(7)));
        let theirs = Changes { tickets: [8].into(), taken_from: [3].into(), ..Changes::default() };
        gathered.take_in(serde_json::from_str(&serde_json::json!(theirs).to_string()).expect("as it was told"));
        let all = Changes { tickets: [7, 8].into(), taken_from: [3].into(), orders: true, ..Changes::default() };
        assert_eq!(gathered.take(), all);
        assert!(gathered.take().is_empty());
    }

    #[test]
    fn what_is_past_the_bound_may_be_anything() {
        let gathered = Gathered::default();
        for id in 0..=i64::try_from(MOST).expect("a small number") {
            gathered.add(Change::Ticket(id));
        }
        gathered.add(Change::Ticket(-1));
        let taken = gathered.take();
        assert!(taken.overflowed && taken.tickets.len() <= 1, "{taken:?}");
    }
}
