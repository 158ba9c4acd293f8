//! Webhooks and their calls as the API shows them.

use crate::kit::Instant;
use crate::webhooks_out::model::Status;
use crate::webhooks_out::sign::Secret;
use crate::webhooks_out::store::calls::row as call;
use crate::webhooks_out::store::row;
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookShown {
    id: i64,
    /// Where it is called.
    #[schema(example = "https://erp.plant.example/hooks/andon")]
    url: String,
    /// The kinds of events it is told of; `["*"]`: all.
    #[schema(example = json!(["ticket.created", "order.held"]))]
    events: Vec<String>,
    #[schema(example = "Orders on hold, for planning")]
    description: String,
    /// Whether it is called.
    is_active: bool,
    /// Since when its calls fail; null where the last one was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Instant>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_failure_at: Option<Instant>,
    /// What was wrong, and what to do about it.
    last_failure: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Instant>,
    /// How many of its calls were given up.
    parked: i64,
    /// Until when the secret from before signs too; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    old_secret_until: Option<Instant>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl WebhookShown {
    pub(super) fn of(webhook: row::Model, parked: i64, now: Instant) -> Self {
        Self {
            id: webhook.id,
            events: webhook.kinds(),
            url: webhook.url,
            description: webhook.description,
            is_active: webhook.is_active,
            failing_since: webhook.failing_since,
            last_failure_at: webhook.last_failure_at,
            last_failure: webhook.last_failure,
            last_success_at: webhook.last_success_at,
            parked,
            old_secret_until: webhook.old_until.filter(|until| now < *until),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// A webhook with its new secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMade {
    /// What its calls are signed with: the key is what follows `whsec_`, from base64.
    #[schema(example = "whsec_…")]
    secret: String,
    #[serde(flatten)]
    shown: WebhookShown,
}

impl WebhookMade {
    pub(super) fn of(secret: &Secret, shown: WebhookShown) -> Self {
        Self { secret: secret.shown(), shown }
    }
}

/// A call of a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookCall)]
pub struct CallShown {
    id: i64,
    /// The `webhook-id` that it carries, the same with every attempt.
    #[schema(example = "msg_…")]
    message_id: String,
    /// What happened.
    #[schema(example = "ticket.created")]
    event: String,
    /// The event's id at `/api/events/`; null of a test.
    event_id: Option<i64>,
    status: Status,
    /// How often it was made.
    attempts: i32,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt_at: Option<Instant>,
    /// What the receiver last answered; null where it did not.
    #[schema(example = 503)]
    last_status_code: Option<i32>,
    /// The first 500 characters of what it said.
    last_answer: Option<String>,
    /// How long the last attempt took, in milliseconds.
    took_ms: Option<i32>,
    /// When it is tried again; null where it is not, or is being made just now.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Instant>,
    /// Until when it is tried.
    #[schema(value_type = String, format = DateTime)]
    gives_up_at: Instant,
    /// What is wrong, and what to do about it.
    problem: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
}

impl CallShown {
    pub(super) fn of(call: call::Model, webhook: &row::Model, now: Instant) -> Self {
        let is_held_up = call.status == Status::Pending && !webhook.is_active;
        let held_up = "It waits, because the webhook is switched off: switch it on (is_active).".to_owned();
        let next_attempt_at = call.due_at.filter(|_| !is_held_up && !call.is_under_way(now));
        Self {
            id: call.id,
            message_id: call.message,
            event: call.event,
            event_id: call.position,
            status: call.status,
            attempts: call.attempts,
            last_attempt_at: call.last_attempt_at,
            last_status_code: call.status_code,
            last_answer: call.answer,
            took_ms: call.took_ms,
            next_attempt_at,
            gives_up_at: call.give_up_at,
            problem: if is_held_up { Some(held_up) } else { call.problem },
            created_at: call.created_at,
        }
    }
}
