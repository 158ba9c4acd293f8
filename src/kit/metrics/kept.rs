//! How the figures are kept, listed and shown.

use super::{Copied, Figures, LevelsBy};
use crate::kit::{Error, Instant, Result};
use prometheus_client::encoding::{EncodeMetric, text};
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::{Metric, Registry};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures of one process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Kept>);

struct Kept {
    registry: Registry,
    described: Vec<Described>,
    figures: Figures,
}

/// One figure as the manual shows it.
struct Described {
    name: String,
    kind: &'static str,
    help: &'static str,
}

impl Metrics {
    /// All figures as text, in the form that [`CONTENT_TYPE`] names.
    ///
    /// # Errors
    /// None that could be provoked: writing to a string does not fail.
    pub fn text(&self) -> Result<String> {
        let mut shown = String::new();
        text::encode(&mut shown, &self.0.registry).map_err(Error::internal)?;
        Ok(shown)
    }

    /// The figures' names, as they are shown.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.described.iter().map(|one| one.name.as_str()).collect()
    }

    /// All figures as a Markdown table (name, type, what), for the manual.
    pub fn table() -> String {
        let row = |one: &Described| format!("| `{}` | {} | {} |", one.name, one.kind, one.help);
        let rows: Vec<String> = Self::default().0.described.iter().map(row).collect();
        format!("| Name | Type | What |\n|---|---|---|\n{}\n", rows.join("\n"))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut list = List { registry: Registry::default(), described: Vec::new() };
        let figures = Figures::listed(&mut list);
        Self(Arc::new(Kept { registry: list.registry, described: list.described, figures }))
    }
}

impl Deref for Metrics {
    type Target = Figures;

    fn deref(&self) -> &Figures {
        &self.0.figures
    }
}

/// The list while it is being written.
pub(super) struct List {
    registry: Registry,
    described: Vec<Described>,
}

impl List {
    pub(super) fn add<M: Metric + TypedMetric + EncodeMetric + Clone>(
        &mut self,
        name: &'static str,
        help: &'static str,
        metric: M,
    ) -> M {
        self.registry.register(name, help, metric.clone());
        let (kind, ending) = match M::TYPE {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Histogram => ("histogram", ""),
            _ => ("gauge", ""),
        };
        self.described.push(Described { name: format!("{name}{ending}"), kind, help });
        metric
    }
}

/// Sets one of the values by a label.
pub fn set(levels: &LevelsBy, label: &'static str, value: &'static str, level: f64) {
    levels.get_or_create(&[(label, value)]).set(level);
}

/// A number as it is shown.
#[expect(clippy::cast_precision_loss, reason = "figures are looked at; past 2^53 nobody counts")]
pub fn float(number: u64) -> f64 {
    number as f64
}

/// An instant as Prometheus writes it.
pub fn seconds_since_1970(at: Instant) -> f64 {
    float(u64::try_from(at.timestamp_millis()).unwrap_or_default()) / 1_000.0
}

/// Copies a count that is kept elsewhere.
pub fn copy(counter: &Copied, count: f64) {
    counter.inner().store(count.to_bits(), Ordering::Relaxed);
}

/// Measures how long something takes: real time, also where a test moves the clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Seconds since the start.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
