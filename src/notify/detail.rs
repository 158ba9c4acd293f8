//! One notification in full: its words, its person, every attempt with what its code means, what to do, how long it
//! took, and for an admin what it cost.

use super::explain;
use super::shown::Notification;
use super::store::inbox;
use crate::app::App;
use crate::delivery::store::rows::attempt;
use crate::kit::Instant;
use crate::kit::decimal::decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// One notification in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotificationInFull)]
pub struct Whole {
    #[serde(flatten)]
    notification: Notification,
    /// Its text; empty once it was let go.
    #[schema(example = "Your ticket has been opened: Payments fail")]
    pub message: String,
    /// Who is told: the user's id.
    recipient: i64,
    /// Their name.
    #[schema(example = "Client 1")]
    pub recipient_name: String,
    ticket_title: Option<String>,
    /// As how many parts a text message (SMS) is billed; null for the others.
    #[schema(example = 1)]
    sms_parts: Option<i32>,
    /// What was wrong, and what to do about it.
    error_message: Option<String>,
    /// Where it failed, was taken back or waits: why, and what to do; null where nothing is to be done.
    pub explanation: Option<String>,
    latency: Latency,
    /// What was tried, oldest first; none at the desk, where it is there once it is stored.
    pub attempts: Vec<Attempt>,
}

impl Whole {
    /// As somebody may see it: what it cost, and what only an admin can do, is for admins.
    pub fn of(app: &App, whole: inbox::Whole, for_admin: bool) -> Self {
        let (explanation, latency) = (explain::of(app, &whole, for_admin), Latency::of(&whole));
        let attempts = whole.attempts.into_iter().map(|attempt| Attempt::of(app, attempt, for_admin)).collect();
        Self {
            notification: whole.listed.into(),
            message: whole.body,
            recipient: whole.person_id,
            recipient_name: whole.person_name.unwrap_or_default(),
            ticket_title: whole.ticket_title,
            sms_parts: whole.sms_parts,
            error_message: whole.error_text,
            explanation,
            latency,
            attempts,
        }
    }
}

/// How long a notification took, from its making; null for what did not happen, and at the desk.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotificationLatency)]
pub struct Latency {
    /// Milliseconds until a provider took it.
    #[schema(example = 180)]
    accepted_ms: Option<i64>,
    /// Milliseconds until it was on the person's phone.
    #[schema(example = 2_140)]
    delivered_ms: Option<i64>,
}

impl Latency {
    fn of(whole: &inbox::Whole) -> Self {
        let taken = whole.attempts.iter().filter(|attempt| attempt.provider_id.is_some());
        let accepted_at = taken.filter_map(|attempt| attempt.finished_at).min();
        let delivered_at = whole.delivered_at.or(whole.read_at).filter(|_| accepted_at.is_some());
        let after = |at: Option<Instant>| at.map(|at| (at - whole.listed.created_at).num_milliseconds());
        Self { accepted_ms: after(accepted_at), delivered_ms: after(delivered_at) }
    }
}

/// One attempt to send a notification.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NotificationAttempt)]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    /// The provider.
    #[schema(example = "twilio")]
    pub channel: String,
    /// The provider's id of the message, once it took it.
    pub provider_id: Option<String>,
    /// `STARTED`, `ACCEPTED`, `RETRY`, `REFUSED`, `IN_DOUBT`, `NOT_TAKEN` or `FAILED`.
    #[schema(example = "ACCEPTED")]
    pub outcome: String,
    /// The provider's code.
    pub error_code: Option<i32>,
    error_message: Option<String>,
    /// The failure's stable short name, where it has one.
    #[schema(example = "not_on_whatsapp")]
    error_name: Option<String>,
    /// What the failure means, and what to do about it.
    pub meaning: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Instant>,
    /// How many milliseconds the provider took to answer.
    #[schema(example = 120)]
    pub took_ms: Option<i64>,
    /// What the provider billed, or what it is estimated to; null until it is known, and for all but admins.
    #[schema(example = "0.005")]
    pub cost: Option<String>,
    /// Of which currency.
    #[schema(example = "USD")]
    pub currency: Option<String>,
    /// The category that the cost is estimated by; null where the provider billed it, and for all but admins.
    #[schema(example = "utility")]
    estimated_by: Option<String>,
}

impl Attempt {
    fn of(app: &App, attempt: attempt::Model, sees_costs: bool) -> Self {
        let meaning = explain::meaning(app, &attempt).map(|advice| advice.says);
        let error_name = attempt.error_text.as_deref().and_then(explain::name).map(str::to_owned);
        let attempt::Model { number, channel, provider_id, outcome, error_code, error_text, .. } = attempt;
        let (started_at, finished_at) = (attempt.started_at, attempt.finished_at);
        let estimated_by = attempt.category.filter(|_| sees_costs && attempt.price_micros.is_some());
        let cost = attempt.price_micros.filter(|_| sees_costs).map(|micros| decimal(micros, 2));
        Self {
            number,
            channel,
            provider_id,
            outcome,
            error_code,
            error_message: error_text,
            error_name,
            meaning,
            started_at,
            finished_at,
            took_ms: finished_at.map(|at| (at - started_at).num_milliseconds()),
            cost,
            currency: attempt.currency.filter(|_| sees_costs),
            estimated_by,
        }
    }
}

/// A notification was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationMarked)]
pub struct Marked {
    #[schema(example = "Notification marked as read")]
    pub(super) message: &'static str,
    pub(super) notification: Whole,
}
