//! The account: what Twilio says of it, asked with one of our tokens. Changes nothing.
//!
//! Source: Twilio's OpenAPI, `FetchAccount`.

use super::{Twilio, errors};
use crate::channels::SendError;
use crate::kit::Instant;
use chrono::{DateTime, Utc};
use reqwest::header::DATE;
use serde::Deserialize;
use std::time::Duration;

/// What Twilio answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The account, or why it was not shown.
    pub account: Result<Account, SendError>,
    /// Twilio's clock, to the second.
    pub date: Option<Instant>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// `active`, `suspended`, `closed`.
    pub status: String,
    /// `Full` or `Trial`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// Asks with each token in turn, the primary one first; nothing without credentials.
pub(super) async fn look(twilio: &Twilio, patience: Duration) -> Vec<Answer> {
    let Some(sid) = twilio.account_sid() else { return Vec::new() };
    let url = format!("{}/2010-04-01/Accounts/{sid}.json", twilio.api_base);
    let mut answers = Vec::new();
    for token in twilio.tokens() {
        let request = twilio.http.get(&url).basic_auth(sid, Some(token)).timeout(patience);
        answers.push(match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Answer { account: Err(errors::not_answered(&error)), date: None },
        });
    }
    answers
}

async fn read(response: reqwest::Response) -> Answer {
    let status = response.status();
    let date = response.headers().get(DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    let body = response.bytes().await.unwrap_or_default();
    let account = if status.is_success() {
        serde_json::from_slice(&body).map_err(|_| errors::unreadable())
    } else {
        Err(errors::refused(status.as_u16(), None, &body))
    };
    Answer { account, date: date.map(|date| date.with_timezone(&Utc)) }
}
