//! What happened to an order, line by line, as admins may read it.

use crate::audit::{self, EventShown};
use crate::kit::Result;
use crate::orders::Status;
use crate::outbox::{ORDER, Subject};
use crate::pages::desk::Desk;

/// The most lines.
const MOST: u64 = 50;

/// Something that happened.
pub(super) struct Line {
    pub(super) who: String,
    pub(super) what: String,
    /// Why, in somebody's own words.
    pub(super) comment: Option<String>,
    pub(super) when: String,
}

/// What happened to it, the newest first; none where it is not theirs to read.
pub(super) async fn of(desk: &Desk, order_id: i64) -> Result<Option<Vec<Line>>> {
    if !desk.actor().is_admin() {
        return Ok(None);
    }
    let events = audit::of_subject(&desk.app, Subject::new(ORDER, order_id), MOST).await?;
    Ok(Some(events.iter().map(|event| line(desk, event)).collect()))
}

fn line(desk: &Desk, event: &EventShown) -> Line {
    let (words, details) = (desk.words(), &event.details);
    let key = format!("order_event.{}", event.name.replace('.', "_"));
    let mut what = if words.has(&key) { words.w(&key) } else { event.name.clone() };
    let fields = details["fields"].as_array().into_iter().flatten().filter_map(|field| field.as_str());
    let fields: Vec<String> = fields
        .filter(|field| words.has(&format!("field.{field}")))
        .map(|field| words.w(format!("field.{field}")))
        .collect();
    if !fields.is_empty() {
        what = format!("{what}: {}", fields.join(", "));
    }
    if let Some(status) = details["status"].as_str().and_then(Status::named) {
        what = format!("{what}: {}", words.w(format!("order.status.{}", status.as_str())));
    }
    Line {
        who: event.actor_name.as_deref().map_or_else(|| words.w("order.by_file"), str::to_owned),
        what,
        comment: details["reason"].as_str().map(str::to_owned),
        when: words.when(event.at, desk.now).html(),
    }
}
