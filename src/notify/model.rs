//! Who is told of an event, and how. Pure.

use crate::channels::Medium;
use crate::outbox::{self, Notice, Whom};
use crate::tickets::model::Ticket;
use crate::tickets::row;
use serde_json::{Map, Value};

/// The media beside the desk, the first that reaches somebody is taken.
const PREFERENCE: [Medium; 3] = [Medium::Whatsapp, Medium::Email, Medium::Sms];

/// On which medium somebody is told who has usable addresses on some: WhatsApp, else e-mail, else a text message, where
/// something carries it. With WhatsApp alone they are told there even while nothing carries it: then it waits.
pub(super) fn medium_for(has: impl Fn(Medium) -> bool, is_carried: impl Fn(Medium) -> bool) -> Option<Medium> {
    let carried = PREFERENCE.into_iter().find(|medium| has(*medium) && is_carried(*medium));
    carried.or_else(|| has(Medium::Whatsapp).then_some(Medium::Whatsapp))
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

/// What decides who is told.
pub(super) struct Scene<'a> {
    /// The ticket, where the event is about one.
    pub(super) ticket: Option<&'a Concerned>,
    /// All active admins and supervisors.
    pub(super) desk: &'a [Desk],
}

/// Who is told of this event in which words: each once, and not who did it.
pub(super) fn told(happened: &Happened<'_>, scene: &Scene<'_>) -> Vec<(i64, &'static str)> {
    let mut told: Vec<(i64, &'static str)> = Vec::new();
    let is_of_the_floor = scene.ticket.is_some_and(|ticket| ticket.row.kind.is_of_the_floor());
    for group in happened.notice.tells {
        let words = group.floor_words.filter(|_| is_of_the_floor).unwrap_or(group.words);
        for person in members(group.whom, happened, scene) {
            if happened.actor_id != Some(person) && !told.iter().any(|(known, _)| *known == person) {
                told.push((person, words));
            }
        }
    }
    told
}

fn members(whom: Whom, happened: &Happened<'_>, scene: &Scene<'_>) -> Vec<i64> {
    let ticket = scene.ticket;
    let assigned = || ticket.map(|ticket| ticket.assigned.clone()).unwrap_or_default();
    match whom {
        Whom::Desk => answer_for(ticket, scene.desk),
        Whom::DeskWhileUnassigned if assigned().is_empty() => answer_for(ticket, scene.desk),
        Whom::DeskUnlessTicket if ticket.is_none() => answer_for(None, scene.desk),
        Whom::DeskWhileUnassigned | Whom::DeskUnlessTicket => Vec::new(),
        Whom::DeskOf(field) => match happened.payload.get(field).and_then(Value::as_str) {
            Some(department) => desk_of(department, scene.desk),
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
    fn whom_whatsapp_does_not_reach_is_told_by_e_mail_else_by_text_message() {
        let all: &[Medium] = &Medium::ALL;
        for (has, carried, told) in [
            (all, all, Some(Whatsapp)),
            (&[Email, Sms], all, Some(Email)),
            (&[Sms], all, Some(Sms)),
            (&[], all, None),
            (all, &[Sms, Email], Some(Email)),
            (&[Whatsapp, Sms], &[Sms], Some(Sms)),
            (&[Whatsapp], &[Sms, Email], Some(Whatsapp)),
            (&[Email, Sms], &[Whatsapp], None),
            (&[Email, Sms], &[Whatsapp, Sms], Some(Sms)),
        ] {
            let medium = medium_for(|medium| has.contains(&medium), |medium| carried.contains(&medium));
            assert_eq!(medium, told, "{has:?} {carried:?}");
        }
    }
}
