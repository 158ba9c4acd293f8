//! Every figure that Andon shows to Prometheus, with its help text: the list is [`Figures::listed`].
//!
//! Recording is an atomic step or a short lock and allocates nothing, so it may stand on the busy paths. Labels have
//! few values: no number, no name and no text of anybody's is ever one. What has to be looked up is set when the
//! figures are read (`src/scrape.rs`).

mod kept;

pub use kept::{CONTENT_TYPE, Metrics, Stopwatch, copy, float, seconds_since_1970, set};

use super::Instant;
use kept::List;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::sync::atomic::AtomicU64;

/// Bucket ends of short durations, in seconds.
const SHORT: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Bucket ends of what may take minutes, in seconds.
const LONG: [f64; 14] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 10_800.0];
/// Bucket ends of sizes of sets.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Counts, by the values of one label.
type CountsBy<const LABELS: usize> = Family<[(&'static str, &'static str); LABELS], Counter>;
/// A value that goes up and down.
type Level = Gauge<f64, AtomicU64>;
/// Values by label; one that is not known is not shown.
type LevelsBy<const LABELS: usize = 1> = Family<[(&'static str, &'static str); LABELS], Level>;
/// A count kept elsewhere, copied when the figures are read.
type Copied = Counter<f64, AtomicU64>;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Attempt {
    /// The channel's stored name.
    pub channel: &'static str,
    /// `accepted`, or what follows from the failure.
    pub outcome: &'static str,
    /// The failure's stable short name; empty where it was accepted.
    pub error: &'static str,
    /// The provider's code, where it is one that Andon knows.
    pub code: Option<i32>,
}

/// An answered webhook.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: &'static str,
    status: u32,
}

/// Every figure; their names and help texts are in [`Figures::listed`].
pub struct Figures {
    messages: CountsBy<2>,
    webhooks: Family<Answered, Counter>,
    webhook_answer: Family<[(&'static str, &'static str); 1], Histogram>,
    /// Messages that had been missed and were fetched.
    pub messages_fetched: Counter,
    reconciled_at: LevelsBy,
    step_messages: Histogram,
    step_seconds: Histogram,
    reply_delay: Histogram,
    attempts: Family<Attempt, Counter>,
    attempt_seconds: Histogram,
    receipts: CountsBy<2>,
    webhook_calls: CountsBy<1>,
    /// Deliveries that wait to be sent, up to a bound.
    pub deliveries_waiting: Level,
    /// The age in seconds of the delivery that is due longest.
    pub deliveries_oldest: Level,
    /// What waits in the process's queues.
    pub queue_items: LevelsBy,
    /// How much each queue holds before it turns away.
    pub queue_capacity: LevelsBy,
    /// 1 for a channel that is out.
    pub channel_red: LevelsBy,
    /// 1 while the database takes messages in.
    pub database_up: Level,
    /// 1 while Redis answers; shown where it is used.
    pub redis_up: LevelsBy<0>,
    database_writes: CountsBy<1>,
    database_write: Histogram,
    /// Sizes of SQLite's files in bytes.
    pub database_file: LevelsBy,
    /// Bytes free where the data folder is.
    pub disk_free: LevelsBy,
    /// Log lines that were dropped.
    pub log_lines_dropped: Copied,
    /// Memory in use.
    pub resident_memory: LevelsBy<0>,
    /// Processor time used.
    pub cpu: Copied,
    /// When the process started, in seconds since 1970.
    pub started_at: Level,
    /// For how long it has been running, in seconds.
    pub uptime: Level,
}

