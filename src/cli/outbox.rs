//! `andon outbox`: what waits to be sent, and why.

use super::migrated;
use super::out::say;
use crate::app::carrier;
use crate::catalog;
use crate::channels::Medium;
use crate::config::Settings;
use crate::delivery::store;
use crate::delivery::waiting::{self, Reason, Waiting};
use crate::kit::{EmailAddress, Error, Instant, Result, http};
use chrono::TimeDelta;
use clap::Args;
use serde_json::json;

/// The most deliveries looked at; the counts say so where there are more.
const MOST: u64 = 10_000;

#[derive(Debug, Args)]
pub(super) struct Outbox {
    /// How many deliveries to list, those first that are due longest.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Only those that wait for this reason.
    #[arg(long)]
    reason: Option<Reason>,
    /// Only those to this number or e-mail address.
    #[arg(long, value_parser = address, allow_hyphen_values = true)]
    to: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Box<Settings>,
}

pub(super) async fn run(asked: Outbox) -> Result<()> {
    let db = migrated(&asked.settings).await?;
    let channels = catalog::channels(&asked.settings, http::client()?);
    let rows = store::what_waits(db.read(), MOST, &channels).await?;
    let is_cut = rows.len() as u64 == MOST;
    let is_carried = |medium: &str| {
        Medium::named(medium).is_some_and(|medium| carrier(&asked.settings, &channels, medium).is_some())
    };
    let reasons = waiting::reasons(&rows, db.now(), is_carried);
    let is_asked = |(one, reason): &(&Waiting, &Reason)| {
        asked.reason.is_none_or(|wanted| wanted == **reason)
            && asked.to.as_ref().is_none_or(|address| *address == one.to)
    };
    let listed: Vec<(&Waiting, &Reason)> = rows.iter().zip(&reasons).filter(is_asked).take(asked.limit).collect();
    let summary = waiting::summary(&rows, &reasons);
    if asked.json {
        let deliveries: Vec<_> = listed.into_iter().map(|(one, reason)| as_json(one, *reason)).collect();
        let all = json!({"waiting": rows.len(), "is_cut": is_cut, "by_reason": summary, "deliveries": deliveries});
        say!("{}", serde_json::to_string_pretty(&all).map_err(Error::internal)?);
        return Ok(());
    }
    if rows.is_empty() {
        say!("Nothing waits to be sent.");
        return Ok(());
    }
    let more = if is_cut { " or more" } else { "" };
    say!("{}{more} wait:", rows.len());
    for (reason, waiting::Summary { count, oldest }) in summary {
        say!("  {count:>6}  {}, the oldest for {}", reason.words(), length(db.now() - oldest));
    }
    say!("");
    for (one, reason) in listed {
        say!("{}", line(one, *reason, db.now()));
    }
    Ok(())
}

fn address(typed: &str) -> Result<String, String> {
    if typed.contains('@') {
        return EmailAddress::parse(typed).map(|address| address.to_string()).map_err(|wrong| wrong.to_string());
    }
    super::person::number(typed).map(|number| number.to_string())
}

fn as_json(one: &Waiting, reason: Reason) -> serde_json::Value {
    json!({
        "id": one.id, "kind": one.kind, "medium": one.medium, "to": one.to, "reason": reason, "line": one.line,
        "due_at": one.due_at, "created_at": one.created_at, "last_attempt": one.last,
    })
}

/// One delivery in a line, and the last error beneath.
fn line(one: &Waiting, reason: Reason, now: Instant) -> String {
    let is_later = matches!(reason, Reason::Retry | Reason::InDoubt | Reason::HeldBack) && one.due_at > now;
    let when = if is_later { format!(" in {}", length(one.due_at - now)) } else { String::new() };
    let tried = one.last.as_ref().and_then(|tried| Some((tried, tried.error.as_ref()?)));
    let error = tried.map(|(tried, error)| format!("\n    attempt {} on {}: {error}", tried.number, tried.channel));
    let (id, kind, to, medium, words) = (one.id, &one.kind, &one.to, &one.medium, reason.words());
    let rate = one.sends.as_ref().and_then(|(_, rate)| *rate).filter(|_| reason == Reason::Paced);
    let words = rate.map_or_else(|| words.to_owned(), |rate| format!("{words}, {rate}"));
    let age = length(now - one.created_at);
    format!("#{id} {kind} to {to} by {medium}, {age} old: {words}{when}{}", error.unwrap_or_default())
}

/// A length of time in its largest unit: `40 s`, `5 min`, `3 h`, `2 d`.
pub(super) fn length(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_its_largest_unit() {
        for (seconds, told) in [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (172_800, "2 d")] {
            assert_eq!(length(TimeDelta::seconds(seconds)), told);
        }
    }
}
