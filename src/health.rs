//! `/health`: alive, and what is degraded. For load balancers, monitors and a person with curl.

use crate::app::{App, Used};
use crate::channels::Medium;
use crate::db::{Waiting, marks};
use crate::delivery;
use crate::kit::Instant;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How Andon is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, `degraded` (works, but something needs a person) or `down` (takes no messages).
    #[schema(example = "ok")]
    status: &'static str,
    /// The program's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The database: `ok` or `down`.
    #[schema(example = "ok")]
    database: &'static str,
    /// What needs a person, in plain words; empty when nothing does.
    #[schema(example = json!([]))]
    degraded: Vec<String>,
    /// The deliveries that wait to be sent.
    queue: Option<Queue>,
}

/// The deliveries that wait to be sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    /// How many; more than 20,000 are not counted.
    waiting: u64,
    /// When the one that is due longest was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<Instant>,
}

/// How Andon is. 200 while it takes messages, 503 while it does not.
#[utoipa::path(get, path = "/health", tag = "Operating", operation_id = "get_health", responses((status = 200, body = Health), (status = 429, body = Problem), (status = 503, body = Health)))]
pub async fn health(State(app): State<App>) -> Response {
    let mut degraded = troubles(&app);
    let queue = delivery::store::waiting(app.db.read()).await;
    // Reading may work where writing does not (disk full, file locked): after a failed write, try one.
    let writes = if queue.is_ok() && app.db.is_failing() { marks::try_writing(&app.db).await } else { Ok(()) };
    let failure = queue.as_ref().err().or(writes.as_ref().err());
    let is_up = failure.is_none();
    if let Some(error) = failure {
        tracing::warn!(cause = error.private(), "the database does not answer");
        let words = "The database takes nothing in. Messages get 503 and are fetched from the provider later; Andon's \
                     log has the reason.";
        degraded.insert(0, words.into());
    }
    let health = Health {
        status: match (is_up, degraded.is_empty()) {
            (false, _) => "down",
            (true, false) => "degraded",
            (true, true) => "ok",
        },
        version: env!("CARGO_PKG_VERSION"),
        database: if is_up { "ok" } else { "down" },
        degraded,
        queue: queue.ok().map(|Waiting { count, oldest, .. }| Queue { waiting: count, oldest }),
    };
    let status = if is_up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

/// What is wrong with the channels, with Redis and with the budget, in plain words.
fn troubles(app: &App) -> Vec<String> {
    let mut troubles: Vec<String> = app
        .channels
        .iter()
        .filter_map(|channel| {
            app.health
                .red(channel.name())
                .map(|red| format!("{} is out since {}: {}", channel.name(), red.since, red.advice))
        })
        .collect();
    if let Some(since) = app.bus.away_since() {
        troubles.push(format!(
            "Redis is away since {since}. Everything works without it, only slower between processes; Andon's log has the \
             reason."
        ));
    }
    troubles.extend(app.health.budget().filter(|budget| budget.used > Used::Little).map(|budget| budget.says));
    if !app.settings.whatsapp_enabled {
        troubles.push(
            "WhatsApp is switched off (ENABLE_WHATSAPP=false): webhooks get 503 and WhatsApp deliveries wait.".into(),
        );
    } else if app.carrier(Medium::Whatsapp).is_none() {
        troubles.push(no_carrier(app));
    }
    troubles
}

fn no_carrier(app: &App) -> String {
    if app.settings.meta.is_wanted() && app.settings.twilio_credentials().is_none() {
        return "WHATSAPP_ACCESS_TOKEN or WHATSAPP_PHONE_NUMBER_ID not configured: the token is a system user's in Meta's Business Settings, the id stands under WhatsApp > API Setup. WhatsApp deliveries wait.".into();
    }
    if app.settings.twilio_credentials().is_none() {
        "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured: find both on the first page of Twilio's console. WhatsApp deliveries wait.".into()
    } else {
        "TWILIO_WHATSAPP_NUMBER not configured: the number Andon writes from, +14155238886 in Twilio's sandbox. WhatsApp deliveries wait.".into()
    }
}
