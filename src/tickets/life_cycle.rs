//! The life cycle of every ticket: what can be done when, by whom, and what then becomes of it. Pure.
//!
//! The rules are one table, [`RULES`]; both [`apply`] and [`allowed_actions`] read it, so that what is offered and
//! what is accepted cannot differ. What somebody may not see does not exist for them.

use super::action::{Action, Verb};
use super::model::{Status, Ticket, Viewer, may_see};
pub use super::refusal::Refusal;
use crate::kit::Instant;
use crate::people::Role;
use Status::{Cancelled, Closed, InProgress, New, OnHold, Opened, Resolved};
use chrono::TimeDelta;

/// What goes with an action has at most so many characters, like a description. **Source**: desk.md.
pub const MAX_WORDS: usize = 20_000;
/// A deadline further away than so many days is a slip of the pen.
const MAX_DAYS_AHEAD: i64 = 3_660;
/// How long a floor reporter may stay silent before that counts as yes. **Source**: product.md, "The ticket".
pub const SILENCE_APPROVES_AFTER: TimeDelta = TimeDelta::hours(72);

/// One line of the life cycle.
struct Rule {
    verb: Verb,
    from: &'static [Status],
    /// None: the status stays.
    to: Option<Status>,
    by: &'static [Party],
}

/// What somebody is to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// An admin.
    Admin,
    /// An admin; for the floor's kinds also a supervisor of the ticket's department.
    Desk,
    /// The desk, and for the floor's kinds only.
    FloorDesk,
    /// A support person it is assigned to.
    Worker,
    /// Who raised or reported it.
    Requester,
    /// Whoever may see it.
    Anybody,
}

const fn rule(verb: Verb, from: &'static [Status], to: Option<Status>, by: &'static [Party]) -> Rule {
    Rule { verb, from, to, by }
}

/// The life cycle. **Source**: product.md, "The ticket".
const RULES: [Rule; 15] = [
    rule(Verb::Open, &[New], Some(Opened), &[Party::Desk]),
    rule(Verb::Assign, &[New], Some(Opened), &[Party::Desk]),
    rule(Verb::Assign, &[Opened, InProgress, OnHold], None, &[Party::Desk]),
    rule(Verb::SetSla, &[New, Opened, InProgress, OnHold], None, &[Party::Admin]),
    rule(Verb::Start, &[Opened], Some(InProgress), &[Party::Worker]),
    rule(Verb::Hold, &[InProgress], Some(OnHold), &[Party::Worker, Party::Desk]),
    rule(Verb::Resume, &[OnHold], Some(InProgress), &[Party::Worker, Party::Desk]),
    rule(Verb::Finish, &[InProgress], Some(Resolved), &[Party::Worker]),
    rule(Verb::Approve, &[Resolved], Some(Closed), &[Party::Requester, Party::FloorDesk]),
    rule(Verb::Reject, &[Resolved], Some(InProgress), &[Party::Requester, Party::FloorDesk]),
    rule(Verb::Cancel, &[New], Some(Cancelled), &[Party::Requester, Party::Desk]),
    rule(Verb::Cancel, &[Opened, InProgress, OnHold], Some(Cancelled), &[Party::Desk]),
    rule(Verb::Comment, &Status::ALL, None, &[Party::Anybody]),
    rule(Verb::Edit, &[New], None, &[Party::Requester, Party::Desk]),
    rule(Verb::Edit, &[Opened, InProgress, OnHold, Resolved], None, &[Party::Desk]),
];

/// What an action did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// What was done.
    pub verb: Verb,
    /// The status before.
    pub from: Status,
    /// Who was given it and did not have it before.
    pub newly_assigned: Vec<i64>,
    /// The words that went with it, trimmed; none where there were none.
    pub words: Option<String>,
}

impl Transition {
    /// Whether the ticket was opened by it: by opening, or by being assigned from NEW.
    pub fn opened(&self) -> bool {
        self.from == New && self.ticket.status == Opened
    }
}

