//! What happened, for whoever asks: `GET /api/events/`, for ADMIN.
//!
//! An event's id here is its place in the log. Places are given out to what is committed, one after the other, so
//! whoever goes on behind the last id seen misses nothing and sees nothing twice.

use crate::app::App;
use crate::db::Door;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::outbox::{self, Filter, Stretch, Subject, row};
use crate::people::{self, Actor, Role};
use crate::web::page::{Cursor, Cut, Here, Page, Paging, Part};
use crate::web::refusals::OfLists;
use crate::web::{Fields, Form, Query, read};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The newest first.
const FALLING: &str = "-id";
/// The oldest first.
const RISING: &str = "id";

/// Every endpoint of the log.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventShown {
    /// Its place in the log.
    pub(crate) id: i64,
    /// What happened.
    #[schema(example = "ticket.opened")]
    pub(crate) name: String,
    /// What it happened to, in the singular; null of some that happened before this was kept.
    #[schema(example = "ticket")]
    pub(crate) subject_kind: Option<String>,
    /// The row of what it happened to.
    pub(crate) subject_id: Option<i64>,
    /// The ticket it is about, if it is about one.
    ticket: Option<i64>,
    /// Who did it; null where time did, or somebody at the command line.
    pub(crate) actor: Option<i64>,
    pub(crate) actor_name: Option<String>,
    /// By which door; null of what happened before this was kept.
    pub(crate) door: Option<Door>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Instant,
    /// The event's own fields.
    #[schema(value_type = Object)]
    pub(crate) details: Value,
}

/// Proof that the asker is an ADMIN who is signed in.
pub struct Auditor;

impl FromRequestParts<App> for Auditor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match Actor::from_request_parts(parts, app).await?.role {
            Role::Admin => Ok(Self),
            _ => Err(Error::new(Kind::Forbidden, "What happened is for admins to read.")),
        }
    }
}

/// Which events are asked for.
pub struct Asked {
    filter: Filter,
    order: &'static str,
    part: Part,
}

/// A page of what happened.
///
/// # Errors
/// When the database is away.
pub async fn page(app: &App, asked: &Asked) -> Result<Cut<EventShown>> {
    let Asked { filter, order, part } = asked;
    outbox::number_some(&app.db).await?;
    let from = part.cursor.as_ref().map(|cursor| cursor.id);
    let stretch = Stretch { from, is_rising: (*order == RISING) != part.is_before(), most: part.fetched() };
    let events = outbox::read(app.db.read(), filter, stretch).await?;
    let Cut { rows, next, previous } =
        part.cut(events, |event| Cursor::of_id(order, event.position.unwrap_or_default()));
    Ok(Cut { rows: as_shown(app.db.read(), rows).await?, next, previous })
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            subject_kind: fields.optional("subject_kind", read::line(1..=100)),
            subject_id: fields.optional("subject_id", read::id),
            ticket_id: fields.optional("ticket", read::id),
            actor_id: fields.optional("actor", read::id),
            name: fields.optional("name", read::line(1..=100)),
            door: fields.optional("door", read::one_of(&Door::ALL, Door::as_str)),
            since: fields.optional("since", read::instant),
            until: fields.optional("until", read::instant),
        };
        let order = fields.optional("sort", read::one_of(&[FALLING, RISING], |order| order)).unwrap_or(FALLING);
        let after = fields.optional("after", read::whole(0..=i64::MAX));
        let mut part = Part::read(fields, order);
        if let Some(after) = after {
            if order != RISING || part.cursor.is_some() {
                fields.wrong("after", "goes with sort=id, and without a cursor");
            }
            part.cursor = Some(Cursor::of_id(RISING, after));
        }
        Some(Self { filter, order, part })
    }
}

/// What happened, the newest first.
///
/// To follow the log, ask with `sort=id`, and then again and again with `after` and the last id that you saw: that
/// misses nothing and doubles nothing, also while others write.
#[utoipa::path(
    get, path = "/api/events", tag = "Events", operation_id = "list_events",
    params(
        ("subject_kind" = Option<String>, Query, example = "order", description = "ticket, order, machine, bom, …"),
        ("subject_id" = Option<i64>, Query, minimum = 1),
        ("ticket" = Option<i64>, Query, minimum = 1, description = "The ticket it is about"),
        ("actor" = Option<i64>, Query, minimum = 1, description = "Who did it: a user's id"),
        ("name" = Option<String>, Query, example = "ticket.opened"),
        ("door" = Option<Door>, Query),
        ("since" = Option<String>, Query, format = DateTime, example = "2026-01-18T00:00:00Z", description = "Not before this instant"),
        ("until" = Option<String>, Query, format = DateTime, example = "2026-01-19T00:00:00Z", description = "Before this instant"),
        ("sort" = Option<String>, Query, pattern = "^-?id$", example = "-id", description = "`-id`: the newest first; `id`: the oldest first"),
        ("after" = Option<i64>, Query, minimum = 0, description = "With `sort=id`: behind the event with this id"),
        Paging,
    ),
    responses((status = 200, body = Page<EventShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    _: Auditor,
    State(app): State<App>,
    here: Here,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<EventShown>>> {
    let cut = page(&app, &asked).await?;
    let count = asked.part.counted(outbox::count(app.db.read(), &asked.filter)).await?;
    Ok(Json(Page::of(cut, count, &here, |event| event)))
}

/// What happened to this, the newest first, at most so many; for an ADMIN to read. Four statements.
///
/// # Errors
/// When the database is away.
pub async fn of_subject(app: &App, subject: Subject, most: u64) -> Result<Vec<EventShown>> {
    outbox::number_some(&app.db).await?;
    let Subject { kind, id } = subject;
    let filter = Filter { subject_kind: Some(kind.to_owned()), subject_id: Some(id), ..Filter::default() };
    let events = outbox::read(app.db.read(), &filter, Stretch { from: None, is_rising: false, most }).await?;
    as_shown(app.db.read(), events).await
}

/// These events as they are shown, in their order: one statement.
pub async fn as_shown(conn: &impl ConnectionTrait, events: Vec<row::Model>) -> Result<Vec<EventShown>> {
    let people: Vec<i64> = events.iter().filter_map(|event| event.actor_id).collect();
    let names = people::store::records::names_of(conn, &people).await?;
    let name = |person: Option<i64>| person.and_then(|person| names.get(&person).cloned());
    Ok(events.into_iter().map(|event| shown(name(event.actor_id), event)).collect())
}

fn shown(actor_name: Option<String>, event: row::Model) -> EventShown {
    EventShown {
        id: event.position.unwrap_or_default(),
        name: event.name,
        subject_kind: event.subject_kind,
        subject_id: event.subject_id,
        ticket: event.ticket_id,
        actor: event.actor_id,
        actor_name,
        door: event.door,
        at: event.at,
        details: serde_json::from_str(&event.payload).unwrap_or_default(),
    }
}
