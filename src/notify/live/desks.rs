//! The open connections of one process, each with a queue of its own that is bounded.

use crate::kit::Instant;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};

/// The most connections of one person.
const MOST_OF_ONE: usize = 20;
/// How many notices may wait for one connection.
const QUEUE: usize = 1024;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The token has expired, or its sign-in has ended.
    SignedOut,
    /// It reads too slowly.
    Slow,
    /// Too many are open.
    TooMany,
    /// The process stops.
    Stop,
}

impl End {
    /// The code of the closing, and the reason with it. **Source**: RFC 6455, 7.4; 4000 to 4999 are ours to give.
    pub(super) fn code(self) -> (u16, &'static str) {
        match self {
            Self::SignedOut => (4401, "sign in again"),
            Self::Slow => (1013, "too slow; come back with last_id"),
            Self::TooMany => (1013, "too many connections; come back later"),
            Self::Stop => (1012, "restarting; come back with last_id"),
        }
    }
}

/// Who is connected, and how long they may be.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) person_id: i64,
    /// The sign-in by which they came.
    pub(super) sign_in: String,
    /// When their token expires.
    pub(super) until: Instant,
}

/// What is on its way to one connection, as JSON.
#[derive(Clone, Debug)]
pub(super) enum Queued {
    /// A notice, with its number.
    Notice(i64, Arc<str>),
    /// Something that they may be looking at changed.
    Change(Arc<str>),
}

/// One open connection, seen from inside.
struct Desk {
    who: Who,
    /// Whether they want to hear of changes too.
    hears_changes: bool,
    queue: mpsc::Sender<Queued>,
    end: watch::Sender<Option<End>>,
}

impl Desk {
    /// Where the queue is full, the connection is ended.
    fn queue(&self, queued: Queued) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(queued) {
            self.end.send_replace(Some(End::Slow));
        }
    }
}

/// The same, seen from the socket; dropped, it is closed.
pub(super) struct Line {
    desks: Desks,
    number: u64,
    pub(super) queue: mpsc::Receiver<Queued>,
    pub(super) end: watch::Receiver<Option<End>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.desks.lock().open.remove(&self.number);
    }
}

/// All open connections. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Desks(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    open: HashMap<u64, Desk>,
    next: u64,
}

impl Desks {
    /// Opens a line to somebody; none where they have as many as may be.
    pub(super) fn open(&self, who: Who, hears_changes: bool) -> Option<Line> {
        let mut desks = self.lock();
        if desks.open.values().filter(|desk| desk.who.person_id == who.person_id).count() >= MOST_OF_ONE {
            return None;
        }
        let number = desks.next;
        desks.next += 1;
        let ((to, queue), (ending, end)) = (mpsc::channel(QUEUE), watch::channel(None));
        desks.open.insert(number, Desk { who, hears_changes, queue: to, end: ending });
        Some(Line { desks: self.clone(), number, queue, end })
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.lock().open.len()
    }

    /// Whose they are.
    pub(super) fn people(&self) -> BTreeSet<i64> {
        self.lock().open.values().map(|desk| desk.who.person_id).collect()
    }

    /// By which sign-ins.
    pub(super) fn sign_ins(&self) -> Vec<String> {
        self.lock().open.values().map(|desk| desk.who.sign_in.clone()).collect()
    }

    /// Those who want to hear of changes.
    pub(super) fn hearing_changes(&self) -> BTreeSet<i64> {
        self.lock().open.values().filter(|desk| desk.hears_changes).map(|desk| desk.who.person_id).collect()
    }

    /// Puts a notice into the queues of its person; where one is full, that connection is ended.
    pub(super) fn hand_out(&self, person_id: i64, id: i64, notice: &Arc<str>) {
        for desk in self.lock().open.values().filter(|desk| desk.who.person_id == person_id) {
            desk.queue(Queued::Notice(id, Arc::clone(notice)));
        }
    }

