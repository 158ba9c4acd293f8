//! The endpoints of attachments. **Source** of the shapes: desk.md.

use super::going;
use super::upload::{BESIDE, InForm, InJson, Sent};
use crate::app::App;
use crate::files::shape::{self, AttachmentShown};
use crate::files::{self, attachment, model};
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::tickets;
use crate::tickets::extract::Visible;
use crate::web::form::{id_in_path, missing};
use crate::web::hear_out::hear_out;
use crate::web::refusals::{OfActs, OfReading, OfTakingAway};
use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many bytes of content one answer carries; the rest is there to be downloaded.
const MOST_AT_ONCE: i64 = 32 * 1024 * 1024;

/// So many bytes are more than what is told of an attachment beside its content.
const DESCRIBED: usize = 2 * 1024;

/// Every endpoint of attachments.
pub fn routes(app: &App) -> OpenApiRouter<App> {
    let most = app.settings.max_attachment + BESIDE;
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(list))
        .routes(routes!(take_away))
        .routes(routes!(download))
        .layer(DefaultBodyLimit::max(most))
        .layer(axum::middleware::from_fn(hear_out))
}

/// An attachment with its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeAttachment {
    #[serde(flatten)]
    attachment: AttachmentShown,
    /// The content in base64; null where the answer would grow too large, and for a single download.
    #[schema(example = "SGVsbG8h")]
    file_data: Option<String>,
}

/// What is attached to a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachments)]
pub struct Listed {
    ticket_id: i64,
    #[schema(example = "The checkout shows an error")]
    ticket_title: String,
    #[schema(example = 1)]
    attachments_count: usize,
    /// Oldest first.
    attachments: Vec<WholeAttachment>,
}

/// What was done with an attachment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentDone {
    #[schema(example = "Attachment added")]
    message: &'static str,
    ticket_id: i64,
    attachment_id: i64,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(as = FileContent, value_type = String, format = Binary)]
#[expect(dead_code, reason = "the shape is for the contract; the bytes go as they are")]
pub struct Content(Vec<u8>);

/// A ticket in the path, which the asker may see.
pub struct Seen {
    actor: Actor,
    ticket: tickets::row::Model,
}

impl FromRequestParts<App> for Seen {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let seen = Visible::from_request_parts(parts, app).await?;
        Ok(Self { actor, ticket: seen.shown.row })
    }
}

/// An attachment in the path, of a ticket that the asker may see.
pub struct SeenAttachment {
    actor: Actor,
    attachment: attachment::Model,
}

impl FromRequestParts<App> for SeenAttachment {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Seen { actor, ticket } = Seen::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "attachment_id", "attachment").await?;
        let attachment = files::store::one(app.db.read(), ticket.id, id).await?;
        Ok(Self { actor, attachment: attachment.ok_or_else(|| missing("attachment"))? })
    }
}

/// Attach a file to a ticket.
///
/// Images, PDF, audio, video, office files and text, told by their content; anything that is text in UTF-8, HTML and SVG
/// included, is kept as plain text. At most 16 MB (`ANDON_MAX_ATTACHMENT`), and 100 a ticket.
#[utoipa::path(
    post, path = "/api/tickets/{id}/add_attachment", tag = "Tickets", operation_id = "add_attachment", params(("id" = i64, Path, minimum = 1)),
    request_body(content((InJson = "application/json"), (InForm = "multipart/form-data"))),
    responses((status = 200, body = AttachmentDone), OfActs),
    security(("bearer" = [])),
)]
pub async fn add(State(app): State<App>, Seen { actor, ticket }: Seen, sent: Sent) -> Result<Json<AttachmentDone>> {
    let Sent { upload, field, room: _room } = sent;
    let added = super::attach(&app, ticket.id, upload, Some(actor.person_id), actor.door, field).await?;
    Ok(Json(AttachmentDone { message: "Attachment added", ticket_id: ticket.id, attachment_id: added.id }))
}

