//! What the endpoints of webhooks take.

use super::{FALLING, RISING};
use crate::web::page::Part;
use crate::web::read::{self, Raw};
use crate::web::{Fields, Form};
use crate::webhooks_out::model::Status;
use crate::webhooks_out::{MAX_URL, Wish};
use serde_json::Value;
use utoipa::ToSchema;

/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 255;
/// The longest name of a kind of events, in characters.
const MAX_KIND: usize = 100;
/// The most kinds of events in a list.
const MAX_KINDS: usize = 100;

/// Which webhooks are asked for.
pub struct Asked {
    pub(super) part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { part: Part::read(fields, RISING) })
    }
}

/// Which calls are asked for.
pub struct AskedCalls {
    pub(super) status: Option<Status>,
    pub(super) part: Part,
}

impl Form for AskedCalls {
    fn read(fields: &mut Fields) -> Option<Self> {
        let status = fields.optional("status", read::one_of(&Status::ALL, Status::as_str));
        Some(Self { status, part: Part::read(fields, FALLING) })
    }
}

/// A webhook to make.
#[derive(ToSchema)]
pub struct NewWebhook {
    /// Where it is called: https to public addresses; others, and http, only to networks that `ANDON_WEBHOOK_NETWORKS`
    /// names. No user name, no password, no fragment.
    #[schema(example = "https://erp.plant.example/hooks/andon", min_length = 1, max_length = 2000)]
    url: String,
    /// The kinds of events it is told of, by the names they have at `/api/events/`; `["*"]`: all.
    #[schema(example = json!(["ticket.created", "order.held"]), min_items = 1, max_items = 100)]
    events: Vec<String>,
    /// What it is for.
    #[schema(example = "Orders on hold, for planning", max_length = 255)]
    description: Option<String>,
    /// Whether it is called; it is where nothing is said.
    is_active: Option<bool>,
}

impl Form for NewWebhook {
    fn read(fields: &mut Fields) -> Option<Self> {
        let url = fields.required("url", read::line(1..=MAX_URL));
        let events = fields.required("events", kinds);
        let description = fields.optional("description", read::line(0..=MAX_DESCRIPTION));
        let is_active = fields.optional("is_active", read::boolean);
        Some(Self { url: url?, events: events?, description, is_active })
    }
}

impl NewWebhook {
    pub(super) fn wish(self) -> Wish {
        let Self { url, events, description, is_active } = self;
        Wish { url: Some(url), events: Some(events), description, is_active }
    }
}

/// What is to be changed of a webhook; what is not said stays.
#[derive(ToSchema)]
pub struct WebhookChange {
    #[schema(example = "https://erp.plant.example/hooks/andon", min_length = 1, max_length = 2000)]
    url: Option<String>,
    /// All kinds of events it is told of from now on.
    #[schema(example = json!(["*"]), min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    #[schema(max_length = 255)]
    description: Option<String>,
    /// False: it is told of nothing, and calls that wait stay. True: these go, and it is told of what happens from now on.
    is_active: Option<bool>,
}

impl Form for WebhookChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            url: fields.optional("url", read::line(1..=MAX_URL)),
            events: fields.optional("events", kinds),
            description: fields.optional("description", read::line(0..=MAX_DESCRIPTION)),
            is_active: fields.optional("is_active", read::boolean),
        })
    }
}

impl WebhookChange {
    pub(super) fn wish(self) -> Wish {
        let Self { url, events, description, is_active } = self;
        Wish { url, events, description, is_active }
    }
}

/// A list of kinds of events; whether there are such is looked at later.
fn kinds(raw: Raw<'_>) -> Result<Vec<String>, String> {
    let Raw::Json(Value::Array(list)) = raw else { return Err("must be a list of kinds of events".to_owned()) };
    if list.is_empty() || list.len() > MAX_KINDS {
        return Err(format!("must list 1 to {MAX_KINDS} kinds of events, or be [\"*\"] for all"));
    }
    list.iter().map(|kind| read::line(1..=MAX_KIND)(Raw::Json(kind))).collect()
}