    /// Tells people, of those who want to hear of it, what changed for each of them.
    pub(super) fn tell_changes(&self, told: &BTreeMap<i64, Vec<Arc<str>>>) {
        for desk in self.lock().open.values().filter(|desk| desk.hears_changes) {
            for text in told.get(&desk.who.person_id).into_iter().flatten() {
                desk.queue(Queued::Change(Arc::clone(text)));
            }
        }
    }

    /// Ends the connections of those whose token has expired by now, or whose sign-in is not among those that hold.
    pub(super) fn sign_out(&self, now: Instant, holding: &HashSet<String>) {
        for Desk { who, end, .. } in self.lock().open.values() {
            if who.until <= now || !holding.contains(&who.sign_in) {
                end.send_replace(Some(End::SignedOut));
            }
        }
    }

    /// Ends all.
    pub(super) fn close(&self) {
        for desk in self.lock().open.values() {
            desk.end.send_replace(Some(End::Stop));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn who(person_id: i64) -> Who {
        let until = DateTime::UNIX_EPOCH + TimeDelta::hours(2);
        Who { person_id, sign_in: format!("sign-in-{person_id}"), until }
    }

    #[test]
    fn who_reads_too_slowly_is_ended_and_nobody_else() {
        let desks = Desks::default();
        let (slow, mut quick) =
            (desks.open(who(1), false).expect("a line"), desks.open(who(1), false).expect("a line"));
        for id in 0..=i64::try_from(QUEUE).expect("a small number") {
            assert_eq!(*slow.end.borrow(), None, "{id}");
            desks.hand_out(1, id, &"x".into());
            assert!(matches!(quick.queue.try_recv(), Ok(Queued::Notice(got, _)) if got == id));
        }
        assert_eq!((*slow.end.borrow(), *quick.end.borrow()), (Some(End::Slow), None));
        drop(slow);
        assert_eq!(desks.count(), 1);
    }

    #[test]
    fn a_notice_goes_to_its_person_alone_and_one_person_has_a_bounded_number_of_lines() {
        let desks = Desks::default();
        let mut lines: Vec<Line> = (0..MOST_OF_ONE).map(|_| desks.open(who(1), false).expect("a line")).collect();
        assert!(desks.open(who(1), false).is_none());
        let mut other = desks.open(who(2), false).expect("a line");
        desks.hand_out(1, 7, &"x".into());
        assert!(lines.iter_mut().all(|line| line.queue.try_recv().is_ok()) && other.queue.try_recv().is_err());
        lines.pop();
        assert!(desks.open(who(1), false).is_some());
    }

    #[test]
    fn changes_go_to_those_who_want_to_hear_of_them_and_may() {
        let desks = Desks::default();
        let mut lines =
            [(1, true), (1, false), (2, true)].map(|(id, hears)| desks.open(who(id), hears).expect("a line"));
        assert_eq!(desks.hearing_changes(), BTreeSet::from([1, 2]));
        desks.tell_changes(&BTreeMap::from([(1, vec!["x".into()])]));
        let heard = lines.each_mut().map(|line| matches!(line.queue.try_recv(), Ok(Queued::Change(_))));
        assert_eq!(heard, [true, false, false]);
    }

    #[test]
    fn a_sign_in_that_ends_or_a_token_that_expires_takes_its_lines_with_it() {
        let (desks, now) = (Desks::default(), DateTime::UNIX_EPOCH);
        let (one, two) = (desks.open(who(1), false).expect("a line"), desks.open(who(2), false).expect("a line"));
        let holding = HashSet::from(["sign-in-1".to_owned()]);
        desks.sign_out(now, &holding);
        assert_eq!((*one.end.borrow(), *two.end.borrow()), (None, Some(End::SignedOut)));
        desks.sign_out(now + TimeDelta::hours(2), &holding);
        assert_eq!(*one.end.borrow(), Some(End::SignedOut));
    }
}