/// What becomes of the ticket when this person does this now.
///
/// # Errors
/// A [`Refusal`]; whether somebody may is said before whether it is possible now, and that before what is wrong
/// with the words.
pub fn apply(ticket: &Ticket, viewer: &Viewer, action: &Action, now: Instant) -> Result<Transition, Refusal> {
    let rule = rule_for(ticket, viewer, action.verb())?;
    let words = checked_words(action)?;
    let mut next = ticket.clone();
    let mut newly_assigned = Vec::new();
    match action {
        Action::Assign { people, resolution_due_at, .. } => {
            newly_assigned = assign(&mut next, people)?;
            set_resolution_due(&mut next, *resolution_due_at, now)?;
        }
        Action::SetSla { response_due_at: None, resolution_due_at: None } => return Err(Refusal::NothingToSet),
        Action::SetSla { response_due_at, resolution_due_at } => {
            next.response_due_at = within_reach(*response_due_at, now)?.or(next.response_due_at);
            set_resolution_due(&mut next, *resolution_due_at, now)?;
        }
        _ => {}
    }
    if let Some(to) = rule.to {
        enter(&mut next, to, now);
    }
    Ok(Transition { ticket: next, verb: action.verb(), from: ticket.status, newly_assigned, words })
}

/// What becomes of a floor ticket whose reporter has neither approved nor rejected for 72 hours.
pub fn approve_by_silence(ticket: &Ticket, now: Instant) -> Option<Transition> {
    let resolved_at = ticket.resolved_at.filter(|_| ticket.status == Resolved && ticket.kind.is_of_the_floor())?;
    (now - resolved_at >= SILENCE_APPROVES_AFTER).then(|| {
        let mut next = ticket.clone();
        enter(&mut next, Closed, now);
        Transition { ticket: next, verb: Verb::Approve, from: Resolved, newly_assigned: Vec::new(), words: None }
    })
}

/// What this person can do to this ticket as it is.
pub fn allowed_actions(ticket: &Ticket, viewer: &Viewer) -> Vec<Verb> {
    let is_possible = |verb: &Verb| {
        let mut rules = RULES.iter().filter(|rule| rule.verb == *verb && rule.from.contains(&ticket.status));
        rules.any(|rule| may(rule, ticket, viewer))
    };
    let is_seen = may_see(viewer, &ticket.visibility());
    Verb::ALL.into_iter().filter(|verb| is_seen && is_possible(verb)).collect()
}

/// Whether this person may do this to this ticket as it is.
///
/// # Errors
/// The [`Refusal`] that [`apply`] would answer with before it looks at the words.
pub fn check(ticket: &Ticket, viewer: &Viewer, verb: Verb) -> Result<(), Refusal> {
    rule_for(ticket, viewer, verb).map(|_| ())
}

fn rule_for(ticket: &Ticket, viewer: &Viewer, verb: Verb) -> Result<&'static Rule, Refusal> {
    if !may_see(viewer, &ticket.visibility()) {
        return Err(Refusal::NotFound);
    }
    let may = |rule: &Rule| may(rule, ticket, viewer);
    let rules = || RULES.iter().filter(|rule| rule.verb == verb);
    let now = rules().find(|rule| rule.from.contains(&ticket.status));
    match now {
        Some(rule) if may(rule) => Ok(rule),
        None if rules().any(may) => {
            let from = rules().filter(|rule| may(rule)).flat_map(|rule| rule.from).map(|status| status.display());
            let (from, allowed) = (from.collect(), allowed_actions(ticket, viewer));
            Err(Refusal::WrongStatus { verb, status: ticket.status, from, allowed })
        }
        _ => {
            let parties = now.or_else(|| rules().next()).map_or(&[][..], |rule| rule.by);
            let by = parties.iter().filter_map(|party| name(*party, ticket)).collect();
            Err(Refusal::NotAllowed { verb, by })
        }
    }
}

fn may(rule: &Rule, ticket: &Ticket, viewer: &Viewer) -> bool {
    rule.by.iter().any(|party| is_party(*party, ticket, viewer))
}

fn is_party(party: Party, ticket: &Ticket, viewer: &Viewer) -> bool {
    match party {
        Party::Admin => viewer.role == Some(Role::Admin),
        Party::Desk => viewer.role == Some(Role::Admin) || answers_for(ticket, viewer),
        Party::FloorDesk => ticket.kind.is_of_the_floor() && is_party(Party::Desk, ticket, viewer),
        Party::Worker => viewer.role == Some(Role::Support) && ticket.assigned.contains(&viewer.person_id),
        Party::Requester => ticket.requester_id == Some(viewer.person_id),
        Party::Anybody => true,
    }
}

