//! What changed since those at the desk were last told of it, gathered until they are.
//!
//! It may be lost, like a poke: then a page shows it when it is next read. However much changes, what is remembered is
//! bounded; past that, anything may have changed.

use crate::db::{Change, Topic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most of each kind that is remembered.
const MOST: usize = 1_000;

/// A set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Tickets that changed.
    pub tickets: BTreeSet<i64>,
    /// People from whom a ticket was taken.
    pub taken_from: BTreeSet<i64>,
    /// People whose conversation changed.
    pub conversations: BTreeSet<i64>,
    /// Who types.
    pub typing: BTreeSet<Typing>,
    /// Kinds of which something changed.
    pub topics: BTreeSet<Topic>,
    /// More changed than could be remembered.
    pub overflowed: bool,
}

/// Somebody at the desk types in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Typing {
    /// Whose conversation.
    pub person_id: i64,
    /// Who types.
    pub by: i64,
    /// What they are called.
    pub name: String,
}

impl Changes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whose conversations there is something to tell of.
    pub fn talked_of(&self) -> impl Iterator<Item = i64> {
        self.conversations.iter().copied().chain(self.typing.iter().map(|typing| typing.person_id))
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Ticket(id) => self.tickets.insert(id),
            Change::TakenFrom(id) => self.taken_from.insert(id),
            Change::Conversation(id) => self.conversations.insert(id),
            Change::Some(topic) => self.topics.insert(topic),
        };
        self.bound();
    }

    fn take_in(&mut self, others: Self) {
        self.tickets.extend(others.tickets);
        self.taken_from.extend(others.taken_from);
        self.conversations.extend(others.conversations);
        self.typing.extend(others.typing);
        self.topics.extend(others.topics);
        self.overflowed |= others.overflowed;
        self.bound();
    }

    fn bound(&mut self) {
        let counts = [self.tickets.len(), self.taken_from.len(), self.conversations.len(), self.typing.len()];
        if counts.into_iter().any(|count| count > MOST) {
            *self = Self { overflowed: true, ..Self::default() };
        }
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        let mut all = Self::default();
        changes.into_iter().for_each(|change| all.add(change));
        all
    }
}

impl From<Typing> for Changes {
    fn from(typing: Typing) -> Self {
        Self { typing: [typing].into(), ..Self::default() }
    }
}

/// Changes that are still to be told.
#[derive(Default)]
pub(super) struct Gathered(Mutex<Changes>);

impl Gathered {
    /// Adds some.
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
        gathered.take_in([Change::Ticket(7), Change::Some(Topic::Orders), Change::Ticket(7)].into_iter().collect());
        let theirs = Changes { tickets: [8].into(), taken_from: [3].into(), ..Changes::default() };
        gathered.take_in(serde_json::from_str(&serde_json::json!(theirs).to_string()).expect("as it was told"));
        let topics = [Topic::Orders].into();
        let all = Changes { tickets: [7, 8].into(), taken_from: [3].into(), topics, ..Changes::default() };
        assert_eq!(gathered.take(), all);
        assert!(gathered.take().is_empty());
    }

    #[test]
    fn what_is_past_the_bound_may_be_anything() {
        let many = 0..=i64::try_from(MOST).expect("a small number");
        for change in [Change::Ticket, Change::TakenFrom, Change::Conversation] {
            let gathered = Gathered::default();
            gathered.take_in(many.clone().map(change).collect());
            let taken = gathered.take();
            assert!(taken.overflowed && taken.tickets.len() <= 1, "{taken:?}");
        }
    }
}
