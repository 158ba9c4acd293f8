//! What the figures say of an attempt.

use super::store::{Came, Kind, Leased};
use crate::app::App;
use crate::channels::{Retry, SendError};
use crate::kit::Instant;
use crate::kit::metrics::Attempt;

/// Records an attempt that began at `started_at`, and the delay of the reply where it was one and is accepted.
pub(super) fn record(app: &App, channel: &'static str, leased: &Leased, came: &Came, started_at: Instant) {
    // A question about what is in doubt is no attempt.
    let Came::Sent(answer) = came else { return };
    let now = app.clock.now();
    let (outcome, error, code) = match answer {
        Ok(_) => ("accepted", "", None),
        // Codes that nobody knows are many: they share a line.
        Err(error) => (outcome_of(error), error.name, error.code.filter(|code| is_known(app, channel, *code))),
    };
    let attempt = Attempt { channel, outcome, error, code };
    app.metrics.attempt(&attempt, (now - started_at).as_seconds_f64());
    if answer.is_ok() && leased.kind == Kind::Reply.as_str() {
        app.metrics.reply((now - leased.created_at).as_seconds_f64());
    }
}

fn outcome_of(error: &SendError) -> &'static str {
    match error.retry {
        Retry::Never | Retry::Elsewhere => "refused",
        Retry::Slower(_) | Retry::SlowerToOne => "slowed",
        Retry::StopChannel => "channel_out",
        Retry::Later(_) if error.in_doubt => "in_doubt",
        Retry::Later(_) => "retry",
    }
}

fn is_known(app: &App, channel: &str, code: i32) -> bool {
    app.channel(channel).is_some_and(|channel| channel.explain(code).is_some())
}
