//! A file that is brought in: a form of several parts, its token before the file.

use super::{HERE, records};
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::posted::{TOKEN, Typed, stale};
use crate::pages::session::must_be_ours;
use crate::people::Keeper;
use crate::records_io::Kind;
use crate::records_io::waiting::{self, MOST_BYTES};
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use std::time::Duration;

/// How long a file may take to arrive.
const LONGEST: Duration = Duration::from_mins(2);
/// The longest field beside the file, in bytes.
const MAX_FIELD: usize = 256;

/// A file as it came.
struct Received {
    kind: Kind,
    name: String,
    bytes: Vec<u8>,
}

/// `POST /floor/records`.
pub(in crate::pages) async fn receive(
    desk: Desk,
    Keeper(actor): Keeper,
    method: Method,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response> {
    must_be_ours(&desk.app, &method, &headers)?;
    let mut typed = Typed::default();
    let receiving = async {
        let received = tokio::time::timeout(LONGEST, read(&desk, form, &mut typed)).await;
        let Received { kind, name, bytes } =
            received.map_err(|_| Error::bad_request("The file did not arrive in time."))??;
        waiting::keep(&desk.app, &actor, kind, &name, &bytes).await
    };
    match receiving.await {
        Ok(id) => Ok(redirect(&format!("{HERE}/{id}"))),
        Err(error) => records(&desk, Some((&typed, error))).await,
    }
}

async fn read(desk: &Desk, mut form: Multipart, typed: &mut Typed) -> Result<Received> {
    let mut is_genuine = false;
    let mut kind = None;
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        match part.name() {
            Some(TOKEN) => is_genuine = desk.visitor.knows(&short(part).await?),
            Some("kind") => {
                let named = short(part).await?;
                kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == named);
                *typed = std::mem::take(typed).with("kind", named);
            }
            // Before the form is known to be theirs, nothing of it is kept.
            Some("file") if !is_genuine => return Err(stale()),
            Some("file") => {
                let kind = kind.ok_or_else(|| Error::field("kind", "must be one of these"))?;
                let name = part.file_name().unwrap_or_default().to_owned();
                let bytes = whole(part).await?;
                if bytes.is_empty() && name.is_empty() {
                    return Err(Error::field("file", "is missing"));
                }
                return Ok(Received { kind, name, bytes });
            }
            _ => {}
        }
    }
    if is_genuine { Err(Error::field("file", "is missing")) } else { Err(stale()) }
}

async fn short(mut part: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_FIELD {
            return Err(stale());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn whole(mut part: Field<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + piece.len() > MOST_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn broken(error: &MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Error::bad_request("The form broke off.")
}

fn too_large() -> Error {
    Error::new(Failure::TooLarge, "This file is larger than may be brought in here.")
}
