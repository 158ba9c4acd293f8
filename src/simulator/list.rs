//! Twilio's list of messages: filters, pages, and the way to the next page.
//!
//! Newest first, as Twilio lists. The token of the next page is a place in the list, not a count, so that
//! messages which come in meanwhile shift nothing.

use super::Simulator;
use super::faults::ListFault;
use super::rules::Refusal;
use super::state::Message;
use super::twilio_api::{authorise, ends, failed_answer, resource};
use super::wire::API_VERSION;
use crate::kit::E164;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde_json::{Value, json};

/// Entries on a page where the caller names no number.
pub(super) const DEFAULT_PAGE: usize = 50;
/// The most messages on a page.
const MAX_PAGE: usize = 1_000;

/// `GET Messages.json`.
pub(super) async fn messages(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let filter = match authorise(&simulator, &account, &headers).and_then(|()| Filter::read(&query)) {
        Ok(filter) => filter,
        Err(refusal) => return refusal.into_response(),
    };
    let fault = simulator.book().faults.take_list();
    if let Some(ListFault::Respond { status }) = fault {
        simulator.announce_faults();
        return failed_answer(status, None);
    }
    axum::Json(page(&simulator, &filter)).into_response()
}

/// What a list was asked for.
struct Filter {
    to: Option<String>,
    from: Option<String>,
    sent_on: Option<NaiveDate>,
    sent_from: Option<NaiveDate>,
    sent_until: Option<NaiveDate>,
    page_size: usize,
    page: usize,
    before: Option<u64>,
    /// The query without the place it points to.
    base: String,
}

impl Filter {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut filter = Self {
            to: None,
            from: None,
            sent_on: None,
            sent_from: None,
            sent_until: None,
            page_size: DEFAULT_PAGE,
            page: 0,
            before: None,
            base: String::new(),
        };
        let mut base = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // `DateSent>=2026-01-18` splits at the sign of equality: its name is `DateSent>`.
            match name.as_ref() {
                "To" => filter.to = Some(value.clone().into_owned()),
                "From" => filter.from = Some(value.clone().into_owned()),
                "DateSent" => filter.sent_on = Some(day(&value)?),
                "DateSent>" | "DateSent>=" => filter.sent_from = Some(day(&value)?),
                "DateSent<" | "DateSent<=" => filter.sent_until = Some(day(&value)?),
                "PageSize" => filter.page_size = value.parse().unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE),
                "Page" => filter.page = value.parse().unwrap_or(0),
                "PageToken" => {
                    filter.before = value.strip_prefix("PA").and_then(|hex| u64::from_str_radix(hex, 16).ok());
                }
                _ => {}
            }
            if !matches!(name.as_ref(), "Page" | "PageToken") {
                base.append_pair(&name, &value);
            }
        }
        filter.base = base.finish();
        Ok(filter)
    }

    fn takes(&self, message: &Message, sender: &E164) -> bool {
        let (from, to) = ends(message, sender);
        // Twilio filters by the day a message was sent; one that still waits has none.
        let sent = message.sent_at.map(|at| at.date_naive());
        self.to.as_ref().is_none_or(|wanted| *wanted == to)
            && self.from.as_ref().is_none_or(|wanted| *wanted == from)
            && self.sent_on.is_none_or(|wanted| sent == Some(wanted))
            && self.sent_from.is_none_or(|wanted| sent.is_some_and(|day| day >= wanted))
            && self.sent_until.is_none_or(|wanted| sent.is_some_and(|day| day <= wanted))
    }
}

fn day(value: &str) -> Result<NaiveDate, Refusal> {
    let day = value.get(..10).unwrap_or(value);
    NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| Refusal::new(20001))
}

fn page(simulator: &Simulator, filter: &Filter) -> Value {
    let book = simulator.book();
    let matching = book
        .newest_first(filter.before)
        .filter(|(_, message)| filter.takes(message, simulator.sender_on(message.medium)));
    // A page asked for by its number alone is counted from the newest.
    let skipped = if filter.before.is_none() { filter.page.saturating_mul(filter.page_size) } else { 0 };
    let mut taken: Vec<_> = matching.skip(skipped).take(filter.page_size + 1).collect();
    let more = taken.len() > filter.page_size;
    taken.truncate(filter.page_size);

    let path = format!("/{API_VERSION}/Accounts/{}/Messages.json", simulator.account_sid());
    let here = |page: usize, token: Option<u64>| {
        let mut query = form_urlencoded::Serializer::new(filter.base.clone());
        if !filter.base.contains("PageSize=") {
            query.append_pair("PageSize", &filter.page_size.to_string());
        }
        query.append_pair("Page", &page.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", &format!("PA{token:x}"));
        }
        format!("{path}?{}", query.finish())
    };
    let start = filter.page.saturating_mul(filter.page_size);
    json!({
        "messages": taken.iter().map(|(_, message)| resource(message, simulator)).collect::<Vec<_>>(),
        "page": filter.page,
        "page_size": filter.page_size,
        "start": start,
        "end": (start + taken.len()).saturating_sub(1),
        "uri": here(filter.page, filter.before),
        "first_page_uri": here(0, None),
        "next_page_uri": taken.last().filter(|_| more).map(|(number, _)| here(filter.page + 1, Some(*number))),
        "previous_page_uri": null,
    })
}
