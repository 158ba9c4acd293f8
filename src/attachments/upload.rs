//! A file on its way in: JSON with base64, or a form of several parts with the file in `file`.

use super::Upload;
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::vault::Place;
use crate::web::form::collected;
use crate::web::read::{self, Raw};
use crate::web::{Fields, Form};
use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;

/// Beside the file, so many bytes may be in a body: the name, and what separates the parts.
pub(super) const BESIDE: usize = 16 * 1024;
/// How long a file may take to arrive.
const LONGEST: Duration = Duration::from_mins(3);
/// Padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file in JSON.
#[derive(ToSchema)]
#[schema(as = AttachmentInJson)]
pub(super) struct InJson {
    /// The content in base64; `data:…;base64,` in front is passed over.
    #[schema(example = "SGVsbG8h", min_length = 1, format = Byte)]
    file_data: String,
    #[schema(example = "photo.jpg", max_length = 1_000)]
    filename: Option<String>,
}

/// A file in a form of several parts.
#[derive(ToSchema)]
#[schema(as = AttachmentInForm)]
#[expect(dead_code, reason = "for the contract; the parts are read as they come")]
pub(super) struct InForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

impl Form for InJson {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text = |raw: Raw<'_>| match raw {
            Raw::Json(Value::String(text)) => Ok(text.clone()),
            _ => Err("must be text in base64".to_owned()),
        };
        let file_data = fields.required("file_data", text);
        let filename = fields.optional("filename", read::text(0..=1_000));
        Some(Self { file_data: file_data?, filename })
    }
}

/// A file that was sent, and the field it came in.
pub struct Sent {
    pub(super) upload: Upload,
    pub(super) field: &'static str,
    pub(super) room: Place,
}

impl FromRequest<App> for Sent {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let actor = Actor::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, body);
        let most = app.settings.max_attachment;
        let named = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let room = app.vault.room_to_come(actor.person_id).await?;
        let (upload, field) = match essence.as_str() {
            "multipart/form-data" => (in_time(in_form(request, app)).await?, "file"),
            "application/json" => (in_time(in_json(request, most)).await?, "file_data"),
            _ => {
                let says = "Send the file as multipart/form-data in `file`, or as application/json in `file_data`.";
                return Err(Error::new(Kind::UnknownForm, says));
            }
        };
        if upload.bytes.len() > most {
            return Err(too_large(most));
        }
        Ok(Self { upload, field, room })
    }
}

/// A slow line gets its time, and nobody keeps the room for ever.
async fn in_time(read: impl Future<Output = Result<Upload>>) -> Result<Upload> {
    let read = tokio::time::timeout(LONGEST, read).await;
    read.map_err(|_| Error::bad_request("The file did not arrive in time."))?
}

async fn in_json(request: Request, most: usize) -> Result<Upload> {
    let bytes = collected(request.into_body(), most.div_ceil(3) * 4 + BESIDE).await?;
    let object = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(Error::bad_request("The body must be a JSON object, like {\"file_data\": \"…\"}.")),
        Err(wrong) => return Err(Error::bad_request(format!("The body is not JSON that can be read: {wrong}."))),
    };
    drop(bytes);
    let InJson { file_data, filename } = Fields::of_object(object).into_form()?;
    let coded = match file_data.split_once(";base64,") {
        Some((head, coded)) if head.starts_with("data:") => coded,
        _ => &file_data,
    };
    let coded: String = coded.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(coded).map_err(|_| Error::field("file_data", "is not base64"))?;
    Ok(Upload { bytes, filename })
}

async fn in_form(request: Request, app: &App) -> Result<Upload> {
    let broken = |e: &axum::extract::multipart::MultipartError| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(app.settings.max_attachment),
        _ => Error::bad_request("The form cannot be read: it breaks off, or its parts are not separated rightly."),
    };
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| Error::bad_request("The form cannot be read: its Content-Type names no boundary."))?;
    while let Some(part) = form.next_field().await.map_err(|e| broken(&e))? {
        if part.name() != Some("file") {
            continue;
        }
        let filename = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|e| broken(&e))?.to_vec();
        return Ok(Upload { bytes, filename });
    }
    Err(Error::field("file", "is missing"))
}

fn too_large(most: usize) -> Error {
    Error::new(Kind::TooLarge, format!("An attachment may have {most} bytes at most."))
}
