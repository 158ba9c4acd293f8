//! Who is told of an event, and how. Pure.

use crate::channels::Medium;
use crate::config::QuietHours;
use crate::kit::Instant;
use crate::outbox::{self, Notice, Urgency, Whom};
use crate::tickets::Priority;
use crate::tickets::model::Ticket;
use crate::tickets::row;
use chrono::{TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What somebody wants to be told how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The media beside the desk by urgency, the first that reaches them is taken.
    media: [Vec<Medium>; 3],
    /// When they are not told what is not urgent.
    pub(super) quiet_hours: Option<QuietHours>,
}

impl Wishes {
    /// What whoever said nothing gets: text messages cost, so what is low goes by e-mail first.
    pub(super) fn usual(quiet_hours: Option<QuietHours>) -> Self {
        let all = vec![Medium::Whatsapp, Medium::Sms, Medium::Email];
        let cheap = vec![Medium::Whatsapp, Medium::Email, Medium::Sms];
        Self { media: [all.clone(), all, cheap], quiet_hours }
    }

    /// The media for what is so urgent, in order.
    pub(super) fn media(&self, urgency: Urgency) -> &[Medium] {
        &self.media[Self::place(urgency)]
    }

    /// The same with other media for what is so urgent.
    pub(super) fn set(&mut self, urgency: Urgency, media: Vec<Medium>) {
        self.media[Self::place(urgency)] = media;
    }

    /// Where they are told next who have usable addresses on some media and were told on others already: on the first
    /// that something carries. With WhatsApp alone they are told there even while nothing carries it: then it waits.
    pub(super) fn next(
        &self,
        urgency: Urgency,
        tried: &BTreeSet<Medium>,
        has: impl Fn(Medium) -> bool,
        is_carried: impl Fn(Medium) -> bool,
    ) -> Option<Medium> {
        let open = || self.media(urgency).iter().copied().filter(|medium| !tried.contains(medium) && has(*medium));
        let waits = || open().find(|medium| *medium == Medium::Whatsapp && tried.is_empty());
        open().find(|medium| is_carried(*medium)).or_else(waits)
    }

    fn place(urgency: Urgency) -> usize {
        usize::try_from(urgency.number()).unwrap_or_default()
    }
}

/// Until when somebody is not told what is not urgent; none where they are told now.
pub(super) fn quiet_until(hours: Option<QuietHours>, now: Instant, tz: Tz) -> Option<Instant> {
    let (hours, local) = (hours?, now.with_timezone(&tz));
    if !hours.hold(local.time()) {
        return None;
    }
    let day = if local.time() < hours.until { local.date_naive() } else { local.date_naive().succ_opt()? };
    // An hour that the clocks leave out ends when they have; of one that comes twice, the first counts.
    let until = (0..4)
        .find_map(|hour| tz.from_local_datetime(&(day.and_time(hours.until) + TimeDelta::hours(hour))).earliest());
    until.map(|until| until.with_timezone(&Utc)).filter(|until| *until > now)
}

/// An event that somebody may have to be told of.
#[derive(Clone, Debug)]
pub(super) struct Happened<'a> {
    /// Its row.
    pub(super) event_id: i64,
    /// What is known of its kind.
    pub(super) notice: &'a Notice,
    /// The ticket that it is about.
    pub(super) ticket_id: Option<i64>,
    /// Who did it.
    pub(super) actor_id: Option<i64>,
    /// Its own fields.
    pub(super) payload: Map<String, Value>,
}

impl<'a> Happened<'a> {
    /// Reads a stored event; none where its fields cannot be read.
    pub(super) fn read(event: &outbox::row::Model, notice: &'a Notice) -> Option<Self> {
        let payload = serde_json::from_str(&event.payload).ok()?;
        Some(Self { event_id: event.id, notice, ticket_id: event.ticket_id, actor_id: event.actor_id, payload })
    }

    /// How soon people must know: of a ticket of high priority, what is normal is urgent.
    pub(super) fn urgency(&self, ticket: Option<&Concerned>) -> Urgency {
        match self.notice.urgency {
            Urgency::Normal if ticket.is_some_and(|ticket| ticket.row.priority == Priority::High) => Urgency::Urgent,
            urgency => urgency,
        }
    }

    fn listed(&self, field: &str) -> Vec<i64> {
        match self.payload.get(field) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_i64).collect(),
            one => one.and_then(Value::as_i64).into_iter().collect(),
        }
    }
}

/// A ticket with who has it.
#[derive(Clone, Debug)]
pub(super) struct Concerned {
    pub(super) row: row::Model,
    pub(super) assigned: Vec<i64>,
}

/// Somebody who answers for tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) person_id: i64,
    pub(super) is_admin: bool,
    pub(super) department: Option<String>,
}

