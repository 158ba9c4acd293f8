//! Approved templates: what Meta says of one. Changes nothing.
//!
//! **Source**: Meta's page "Template management" (`GET /{account}/message_templates`), read in November 2026.

use super::outbound::ask;
use super::{Meta, errors};
use crate::channels::{Named, SendError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::time::Duration;

const NO_ACCOUNT: &str = "WHATSAPP_BUSINESS_ACCOUNT_ID is not configured, so Meta cannot be asked about templates. It is in \
                          Meta's App Dashboard under WhatsApp > API Setup.";
/// A name has a template for each language; there are fewer languages than this.
const MOST: usize = 100;

/// A template as Meta has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`, …
    pub status: String,
    /// How many variables its body has.
    pub variables: usize,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    name: String,
    language: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    text: String,
}

/// Asks for the template with this name in this language.
pub(super) async fn fetch(meta: &Meta, named: &Named, patience: Duration) -> Result<Option<Approved>, SendError> {
    let account = meta.keys.business_account_id.as_deref().ok_or_else(|| errors::not_configured(NO_ACCOUNT))?;
    let name = utf8_percent_encode(&named.name, NON_ALPHANUMERIC);
    let fields = "name,language,status,components";
    let url = format!("{}/{account}/message_templates?name={name}&fields={fields}&limit={MOST}", meta.api);
    let answer = ask(meta, |http| http.get(&url).timeout(patience)).await?;
    let page: Page = serde_json::from_slice(&answer).map_err(|_| errors::unreadable())?;
    // Meta finds names that hold the one that was asked for, too.
    let found = page.data.into_iter().find(|one| one.name == named.name && one.language == named.language);
    Ok(found.map(|one| Approved { status: one.status, variables: variables(&one.components) }))
}

/// The highest number among `{{1}}`, `{{2}}` and so on of the body.
fn variables(components: &[Component]) -> usize {
    let bodies = components.iter().filter(|component| component.kind.eq_ignore_ascii_case("body"));
    let numbers = bodies
        .flat_map(|body| body.text.split("{{").skip(1))
        .filter_map(|rest| rest.split_once("}}").and_then(|(number, _)| number.trim().parse().ok()));
    numbers.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::canned::{Canned, channel};
    use super::*;

    #[tokio::test]
    async fn a_template_is_the_one_of_its_name_and_language() {
        let page = r#"{"data":[
            {"name":"ticket_created_old","language":"en_US","status":"APPROVED","components":[]},
            {"name":"ticket_created","language":"de","status":"PENDING","components":[]},
            {"name":"ticket_created","language":"en_US","status":"APPROVED","components":[
                {"type":"HEADER","format":"TEXT","text":"{{1}}"},
                {"type":"BODY","text":"{{2}} of {{1}}, {{ 3 }}"}]}]}"#;
        let (server, base) =
            Canned::serving([(200, None, page.to_owned()), (200, None, r#"{"data":[]}"#.to_owned())]).await;
        let named = Named { name: "ticket_created".to_owned(), language: "en_US".to_owned() };
        let meta = channel(&base);
        let found = meta.template(&named, Duration::from_secs(5)).await.expect("an answer");
        assert_eq!(found, Some(Approved { status: "APPROVED".to_owned(), variables: 3 }));
        assert_eq!(meta.template(&named, Duration::from_secs(5)).await, Ok(None));
        assert!(
            server.asked()[0].line.starts_with("GET /v23.0/200000000000001/message_templates?name=ticket%5Fcreated&")
        );
    }
}
