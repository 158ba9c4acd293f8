//! Counting what is sent to the database, by the spans that SeaORM opens for each statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// What SeaORM calls one statement each. A savepoint counts by its `commit`.
const STATEMENTS: &[&str] =
    &["execute_raw", "execute_unprepared", "query_one_raw", "query_all_raw", "stream_raw", "commit"];

/// Counts the statements of the thread whose subscriber it is part of.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<AtomicUsize>);

impl Statements {
    /// How many statements `work` sends.
    pub(crate) async fn of<T>(&self, work: impl Future<Output = T>) -> (usize, T) {
        let before = self.0.load(Ordering::Relaxed);
        let done = work.await;
        (self.0.load(Ordering::Relaxed) - before, done)
    }
}

/// Has every span noticed, whoever counts: what nobody notices when it first occurs is left out for a while on threads
/// that count later.
pub(crate) fn notice_all() {
    tracing::subscriber::set_global_default(Noticing).expect("nobody else notices for all");
}

/// Wants to hear of everything and keeps nothing.
struct Noticing;

impl Subscriber for Noticing {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, _event: &Event<'_>) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_new_span(&self, span: &Attributes<'_>, _id: &Id, _context: Context<'_, S>) {
        let of = span.metadata();
        if of.target().starts_with("sea_orm::database") && STATEMENTS.contains(&of.name()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