impl Figures {
    /// The list: each figure's name, help text and labels.
    fn listed(list: &mut List) -> Self {
        let build: LevelsBy = list.add("andon_build_info", "1, with the program's `version`", Family::default());
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
        Self {
            messages: list.add(
                "andon_messages",
                "Messages that came in, by `channel` and `outcome`: `new`; `known` (here before, changed nothing); `unstored` (could not be stored, 503)",
                Family::default(),
            ),
            webhooks: list.add(
                "andon_webhooks",
                "Webhooks answered, by `path` (`webhook`, `status`) and HTTP `status`: 403 is a wrong or missing signature, 503 turned away",
                Family::default(),
            ),
            webhook_answer: list.add(
                "andon_webhook_answer_seconds",
                "Time until a webhook was answered, by `path`",
                Family::new_with_constructor(|| Histogram::new(SHORT)),
            ),
            messages_fetched: list.add(
                "andon_messages_fetched",
                "Messages that no webhook had brought and that were fetched from the provider",
                Counter::default(),
            ),
            reconciled_at: list.add(
                "andon_messages_fetched_timestamp_seconds",
                "When a `channel` was last asked for missed messages, with success",
                Family::default(),
            ),
            step_messages: list.add(
                "andon_message_step_messages",
                "Messages handled together in one transaction",
                Histogram::new(SIZES),
            ),
            step_seconds: list.add(
                "andon_message_step_seconds",
                "Time that such a set took until it was on disk",
                Histogram::new(SHORT),
            ),
            reply_delay: list.add(
                "andon_reply_delay_seconds",
                "Time from a message's being stored until the provider accepted the reply to it",
                Histogram::new(LONG),
            ),
            attempts: list.add(
                "andon_attempts",
                "Attempts to send, by `channel`, `outcome` (`accepted`, `retry`, `slowed`, `in_doubt`, `refused`, `channel_out`), `error` (a short name) and the provider's `code`",
                Family::default(),
            ),
            attempt_seconds: list.add(
                "andon_attempt_seconds",
                "Time that the provider took to answer an attempt",
                Histogram::new(SHORT),
            ),
            receipts: list.add(
                "andon_receipts",
                "News of our messages, by `channel` and `status` (`sent`, `delivered`, `read`, `failed` …)",
                Family::default(),
            ),
            webhook_calls: list.add(
                "andon_webhook_calls",
                "Calls of webhooks out, by `outcome`: `delivered`; `retry` (it is tried again); `parked` (given up)",
                Family::default(),
            ),
            deliveries_waiting: list.add(
                "andon_deliveries_waiting",
                "Deliveries that wait to be sent; counted up to 20,000",
                Level::default(),
            ),
            deliveries_oldest: list.add(
                "andon_deliveries_oldest_seconds",
                "Age of the waiting delivery that is due longest; 0 when none waits",
                Level::default(),
            ),
            queue_items: list.add(
                "andon_queue_items",
                "What waits in memory for its transaction, by `queue` (`messages`, `receipts`, `outcomes`)",
                Family::default(),
            ),
            queue_capacity: list.add(
                "andon_queue_capacity_items",
                "How much a `queue` holds before it turns away",
                Family::default(),
            ),
            channel_red: list.add(
                "andon_channel_red",
                "1 while a `channel` is out and its queue is kept, else 0",
                Family::default(),
            ),
            database_up: list.add(
                "andon_database_up",
                "1 while the database takes messages in, else 0",
                Level::default(),
            ),
            redis_up: list.add(
                "andon_redis_up",
                "1 while Redis answers, else 0; not shown where it is not used",
                Family::default(),
            ),
            database_writes: list.add(
                "andon_database_writes",
                "Write transactions, by `outcome` (`committed`, `refused`, `away`)",
                Family::default(),
            ),
            database_write: list.add(
                "andon_database_write_seconds",
                "Time that a write took, waiting and commit included",
                Histogram::new(SHORT),
            ),
            database_file: list.add(
                "andon_database_file_bytes",
                "Size of SQLite's files, by `file` (`database`, `wal`)",
                Family::default(),
            ),
            disk_free: list.add(
                "andon_disk_free_bytes",
                "Room left on the disk of a `folder` (`data`)",
                Family::default(),
            ),
            log_lines_dropped: list.add(
                "andon_log_lines_dropped",
                "Log lines dropped because standard error took them too slowly",
                Copied::default(),
            ),
            resident_memory: list.add(
                "process_resident_memory_bytes",
                "Memory in use; not shown where the system does not tell",
                Family::default(),
            ),
            cpu: list.add("process_cpu_seconds", "Processor time used", Copied::default()),
            started_at: list.add(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970",
                Level::default(),
            ),
            uptime: list.add("andon_uptime_seconds", "For how long it has been running", Level::default()),
        }
    }

