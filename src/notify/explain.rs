//! What became of a notification, for an operator: what went wrong, why it waits, and what to do. As data, so that it can
//! be said in any language; in English it is said here.

use super::store::inbox::Whole;
use crate::app::App;
use crate::channels::{Medium, Status};
use crate::delivery::again::TAKEN_BACK;
use crate::delivery::store::rows::attempt;
use crate::delivery::store::{OPTED_OUT, Way};
use crate::kit::Instant;
use crate::sla::format_instant;

/// What a failure means, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Its stable short name, where it has one.
    pub name: Option<String>,
    /// In English.
    pub says: String,
}

/// Why a notification failed, was taken back or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// It failed.
    Failed(Advice),
    /// It failed, and nobody said why.
    FailedUnsaid,
    /// Its person had opted out.
    OptedOut,
    /// An admin took it back.
    TakenBack,
    /// It was taken back before it left; the reason in English, where there is one.
    Dropped(Option<String>),
    /// It waits for its hour, or to go together with others.
    Held(Instant),
    /// Another message carries it.
    Gathered,
    /// Nothing carries this medium with these settings.
    NotCarried(Medium),
    /// The provider is out.
    Out {
        /// Which.
        channel: &'static str,
        /// Since when.
        since: Instant,
        /// What to do, in English.
        advice: String,
    },
    /// The month's budget is spent; it leaves then.
    OverBudget(Instant),
    /// The provider may have it already.
    InDoubt,
    /// It failed and is tried again: then, or as soon as its turn comes.
    Again(Advice, Option<Instant>),
    /// It waits for its turn.
    Waits,
}

/// Why a notification failed, was taken back or waits, and what to do; none where nothing is to be done.
pub fn explained(app: &App, whole: &Whole) -> Option<Explanation> {
    let Some(Way::Carried(medium)) = Way::named(&whole.listed.medium) else { return None };
    match Status::named(&whole.listed.status)? {
        Status::Delivered | Status::Read => None,
        Status::Failed => Some(failed(app, whole)),
        Status::Cancelled => Some(taken_back(whole.error_text.as_deref())),
        Status::Queued | Status::Sending | Status::Sent => match (whole.due_at, whole.held_until) {
            (Some(due_at), _) => Some(waits(app, whole, medium, due_at)),
            (None, Some(until)) => Some(Explanation::Held(until)),
            (None, None) => whole.digest_id.map(|_| Explanation::Gathered),
        },
    }
}

/// The same in English; for an admin with the way to have it sent again.
pub(super) fn of(app: &App, whole: &Whole, for_admin: bool) -> Option<String> {
    let explanation = explained(app, whole)?;
    let says = explanation.in_english(app);
    let is_failure = matches!(explanation, Explanation::Failed(_) | Explanation::FailedUnsaid);
    if !for_admin || !is_failure {
        return Some(says);
    }
    let id = whole.listed.id;
    Some(format!("{says} Once that is mended, it can be sent again: POST /api/notifications/{id}/retry/."))
}

/// What an attempt's failure means, and what to do about it; none where it did not fail.
pub fn meaning(app: &App, attempt: &attempt::Model) -> Option<Advice> {
    let known = attempt.error_code.and_then(|code| app.channel(&attempt.channel)?.explain(code));
    let known = known.map(|known| Advice { name: Some(known.name.to_owned()), says: known.advice.to_owned() });
    known.or_else(|| attempt.error_text.as_deref().map(read))
}

/// The stable short name in an error as it is stored, `name (code): advice`.
pub(super) fn name(text: &str) -> Option<&str> {
    let head = text.split_once(": ")?.0;
    let name = head.split_once(" (").map_or(head, |(name, _)| name);
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name.then_some(name)
}

/// An error as it is stored.
pub fn read(text: &str) -> Advice {
    let name = name(text);
    let says = name.and_then(|_| text.split_once(": ")).map_or(text, |(_, advice)| advice);
    Advice { name: name.map(str::to_owned), says: says.to_owned() }
}

fn failed(app: &App, whole: &Whole) -> Explanation {
    let last = whole.attempts.last();
    let channel = last.and_then(|last| app.channel(&last.channel));
    let known = whole.error_code.and_then(|code| channel?.explain(code));
    let known = known.map(|known| Advice { name: Some(known.name.to_owned()), says: known.advice.to_owned() });
    let said = known.or_else(|| {
        let text = whole.error_text.clone().filter(|text| !text.is_empty())?;
        Some(Advice { name: name(&text).map(str::to_owned), says: text })
    });
    said.map_or(Explanation::FailedUnsaid, Explanation::Failed)
}

