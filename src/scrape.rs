//! `/metrics`: what Prometheus reads. Most figures are counted where things happen (`kit/metrics.rs`); what has to be
//! looked up is looked up here, bounded in time, each time somebody reads.
//!
//! On the common address it wants `ANDON_METRICS_TOKEN` or the admin's token; on an address of its own
//! (`ANDON_METRICS_BIND`) it wants none.

use crate::app::App;
use crate::db::{self, Waiting};
use crate::delivery::dispatch::Dispatcher;
use crate::delivery::store;
use crate::kit::error::Kind;
use crate::kit::metrics::{self, CONTENT_TYPE, Metrics, float, seconds_since_1970};
use crate::kit::{Error, Instant, Result, process, telemetry};
use crate::web::guard;
use crate::web::problem::Problem;
use crate::webhooks_in::Door;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE as CONTENT_TYPE_HEADER;
use axum::response::IntoResponse;
use axum::routing::get;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database gets this long to say what waits; after that it counts as away.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the figures are read from. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    app: App,
    door: Door,
    dispatcher: Dispatcher,
    started_at: Instant,
}

impl Sources {
    /// The sources of a process that starts now.
    pub fn new(app: &App, door: &Door, dispatcher: &Dispatcher) -> Self {
        let started_at = app.clock.now();
        Self { app: app.clone(), door: door.clone(), dispatcher: dispatcher.clone(), started_at }
    }
}

/// Figures for Prometheus, with `ANDON_METRICS_TOKEN` or `ANDON_ADMIN_TOKEN` as bearer.
#[utoipa::path(
    get, path = "/metrics", tag = "Operating", operation_id = "get_metrics", security(("bearer" = [])),
    responses(
        (status = 200, description = "In the OpenMetrics text format", content_type = CONTENT_TYPE, body = String),
        (status = 401, description = "Without the token", body = Problem),
    ),
)]
pub async fn scrape(State(sources): State<Sources>, headers: HeaderMap) -> Result<impl IntoResponse> {
    let settings = &sources.app.settings;
    let mut tokens = [&settings.metrics_token, &settings.admin_token].into_iter().flatten().peekable();
    let says = if tokens.peek().is_none() {
        "The figures are shown with a token: set ANDON_METRICS_TOKEN and send it as Authorization: Bearer; or set \
         ANDON_METRICS_BIND to an address of their own."
    } else {
        "Send ANDON_METRICS_TOKEN or ANDON_ADMIN_TOKEN as Authorization: Bearer."
    };
    if settings.is_demo || tokens.any(|token| guard::carries(&headers, token)) {
        shown(&sources).await
    } else {
        Err(Error::new(Kind::Unauthorized, says))
    }
}

/// The routes of the address that shows figures and nothing else, to whoever reaches it.
pub fn routes(sources: Sources) -> Router {
    Router::new()
        .route("/metrics", get(async |State(sources): State<Sources>| shown(&sources).await))
        .fallback(async || Error::not_found("Only /metrics is here."))
        .with_state(sources)
}

async fn shown(sources: &Sources) -> Result<impl IntoResponse + use<>> {
    look_up(sources).await;
    Ok(([(CONTENT_TYPE_HEADER, CONTENT_TYPE)], sources.app.metrics.text()?))
}

/// Brings those figures up to date that nobody counts.
async fn look_up(sources: &Sources) {
    let Sources { app, door, dispatcher, started_at } = sources;
    let metrics = &app.metrics;
    for (queue, (items, capacity)) in
        [("messages", door.messages.depth()), ("receipts", door.receipts.depth()), ("outcomes", dispatcher.depth())]
    {
        metrics::set(&metrics.queue_items, "queue", queue, float(items as u64));
        metrics::set(&metrics.queue_capacity, "queue", queue, float(capacity as u64));
    }
    for channel in &app.channels {
        let is_red = app.health.red(channel.name()).is_some();
        metrics::set(&metrics.channel_red, "channel", channel.name(), f64::from(u8::from(is_red)));
    }
    let waiting = tokio::time::timeout(PATIENCE, store::waiting(app.db.read())).await;
    let is_up = matches!(waiting, Ok(Ok(_))) && !app.db.is_failing();
    metrics.database_up.set(f64::from(u8::from(is_up)));
    if let Ok(Ok(Waiting { count, oldest, .. })) = waiting {
        metrics.deliveries_waiting.set(float(count));
        let age = oldest.map_or(0.0, |at| (app.clock.now() - at).as_seconds_f64().max(0.0));
        metrics.deliveries_oldest.set(age);
    }
    if app.settings.use_redis {
        let is_up = app.bus.away_since().is_none();
        metrics.redis_up.get_or_create(&[]).set(f64::from(u8::from(is_up)));
    }
    metrics.started_at.set(seconds_since_1970(*started_at));
    metrics.uptime.set((app.clock.now() - started_at).as_seconds_f64());
    let (metrics, folder) = (metrics.clone(), app.settings.data_dir.clone());
    let file = db::sqlite_file(&app.settings.database_url());
    // Files are asked on a thread that may wait: a disk can be slow to answer.
    let asked = tokio::task::spawn_blocking(move || look_at_files(&metrics, &folder, file)).await;
    if let Err(error) = asked {
        tracing::warn!(%error, "the files' figures could not be read");
    }
}

fn look_at_files(metrics: &Metrics, folder: &Path, database: Option<PathBuf>) {
    if let Some(database) = database {
        let mut wal = database.clone().into_os_string();
        wal.push("-wal");
        for (name, file) in [("database", database), ("wal", PathBuf::from(wal))] {
            if let Ok(data) = std::fs::metadata(file) {
                metrics::set(&metrics.database_file, "file", name, float(data.len()));
            }
        }
    }
    if let Some(bytes) = process::free_bytes(folder) {
        metrics::set(&metrics.disk_free, "folder", "data", float(bytes));
    }
    if let Some(bytes) = process::resident_bytes() {
        metrics.resident_memory.get_or_create(&[]).set(float(bytes));
    }
    if let Some(seconds) = process::cpu_seconds() {
        metrics::copy(&metrics.cpu, seconds);
    }
    metrics::copy(&metrics.log_lines_dropped, float(telemetry::dropped_lines()));
}