/// What is attached to a ticket, with its content.
///
/// The content of the first 32 MB is in the answer; the rest is at `url`.
#[utoipa::path(
    get, path = "/api/tickets/{id}/get_attachments", tag = "Tickets", operation_id = "list_attachments", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Listed), OfReading),
    security(("bearer" = [])),
)]
pub async fn list(State(app): State<App>, Seen { actor, ticket }: Seen) -> Result<Response> {
    let shown = shape::of_ticket(app.db.read(), ticket.id).await?;
    let place = app.vault.room_to_go(actor.person_id).await?;
    let mut carried = 0;
    let mut attachments = Vec::with_capacity(shown.len());
    for (row, attachment) in shown {
        carried += row.size;
        let file_data =
            if carried <= MOST_AT_ONCE { Some(BASE64.encode(app.vault.read(&row.hash).await?)) } else { None };
        attachments.push(WholeAttachment { attachment, file_data });
    }
    let (ticket_id, ticket_title, attachments_count) = (ticket.id, ticket.title, attachments.len());
    let listed = Listed { ticket_id, ticket_title, attachments_count, attachments };
    // Grown bit by bit, it could be twice as large as it must be.
    let carried: usize = listed.attachments.iter().filter_map(|one| one.file_data.as_ref()).map(String::len).sum();
    let mut json = Vec::with_capacity(carried + DESCRIBED * (attachments_count + 1));
    serde_json::to_writer(&mut json, &listed).map_err(Error::internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], going::body(json, place)).into_response())
}

/// Take an attachment away: one's own; an ADMIN anybody's but a client's.
#[utoipa::path(
    delete, path = "/api/tickets/{id}/delete_attachment/{attachment_id}", tag = "Tickets", operation_id = "delete_attachment",
    params(("id" = i64, Path, minimum = 1), ("attachment_id" = i64, Path, minimum = 1)),
    responses((status = 200, body = AttachmentDone), OfTakingAway),
    security(("bearer" = [])),
)]
pub async fn take_away(
    State(app): State<App>,
    SeenAttachment { actor, attachment }: SeenAttachment,
) -> Result<Json<AttachmentDone>> {
    let (ticket_id, attachment_id) = (attachment.ticket_id, attachment.id);
    app.db
        .through(actor.door)
        .write_with((attachment, actor), move |tx, (attachment, actor)| Box::pin(super::detach(tx, attachment, actor)))
        .await?;
    Ok(Json(AttachmentDone { message: "Attachment deleted", ticket_id, attachment_id }))
}

/// Download an attachment.
///
/// Images, PDF, audio and video may be shown in place; everything else is for download only. Whatever it is, a
/// browser neither guesses its type nor runs anything in it.
#[utoipa::path(
    get, path = "/api/tickets/{id}/attachments/{attachment_id}", tag = "Tickets", operation_id = "download_attachment",
    params(("id" = i64, Path, minimum = 1), ("attachment_id" = i64, Path, minimum = 1)),
    responses(
        (status = 200, description = "The content", content_type = "*/*", body = Content, headers(
            ("Content-Disposition" = String, description = "Whether it may be shown in place, and its name"),
        )),
        OfReading,
    ),
    security(("bearer" = [])),
)]
pub async fn download(
    State(app): State<App>,
    SeenAttachment { actor, attachment }: SeenAttachment,
) -> Result<Response> {
    going_out(&app, actor.person_id, &attachment.hash, &attachment.content_type, &attachment.filename).await
}

/// A file on its way to somebody, in a form that no browser runs.
///
/// # Errors
/// Where too much is on its way already, or the file is away.
pub(crate) async fn going_out(
    app: &App,
    person_id: i64,
    hash: &str,
    content_type: &str,
    filename: &str,
) -> Result<Response> {
    let place = app.vault.room_to_go(person_id).await?;
    let bytes = app.vault.read(hash).await?;
    let is_shown = model::stored_type(content_type).is_some_and(|kind| kind.is_shown);
    let charset = if content_type == "text/plain" { "; charset=utf-8" } else { "" };
    let headers = [
        (CONTENT_TYPE, format!("{content_type}{charset}")),
        (CONTENT_DISPOSITION, disposition(is_shown, filename)),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok((headers, going::body(bytes, place)).into_response())
}

/// **Source**: RFC 6266; the plain name for those who read no other, the true one in UTF-8.
fn disposition(is_shown: bool, name: &str) -> String {
    let how = if is_shown { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .collect();
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_a_header() {
        assert_eq!(
            disposition(false, "a\";x=\"ü.txt"),
            "attachment; filename=\"a__x___.txt\"; filename*=UTF-8''a%22%3Bx%3D%22%C3%BC%2Etxt"
        );
    }
}
