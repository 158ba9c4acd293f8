//! Meta: the token, the number, and what a webhook needs.

use super::{PATIENCE, Report};
use crate::catalog;
use crate::config::{META_WEBHOOK_PATH, Settings};

const AREA: &str = "Meta";

pub(super) async fn examine(settings: &Settings, http: &reqwest::Client, report: &mut Report) {
    let meta = &settings.meta;
    if !meta.is_wanted() {
        return;
    }
    if settings.simulator && meta.api_base.is_none() {
        return report.fine(AREA, "The simulator stands in for Meta.");
    }
    if meta.app_secret.is_none() {
        let mend = "Copy it from Meta's App Dashboard, App settings > Basic, into WHATSAPP_APP_SECRET.";
        report.wrong(AREA, "WHATSAPP_APP_SECRET is not set: every webhook of Meta's is answered with 403.", mend);
    }
    if meta.verify_token.is_none() {
        let mend = format!(
            "Make up a text, set WHATSAPP_VERIFY_TOKEN, and give the same text to Meta together with the address ending in \
             {META_WEBHOOK_PATH}. Where Meta calls already, this is not needed."
        );
        report.look(AREA, "WHATSAPP_VERIFY_TOKEN is not set: Meta cannot be given this webhook.", mend);
    }
    for (is_set, name, from) in [
        (meta.access_token.is_some(), "WHATSAPP_ACCESS_TOKEN", "a system user's, from Meta's Business Settings"),
        (
            meta.phone_number_id.is_some(),
            "WHATSAPP_PHONE_NUMBER_ID",
            "from WhatsApp > API Setup in Meta's App Dashboard",
        ),
    ] {
        if !is_set {
            report.wrong(AREA, format!("{name} is not set: nothing is sent by Meta."), format!("It is {from}."));
        }
    }
    if meta.can_send() {
        number(settings, http, report).await;
    }
}

/// What Meta says of our number, asked with our token.
async fn number(settings: &Settings, http: &reqwest::Client, report: &mut Report) {
    let number = match catalog::meta(settings, http.clone()).look_at_number(PATIENCE).await {
        Ok(number) => number,
        Err(error) => {
            let code = error.code.map(|code| format!(" ({code})")).unwrap_or_default();
            return report.wrong(AREA, format!("{}{code}", error.name.replace('_', " ")), error.advice);
        }
    };
    let named = format!("{} ({})", number.shown, number.name);
    match number.status.as_str() {
        "" | "CONNECTED" => report.fine(AREA, format!("Meta takes WHATSAPP_ACCESS_TOKEN; the number is {named}.")),
        status => {
            let mend = "See the number in WhatsApp Manager; until it is connected, messages may fail.";
            report.wrong(AREA, format!("The number {named} is {status}."), mend);
        }
    }
    if matches!(number.quality.as_str(), "YELLOW" | "RED") {
        let says = format!("People report or block {named}: its quality is {}.", number.quality);
        report.look(AREA, says, "Write less, and only what people asked for; Meta limits numbers of low quality.");
    }
}