/// Who is told of this event in which words: each once, and not who did it. `ticket` is the one that it is about, `desk`
/// all active admins and supervisors.
pub(super) fn told(happened: &Happened<'_>, ticket: Option<&Concerned>, desk: &[Desk]) -> Vec<(i64, &'static str)> {
    let mut told: Vec<(i64, &'static str)> = Vec::new();
    let is_of_the_floor = ticket.is_some_and(|ticket| ticket.row.kind.is_of_the_floor());
    for group in happened.notice.tells {
        let words = group.floor_words.filter(|_| is_of_the_floor).unwrap_or(group.words);
        for person in members(group.whom, happened, ticket, desk) {
            if happened.actor_id != Some(person) && !told.iter().any(|(known, _)| *known == person) {
                told.push((person, words));
            }
        }
    }
    told
}

fn members(whom: Whom, happened: &Happened<'_>, ticket: Option<&Concerned>, desk: &[Desk]) -> Vec<i64> {
    let assigned = || ticket.map(|ticket| ticket.assigned.clone()).unwrap_or_default();
    match whom {
        Whom::Desk => answer_for(ticket, desk),
        Whom::DeskWhileUnassigned if assigned().is_empty() => answer_for(ticket, desk),
        Whom::DeskUnlessTicket if ticket.is_none() => answer_for(None, desk),
        Whom::DeskWhileUnassigned | Whom::DeskUnlessTicket => Vec::new(),
        Whom::DeskOf(field) => match happened.payload.get(field).and_then(Value::as_str) {
            Some(department) => desk_of(department, desk),
            None => Vec::new(),
        },
        Whom::Requester => ticket.and_then(|ticket| ticket.row.requester_id).into_iter().collect(),
        Whom::Assigned => assigned(),
        Whom::Listed(field) => happened.listed(field),
    }
}

fn answer_for(ticket: Option<&Concerned>, desk: &[Desk]) -> Vec<i64> {
    let ticket = ticket.map(|ticket| ticket.row.ticket(Vec::new()));
    let answers = |member: &&Desk| match &ticket {
        _ if member.is_admin => true,
        Some(Ticket { kind, department, .. }) => {
            kind.is_of_the_floor() && (department.is_none() || *department == member.department)
        }
        None => true,
    };
    desk.iter().filter(answers).map(|member| member.person_id).collect()
}

fn desk_of(department: &str, desk: &[Desk]) -> Vec<i64> {
    let answers = |member: &&Desk| member.is_admin || member.department.as_deref() == Some(department);
    desk.iter().filter(answers).map(|member| member.person_id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Medium::{Email, Sms, Whatsapp};

    #[test]
    fn whom_one_medium_does_not_reach_is_told_by_the_next() {
        let wishes = Wishes::usual(None);
        let all: &[Medium] = &Medium::ALL;
        let none: &[Medium] = &[];
        for (urgency, has, carried, tried, told) in [
            (Urgency::Normal, all, all, none, Some(Whatsapp)),
            (Urgency::Normal, &[Email, Sms], all, none, Some(Sms)),
            (Urgency::Low, &[Email, Sms], all, none, Some(Email)),
            (Urgency::Low, &[Sms], all, none, Some(Sms)),
            (Urgency::Urgent, &[], all, none, None),
            (Urgency::Urgent, all, &[Sms, Email], none, Some(Sms)),
            (Urgency::Urgent, &[Whatsapp], &[Sms, Email], none, Some(Whatsapp)),
            (Urgency::Urgent, &[Email, Sms], &[Whatsapp], none, None),
            (Urgency::Urgent, all, all, &[Whatsapp], Some(Sms)),
            (Urgency::Urgent, all, all, &[Whatsapp, Sms], Some(Email)),
            (Urgency::Urgent, all, all, all, None),
            (Urgency::Urgent, &[Whatsapp], none, &[Sms], None),
        ] {
            let tried = tried.iter().copied().collect();
            let next = wishes.next(urgency, &tried, |medium| has.contains(&medium), |medium| carried.contains(&medium));
            assert_eq!(next, told, "{urgency:?} {has:?} {carried:?} {tried:?}");
        }
    }

    #[test]
    fn a_quiet_hour_ends_when_the_plants_clock_says_so() {
        let night = QuietHours::parse("22:00-06:00").ok();
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        let berlin: Tz = "Europe/Berlin".parse().expect("a time zone");
        for (now, until) in [
            ("2026-01-18T20:59:00Z", None),
            ("2026-01-18T21:00:00Z", Some("2026-01-19T05:00:00Z")),
            ("2026-01-19T04:59:59Z", Some("2026-01-19T05:00:00Z")),
            ("2026-01-19T05:00:00Z", None),
            ("2026-03-28T23:00:00Z", Some("2026-03-29T04:00:00Z")), // the clocks go forward that night
        ] {
            assert_eq!(quiet_until(night, at(now), berlin), until.map(at), "{now}");
        }
        let left_out = QuietHours::parse("22:00-02:30").ok();
        let until = quiet_until(left_out, at("2026-03-29T00:30:00Z"), berlin);
        assert_eq!(until, Some(at("2026-03-29T01:30:00Z")), "2:30 is left out");
        assert_eq!(quiet_until(None, at("2026-01-18T23:00:00Z"), berlin), None);
    }
}
