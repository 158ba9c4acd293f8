//! Twilio's Content API, as far as Andon asks it: the templates of the settings, each approved.
//!
//! **Source** Twilio's OpenAPI `twilio_content_v1`, operations `FetchContent` and `FetchApprovalFetch`.

use super::Simulator;
use super::rules::Refusal;
use super::twilio_api::authorise;
use crate::config::TemplateOf;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

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
