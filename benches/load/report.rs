//! The figures of a run, as a line, a table and JSON.

use crate::desk::{Answers as DeskAnswers, Heard};
use crate::drive::databases::Backend;
use crate::drive::people::Answers;
use crate::drive::verify::Findings;
use crate::scenarios::Scenario;
use clap::ValueEnum as _;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// What a run gave, as it was measured.
pub(crate) struct Figures<'a> {
    pub(crate) answers: &'a Answers,
    /// How long messages were sent.
    pub(crate) took: Duration,
    pub(crate) delays: Option<&'a Histogram<u64>>,
    /// Replies at the provider while messages were sent, and in the end.
    pub(crate) replied_meanwhile: usize,
    pub(crate) replied: usize,
    /// How long after the last message the last reply arrived.
    pub(crate) behind: Duration,
    pub(crate) resident: u64,
    pub(crate) start_up: Duration,
    pub(crate) andon_cpu: f64,
    pub(crate) driver_cpu: f64,
    pub(crate) findings: &'a Findings,
}

/// What a run of the desk gave, as it was measured.
pub(crate) struct DeskFigures {
    pub(crate) name: String,
    pub(crate) answers: DeskAnswers,
    /// How long people asked.
    pub(crate) took: Duration,
    /// Notices at the provider meanwhile.
    pub(crate) told_meanwhile: usize,
    pub(crate) resident: u64,
    pub(crate) start_up: Duration,
    pub(crate) andon_cpu: f64,
    pub(crate) driver_cpu: f64,
}

/// How a queue of notices drained.
pub(crate) struct Drained {
    pub(crate) notices: usize,
    /// From the first one's arrival until the last one's news were taken in, and how much of it after the last arrival.
    pub(crate) took: Duration,
    pub(crate) behind: Duration,
    /// How long those took that were alone, in microseconds.
    pub(crate) alone: Histogram<u64>,
    /// The most memory that there was.
    pub(crate) resident: u64,
}

/// A line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    database: String,
    scenario: String,
    seconds: f64,
    accepted: u64,
    failed: u64,
    accepted_per_second: f64,
    answer_p50_ms: f64,
    answer_p99_ms: f64,
    answer_max_ms: f64,
    reply_p50_ms: f64,
    reply_p99_ms: f64,
    replies: usize,
    replies_per_second: f64,
    replies_waiting: usize,
    behind_s: f64,
    resident_mb: f64,
    start_up_ms: f64,
    andon_cpu_s: f64,
    driver_cpu_s: f64,
    /// What was not as it should be.
    pub(crate) faults: Vec<String>,
}