    /// A message came in; `outcome` as in the help text.
    pub fn message(&self, channel: &'static str, outcome: &'static str) {
        self.messages.get_or_create(&[("channel", channel), ("outcome", outcome)]).inc();
    }

    /// A webhook on this path was answered with this HTTP status.
    pub fn webhook(&self, path: &'static str, status: u16, took: Stopwatch) {
        self.webhooks.get_or_create(&Answered { path, status: status.into() }).inc();
        self.webhook_answer.get_or_create(&[("path", path)]).observe(took.seconds());
    }

    /// A channel was asked for missed messages at this instant, and all of them are here.
    pub fn reconciled(&self, channel: &'static str, at: Instant) {
        set(&self.reconciled_at, "channel", channel, seconds_since_1970(at));
    }

    /// A set of messages is on disk.
    pub fn message_step(&self, messages: usize, took: Stopwatch) {
        self.step_messages.observe(float(messages as u64));
        self.step_seconds.observe(took.seconds());
    }

    /// An attempt ended, after this many seconds.
    pub fn attempt(&self, attempt: &Attempt, seconds: f64) {
        self.attempts.get_or_create(attempt).inc();
        self.attempt_seconds.observe(seconds);
    }

    /// A reply was accepted, this many seconds after its message was stored.
    pub fn reply(&self, seconds: f64) {
        self.reply_delay.observe(seconds);
    }

    /// News of a message of ours is on disk.
    pub fn receipt(&self, channel: &'static str, status: &'static str) {
        self.receipts.get_or_create(&[("channel", channel), ("status", status)]).inc();
    }

    /// A call of a webhook ended; `outcome` as in the help text.
    pub fn webhook_call(&self, outcome: &'static str) {
        self.webhook_calls.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A write ended; `outcome` as in the help text.
    pub fn database_write(&self, outcome: &'static str, took: Stopwatch) {
        self.database_writes.get_or_create(&[("outcome", outcome)]).inc();
        self.database_write.observe(took.seconds());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_end_in_their_unit_and_stand_once() {
        let units = ["_seconds", "_seconds_total", "_bytes", "_total", "_info", "_items", "_messages"];
        let plain = ["andon_deliveries_waiting", "andon_channel_red", "andon_database_up", "andon_redis_up"];
        let metrics = Metrics::default();
        let mut names = metrics.names();
        for name in &names {
            assert!(name.starts_with("andon_") || name.starts_with("process_"), "{name}");
            assert!(plain.contains(name) || units.iter().any(|unit| name.ends_with(unit)), "{name}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn what_was_recorded_is_shown_and_what_was_not_is_absent() {
        let metrics = Metrics::default();
        metrics.message("twilio", "new");
        metrics.message("twilio", "new");
        metrics.webhook("webhook", 403, Stopwatch::start());
        let refused = Attempt { channel: "twilio", outcome: "refused", error: "not_in_sandbox", code: Some(63015) };
        metrics.attempt(&refused, 0.1);
        let text = metrics.text().expect("they can be written");
        for line in [
            "andon_messages_total{channel=\"twilio\",outcome=\"new\"} 2",
            "andon_webhooks_total{path=\"webhook\",status=\"403\"} 1",
            "andon_webhook_answer_seconds_count{path=\"webhook\"} 1",
            "andon_attempts_total{channel=\"twilio\",outcome=\"refused\",error=\"not_in_sandbox\",code=\"63015\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        assert!(!text.contains("andon_database_file_bytes{"), "a size that is not known is not shown as 0");
        assert!(text.ends_with("# EOF\n"));
    }
}