/// A supervisor answers for the floor tickets of their department; those of no department are every supervisor's.
fn answers_for(ticket: &Ticket, viewer: &Viewer) -> bool {
    let is_theirs = ticket.department.is_none() || ticket.department == viewer.department;
    viewer.role == Some(Role::Supervisor) && ticket.kind.is_of_the_floor() && is_theirs
}

fn enter(ticket: &mut Ticket, to: Status, now: Instant) {
    let from = std::mem::replace(&mut ticket.status, to);
    if from == OnHold {
        end_pause(ticket, now);
    }
    match to {
        Opened => ticket.opened_at = ticket.opened_at.or(Some(now)),
        InProgress => {
            ticket.started_at = ticket.started_at.or(Some(now));
            ticket.resolved_at = None;
        }
        OnHold => ticket.paused_at = Some(now),
        Resolved => ticket.resolved_at = Some(now),
        Closed | Cancelled => ticket.closed_at = Some(now),
        New => {}
    }
}

/// The deadline moves by the time that the clock stood still.
fn end_pause(ticket: &mut Ticket, now: Instant) {
    if let Some(paused_at) = ticket.paused_at.take() {
        let pause = (now - paused_at).max(TimeDelta::zero());
        ticket.paused_for += pause;
        ticket.resolution_due_at = ticket.resolution_due_at.map(|due_at| due_at + pause);
    }
}

fn set_resolution_due(ticket: &mut Ticket, due_at: Option<Instant>, now: Instant) -> Result<(), Refusal> {
    if let Some(due_at) = within_reach(due_at, now)? {
        // On hold, the new deadline moves by what is still to come of the hold, not by what has been.
        if ticket.paused_at.is_some() {
            end_pause(ticket, now);
            ticket.paused_at = Some(now);
        }
        ticket.resolution_due_at = Some(due_at);
    }
    Ok(())
}

fn within_reach(due_at: Option<Instant>, now: Instant) -> Result<Option<Instant>, Refusal> {
    match due_at {
        Some(due_at) if due_at <= now || due_at - now > TimeDelta::days(MAX_DAYS_AHEAD) => {
            Err(Refusal::DeadlineOutOfReach)
        }
        within => Ok(within),
    }
}

/// Answers with those who did not have it before.
fn assign(ticket: &mut Ticket, people: &[i64]) -> Result<Vec<i64>, Refusal> {
    let mut assigned = Vec::with_capacity(people.len());
    for person in people {
        if !assigned.contains(person) {
            assigned.push(*person);
        }
    }
    if assigned.is_empty() {
        return Err(Refusal::NobodyNamed);
    }
    let before = std::mem::replace(&mut ticket.assigned, assigned);
    Ok(ticket.assigned.iter().copied().filter(|person| !before.contains(person)).collect())
}

fn checked_words(action: &Action) -> Result<Option<String>, Refusal> {
    let words = action.words().map(str::trim).filter(|words| !words.is_empty());
    let count = words.map_or(0, |words| words.chars().count());
    match action.verb() {
        _ if count > MAX_WORDS => Err(Refusal::TooManyWords(count)),
        verb @ (Verb::Hold | Verb::Finish | Verb::Reject | Verb::Cancel | Verb::Comment) if words.is_none() => {
            Err(Refusal::WordsMissing(verb))
        }
        _ => Ok(words.map(str::to_owned)),
    }
}

fn name(party: Party, ticket: &Ticket) -> Option<&'static str> {
    match party {
        Party::Desk | Party::FloorDesk if ticket.kind.is_of_the_floor() => {
            Some("an admin or a supervisor of its department")
        }
        Party::Admin | Party::Desk => Some("an admin"),
        Party::FloorDesk => None,
        Party::Worker => Some("a support person it is assigned to"),
        Party::Requester => Some("the person who raised it"),
        Party::Anybody => Some("whoever may see it"),
    }
}

#[cfg(test)]
mod tests;
