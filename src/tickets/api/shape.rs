//! Tickets as the API shows them. **Source**: desk.md.

use crate::channels::Place;
use crate::files::shape::AttachmentShown;
use crate::kit::Instant;
use crate::tickets::action::Verb;
use crate::tickets::incident::Category;
use crate::tickets::life_cycle::allowed_actions;
use crate::tickets::model::{Kind, Priority, Status, Ticket, Viewer};
use crate::tickets::reading::{Shown, Whole};
use crate::tickets::store::{Holder, Line};
use serde::Serialize;
use utoipa::ToSchema;

/// What the requester reads for RESOLVED. **Source**: desk.md, "Displays".
const WAITING: &str = "Waiting for Approval";

/// A ticket, as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketShown {
    id: i64,
    #[schema(example = "INC-20260118143022")]
    reference: String,
    kind: Kind,
    /// Incidents only.
    #[schema(example = "Web shop")]
    project_name: Option<String>,
    #[schema(example = "The checkout shows an error")]
    title: String,
    #[schema(example = "Since this morning, after paying by card.")]
    description: String,
    priority: Priority,
    #[schema(example = "High")]
    priority_display: &'static str,
    /// Incidents only.
    category: Option<Category>,
    #[schema(example = "Bug")]
    category_display: Option<&'static str>,
    status: Status,
    /// As people read it; the requester reads "Waiting for Approval" for RESOLVED.
    #[schema(example = "New")]
    status_display: &'static str,
    /// Who raised or reported it; null where that is not known.
    created_by: Option<i64>,
    #[schema(example = "Client 1")]
    created_by_name: Option<String>,
    /// Who works on it.
    assigned_to: Vec<i64>,
    #[schema(example = json!(["Dev One"]))]
    assigned_to_names: Vec<String>,
    /// The department of those who work on it, where they share one.
    assigned_team: Option<String>,
    /// The department that answers for it; floor tickets only.
    department: Option<String>,
    /// Until when it must be opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    response_due_at: Option<Instant>,
    /// Until when it must be resolved; while it is on hold, this moves with the present.
    #[schema(value_type = Option<String>, format = DateTime)]
    resolution_due_at: Option<Instant>,
    /// Whether the response deadline passed before somebody opened it.
    response_breached: bool,
    /// Whether the resolution deadline passed before it was resolved.
    resolution_breached: bool,
    /// How many minutes the response may take.
    response_sla_minutes: Option<i64>,
    /// How long it is thought to take, in the words of who assigned it.
    estimated_resolution_time: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    opened_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Instant>,
    /// Goes up with every change; send it back as If-Match, or as `version`, so that nobody is overwritten.
    version: i32,
}

/// A ticket with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeTicket {
    #[serde(flatten)]
    ticket: TicketShown,
    /// What an admin noted when opening it.
    admin_notes: Option<String>,
    /// Where it is: where whoever reported it stood, if they shared that, else where its machine stands, if that is
    /// known.
    place: Option<PlaceShown>,
    /// What is attached to it, oldest first.
    attachments: Vec<AttachmentShown>,
    /// What was done to it, oldest first.
    history: Vec<HistoryShown>,
    /// What the asker can do to it as it is: the names of the endpoints.
    #[schema(value_type = Vec<String>, example = json!(["cancel", "add_comment"]))]
    allowed_actions: Vec<Verb>,
}

/// A place on the map.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketPlace)]
pub struct PlaceShown {
    /// Degrees, north positive.
    #[schema(example = 50.1109)]
    latitude: f64,
    /// Degrees, east positive.
    #[schema(example = 8.6821)]
    longitude: f64,
    /// What the place is called, where it has a name.
    #[schema(example = "Hall 2")]
    name: Option<String>,
}

impl From<Place> for PlaceShown {
    fn from(Place { latitude, longitude, label }: Place) -> Self {
        Self { latitude, longitude, name: label }
    }
}

/// One thing that was done to a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketHistory)]
pub struct HistoryShown {
    id: i64,
    ticket: i64,
    /// Who did it; null where time did.
    changed_by: Option<i64>,
    #[schema(example = "Client 1")]
    changed_by_name: Option<String>,
    /// Null where it was made.
    status_from: Option<Status>,
    status_from_display: Option<&'static str>,
    status_to: Status,
    #[schema(example = "New")]
    status_to_display: &'static str,
    comment: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Instant,
}

/// What an action led to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketDone)]
pub struct Done {
    #[schema(example = "Ticket opened")]
    message: &'static str,
    id: i64,
    #[schema(example = "INC-20260118143022")]
    reference: String,
    #[schema(example = "The checkout shows an error")]
    title: String,
    status: Status,
    #[schema(example = "Opened")]
    status_display: &'static str,
    assigned_to: Vec<i64>,
    #[schema(example = json!(["Dev One"]))]
    assigned_to_names: Vec<String>,
    estimated_resolution_time: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    response_due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    resolution_due_at: Option<Instant>,
    version: i32,
    /// What the asker can do next: the names of the endpoints.
    #[schema(value_type = Vec<String>, example = json!(["assign", "set_sla", "cancel", "add_comment"]))]
    allowed_actions: Vec<Verb>,
}

