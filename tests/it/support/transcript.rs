//! Golden conversations: a text file a conversation, played on every database.
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
use andon::simulator::{Button, Enclosure, Incoming};
use chrono::TimeDelta;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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

/// Plays one file and compares what came back, to the letter.
pub(crate) async fn play(backend: Backend, path: &Path) -> Result<(), String> {
    let expected = read(path)?;
    let (happened, _) = perform(backend, &expected, &[], By::Text).await?;
    if happened == expected {
        return Ok(());
    }
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
    if std::env::var("ANDON_UPDATE_TRANSCRIPTS").is_ok() {
        return std::fs::write(path, happened).map_err(|e| e.to_string());
    }
    Err(format!("{}\n{}", path.display(), difference(&expected, &happened)))
}

/// Plays one file with taps wherever a number or a word means something that may be tapped. What comes back says in full
/// what the file says. Answers with how much was tapped.
pub(crate) async fn play_by_taps(backend: Backend, path: &Path, more: &[(&str, &str)]) -> Result<usize, String> {
    let expected = read(path)?;
    let (happened, tapped) = perform(backend, &expected, more, By::Taps).await?;
    if happened == expected { Ok(tapped) } else { Err(difference(&expected, &happened)) }
}

/// How people answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Text,
    /// Where something is offered that means the same.
    Taps,
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Has people do what a file says, and answers with what happened, in its form, and how much was tapped.
async fn perform(backend: Backend, expected: &str, more: &[(&str, &str)], by: By) -> Result<(String, usize), String> {
    let given =
        expected.lines().filter_map(|line| line.strip_prefix("= ")?.split_once('=')).map(|(n, v)| (n.trim(), v.trim()));
    // The clock stands still where people would type.
    let settings: Vec<(&str, &str)> =
        [("ANDON_SENDER_LIMIT", "0")].into_iter().chain(given).chain(more.iter().copied()).collect();
    let app = TestApp::with(backend, &settings).await;
    let mut phone = OPERATOR.to_owned();
    let (mut happened, mut tapped) = (String::new(), 0);
    for line in expected.lines().filter(|line| !line.starts_with('<')) {
        if line.starts_with('?') {
            let state = app.state(&phone).await.unwrap_or_else(|| "none".to_owned());
            let _written = writeln!(happened, "? {state}");
            continue;
        }
        let _written = writeln!(happened, "{line}");
        if let Some(other) = line.strip_prefix("@ ") {
            other.trim().clone_into(&mut phone);
        } else if let Some(time) = line.strip_prefix("~ ") {
            app.pass(span(time)?).await;
        } else if let Some(written) = line.strip_prefix('>') {
            let tap = if by == By::Taps { tap(&app, &phone, written.trim()) } else { None };
            tapped += usize::from(tap.is_some());
            let written = tap.map_or_else(|| incoming(&phone, written), Ok)?;
            // Above taps the phone shows fewer words than are kept.
            let before = said(&app, &phone).await.len();
            let (_, shown) = app.sends(written).await;
            let replies = if by == By::Text { shown } else { said(&app, &phone).await.split_off(before) };
            for line in replies.iter().flat_map(|reply| reply.lines()) {
                let _written = writeln!(happened, "{}", format!("< {line}").trim_end());
            }
        }
    }
    app.end().await;
    Ok((happened, tapped))
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
    let option = by_number.or_else(by_title).filter(|option| !option.id.starts_with("act:"))?;
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
