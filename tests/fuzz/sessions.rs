//! Stored sessions: one that another version of the program wrote, or that somebody damaged, starts over or goes on;
//! it never stops a conversation.

use crate::conversations::{FLOWS, WORDING, any_turns};
use crate::edits::{Bytes, edited};
use crate::for_a_while;
use crate::plant::any_records;
use andon::chat::{Session, render, step};

/// Sessions in the middle of things.
const SEEDS: &[&str] = &[
    r#"{"flow":null,"answers":[],"pictures":[],"misses":0,"offer":false,"draft":null,"draft_since":null,"language":"en"}"#,
    r#"{"flow":"create_defect","answers":[["order",{"value":"ORD-12345","facts":{"number":"ORD-12345"},"media":[]}],["defect_type",{"value":"OTHER","facts":{"label":"Other"},"media":[]}]],"pictures":[{"url":"https://example.com/1","content_type":"image/png"}],"misses":2,"offer":true,"draft":{"flow":"submit_bom_update","answers":[["bom",{"value":"BOM-888","facts":{"number":"BOM-888","components":[{"number":"BRG-6","name":"Bearing","quantity":"4","unit_cost":"2.50"}]},"media":[]}]],"pictures":[]},"draft_since":"2026-01-18T14:30:22Z","language":"en"}"#,
    r#"{"flow":"submit_bom_update","answers":[["bom",{"value":"BOM-888","facts":{"number":"BOM-888","components":[]},"media":[]}],["component",{"value":"BRG-6","facts":{},"media":[]}],["change",{"value":"quantity=12","facts":{"label":"12"},"media":[]}]],"pictures":[],"misses":0,"offer":false,"draft":null,"draft_since":null,"language":"en"}"#,
];
const WORDS: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"",
    ",",
    ":",
    "255",
    "256",
    "-1",
    "1e9",
    "\\u0000",
    "\\ud800",
    "\"flow\":\"none\"",
    "report_maintenance",
    "order_status",
    "create_defect",
    "severity",
    "reason",
    "\"language\":\"xx\"",
    "[[",
];

#[test]
fn a_session_of_another_time_goes_on_or_starts_over() {
    let seeds = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    for_a_while((edited(seeds, WORDS), any_turns(4), any_records()), |(Bytes(stored), turns, records)| {
        let Ok(mut session) = serde_json::from_slice::<Session>(&stored) else { return };
        for turn in &turns {
            let input = turn.says(&FLOWS, &session);
            let outcome = step(&FLOWS, &WORDING, session, &input, &records, turn.asker, turn.dormant, "Plant 7");
            let is_silent = render(&WORDING, &outcome.session.language, &outcome.say).is_empty();
            let is_in_a_row = outcome.session.in_a_row.is_some();
            assert!(!is_silent || is_in_a_row || outcome.finished.is_some(), "{input:?}");
            session = outcome.session;
        }
    });
}
