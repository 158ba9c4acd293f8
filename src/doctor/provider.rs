//! Twilio: the credentials, the clock, and what it received for us that is not here.

use super::{PATIENCE, Report, token};
use crate::catalog;
use crate::channels::twilio::{self, Answer, Twilio};
use crate::config::Settings;
use crate::db::Db;
use crate::kit::{Clock, Instant, Result};
use crate::reconcile;
use chrono::TimeDelta;

const AREA: &str = "Twilio";
/// The sandbox's number, which everybody shares.
pub(super) const SANDBOX: &str = "+14155238886";
/// Clocks that differ by more than this show in dates and deadlines.
const CLOCK_SHOWS: TimeDelta = TimeDelta::seconds(5);
/// Beyond this half of the overlap with which missed messages are looked for is used up.
const CLOCK_HARMS: TimeDelta = TimeDelta::minutes(5);
/// A token should not be used for longer.
const TOKEN_LIFE: TimeDelta = TimeDelta::days(90);
/// The provider's list of what it received may have several pages.
const LIST_PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

pub(super) async fn examine(
    settings: &Settings,
    http: &reqwest::Client,
    clock: &Clock,
    db: Option<&Db>,
    report: &mut Report,
) {
    if settings.simulator {
        return report.fine(AREA, "The simulator stands in for Twilio.");
    }
    if settings.twilio_credentials().is_none() && settings.meta.is_wanted() {
        return report.fine(AREA, "Twilio is not set up; WhatsApp goes by Meta.");
    }
    if settings.twilio_credentials().is_none() {
        let mend = "Both stand on the first page of console.twilio.com; put them into .env and start again.";
        return report.wrong(AREA, "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured", mend);
    }
    let channel = catalog::twilio(settings, http.clone());
    let answers = channel.account(PATIENCE).await;
    let now = clock.now();
    let is_open = credentials(&answers, report);
    if let Some(date) = answers.iter().find_map(|answer| answer.date) {
        compare_clocks(now, date, report);
    }
    sender(settings, report);
    let Some(db) = db else { return };
    if let Err(error) = look_for_age(settings, db, now, report).await {
        report.wrong(AREA, error.to_string(), "Look at the database.");
    }
    if is_open && settings.whatsapp_sender.is_some() {
        missed(&channel, db, report).await;
    }
}

/// What Twilio says to the tokens. Answers whether one of them opens.
fn credentials(answers: &[Answer], report: &mut Report) -> bool {
    for (answer, name) in answers.iter().zip(["TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_NEXT"]) {
        match &answer.account {
            Ok(account) if account.status != "active" => {
                let says = format!("The account is {}.", account.status);
                report.wrong(AREA, says, "Sign in at console.twilio.com to see why; messages wait.");
            }
            Ok(account) if account.kind == "Trial" => {
                let mend =
                    "It sends to verified numbers only and adds words to each message; upgrade it to go on in earnest.";
                report.look(AREA, format!("Twilio takes {name}. The account is a trial."), mend);
            }
            Ok(_) => report.fine(AREA, format!("Twilio takes {name}; the account is active.")),
            Err(error) => {
                let code = error.code.map(|code| format!(" ({code})")).unwrap_or_default();
                report.wrong(AREA, format!("{name}: {}{code}", error.name.replace('_', " ")), error.advice.clone());
            }
        }
    }
    answers.iter().any(|answer| answer.account.is_ok())
}

fn compare_clocks(now: Instant, theirs: Instant, report: &mut Report) {
    let (skew, side) = if now >= theirs { (now - theirs, "ahead of") } else { (theirs - now, "behind") };
    let says = format!("This machine's clock is {} s {side} Twilio's.", skew.num_seconds());
    if skew > CLOCK_HARMS {
        let mend = "Set the clock (NTP): deadlines are wrong by that much, and messages missed in an outage may not be \
                    found. Signatures hold no time and are not touched.";
        report.wrong("Clock", says, mend);
    } else if skew > CLOCK_SHOWS {
        report.look("Clock", says, "Set the clock (NTP): dates and deadlines are wrong by that much; nothing breaks.");
    } else {
        report.fine("Clock", "This machine's clock agrees with Twilio's.");
    }
}

fn sender(settings: &Settings, report: &mut Report) {
    match settings.whatsapp_sender.as_ref() {
        None => {
            let mend = format!("Set TWILIO_WHATSAPP_NUMBER: your sender at Twilio, or the sandbox's {SANDBOX}.");
            report.wrong(AREA, "No sender is set; messages wait.", mend);
        }
        Some(sender) if sender.as_str() == SANDBOX => {
            report.fine(AREA, "The sender is the sandbox's: who wants to chat must have joined it within 3 days.");
        }
        Some(sender) => {
            let says =
                format!("The sender is {sender}. Twilio tells with the first message whether it is one (else 63007).");
            report.fine(AREA, says);
        }
    }
}

async fn look_for_age(settings: &Settings, db: &Db, now: Instant, report: &mut Report) -> Result<()> {
    match token::in_use_since(db, settings).await? {
        Some(since) if now - since > TOKEN_LIFE => {
            let says = format!("TWILIO_AUTH_TOKEN has been in use here for {} days.", (now - since).num_days());
            report.look(
                AREA,
                says,
                "Rotate it, without losing a message: docs/operating.md, \"Rotating Twilio's token\".",
            );
        }
        Some(since) => {
            let date = since.format("%Y-%m-%d");
            report.fine(AREA, format!("TWILIO_AUTH_TOKEN has been in use here since {date}."));
        }
        None => report.fine(
            AREA,
            "How old TWILIO_AUTH_TOKEN is, Twilio does not tell; Andon counts from its first start with it.",
        ),
    }
    Ok(())
}

/// What Twilio has that Andon has not.
async fn missed(channel: &Twilio, db: &Db, report: &mut Report) {
    let area = "Messages";
    let last_look = match reconcile::last_look(db.read(), twilio::NAME).await {
        Ok(Some(at)) => at,
        Ok(None) => {
            return report.look(
                area,
                "Andon has not asked Twilio for missed messages yet.",
                "It does at its first start.",
            );
        }
        Err(error) => return report.wrong(area, error.to_string(), "Look at the database."),
    };
    match tokio::time::timeout(LIST_PATIENCE, reconcile::missing(db.read(), channel, last_look)).await {
        Ok(Ok(Ok(missing))) if missing.is_empty() => {
            report.fine(
                area,
                format!("Everything that Twilio received since {} is here.", last_look.format("%Y-%m-%d %H:%M UTC")),
            );
        }
        Ok(Ok(Ok(missing))) => {
            let says = format!("Twilio received {} messages that are not here.", missing.len());
            let mend = "A running Andon fetches them within five minutes. If this goes on, its webhook is not called: see below.";
            report.look(area, says, mend);
        }
        Ok(Ok(Err(error))) => report.look(area, "Twilio does not list what it received.", error.advice),
        Ok(Err(error)) => report.wrong(area, error.to_string(), "Look at the database."),
        Err(_) => report.look(area, "Twilio's list of what it received took too long.", "Try again later."),
    }
}