/// The table's columns: name, and the value of a row.
type Column = (&'static str, fn(&Row) -> String);
const COLUMNS: [Column; 14] = [
    ("database", |row| row.database.clone()),
    ("scenario", |row| row.scenario.clone()),
    ("accepted/s", |row| format!("{:.0}", row.accepted_per_second)),
    ("answer p50 ms", |row| format!("{:.1}", row.answer_p50_ms)),
    ("p99", |row| format!("{:.1}", row.answer_p99_ms)),
    ("max", |row| format!("{:.1}", row.answer_max_ms)),
    ("reply p50 ms", |row| format!("{:.1}", row.reply_p50_ms)),
    ("p99", |row| format!("{:.1}", row.reply_p99_ms)),
    ("replies/s", |row| format!("{:.0}", row.replies_per_second)),
    ("behind s", |row| format!("{:.1}", row.behind_s)),
    ("memory MB", |row| format!("{:.0}", row.resident_mb)),
    ("start ms", |row| format!("{:.0}", row.start_up_ms)),
    ("CPU s andon + driver", |row| format!("{:.1} + {:.1}", row.andon_cpu_s, row.driver_cpu_s)),
    ("verified", |row| if row.faults.is_empty() { "yes".to_owned() } else { "NO".to_owned() }),
];

impl Row {
    pub(crate) fn new(backend: Backend, scenario: Scenario, figures: &Figures<'_>) -> Self {
        let seconds = figures.took.as_secs_f64();
        let of = |delays: Option<&Histogram<u64>>, share: f64| {
            delays.map_or(0.0, |delays| milliseconds(Duration::from_micros(delays.value_at_quantile(share))))
        };
        let answers = Some(&figures.answers.latency);
        let mut faults = figures.findings.lines();
        if figures.findings.doubled_replies > 0 {
            faults.push(format!("replies sent twice: {}", figures.findings.doubled_replies));
        }
        if figures.answers.failed > 0 {
            faults.push(format!("webhooks that failed: {}", figures.answers.failed));
        }
        Self {
            database: backend.to_string(),
            scenario: scenario.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned()),
            seconds,
            accepted: figures.answers.accepted,
            failed: figures.answers.failed,
            accepted_per_second: ratio(figures.answers.accepted, seconds),
            answer_p50_ms: of(answers, 0.5),
            answer_p99_ms: of(answers, 0.99),
            answer_max_ms: of(answers, 1.0),
            reply_p50_ms: of(figures.delays, 0.5),
            reply_p99_ms: of(figures.delays, 0.99),
            replies: figures.replied,
            replies_per_second: ratio(figures.replied_meanwhile as u64, seconds),
            replies_waiting: figures.findings.waiting,
            behind_s: figures.behind.as_secs_f64(),
            resident_mb: ratio(figures.resident, 1024.0 * 1024.0),
            start_up_ms: milliseconds(figures.start_up),
            andon_cpu_s: figures.andon_cpu,
            driver_cpu_s: figures.driver_cpu,
            faults,
        }
    }

    /// A row of the desk: `accepted` are requests answered as they should be; replies there are where notices go out.
    pub(crate) fn of_desk(backend: Backend, figures: &DeskFigures) -> Self {
        let seconds = figures.took.as_secs_f64();
        let answers = &figures.answers;
        let of = |share: f64| milliseconds(Duration::from_micros(answers.latency.value_at_quantile(share)));
        let mut faults = Vec::new();
        if answers.failed > 0 {
            faults.push(format!("answers amiss: {} (such as {})", answers.failed, answers.examples.join("; ")));
        }
        Self {
            database: backend.to_string(),
            scenario: figures.name.clone(),
            seconds,
            accepted: answers.accepted,
            failed: answers.failed,
            accepted_per_second: ratio(answers.accepted, seconds),
            answer_p50_ms: of(0.5),
            answer_p99_ms: of(0.99),
            answer_max_ms: of(1.0),
            reply_p50_ms: 0.0,
            reply_p99_ms: 0.0,
            replies: 0,
            replies_per_second: ratio(figures.told_meanwhile as u64, seconds),
            replies_waiting: 0,
            behind_s: 0.0,
            resident_mb: ratio(figures.resident, 1024.0 * 1024.0),
            start_up_ms: milliseconds(figures.start_up),
            andon_cpu_s: figures.andon_cpu,
            driver_cpu_s: figures.driver_cpu,
            faults,
        }
    }

    /// The median of each figure of these runs.
    fn median(runs: &[&Row]) -> Self {
        let float = |figure: fn(&Row) -> f64| middle(runs, figure, f64::total_cmp);
        let count = |figure: fn(&Row) -> u64| middle(runs, figure, u64::cmp);
        let size = |figure: fn(&Row) -> usize| middle(runs, figure, usize::cmp);
        Self {
            database: runs[0].database.clone(),
            scenario: runs[0].scenario.clone(),
            seconds: float(|run| run.seconds),
            accepted: count(|run| run.accepted),
            failed: count(|run| run.failed),
            accepted_per_second: float(|run| run.accepted_per_second),
            answer_p50_ms: float(|run| run.answer_p50_ms),
            answer_p99_ms: float(|run| run.answer_p99_ms),
            answer_max_ms: float(|run| run.answer_max_ms),
            reply_p50_ms: float(|run| run.reply_p50_ms),
            reply_p99_ms: float(|run| run.reply_p99_ms),
            replies: size(|run| run.replies),
            replies_per_second: float(|run| run.replies_per_second),
            replies_waiting: size(|run| run.replies_waiting),
            behind_s: float(|run| run.behind_s),
            resident_mb: float(|run| run.resident_mb),
            start_up_ms: float(|run| run.start_up_ms),
            andon_cpu_s: float(|run| run.andon_cpu_s),
            driver_cpu_s: float(|run| run.driver_cpu_s),
            faults: runs.iter().flat_map(|run| run.faults.clone()).collect(),
        }
    }

    /// Notes how many notices went out in the end, and how long after the last request.
    pub(crate) fn tells(&mut self, notices: usize, behind: Duration) {
        self.replies = notices;
        self.behind_s = behind.as_secs_f64();
    }

    /// Notes how fast notices went out, and how soon where nothing else was to be done.
    pub(crate) fn drains(&mut self, drained: &Drained) {
        let of = |share: f64| milliseconds(Duration::from_micros(drained.alone.value_at_quantile(share)));
        (self.reply_p50_ms, self.reply_p99_ms) = (of(0.5), of(0.99));
        self.replies_per_second = ratio(drained.notices as u64, drained.took.as_secs_f64());
        self.resident_mb = ratio(drained.resident, 1024.0 * 1024.0);
        self.tells(drained.notices, drained.behind);
    }

    /// Notes how soon an open desk heard.
    pub(crate) fn hears(&mut self, heard: &Heard) {
        let of = |share: f64| milliseconds(Duration::from_micros(heard.delays.value_at_quantile(share)));
        (self.reply_p50_ms, self.reply_p99_ms) = (of(0.5), of(0.99));
        if heard.missed > 0 {
            self.faults.push(format!("never heard of: {}", heard.missed));
        }
    }

    /// The row with what was wrong.
    pub(crate) fn line(&self) -> String {
        let figures: Vec<String> = COLUMNS.iter().map(|(name, value)| format!("{name} {}", value(self))).collect();
        let waiting = match self.replies_waiting {
            0 => String::new(),
            count => format!(" · {count} replies still waited"),
        };
        let faults: String = self.faults.iter().map(|fault| ["\n  ", fault].concat()).collect();
        figures.join(" · ") + &waiting + &faults
    }
}

