//! The herald: whoever is to be called after the commit of a write that has something to tell. And the other way
//! round: a write that tells nobody, because what it brings in is no news.

use super::{Db, Origin, Tx, after_commit};
use crate::kit::stored_enum;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a write may have to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// People are to be told.
    Notice,
    /// Something changed that somebody at the desk may be looking at.
    Change(Change),
}

/// What changed, for those at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// This ticket: what it says, how far it is, who has it, what is attached.
    Ticket(i64),
    /// This person has a ticket no more: what they look at may show it still.
    TakenFrom(i64),
    /// The conversation of this person: what is said, who has it.
    Conversation(i64),
    /// Something of this kind, whichever.
    Some(Topic),
}

stored_enum! {
    /// A kind of things that those at the desk hear about as a whole.
    pub enum Topic {
        /// Orders.
        Orders = "orders",
        /// Machines.
        Machines = "machines",
        /// BOMs and what is proposed for them.
        Boms = "boms",
        /// Shifts.
        Shifts = "shifts",
        /// Plans of preventive maintenance.
        Plans = "plans",
        /// What became of messages.
        Deliveries = "deliveries",
        /// What an admin had Andon do.
        Chores = "chores",
        /// What became of calls of webhooks.
        Webhooks = "webhooks",
        /// What Andon goes by.
        Rules = "rules",
    }
}

impl Topic {
    /// Whether it is of the floor, and not of how Andon runs.
    pub fn is_of_the_floor(self) -> bool {
        matches!(self, Self::Orders | Self::Machines | Self::Boms | Self::Shifts | Self::Plans)
    }
}

/// Who is called; nobody by default.
#[derive(Clone, Default)]
pub(super) struct Herald(Option<Arc<dyn Fn(News) + Send + Sync>>);

impl Db {
    /// The same database, whose writes call `herald` after their commit where they ask for it.
    #[must_use]
    pub fn heralded_by(self, herald: impl Fn(News) + Send + Sync + 'static) -> Self {
        let herald = Herald(Some(Arc::new(herald)));
        Self { origin: Origin { herald, ..self.origin }, ..self }
    }
}

impl Tx {
    /// Has the herald called once this is committed: there is something to tell people.
    pub fn call_herald(&self) {
        self.announce(News::Notice);
    }

    /// Has those at the desk hear of a change once this is committed.
    pub fn tell_desk(&self, change: Change) {
        self.announce(News::Change(change));
    }

    fn announce(&self, news: News) {
        if let Some(herald) = self.origin.herald.0.clone() {
            after_commit(move || herald(news));
        }
    }

    /// From here on nobody is told what this transaction does: records are taken in that are no news.
    pub fn hush(&self) {
        self.is_hushed.store(true, Ordering::Relaxed);
    }

    /// Whether nobody is told.
    pub fn is_hushed(&self) -> bool {
        self.is_hushed.load(Ordering::Relaxed)
    }
}
