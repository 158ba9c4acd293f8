//! What the rows say: who can be reached, what waits, what failed lately, where the sessions are.

use super::provider::SANDBOX;
use super::{Report, store};
use crate::app::carrier;
use crate::catalog;
use crate::channels::Medium;
use crate::chat;
use crate::config::Settings;
use crate::db::Db;
use crate::delivery;
use crate::delivery::waiting::{self, Reason};
use crate::kit::{E164, Instant, Result, http};
use crate::people::store::{Known, registered};
use chrono::TimeDelta;

/// How many names are told of those to whom something applies.
const MOST_NAMED: usize = 10;
/// How many waiting deliveries are looked at.
const MOST_WAITING: u64 = 10_000;
/// Among so many of the latest messages failures are looked for.
const LATEST: u64 = 500;
/// So long a joining to the sandbox holds after a person's last message.
const JOINING: TimeDelta = TimeDelta::hours(72);
/// So long before its end it is told.
const NOTICE: TimeDelta = TimeDelta::hours(12);
/// A message that may go and has not gone for so long waits for a reason.
const UNUSUAL: TimeDelta = TimeDelta::minutes(2);

pub(super) async fn examine(settings: &Settings, db: &Db, report: &mut Report) -> Result<()> {
    let since = db.now() - settings.session_timeout;
    let live = chat::store::count_live(db.read(), since).await?;
    report.fine("Sessions", format!("{live} are live. They are in the database and survive every restart."));
    numbers(db, report).await?;
    if settings.whatsapp_sender.as_ref().is_some_and(|sender| sender.as_str() == SANDBOX) {
        sandbox(&registered(db.read()).await?, db.now(), report);
    }
    outbox(settings, db, report).await?;
    failures(db, report).await
}

async fn numbers(db: &Db, report: &mut Report) -> Result<()> {
    let nameless = store::without_number(db.read(), MOST_NAMED as u64).await?;
    for name in &nameless {
        let mend = "An admin gives them one (PATCH /api/users/{id}/), or they prove their own (POST /api/profile/whatsapp/code/).";
        report.look("People", format!("User {name} has no WhatsApp number configured"), mend);
    }
    if nameless.is_empty() {
        report.fine("People", "Everybody registered has a WhatsApp number.");
    }
    Ok(())
}

/// Whose joining to the sandbox has run out or will soon.
fn sandbox(people: &[Known], now: Instant, report: &mut Report) {
    let ending: Vec<String> = people
        .iter()
        .filter(|known| known.is_active)
        .filter_map(|known| Some(format!("{} ({}) {}", name(known), masked(known), ends(known.last_inbound_at, now)?)))
        .collect();
    if ending.is_empty() {
        return report.fine("Sandbox", "Everybody registered wrote within the last days.");
    }
    let more = ending.len().saturating_sub(MOST_NAMED);
    let mut told: Vec<String> = ending.into_iter().take(MOST_NAMED).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    let mend =
        "They send join <code> to +1 415 523 8886; the code is in Twilio's Console under Messaging > Try it out.";
    report.look("Sandbox", format!("{}.", told.join("; ")), mend);
}

fn ends(last_wrote: Option<Instant>, now: Instant) -> Option<String> {
    let Some(at) = last_wrote else { return Some("never wrote".to_owned()) };
    let silent = now - at;
    if silent >= JOINING {
        Some("was silent for 3 days: the joining has run out".to_owned())
    } else if silent >= JOINING - NOTICE {
        Some(format!("joining runs out in {} h", (JOINING - silent).num_hours()))
    } else {
        None
    }
}

fn name(known: &Known) -> &str {
    known.name.as_deref().unwrap_or("no name")
}

/// The report may be shown to others.
fn masked(known: &Known) -> String {
    E164::parse(&known.value).map(|number| number.masked()).unwrap_or_default()
}

async fn outbox(settings: &Settings, db: &Db, report: &mut Report) -> Result<()> {
    let channels = catalog::channels(settings, http::client()?);
    let rows = delivery::store::what_waits(db.read(), MOST_WAITING, &channels).await?;
    let is_carried =
        |medium: &str| Medium::named(medium).is_some_and(|medium| carrier(settings, &channels, medium).is_some());
    let reasons = waiting::reasons(&rows, db.now(), is_carried);
    let summary = waiting::summary(&rows, &reasons);
    if summary.is_empty() {
        report.fine("Outbox", "Nothing waits to be sent.");
    }
    for (reason, waiting::Summary { count, oldest }) in summary {
        let waits = db.now() - oldest;
        let messages = if count == 1 { "message" } else { "messages" };
        let says = format!("{count} {messages}: {}; the oldest waits for {} s.", reason.words(), waits.num_seconds());
        match reason {
            Reason::NoChannel | Reason::ChannelOut => {
                report.wrong("Outbox", says, "andon outbox shows each with its error.");
            }
            Reason::Away => report.look("Outbox", says, "andon outbox shows the error; they go when it is back."),
            _ if waits > UNUSUAL => report.look("Outbox", says, "andon outbox shows each; does the server run?"),
            _ => report.fine("Outbox", says),
        }
    }
    Ok(())
}

async fn failures(db: &Db, report: &mut Report) -> Result<()> {
    let failed = store::latest_failures(db.read(), LATEST).await?;
    if failed.is_empty() {
        report.fine("Failures", format!("None of the latest {LATEST} messages failed."));
    }
    for store::Failed { code, text, count } in failed {
        let code = code.map(|code| format!(" with {code}")).unwrap_or_default();
        report.look("Failures", format!("{count} of the latest {LATEST} messages failed{code}."), text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joining_is_told_before_it_runs_out() {
        let now = chrono::DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        for (silent, word) in
            [(0, None), (59, None), (61, Some("in 11 h")), (71, Some("in 1 h")), (72, Some("run out"))]
        {
            let told = ends(Some(now - TimeDelta::hours(silent)), now);
            assert_eq!(told.is_some(), word.is_some(), "{silent}");
            assert!(told.unwrap_or_default().contains(word.unwrap_or_default()), "{silent}");
        }
        assert!(ends(None, now).is_some_and(|told| told.contains("never")));
    }
}
