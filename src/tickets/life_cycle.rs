//! The life cycle of every ticket: what can be done when, by whom, and what then becomes of it. Pure.
//!
//! The rules are one table, [`RULES`]; both [`apply`] and [`allowed_actions`] read it, so that what is offered and
//! what is accepted cannot differ. What somebody may not see does not exist for them.

use super::action::{Action, Verb};
use super::model::{Status, Ticket, Viewer, may_see};
use crate::kit::Instant;
use crate::people::Role;
use Status::{Cancelled, Closed, InProgress, New, OnHold, Opened, Resolved};
use chrono::TimeDelta;
use std::fmt;

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
const RULES: [Rule; 13] = [
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

/// Why an action is not possible, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or not for this asker.
    #[error("There is no such ticket among those you may see. Please check its number.")]
    NotFound,
    /// Somebody else may.
    #[error("A ticket can be {} only by {}.", participle(*.verb), Listed(.by))]
    NotAllowed {
        /// What was tried.
        verb: Verb,
        /// Who may.
        by: Vec<&'static str>,
    },
    /// Not now.
    #[error("This ticket is {}. It can be {} only while it is {}.", .status.display(), participle(*.verb), Listed(.from))]
    WrongStatus {
        /// What was tried.
        verb: Verb,
        /// The status it has.
        status: Status,
        /// The statuses it would need.
        from: Vec<&'static str>,
    },
    /// The action needs words.
    #[error("{}", missing(*.0))]
    WordsMissing(Verb),
    /// Too many words.
    #[error("That is {0} characters; please use at most {MAX_WORDS}.")]
    TooManyWords(usize),
    /// Assigned to nobody.
    #[error("Please name at least one support person to assign the ticket to.")]
    NobodyNamed,
    /// Assigned to people who do no such work.
    #[error("Tickets are assigned to active support people only. Not so: {}.", numbers(.0))]
    NotSupport(Vec<i64>),
    /// No deadline given.
    #[error("Please give a response deadline, a resolution deadline, or both.")]
    NothingToSet,
    /// The deadline has passed, or is years away.
    #[error("A deadline must lie in the future, and within ten years.")]
    DeadlineOutOfReach,
    /// Somebody else was faster.
    #[error("Somebody changed this ticket a moment ago. Please look at it again.")]
    ChangedMeanwhile,
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
        Action::Assign { people, resolution_due_at } => {
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
    Verb::ALL.into_iter().filter(|verb| rule_for(ticket, viewer, *verb).is_ok()).collect()
}

fn rule_for(ticket: &Ticket, viewer: &Viewer, verb: Verb) -> Result<&'static Rule, Refusal> {
    if !may_see(viewer, &ticket.visibility()) {
        return Err(Refusal::NotFound);
    }
    let may = |rule: &Rule| rule.by.iter().any(|party| is_party(*party, ticket, viewer));
    let rules = || RULES.iter().filter(|rule| rule.verb == verb);
    let now = rules().find(|rule| rule.from.contains(&ticket.status));
    match now {
        Some(rule) if may(rule) => Ok(rule),
        None if rules().any(may) => {
            let from = rules().filter(|rule| may(rule)).flat_map(|rule| rule.from).map(|status| status.display());
            Err(Refusal::WrongStatus { verb, status: ticket.status, from: from.collect() })
        }
        _ => {
            let parties = now.or_else(|| rules().next()).map_or(&[][..], |rule| rule.by);
            let by = parties.iter().filter_map(|party| name(*party, ticket)).collect();
            Err(Refusal::NotAllowed { verb, by })
        }
    }
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

/// Fits "A ticket can be … only by …".
fn participle(verb: Verb) -> &'static str {
    match verb {
        Verb::Open => "opened",
        Verb::Assign => "assigned",
        Verb::SetSla => "given other deadlines",
        Verb::Start => "started",
        Verb::Hold => "put on hold",
        Verb::Resume => "resumed",
        Verb::Finish => "finished",
        Verb::Approve => "approved",
        Verb::Reject => "rejected",
        Verb::Cancel => "cancelled",
        Verb::Comment => "commented on",
    }
}

fn missing(verb: Verb) -> &'static str {
    match verb {
        Verb::Hold => "Please give a reason: what is the ticket waiting for?",
        Verb::Finish => "Please add a comment: what was done?",
        Verb::Reject => "Please add a comment: what is still missing?",
        Verb::Cancel => "Please give a reason: why will it not be done?",
        _ => "The comment is empty. Please write something.",
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

fn numbers(people: &[i64]) -> String {
    people.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// `New, Opened or On Hold`.
struct Listed<'a>(&'a [&'static str]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nobody"),
            [only] => f.write_str(only),
            [first @ .., last] => write!(f, "{} or {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
