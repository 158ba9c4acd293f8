//! What one look at the queue may lease, by sender and by recipient. Decides without the database.

use super::Sender;
use super::recipients::Recipients;
use crate::delivery::store::Leased;
use crate::kit::{Instant, Rate};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a sender may send in a turn.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) sender: Sender,
    pub(super) rate: Option<Rate>,
    pub(super) granted: usize,
    /// When it may send one, where it may not now.
    pub(super) wait: Duration,
}

/// What may be leased in one turn.
#[derive(Clone)]
pub struct Turn {
    /// The sender of what names none.
    default: String,
    /// None where every sender may send.
    grants: Option<Vec<Grant>>,
    room: usize,
    recipients: Option<Recipients>,
}

/// A delivery that is due, at the head of its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due<'a> {
    /// Its line.
    pub(crate) line: &'a str,
    /// Its sender, where it names one.
    pub(crate) sender: Option<&'a str>,
    /// The row of the address it goes to.
    pub(crate) address_id: i64,
}

/// What becomes of those that are due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Which of them go, by their places.
    pub(crate) go: Vec<usize>,
    /// Lines whose turn comes later, each with its instant.
    pub(crate) later: BTreeMap<String, Instant>,
    /// Senders that nobody knew of: theirs go in another turn.
    pub(crate) strangers: BTreeSet<String>,
}

/// What a turn came to.
#[derive(Debug, Default)]
pub struct Taken {
    /// What was leased.
    pub leased: Vec<Leased>,
    /// How many lines were put off, until their turn comes or their first delivery is due.
    pub put_off: usize,
    /// Senders that nobody knew of.
    pub strangers: BTreeSet<String>,
}

impl Taken {
    /// Whether others may be due that were not looked at.
    pub(crate) fn hides_others(&self) -> bool {
        self.leased.is_empty() && (self.put_off > 0 || !self.strangers.is_empty())
    }
}

impl Turn {
    /// So many, whoever sends them and to whom.
    pub fn free(room: usize) -> Self {
        Self { default: String::new(), grants: None, room, recipients: None }
    }

    pub(super) fn new(default: String, grants: Vec<Grant>, room: usize, recipients: Option<Recipients>) -> Self {
        Self { default, grants: Some(grants), room, recipients }
    }

    /// How many lines to look at: what one sender may send, and, where there are several, as many as there is room for,
    /// since those of one may stand before another's.
    pub fn most(&self) -> usize {
        let Some(grants) = &self.grants else { return self.room };
        let granted: usize = grants.iter().map(|grant| grant.granted).fold(0, usize::saturating_add);
        if grants.len() > 1 && granted > 0 { self.room } else { granted.min(self.room) }
    }

    /// Sorts what is due, in its order.
    pub(crate) fn sort<'a>(&self, due: impl IntoIterator<Item = Due<'a>>, now: Instant) -> Sorted {
        let mut sorted = Sorted::default();
        let mut left: BTreeMap<&str, (usize, TimeDelta, TimeDelta)> = BTreeMap::new();
        for grant in self.grants.iter().flatten() {
            let every = grant.rate.map_or(Duration::ZERO, Rate::every_one);
            let wait = if grant.wait.is_zero() { every } else { grant.wait };
            left.insert(&grant.sender.name, (grant.granted, delta(wait), delta(every)));
        }
        let mut draft = self.recipients.as_ref().map(Recipients::draft);
        for (place, due) in due.into_iter().enumerate() {
            if sorted.go.len() >= self.room {
                break; // the next look finds it
            }
            let sender = due.sender.unwrap_or(&self.default);
            match (self.grants.is_some(), left.get_mut(sender)) {
                (false, _) => {}
                (true, None) => {
                    sorted.strangers.insert(sender.to_owned());
                    continue;
                }
                (true, Some((0, wait, every))) => {
                    sorted.later.insert(due.line.to_owned(), now + *wait);
                    *wait += *every;
                    continue;
                }
                (true, Some((granted, ..))) => {
                    match draft.as_mut().map_or(Ok(()), |draft| draft.write_to(due.address_id)) {
                        Ok(()) => *granted -= 1,
                        Err(wait) => {
                            sorted.later.insert(due.line.to_owned(), now + delta(wait));
                            continue;
                        }
                    }
                }
            }
            sorted.go.push(place);
        }
        sorted
    }

    /// What was granted and not leased, where that counts.
    pub(super) fn unused(&self, leased: &[Leased]) -> Vec<(&Sender, usize)> {
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        for delivery in leased {
            *used.entry(delivery.sender.as_deref().unwrap_or(&self.default)).or_default() += 1;
        }
        let unused = self.grants.iter().flatten().filter(|grant| grant.rate.is_some()).map(|grant| {
            let used = used.get(grant.sender.name.as_str()).copied().unwrap_or_default();
            (&grant.sender, grant.granted.saturating_sub(used))
        });
        unused.filter(|(_, unused)| *unused > 0).collect()
    }
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Medium;
    use crate::kit::Clock;
    use chrono::DateTime;

    fn now() -> Instant {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn grant(name: &str, granted: usize, wait_s: u64) -> Grant {
        let sender = Sender { channel: "twilio", medium: Medium::Whatsapp, name: name.to_owned() };
        Grant { sender, rate: Rate::parse("1/3"), granted, wait: Duration::from_secs(wait_s) }
    }

    fn due<'a>(line: &'a str, sender: Option<&'a str>) -> Due<'a> {
        Due { line, sender, address_id: line.len() as i64 }
    }

    fn later(lines: &[(&str, i64)]) -> BTreeMap<String, Instant> {
        lines.iter().map(|(line, seconds)| ((*line).to_owned(), now() + TimeDelta::seconds(*seconds))).collect()
    }

    #[test]
    fn each_sender_sends_what_it_may_and_the_rest_is_spread_over_its_pace() {
        let turn = Turn::new("+1".to_owned(), vec![grant("+1", 1, 0), grant("+2", 0, 2), grant("+3", 9, 0)], 50, None);
        assert_eq!(turn.most(), 50, "one sender's lines may stand before another's");
        let (two, three, four) = (Some("+2"), Some("+3"), Some("+4"));
        let all = [due("a", None), due("b", None), due("c", two), due("d", three), due("e", two), due("f", four)];
        let sorted = turn.sort(all, now());
        assert_eq!(sorted.go, [0, 3]);
        assert_eq!(sorted.later, later(&[("b", 3), ("c", 2), ("e", 5)]));
        assert_eq!(sorted.strangers, BTreeSet::from(["+4".to_owned()]));
    }

    #[test]
    fn one_sender_looks_at_no_more_than_it_may_send() {
        for (granted, room, most) in [(0, 9, 0), (3, 9, 3), (9, 3, 3)] {
            assert_eq!(Turn::new("+1".to_owned(), vec![grant("+1", granted, 0)], room, None).most(), most);
        }
        assert_eq!(Turn::free(7).most(), 7);
        assert_eq!(Turn::free(7).sort([due("a", Some("+9"))], now()).go, [0]);
    }

    #[test]
    fn who_was_written_to_enough_waits_and_costs_the_sender_nothing() {
        let recipients = Recipients::new(&Clock::manual(now()), Medium::Whatsapp, Rate::parse("1/6").expect("a rate"));
        let turn = Turn::new("+1".to_owned(), vec![grant("+1", 2, 0)], 9, Some(recipients));
        let sorted = turn.sort([due("a", None), due("b", None), due("cc", None)], now());
        assert_eq!((sorted.go, sorted.later), (vec![0, 2], later(&[("b", 6)])), "a and b go to one person");
    }
}
