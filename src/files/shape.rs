//! An attachment as the API shows it. **Source**: desk.md.

use super::{attachment, store};
use crate::kit::{Instant, Result};
use crate::people;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;

/// An attachment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
pub struct AttachmentShown {
    id: i64,
    ticket: i64,
    #[schema(example = "photo.jpg")]
    filename: String,
    /// By content.
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// In bytes.
    size: i64,
    uploaded_by: Option<i64>,
    uploaded_by_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    uploaded_at: Instant,
    /// Where to download it.
    #[schema(example = "/api/tickets/7/attachments/3/")]
    url: String,
}

impl AttachmentShown {
    /// Who attached it, where they have a name.
    pub fn uploader(&self) -> Option<&str> {
        self.uploaded_by_name.as_deref()
    }
}

/// What is attached to a ticket, oldest first: the rows, and each as it is shown. Two statements.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    ticket_id: i64,
) -> Result<Vec<(attachment::Model, AttachmentShown)>> {
    let rows = store::of_ticket(conn, ticket_id).await?;
    let people: Vec<i64> = rows.iter().filter_map(|row| row.uploaded_by).collect();
    let names = people::store::records::names_of(conn, &people).await?;
    let shown = rows.into_iter().map(|row| {
        let shown = AttachmentShown {
            id: row.id,
            ticket: row.ticket_id,
            filename: row.filename.clone(),
            content_type: row.content_type.clone(),
            size: row.size,
            uploaded_by: row.uploaded_by,
            uploaded_by_name: row.uploaded_by.and_then(|person| names.get(&person).cloned()),
            uploaded_at: row.uploaded_at,
            url: format!("/api/tickets/{}/attachments/{}/", row.ticket_id, row.id),
        };
        (row, shown)
    });
    Ok(shown.collect())
}
