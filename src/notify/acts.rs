//! What an admin does with a notification: has it sent again, takes it back.

use super::TURN;
use super::api::Seen;
use super::detail::Whole;
use super::events::{SentAgain, TakenBack};
use super::store::inbox;
use crate::app::App;
use crate::bus::Poke;
use crate::db::{Tx, marks};
use crate::delivery::again;
use crate::kit::Result;
use crate::outbox;
use crate::people::Actor;
use crate::web::refusals::OfTakingAway;
use axum::Json;
use axum::extract::State;
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

/// Something was done with a notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationDone)]
pub struct Done {
    #[schema(example = "Notification is sent again")]
    message: &'static str,
    notification: Whole,
}

/// Who does it with what.
#[derive(Clone, Copy)]
struct Act {
    /// The notification.
    id: i64,
    /// Whose it is.
    person: i64,
    /// Who does it.
    by: i64,
}

/// Send a notification again that failed or was taken back, for ADMIN: the same message, one more attempt.
#[utoipa::path(
    post, path = "/api/notifications/{id}/retry", tag = "Notifications", operation_id = "retry_notification",
    params(("id" = i64, Path, minimum = 1)), security(("bearer" = [])),
    responses((status = 200, body = Done), OfTakingAway),
)]
pub async fn retry(seen: Seen, State(app): State<App>) -> Result<Json<Done>> {
    seen.actor.must_be_admin("have a notification sent again")?;
    done(&app, seen, "Notification is sent again", |tx, act| Box::pin(send_again(tx, act))).await
}

/// Take a notification back that still waits to be sent, for ADMIN.
#[utoipa::path(
    post, path = "/api/notifications/{id}/cancel", tag = "Notifications", operation_id = "cancel_notification",
    params(("id" = i64, Path, minimum = 1)), security(("bearer" = [])),
    responses((status = 200, body = Done), OfTakingAway),
)]
pub async fn cancel(seen: Seen, State(app): State<App>) -> Result<Json<Done>> {
    seen.actor.must_be_admin("take a notification back")?;
    done(&app, seen, "Notification is taken back", |tx, act| Box::pin(take_back(tx, act))).await
}

async fn done(
    app: &App,
    Seen { actor, whole }: Seen,
    message: &'static str,
    act: for<'a> fn(&'a Tx, Act) -> BoxFuture<'a, Result<()>>,
) -> Result<Json<Done>> {
    let Actor { person_id: by, door, .. } = actor;
    let asked = Act { id: whole.listed.id, person: whole.person_id, by };
    app.db.through(door).write(move |tx| act(tx, asked)).await?;
    app.bus.poke(Poke::Dispatch);
    let now = inbox::one(app.db.read(), asked.id).await?.unwrap_or(whole);
    Ok(Json(Done { message, notification: Whole::of(app, now, true) }))
}

async fn send_again(tx: &Tx, Act { id, person, by }: Act) -> Result<()> {
    again::send_again(tx, id).await?;
    outbox::append(tx, &[SentAgain { notification_id: id, person_id: person, actor_id: by }]).await
}

async fn take_back(tx: &Tx, Act { id, person, by }: Act) -> Result<()> {
    // What waits for its hour may be gathered with others in this very moment.
    marks::hold(tx, TURN).await?;
    again::take_back(tx, id).await?;
    outbox::append(tx, &[TakenBack { notification_id: id, person_id: person, actor_id: by }]).await
}
