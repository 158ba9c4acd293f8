//! Attaching files to a ticket, and taking them away.

use super::show;
use crate::attachments::{self, Upload};
use crate::files;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::posted::{Posted, TOKEN, Typed, stale};
use crate::pages::session::must_be_ours;
use crate::tickets::extract::Visible;
use crate::web::form::missing;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a file may take to arrive.
const LONGEST: Duration = Duration::from_mins(3);
/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 256;

/// `POST /tickets/{id}/attach`: a form of several parts, its token before the file.
pub(in crate::pages) async fn attach(
    desk: Desk,
    seen: Visible,
    method: Method,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response> {
    must_be_ours(&desk.app, &method, &headers)?;
    let id = seen.shown.row.id;
    let attaching = async {
        let room = desk.app.vault.room_to_come(desk.actor().person_id).await?;
        let upload = tokio::time::timeout(LONGEST, read(&desk, form)).await;
        let upload = upload.map_err(|_| Error::bad_request("The file did not arrive in time."))??;
        let (by, door) = (Some(desk.actor().person_id), desk.actor().door);
        let attached = attachments::attach(&desk.app, id, upload, by, door, "file").await;
        drop(room);
        attached
    };
    match attaching.await {
        Ok(_) => Ok(redirect(&format!("/tickets/{id}?done=attached"))),
        Err(error) => show::refused(&desk, seen.shown, "attach", &Typed::default(), error).await,
    }
}

async fn read(desk: &Desk, mut form: Multipart) -> Result<Upload> {
    let mut is_genuine = false;
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        match part.name() {
            Some(TOKEN) => is_genuine = desk.visitor.knows(&token(part).await?),
            // Before the form is known to be theirs, nothing of it is kept.
            Some("file") if !is_genuine => return Err(stale()),
            Some("file") => {
                let filename = part.file_name().map(str::to_owned);
                let bytes = part.bytes().await.map_err(|error| broken(&error))?.to_vec();
                if bytes.len() > desk.app.settings.max_attachment {
                    return Err(too_large());
                }
                return Ok(Upload { bytes, filename });
            }
            _ => {}
        }
    }
    Err(Error::field("file", "is missing"))
}

async fn token(mut part: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_TOKEN {
            return Err(stale());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn broken(error: &MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Error::bad_request("The form broke off.")
}

fn too_large() -> Error {
    Error::new(Kind::TooLarge, "This file is larger than may be attached.")
}

/// `POST /tickets/{id}/attachments/{attachment_id}/{act}`: away, and back.
pub(in crate::pages) async fn take(
    desk: Desk,
    seen: Visible,
    Path(path): Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    posted.must_be_genuine()?;
    let ticket_id = seen.shown.row.id;
    let id: i64 = path.get("attachment_id").and_then(|id| id.parse().ok()).unwrap_or_default();
    let (conn, actor) = (desk.app.db.read(), desk.actor().clone());
    let db = desk.app.db.through(actor.door);
    let done = match path.get("act").map(String::as_str) {
        Some("delete") => {
            let attachment = files::store::one(conn, ticket_id, id).await?.ok_or_else(|| missing("attachment"))?;
            let taken = (attachment, actor);
            db.write_with(taken, |tx, (taken, actor)| Box::pin(attachments::detach(tx, taken, actor))).await?;
            format!("detached&undo={id}")
        }
        Some("restore") => {
            let attachment = files::store::removed(conn, ticket_id, id).await?.ok_or_else(|| missing("attachment"))?;
            let taken = (attachment, actor);
            db.write_with(taken, |tx, (taken, actor)| Box::pin(attachments::put_back(tx, taken, actor))).await?;
            "put_back".to_owned()
        }
        _ => return Err(Error::not_found("There is no such action.")),
    };
    Ok(redirect(&format!("/tickets/{ticket_id}?done={done}")))
}
