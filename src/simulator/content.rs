//! Twilio's Content API, as far as Andon asks it: the templates of the settings, each approved, and what is made of choices.
//!
//! **Source** Twilio's OpenAPI `twilio_content_v1`, operations `FetchContent`, `FetchApprovalFetch` and `CreateContent`.

use super::rules::{Refusal, Send};
use super::twilio_api::authorise;
use super::{Simulator, choices, sid};
use crate::config::TemplateOf;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

/// So many may be made; Twilio's own limit is in the thousands.
const MAX_CONTENTS: usize = 1_000;

/// Makes a content that holds choices. An armed refusal of webhooks or messages does not hold here.
pub(super) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    Json(content): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    authorise(&simulator, simulator.account_sid(), &headers)?;
    if simulator.book().faults.contents {
        return Err(Refusal { status: 503, ..Refusal::new(20503) });
    }
    if !choices::is_content(&content) {
        return Err(Refusal::new(20001));
    }
    let sid = sid("HX");
    let mut book = simulator.book();
    if book.contents.len() >= MAX_CONTENTS {
        return Err(Refusal::new(20429));
    }
    book.contents.insert(sid.clone(), content["types"].clone());
    let mut made = content;
    made["sid"] = sid.into();
    made["account_sid"] = simulator.account_sid().into();
    Ok((StatusCode::CREATED, Json(made)))
}

/// A message by a content that holds choices: what the phone shows of it. Others stay as they are.
pub(super) fn fill_in(simulator: &Simulator, form: &[(String, String)], mut send: Send) -> Result<Send, Refusal> {
    let given = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let types = given("ContentSid").and_then(|sid| simulator.book().contents.get(sid).cloned());
    let Some(types) = types else { return Ok(send) };
    let variables: Map<String, Value> =
        serde_json::from_str(given("ContentVariables").unwrap_or("{}")).map_err(|_| Refusal::new(21656))?;
    let shown = choices::filled(&types, &variables).filter(|_| choices::may_fill(&variables));
    let shown = shown.ok_or(Refusal::new(21656))?;
    send.is_template = false;
    send.text.clone_from(&shown.text);
    send.choices = Some(shown);
    Ok(send)
}

/// One template.
pub(super) async fn fetch(
    State(simulator): State<Simulator>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let template = known(&simulator, &sid, &headers)?;
    let numbered = template.variables.iter().enumerate();
    let variables: Map<String, Value> = numbered.map(|(at, name)| ((at + 1).to_string(), json!(name))).collect();
    Ok(Json(json!({
        "sid": sid, "account_sid": simulator.account_sid(), "friendly_name": template.words,
        "language": template.language, "variables": variables, "types": {},
    })))
}

/// What became of asking WhatsApp for it.
pub(super) async fn approval(
    State(simulator): State<Simulator>,
    Path(sid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let template = known(&simulator, &sid, &headers)?;
    let whatsapp = json!({"name": template.words, "category": "UTILITY", "status": "approved", "rejection_reason": ""});
    Ok(Json(json!({"sid": sid, "account_sid": simulator.account_sid(), "whatsapp": whatsapp})))
}

fn known<'a>(simulator: &'a Simulator, sid: &str, headers: &HeaderMap) -> Result<&'a TemplateOf, Refusal> {
    authorise(simulator, simulator.account_sid(), headers)?;
    let all = simulator.templates().all().into_iter();
    all.into_iter().find(|template| template.content_sid.as_deref() == Some(sid)).ok_or_else(|| Refusal::new(20404))
}
