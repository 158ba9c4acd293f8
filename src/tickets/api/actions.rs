//! The actions: each moves a ticket along its life cycle, by the same use case as the chat.
//!
//! Whether the asker may, and whether it is possible now, is checked before the body is read.

use super::forms::{
    AddComment, Approve, Assign, Cancel, Doing, FinishWork, Hold, OpenTicket, Reject, Resume, SetSla, StartWork,
};
use super::shape::Done;
use super::{Desk, tagged};
use crate::app::App;
use crate::kit::Result;
use crate::tickets::extract::{Allowed, Expected};
use crate::tickets::{Key, act, reading};
use crate::web::Body;
use crate::web::refusals::OfChanges;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints of the actions.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open_ticket))
        .routes(routes!(assign))
        .routes(routes!(set_sla))
        .routes(routes!(start_work))
        .routes(routes!(hold))
        .routes(routes!(resume))
        .routes(routes!(finish_work))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(cancel))
        .routes(routes!(add_comment))
}

/// An endpoint that does something to the ticket in its path.
macro_rules! action {
    ($(#[doc = $doc:literal])* $name:ident($form:ident) at $path:literal called $id:literal) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            post, path = $path, tag = "Tickets", operation_id = $id, request_body = $form,
            params(
                ("id" = i64, Path, minimum = 1),
                ("If-Match" = Option<String>, Header, pattern = r#"^(\*|"?[0-9]{1,9}"?)$"#, description = "The ETag that the ticket was read with"),
            ),
            responses(
                (status = 200, body = Done, headers(("ETag" = String))),
                OfChanges,
            ),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            State(app): State<App>,
            Extension(desk): Extension<Desk>,
            Allowed(seen): Allowed,
            expected: Expected,
            Body(form): Body<$form>,
        ) -> Result<Response> {
            carry_out(&app, &desk, Allowed(seen), expected, form).await
        }
    };
}

action! {
    /// Answer for a ticket.
    ///
    /// From NEW, by an ADMIN (floor tickets: also a SUPERVISOR of the department). Tells the requester.
    open_ticket(OpenTicket) at "/api/tickets/{id}/open_ticket" called "open_ticket"
}
action! {
    /// Give a ticket to support people, and to nobody else.
    ///
    /// In NEW (which opens it), OPENED, `IN_PROGRESS` and `ON_HOLD`, by an ADMIN (floor tickets: also a SUPERVISOR of the
    /// department). Tells those who did not have it before.
    assign(Assign) at "/api/tickets/{id}/assign" called "assign_ticket"
}
action! {
    /// Set a ticket's deadlines.
    ///
    /// Until it is resolved, by an ADMIN. Tells nobody.
    set_sla(SetSla) at "/api/tickets/{id}/set_sla" called "set_ticket_sla"
}
action! {
    /// Begin the work.
    ///
    /// In OPENED, by a SUPPORT person it is assigned to. Tells the requester.
    start_work(StartWork) at "/api/tickets/{id}/start_work" called "start_work"
}
action! {
    /// Wait for something; the resolution clock stands still.
    ///
    /// In `IN_PROGRESS`, by a SUPPORT person it is assigned to or an ADMIN (floor tickets: also a SUPERVISOR of the
    /// department). Tells the requester.
    hold(Hold) at "/api/tickets/{id}/hold" called "hold_ticket"
}
action! {
    /// Go on with the work.
    ///
    /// In `ON_HOLD`, by whoever may put it on hold. Tells the requester.
    resume(Resume) at "/api/tickets/{id}/resume" called "resume_ticket"
}
action! {
    /// Say that it is done.
    ///
    /// In `IN_PROGRESS`, by a SUPPORT person it is assigned to. Tells the requester and the admins.
    finish_work(FinishWork) at "/api/tickets/{id}/finish_work" called "finish_work"
}
action! {
    /// Agree that it is done.
    ///
    /// In RESOLVED, by who raised it (floor tickets: also a SUPERVISOR of the department and an ADMIN). Tells the
    /// admins and the assigned.
    approve(Approve) at "/api/tickets/{id}/approve" called "approve_ticket"
}
action! {
    /// Disagree: the work goes on.
    ///
    /// In RESOLVED, by whoever may approve. Tells the admins and the assigned.
    reject(Reject) at "/api/tickets/{id}/reject" called "reject_ticket"
}
action! {
    /// Give a ticket up.
    ///
    /// Until it is resolved, by an ADMIN (floor tickets: also a SUPERVISOR of the department); in NEW also by who
    /// raised it. Tells the assigned and the requester.
    cancel(Cancel) at "/api/tickets/{id}/cancel" called "cancel_ticket"
}
action! {
    /// Add a word to a ticket.
    ///
    /// Always, by whoever may see it. Tells the others on it.
    add_comment(AddComment) at "/api/tickets/{id}/add_comment" called "add_comment"
}

async fn carry_out(
    app: &App,
    desk: &Desk,
    Allowed(seen): Allowed,
    expected: Expected,
    form: impl Doing,
) -> Result<Response> {
    let (action, version) = form.doing();
    let (verb, version) = (action.verb(), expected.and(version)?);
    let (viewer, id, followers) = (seen.viewer.clone(), seen.shown.row.id, desk.followers);
    let db = app.db.through(seen.door);
    let changed = db.write_with((viewer, action), move |tx, (viewer, action)| {
        Box::pin(act(tx, viewer, Key::Id(id), action, version, followers))
    });
    let shown = reading::after(app.db.read(), seen.shown, changed.await?).await?;
    let done = Done::new(verb, shown, &seen.viewer, app.clock.now());
    Ok(tagged(StatusCode::OK, done.version(), done))
}
