//! Our number: what Meta says of it. Changes nothing.
//!
//! **Source**: Meta's page "Business phone numbers" (`GET /{phone_number_id}`), read in November 2026.

use super::outbound::{NO_NUMBER, ask};
use super::{Meta, errors};
use crate::channels::SendError;
use serde::Deserialize;
use std::time::Duration;

const FIELDS: &str = "display_phone_number,verified_name,quality_rating,status";

/// A number of ours as Meta has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Number {
    /// The number as people read it, `+1 202-555-0100`.
    #[serde(rename = "display_phone_number", default)]
    pub shown: String,
    /// The name that people see.
    #[serde(rename = "verified_name", default)]
    pub name: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`: what people think of its messages.
    #[serde(rename = "quality_rating", default)]
    pub quality: String,
    /// `CONNECTED`, `PENDING`, `BANNED` and others; empty where Meta does not say.
    #[serde(default)]
    pub status: String,
}

/// Asks for it.
pub(super) async fn look(meta: &Meta, patience: Duration) -> Result<Number, SendError> {
    let id = meta.phone_number_id().ok_or_else(|| errors::not_configured(NO_NUMBER))?;
    let url = format!("{}/{id}?fields={FIELDS}", meta.api);
    let answer = ask(meta, |http| http.get(&url).timeout(patience)).await?;
    serde_json::from_slice(&answer).map_err(|_| errors::unreadable())
}