impl TicketShown {
    /// A ticket as this person reads it.
    pub fn new(shown: Shown, viewer: &Viewer, now: Instant) -> Self {
        let ticket = shown.ticket();
        let (response, resolution) = (ticket.response_clock(), ticket.resolution_clock());
        let Shown { row, requester_name, holders } = shown;
        Self {
            id: row.id,
            reference: row.reference,
            kind: row.kind,
            project_name: row.project_name,
            title: row.title,
            description: row.description,
            priority: row.priority,
            priority_display: row.priority.display(),
            category: row.category,
            category_display: row.category.map(Category::display),
            status: row.status,
            status_display: status_display(&ticket, viewer),
            created_by: row.requester_id,
            created_by_name: requester_name,
            assigned_to: holders.iter().map(|holder| holder.person_id).collect(),
            assigned_team: team(&holders),
            assigned_to_names: names(holders),
            department: row.department,
            response_due_at: row.response_due_at,
            resolution_due_at: resolution.map(|clock| clock.due(now)),
            response_breached: response.is_some_and(|clock| clock.is_breached(now)),
            resolution_breached: resolution.is_some_and(|clock| clock.is_breached(now)),
            response_sla_minutes: row.response_due_at.map(|due_at| (due_at - row.created_at).num_minutes()),
            estimated_resolution_time: row.estimated_resolution_time,
            created_at: row.created_at,
            updated_at: row.updated_at,
            opened_at: row.opened_at,
            started_at: row.started_at,
            resolved_at: row.resolved_at,
            closed_at: row.closed_at,
            version: row.version,
        }
    }
}

impl WholeTicket {
    /// A ticket with everything about it, as this person reads it.
    pub fn new(whole: Whole, viewer: &Viewer, now: Instant) -> Self {
        let Whole { shown, history, attachments } = whole;
        let ticket = shown.ticket();
        Self {
            allowed_actions: allowed_actions(&ticket, viewer),
            admin_notes: shown.row.admin_notes.clone(),
            place: shown.row.place().map(PlaceShown::from),
            attachments,
            history: history.into_iter().map(|line| HistoryShown::new(line, &ticket, viewer)).collect(),
            ticket: TicketShown::new(shown, viewer, now),
        }
    }

    /// Its version, for the `ETag`.
    pub fn version(&self) -> i32 {
        self.ticket.version
    }
}

impl HistoryShown {
    /// A line of this ticket's history, as this person reads it.
    pub fn new(line: Line, ticket: &Ticket, viewer: &Viewer) -> Self {
        let Line { row, changed_by_name } = line;
        let display = |status| status_display(&Ticket { status, ..ticket.clone() }, viewer);
        Self {
            id: row.id,
            ticket: row.ticket_id,
            changed_by: row.changed_by,
            changed_by_name,
            status_from: row.status_from,
            status_from_display: row.status_from.map(display),
            status_to: row.status_to,
            status_to_display: display(row.status_to),
            comment: row.comment,
            timestamp: row.at,
        }
    }
}

impl Done {
    /// What an action led to, as this person reads it.
    pub fn new(verb: Verb, shown: Shown, viewer: &Viewer, now: Instant) -> Self {
        let ticket = shown.ticket();
        let Shown { row, holders, .. } = shown;
        Self {
            message: message(verb),
            id: row.id,
            reference: row.reference,
            title: row.title,
            status: row.status,
            status_display: status_display(&ticket, viewer),
            assigned_to: holders.iter().map(|holder| holder.person_id).collect(),
            assigned_to_names: names(holders),
            estimated_resolution_time: row.estimated_resolution_time,
            response_due_at: row.response_due_at,
            resolution_due_at: ticket.resolution_clock().map(|clock| clock.due(now)),
            version: row.version,
            allowed_actions: allowed_actions(&ticket, viewer),
        }
    }

    /// Its version, for the `ETag`.
    pub fn version(&self) -> i32 {
        self.version
    }
}

fn status_display(ticket: &Ticket, viewer: &Viewer) -> &'static str {
    let is_theirs = ticket.requester_id == Some(viewer.person_id);
    if is_theirs && ticket.status == Status::Resolved { WAITING } else { ticket.status.display() }
}

fn names(holders: Vec<Holder>) -> Vec<String> {
    holders.into_iter().map(|holder| holder.name.unwrap_or_default()).collect()
}

fn team(holders: &[Holder]) -> Option<String> {
    let first = holders.first()?.department.as_ref()?;
    holders.iter().all(|holder| holder.department.as_ref() == Some(first)).then(|| first.clone())
}

fn message(verb: Verb) -> &'static str {
    match verb {
        Verb::Open => "Ticket opened",
        Verb::Assign => "Ticket assigned",
        Verb::SetSla => "Deadlines set",
        Verb::Start => "Work started",
        Verb::Hold => "Ticket put on hold",
        Verb::Resume => "Work resumed",
        Verb::Finish => "Work finished",
        Verb::Approve => "Ticket approved",
        Verb::Reject => "Ticket rejected",
        Verb::Cancel => "Ticket cancelled",
        Verb::Comment => "Comment added",
        Verb::Edit => "Ticket changed",
    }
}
