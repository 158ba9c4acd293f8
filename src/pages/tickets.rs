//! Tickets: the list, the board, one ticket with what can be done to it, and raising one.

mod act;
mod actions;
mod board;
mod bulk;
mod files;
mod list;
mod raise;
mod show;
mod views;

pub(super) use act::{Followers, act, do_to, edit, in_utc};
pub(super) use actions::forms;
pub(super) use board::board;
pub(super) use bulk::assign as assign_several;
pub(super) use files::{attach, take as take_attachment};
pub(super) use list::list;
pub(super) use raise::{form as raising, raise};
pub(super) use show::{Deadline, Done, deadlines, done, page as ticket};
pub(super) use views::{delete as delete_view, keep as keep_view, rename as rename_view, restore as restore_view};

use super::desk::Desk;
use crate::kit::Instant;
use crate::people::Role;
use crate::sla::State;
use crate::tickets::reading::Shown;
use crate::tickets::{Status, Viewer};

/// Those that somebody still has to act on.
const OPEN: [Status; 5] = [Status::New, Status::Opened, Status::InProgress, Status::OnHold, Status::Resolved];

/// A ticket as a list and a board show it.
pub(super) struct Row {
    pub(super) id: i64,
    version: i32,
    pub(super) reference: String,
    pub(super) title: String,
    /// The stored name, for the mark's colour, and the words for it.
    status: &'static str,
    status_name: String,
    pub(super) priority: &'static str,
    pub(super) priority_name: String,
    kind_name: String,
    requester: String,
    pub(super) holders: String,
    /// How its deadline stands, and how much time is left; none where there is no deadline or it is done.
    pub(super) clock: Option<ClockShown>,
    pub(super) updated: String,
}

/// How a deadline stands.
pub(super) struct ClockShown {
    pub(super) state: &'static str,
    pub(super) says: String,
    /// When it is, exactly.
    pub(super) exact: String,
}

impl Row {
    /// The stored name of its status, for the mark's colour.
    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    /// The words for it.
    pub(super) fn status_name(&self) -> &str {
        &self.status_name
    }

    pub(super) fn of(desk: &Desk, viewer: &Viewer, shown: Shown) -> Self {
        let (words, now, ticket) = (desk.words(), desk.now, shown.ticket());
        let status_name = status_name(desk, viewer, &shown);
        // Of one that nobody opened yet, the deadline that comes first: that of the first answer.
        let response = ticket.response_clock().filter(|clock| clock.stopped_at.is_none());
        let clock = response.or_else(|| ticket.resolution_clock().filter(|clock| clock.stopped_at.is_none()));
        let clock = clock.map(|clock| clock_shown(desk, clock.state(now), clock.time_left(now), clock.due(now)));
        let Shown { row, requester_name, holders } = shown;
        let holders: Vec<String> = holders.into_iter().map(|holder| holder.name.unwrap_or_default()).collect();
        Self {
            id: row.id,
            version: row.version,
            title: row.title,
            status: row.status.as_str(),
            status_name,
            priority: row.priority.as_str(),
            priority_name: words.w(format!("priority.{}", row.priority.as_str())),
            kind_name: words.w(format!("kind.{}", row.kind.as_str())),
            requester: requester_name.unwrap_or_default(),
            holders: holders.join(", "),
            clock,
            updated: words.when(row.updated_at, now).html(),
            reference: row.reference,
        }
    }
}

/// The status as somebody reads it: who raised it has the word where it is resolved.
fn status_name(desk: &Desk, viewer: &Viewer, shown: &Shown) -> String {
    let is_waiting = shown.row.status == Status::Resolved && shown.row.requester_id == Some(viewer.person_id);
    let name = if is_waiting { crate::tickets::model::WAITING_APPROVAL } else { shown.row.status.as_str() };
    desk.words().w(format!("status.{name}"))
}

pub(super) fn clock_shown(desk: &Desk, state: State, left: chrono::TimeDelta, due: Instant) -> ClockShown {
    let words = desk.words();
    let name = words.w(format!("clock.{}", state.as_str()));
    let says = match state {
        State::Done => name,
        _ => format!("{name} · {}", words.left(left)),
    };
    ClockShown { state: state.as_str(), says, exact: words.exact(due) }
}

/// Whether somebody may raise incidents. The same rule as the API's `Raiser`.
fn may_raise(desk: &Desk) -> bool {
    matches!(desk.actor().role, Role::Client | Role::Admin)
}