fn taken_back(why: Option<&str>) -> Explanation {
    match why {
        Some(OPTED_OUT) => Explanation::OptedOut,
        Some(TAKEN_BACK) => Explanation::TakenBack,
        why => Explanation::Dropped(why.filter(|why| !why.is_empty()).map(str::to_owned)),
    }
}

fn waits(app: &App, whole: &Whole, medium: Medium, due_at: Instant) -> Explanation {
    let now = app.clock.now();
    let carriers = app.carriers(medium);
    let Some(channel) = carriers.first() else { return Explanation::NotCarried(medium) };
    let are_out = carriers.iter().all(|channel| app.health.red(channel.name()).is_some());
    if let Some(red) = app.health.red(channel.name()).filter(|_| are_out) {
        return Explanation::Out { channel: channel.name(), since: red.since, advice: red.advice };
    }
    if whole.over_budget_at.is_some() && due_at > now {
        return Explanation::OverBudget(due_at);
    }
    if whole.doubted_at.is_some() {
        return Explanation::InDoubt;
    }
    let again = Some(due_at).filter(|due_at| *due_at > now);
    let meaning = whole.attempts.last().and_then(|last| meaning(app, last));
    meaning.map_or(Explanation::Waits, |meaning| Explanation::Again(meaning, again))
}

impl Explanation {
    /// In English.
    pub fn in_english(&self, app: &App) -> String {
        let at = |at: &Instant| format_instant(*at, app.settings.timezone);
        match self {
            Self::Failed(advice) => advice.says.clone(),
            Self::FailedUnsaid => {
                "It failed, and nobody said why. The provider's console says more of the message with \
                                   the provider_id of its last attempt."
                    .to_owned()
            }
            Self::OptedOut => format!("{OPTED_OUT} They opt in again by writing START to the plant's number."),
            Self::TakenBack => format!("{TAKEN_BACK} An admin can have it sent all the same."),
            Self::Dropped(Some(why)) => why.clone(),
            Self::Dropped(None) => "It was taken back before it left.".to_owned(),
            Self::Held(until) => format!("It waits until {} for its hour, or to go together with others.", at(until)),
            Self::Gathered => "It goes together with others in one message.".to_owned(),
            Self::NotCarried(medium) => not_carried(*medium),
            Self::Out { channel, since, advice } => {
                format!("{channel} is out since {}, and its queue is kept: {advice}", at(since))
            }
            Self::OverBudget(leaves) => format!(
                "It is held back: the month's budget for messages is spent. It leaves at {}, or once \
                 the budget is raised.",
                at(leaves)
            ),
            Self::InDoubt => "The provider may have it already; its status callback gets time to say so, then the \
                              provider is asked. Nothing is to be done."
                .to_owned(),
            Self::Again(advice, Some(again)) => format!("{} It is tried again at {}.", advice.says, at(again)),
            Self::Again(advice, None) => format!("{} It is tried again as soon as its turn comes.", advice.says),
            Self::Waits => {
                "It waits for its turn: behind an earlier one to the same person, or for a free place.".to_owned()
            }
        }
    }
}

/// The settings that have this medium carried.
pub fn settings_of(medium: Medium) -> &'static str {
    match medium {
        Medium::Whatsapp => {
            "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_NUMBER, or WHATSAPP_ACCESS_TOKEN and \
             WHATSAPP_PHONE_NUMBER_ID"
        }
        Medium::Sms => "TWILIO_SMS_NUMBER or TWILIO_MESSAGING_SERVICE_SID",
        Medium::Email => "SMTP_URL and EMAIL_FROM",
    }
}

fn not_carried(medium: Medium) -> String {
    let and = if medium == Medium::Whatsapp { ", and leave ENABLE_WHATSAPP on" } else { "" };
    let settings = settings_of(medium);
    format!("Nothing carries {} with these settings, so it waits. Set {settings}{and}.", medium.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_name_and_what_to_do() {
        for (text, short, says) in [
            (
                "unreachable_provider: Twilio cannot be reached.",
                Some("unreachable_provider"),
                "Twilio cannot be reached.",
            ),
            ("not_on_whatsapp (63003): Correct the number.", Some("not_on_whatsapp"), "Correct the number."),
            ("The provider gave no reason.", None, "The provider gave no reason."),
            ("Twilio says: no", None, "Twilio says: no"),
            ("", None, ""),
        ] {
            assert_eq!(name(text), short, "{text}");
            assert_eq!(read(text), Advice { name: short.map(str::to_owned), says: says.to_owned() }, "{text}");
        }
    }
}