/// One row for the runs of each scenario on each database, in their order: the median of each figure on its own, and all
/// that was wrong.
pub(crate) fn medians(rows: &[Row]) -> Vec<Row> {
    let mut runs: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let is_same =
            |known: &&mut Vec<&Row>| (&known[0].database, &known[0].scenario) == (&row.database, &row.scenario);
        match runs.iter_mut().find(is_same) {
            Some(known) => known.push(row),
            None => runs.push(vec![row]),
        }
    }
    runs.iter().map(|runs| Row::median(runs)).collect()
}

/// All rows as a Markdown table.
pub(crate) fn table(rows: &[Row]) -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![format!("| {} |", names.join(" | ")), format!("|{}", "---|".repeat(names.len()))];
    for row in rows {
        let values: Vec<String> = COLUMNS.iter().map(|(_, value)| value(row)).collect();
        lines.push(format!("| {} |", values.join(" | ")));
    }
    lines.join("\n")
}

/// The middle one of these runs' figures; of an even number the higher of the two.
fn middle<T>(runs: &[&Row], figure: fn(&Row) -> T, order: fn(&T, &T) -> std::cmp::Ordering) -> T {
    let mut figures: Vec<T> = runs.iter().map(|run| figure(run)).collect();
    figures.sort_by(order);
    figures.swap_remove(figures.len() / 2)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a count of a run has far fewer digits than a float")]
fn ratio(count: u64, unit: f64) -> f64 {
    count as f64 / unit
}
