//! Golden conversations: a text file a conversation, played on every database, by each provider, by words and by taps.
//!
//! ```text
//! # a remark
//! = ANDON_CHAT_ACCESS=open         a setting, before the first message
//! @ +12025550101                   who writes from here on
//! > hi                             they write
//! >[image] it is scratched         they send a picture with a caption
//! >[sticker]                       they send something else
//! >[tap HIGH] High                 they tap a button
//! < 👋 Welcome to Test Plant!      what comes back, line by line
//! ~ 31 min                         time passes
//! ? create_defect.severity         the session's state
//! ```
//! `ANDON_UPDATE_TRANSCRIPTS=1` writes what came back into the files, to be read before it is committed.

use super::app::{OPERATOR, TestApp, number};
use super::databases::Backend;
use super::meta::{META, NO_TWILIO};
use andon::channels::Choice;
use andon::simulator::{Button, Enclosure, Incoming};
use chrono::TimeDelta;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is offered beside the conversation, and is meant by no number.
const NO_ANSWERS: [&str; 3] = ["act:", "progress:", "report:"];

/// The files, in order of name.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files
}

/// How people write and answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// By words, on Twilio.
    Twilio,
    /// By words, on Meta.
    Meta,
    /// By taps, where something is offered that means the same, on Twilio.
    TapsOnTwilio,
    /// The same on Meta.
    TapsOnMeta,
}

impl By {
    pub(crate) const ALL: [Self; 4] = [Self::Twilio, Self::Meta, Self::TapsOnTwilio, Self::TapsOnMeta];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Meta => "meta",
            Self::TapsOnTwilio => "taps_on_twilio",
            Self::TapsOnMeta => "taps_on_meta",
        }
    }

    fn taps(self) -> bool {
        matches!(self, Self::TapsOnTwilio | Self::TapsOnMeta)
    }

    fn settings(self) -> Vec<(&'static str, &'static str)> {
        let mut settings = Vec::new();
        if self.taps() {
            settings.push(("ANDON_TAPS", "true"));
        }
        if matches!(self, Self::Meta | Self::TapsOnMeta) {
            settings.extend(META.iter().chain(&NO_TWILIO));
        }
        settings
    }
}

/// Plays one file and compares what came back, to the letter. Above taps the phone shows fewer words than are sent where
/// nothing can be tapped; those are compared.
pub(crate) async fn play(backend: Backend, path: &Path, by: By) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let happened = perform(backend, &expected, by).await?;
    if happened == expected {
        return Ok(());
    }
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
    if by == By::Twilio && std::env::var("ANDON_UPDATE_TRANSCRIPTS").is_ok() {
        return std::fs::write(path, happened).map_err(|e| e.to_string());
    }
    Err(format!("{}\n{}", path.display(), difference(&expected, &happened)))
}

/// Has people do what a file says, and answers with what happened, in its form.
async fn perform(backend: Backend, expected: &str, by: By) -> Result<String, String> {
    let given =
        expected.lines().filter_map(|line| line.strip_prefix("= ")?.split_once('=')).map(|(n, v)| (n.trim(), v.trim()));
    // The clock stands still where people would type.
    let settings: Vec<(&str, &str)> =
        [("ANDON_SENDER_LIMIT", "0")].into_iter().chain(given).chain(by.settings()).collect();
    let app = TestApp::with(backend, &settings).await;
    let mut phone = OPERATOR.to_owned();
    let mut happened = String::new();
    // Whoever comes back after days writes: a tap would be on a form that is gone.
    let mut is_back = false;
    for line in expected.lines() {
        if line.starts_with('<') {
            continue;
        }
        if line.starts_with('?') {
            let state = app.state(&phone).await.unwrap_or_else(|| "none".to_owned());
            let _written = writeln!(happened, "? {state}");
            continue;
        }
        let _written = writeln!(happened, "{line}");
        if let Some(other) = line.strip_prefix("@ ") {
            other.trim().clone_into(&mut phone);
        } else if let Some(time) = line.strip_prefix("~ ") {
            let span = span(time)?;
            app.pass(span).await;
            is_back = span >= TimeDelta::days(1);
        } else if let Some(written) = line.strip_prefix('>') {
            let tap = if by.taps() && !std::mem::take(&mut is_back) { tap(&app, &phone, written.trim()) } else { None };
            let written = tap.map_or_else(|| incoming(&phone, written), Ok)?;
            let before = if by.taps() { said(&app, &phone).await.len() } else { 0 };
            let (_, shown) = app.sends(written).await;
            let replies = if by.taps() { said(&app, &phone).await.split_off(before) } else { shown };
            for line in replies.iter().flat_map(|reply| reply.lines()) {
                let _written = writeln!(happened, "{}", format!("< {line}").trim_end());
            }
        }
    }
    app.end().await;
    Ok(happened)
}

