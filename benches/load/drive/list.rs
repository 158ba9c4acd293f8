//! The list of messages, as Twilio gives it: filtered by `To` and `From`, newest first, in pages.
//!
//! The filter by day is left out: a run is over before it would matter, and who asks must look at the time anyway.

use super::ledger::{Entries, reply_sid};
use super::script;
use super::stand_in::messages_path;
use super::twilio::{PLANT, number, person, sid};
use chrono::DateTime;
use serde_json::{Value, json};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 1_000;

/// A page of the list that the query asks for, as JSON.
pub(crate) fn page(entries: &mut Entries, query: &str) -> String {
    let (mut to, mut from, mut size, mut before) = (String::new(), String::new(), DEFAULT_PAGE, usize::MAX);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "To" => to = value.into_owned(),
            "From" => from = value.into_owned(),
            "PageSize" => size = value.parse().unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE),
            "PageToken" => before = usize::from_str_radix(value.trim_start_matches("PA"), 16).unwrap_or(usize::MAX),
            _ => {}
        }
    }
    let is_plant = |address: &str| address.trim_start_matches("whatsapp:") == PLANT;
    let (messages, oldest) = if is_plant(&to) {
        let by = person(&from);
        let wanted = |at: &usize| by.is_none_or(|by| by == entries.written[*at].0);
        let places = (0..entries.written.len().min(before)).rev().filter(wanted).take(size);
        gather(places, |at| written(entries.written[at]))
    } else {
        let whom = person(&to);
        let wanted = |at: &usize| whom.is_none_or(|whom| whom == entries.replies[*at].to);
        let places = (0..entries.replies.len().min(before)).rev().filter(wanted).take(size);
        let places: Vec<usize> = places.collect();
        for at in &places {
            entries.replies[*at].shown = Some(entries.replies[*at].status);
        }
        gather(places.into_iter(), |at| replied(entries, at))
    };
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let next = oldest.filter(|_| messages.len() == size).map(|oldest| {
        let (to, from) = (encoded(&to), encoded(&from));
        let from = if from.is_empty() { from } else { format!("&From={from}") };
        format!("{}?To={to}{from}&PageSize={size}&Page=1&PageToken=PA{oldest:x}", messages_path())
    });
    json!({"messages": messages, "page_size": size, "next_page_uri": next}).to_string()
}

/// The messages at these places, and the last place.
fn gather(places: impl Iterator<Item = usize>, show: impl Fn(usize) -> Value) -> (Vec<Value>, Option<usize>) {
    let places: Vec<usize> = places.collect();
    (places.iter().map(|at| show(*at)).collect(), places.last().copied())
}

fn written((person, nth, at): (u32, u32, i64)) -> Value {
    let text = script::step(person, nth).text;
    resource(&sid(person, nth), (&number(person), PLANT), "inbound", ("received", None), &text, at)
}

fn replied(entries: &Entries, nth: usize) -> Value {
    let reply = &entries.replies[nth];
    let ends = (PLANT, &*number(reply.to));
    resource(&reply_sid(nth), ends, "outbound-api", (reply.status, reply.code), &reply.body, reply.at)
}

fn resource(
    sid: &str,
    (from, to): (&str, &str),
    direction: &str,
    (status, code): (&str, Option<i32>),
    body: &str,
    at: i64,
) -> Value {
    let date = DateTime::from_timestamp(at, 0).unwrap_or_default().to_rfc2822();
    json!({
        "sid": sid, "from": format!("whatsapp:{from}"), "to": format!("whatsapp:{to}"), "direction": direction,
        "status": status, "body": body, "num_media": "0", "num_segments": "1", "error_code": code,
        "error_message": null, "date_created": date, "date_sent": date, "date_updated": date,
    })
}
