//! What goes out beside WhatsApp: text messages, and the mail server.

use super::Report;
use crate::channels::smtp::Smtp;
use crate::config::{Settings, SmsSender};

const AREA: &str = "E-mail";

pub(super) async fn examine(settings: &Settings, report: &mut Report) {
    match &settings.sms_sender {
        None => report.fine("SMS", "No text messages are sent: TWILIO_SMS_NUMBER is not set."),
        Some(SmsSender::Number(number)) => report.fine("SMS", format!("Text messages come from {number}.")),
        Some(SmsSender::Service(sid)) => {
            report.fine("SMS", format!("Text messages come from the Messaging Service {sid}."));
        }
    }
    let Some(mail) = &settings.mail else {
        return report.fine(AREA, "No e-mails are sent: SMTP_URL and EMAIL_FROM are not set.");
    };
    let Some(server) = &mail.server else {
        return report.fine(AREA, "The simulator stands in for the mail server.");
    };
    let place = format!("{}:{}", server.host, server.port);
    match Smtp::new(Some(mail.clone())).try_out().await {
        Ok(()) if server.login.is_some() => {
            report.fine(AREA, format!("The mail server {place} takes the name and the password."));
        }
        Ok(()) => report.fine(AREA, format!("The mail server {place} answers.")),
        Err(error) => {
            let code = error.code.map(|code| format!(" ({code})")).unwrap_or_default();
            report.wrong(AREA, format!("{place}: {}{code}", error.name.replace('_', " ")), error.advice);
        }
    }
}