/// What the plant said to this phone, in full.
async fn said(app: &TestApp, phone: &str) -> Vec<String> {
    let query = format!(
        "SELECT d.body FROM deliveries d JOIN addresses a ON a.id = d.address_id WHERE a.value = '{phone}' \
         AND d.kind = 'REPLY' ORDER BY d.id"
    );
    let rows = app.rows(&query).await;
    rows.iter().map(|row| row.try_get("", "body").expect("a text")).collect()
}

/// The tap that means what is written, where the last message offers it by this number or title.
fn tap(app: &TestApp, phone: &str, written: &str) -> Option<Incoming> {
    let bubble = app.bubbles(phone).pop()?;
    let choices = bubble.choices.as_ref()?;
    let by_number = written.parse::<usize>().ok().and_then(|number| choices.options.get(number.checked_sub(1)?));
    let by_title = || choices.options.iter().find(|option| option.title.eq_ignore_ascii_case(written));
    let is_answer = |option: &&Choice| !NO_ANSWERS.iter().any(|kind| option.id.starts_with(kind));
    let option = by_number.or_else(by_title).filter(is_answer)?;
    let button = Button { text: option.title.clone(), payload: option.id.clone(), is_row: choices.opens.is_some() };
    let text = Incoming::text(&number(phone), option.title.clone());
    Some(Incoming { button: Some(button), quoted: Some(bubble.sid.clone()), ..text })
}

fn incoming(phone: &str, written: &str) -> Result<Incoming, String> {
    let from = number(phone);
    let Some(special) = written.strip_prefix('[') else {
        return Ok(Incoming::text(&from, written.trim().replace("\\n", "\n")));
    };
    let (what, text) = special.split_once(']').ok_or_else(|| format!("no closing bracket: >{written}"))?;
    let mut incoming = Incoming::text(&from, text.trim());
    match what.split_once(' ') {
        Some(("tap", payload)) => {
            incoming.button = Some(Button { text: text.trim().to_owned(), payload: payload.to_owned(), is_row: false });
        }
        _ if what == "image" => {
            incoming.media.push(Enclosure { content_type: "image/jpeg".to_owned(), bytes: vec![0xff, 0xd8, 0xff] });
        }
        _ => incoming.kind = Some(what.to_owned()),
    }
    Ok(incoming)
}

fn span(text: &str) -> Result<TimeDelta, String> {
    let (count, unit) = text.trim().split_once(' ').ok_or_else(|| format!("no span of time: {text}"))?;
    let count: i64 = count.parse().map_err(|e| format!("{text}: {e}"))?;
    match unit {
        "s" => Ok(TimeDelta::seconds(count)),
        "min" => Ok(TimeDelta::minutes(count)),
        "h" => Ok(TimeDelta::hours(count)),
        "days" => Ok(TimeDelta::days(count)),
        _ => Err(format!("no unit of time: {text}")),
    }
}

/// The first lines that differ, with their numbers.
fn difference(expected: &str, happened: &str) -> String {
    let (mut left, mut right) = (expected.lines(), happened.lines());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => {
                return format!(
                    "line {number}\n  expected: {}\n  happened: {}\n\n{happened}",
                    one.unwrap_or("(end)"),
                    other.unwrap_or("(end)")
                );
            }
        }
    }
    "only line ends differ".to_owned()
}
