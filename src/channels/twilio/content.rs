//! Approved templates: what Twilio's Content API says of one. Changes nothing.
//!
//! Source: Twilio's OpenAPI `twilio_content_v1`, `FetchContent` and `FetchApprovalFetch`.

use super::outbound::{NO_CREDENTIALS, ask, encoded};
use super::{Twilio, errors};
use crate::channels::SendError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::time::Duration;

/// A template as Twilio has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its language, `en`.
    pub language: String,
    /// How many variables it has.
    pub variables: usize,
    /// Whether WhatsApp approved it: `approved`, `pending`, `rejected`, `unsubmitted`, …
    pub approval: String,
    /// Why not.
    pub rejection: String,
}

#[derive(Deserialize)]
struct Fetched {
    #[serde(default)]
    language: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Approvals {
    whatsapp: Option<Approval>,
}

#[derive(Deserialize)]
struct Approval {
    #[serde(default)]
    status: String,
    #[serde(default)]
    rejection_reason: String,
}

/// Asks for the template with this id.
pub(super) async fn fetch(twilio: &Twilio, content_sid: &str, patience: Duration) -> Result<Content, SendError> {
    if twilio.account_sid().is_none() {
        return Err(errors::not_configured(NO_CREDENTIALS));
    }
    let url = format!("{}/v1/Content/{}", base(&twilio.api_base), encoded(content_sid));
    let Fetched { language, variables } = get(twilio, &url, patience).await?;
    let approvals: Approvals = get(twilio, &format!("{url}/ApprovalRequests"), patience).await?;
    let Approval { status, rejection_reason } = approvals
        .whatsapp
        .unwrap_or_else(|| Approval { status: "unsubmitted".to_owned(), rejection_reason: String::new() });
    Ok(Content { language, variables: variables.len(), approval: status, rejection: rejection_reason })
}

async fn get<T: DeserializeOwned>(twilio: &Twilio, url: &str, patience: Duration) -> Result<T, SendError> {
    let answer = ask(twilio, || twilio.http.get(url).timeout(patience)).await?;
    serde_json::from_slice(&answer).map_err(|_| errors::unreadable())
}

/// Where the Content API answers: beside the Messages API at Twilio's, at the same address at a stand-in's.
pub(super) fn base(api_base: &str) -> String {
    match api_base.strip_prefix("https://api.") {
        Some(rest) if rest.ends_with("twilio.com") => format!("https://content.{rest}"),
        _ => api_base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_api_is_beside_the_messages_api() {
        for (api_base, content) in [
            ("https://api.twilio.com", "https://content.twilio.com"),
            ("https://api.dublin.ie1.twilio.com", "https://content.dublin.ie1.twilio.com"),
            ("http://127.0.0.1:8000/simulator/twilio", "http://127.0.0.1:8000/simulator/twilio"),
            ("https://api.twilio.com.example", "https://api.twilio.com.example"),
        ] {
            assert_eq!(base(api_base), content);
        }
    }
}
