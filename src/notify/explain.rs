//! What became of a notification in words, for an operator: what went wrong, why it waits, and what to do.

use super::store::inbox::Whole;
use crate::app::App;
use crate::channels::{Medium, Status};
use crate::delivery::again::TAKEN_BACK;
use crate::delivery::store::rows::attempt;
use crate::delivery::store::{OPTED_OUT, Way};
use crate::kit::Instant;
use crate::sla::format_instant;

/// Why a notification failed, was taken back or waits, and what to do; none where nothing is to be done.
pub(super) fn of(app: &App, whole: &Whole, for_admin: bool) -> Option<String> {
    let Some(Way::Carried(medium)) = Way::named(&whole.listed.medium) else { return None };
    match Status::named(&whole.listed.status)? {
        Status::Delivered | Status::Read => None,
        Status::Failed => Some(failed(app, whole, for_admin)),
        Status::Cancelled => Some(taken_back(whole.error_text.as_deref())),
        Status::Queued | Status::Sending | Status::Sent => match (whole.due_at, whole.held_until) {
            (Some(due_at), _) => Some(waits(app, whole, medium, due_at)),
            (None, Some(until)) => Some(format!(
                "It waits until {} for its hour, or to go together with others.",
                format_instant(until, app.settings.timezone)
            )),
            (None, None) => whole.digest_id.map(|_| "It goes together with others in one message.".to_owned()),
        },
    }
}

/// What an attempt's failure means, and what to do about it; none where it did not fail.
pub(super) fn meaning(app: &App, attempt: &attempt::Model) -> Option<String> {
    let known = attempt.error_code.and_then(|code| app.channel(&attempt.channel)?.explain(code));
    known.or_else(|| attempt.error_text.as_deref().map(|text| advice(text).to_owned()))
}

/// The stable short name in an error as it is stored, `name (code): advice`.
pub(super) fn name(text: &str) -> Option<&str> {
    let head = text.split_once(": ")?.0;
    let name = head.split_once(" (").map_or(head, |(name, _)| name);
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name.then_some(name)
}

fn advice(text: &str) -> &str {
    name(text).and_then(|_| text.split_once(": ")).map_or(text, |(_, advice)| advice)
}

fn failed(app: &App, whole: &Whole, for_admin: bool) -> String {
    let last = whole.attempts.last();
    let channel = last.and_then(|last| app.channel(&last.channel));
    let known = whole.error_code.and_then(|code| channel?.explain(code));
    let said = known.or_else(|| whole.error_text.clone()).filter(|text| !text.is_empty());
    let unknown = || {
        "It failed, and nobody said why. The provider's console says more of the message with the provider_id of its \
         last attempt."
            .to_owned()
    };
    let said = said.unwrap_or_else(unknown);
    if !for_admin {
        return said;
    }
    format!("{said} Once that is mended, it can be sent again: POST /api/notifications/{}/retry/.", whole.listed.id)
}

fn taken_back(why: Option<&str>) -> String {
    match why {
        Some(OPTED_OUT) => format!("{OPTED_OUT} They opt in again by writing START to the plant's number."),
        Some(TAKEN_BACK) => format!("{TAKEN_BACK} An admin can have it sent all the same."),
        Some(why) if !why.is_empty() => why.to_owned(),
        _ => "It was taken back before it left.".to_owned(),
    }
}

fn waits(app: &App, whole: &Whole, medium: Medium, due_at: Instant) -> String {
    let now = app.clock.now();
    let carriers = app.carriers(medium);
    let Some(channel) = carriers.first() else { return not_carried(medium) };
    let are_out = carriers.iter().all(|channel| app.health.red(channel.name()).is_some());
    if let Some(red) = app.health.red(channel.name()).filter(|_| are_out) {
        let since = format_instant(red.since, app.settings.timezone);
        return format!("{} is out since {since}, and its queue is kept: {}", channel.name(), red.advice);
    }
    let at = format_instant(due_at, app.settings.timezone);
    if whole.over_budget_at.is_some() && due_at > now {
        return format!(
            "It is held back: the month's budget for messages is spent. It leaves at {at}, or once \
             ANDON_MESSAGE_BUDGET is raised."
        );
    }
    if whole.doubted_at.is_some() {
        return "The provider may have it already; its status callback gets time to say so, then the provider is asked. \
                Nothing is to be done."
            .to_owned();
    }
    match whole.attempts.last().and_then(|last| meaning(app, last)) {
        Some(meaning) if due_at > now => format!("{meaning} It is tried again at {at}."),
        Some(meaning) => format!("{meaning} It is tried again as soon as its turn comes."),
        None => "It waits for its turn: behind an earlier one to the same person, or for a free place.".to_owned(),
    }
}

fn not_carried(medium: Medium) -> String {
    let how = match medium {
        Medium::Whatsapp => {
            "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_NUMBER, or WHATSAPP_ACCESS_TOKEN and \
             WHATSAPP_PHONE_NUMBER_ID, and leave ENABLE_WHATSAPP on"
        }
        Medium::Sms => "Set TWILIO_SMS_NUMBER or TWILIO_MESSAGING_SERVICE_SID",
        Medium::Email => "Set SMTP_URL and EMAIL_FROM",
    };
    format!("Nothing carries {} with these settings, so it waits. {how}.", medium.as_str())
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
            assert_eq!((name(text), advice(text)), (short, says), "{text}");
        }
    }
}
