//! A transcript as people saw it: bubbles on two sides, with days between them, notes and what the desk did.

use super::{doing, kind_name, who};
use crate::channels::Enclosed;
use crate::inbox::{Item, Said};
use crate::kit::Instant;
use crate::notify::shown::Standing;
use crate::pages::desk::Desk;
use crate::wording::html::paragraphs;
use chrono::NaiveDate;
use serde_json::json;

/// A file in a bubble.
pub(super) struct File {
    pub(super) name: String,
    /// Where it is; none where it is not here.
    pub(super) href: Option<String>,
    /// `image`, `audio`, `video` or `document`.
    pub(super) shape: &'static str,
    /// What is said where it is not here.
    pub(super) says: String,
}

/// Something that can be tapped, or could.
pub(super) struct Tappable {
    pub(super) title: String,
    pub(super) description: String,
}

/// One thing in a transcript.
pub(super) struct Bubble {
    /// A line above it, where a day begins.
    pub(super) day: Option<String>,
    /// `in`, `out`, `note` or `line`.
    pub(super) side: &'static str,
    pub(super) who: String,
    /// The words as HTML, everything in them escaped.
    pub(super) html: String,
    pub(super) when: String,
    /// What else is said of it: that it was tapped, that it went by a template.
    pub(super) aside: Option<String>,
    pub(super) files: Vec<File>,
    pub(super) place: Option<(String, String)>,
    pub(super) choices: Vec<Tappable>,
    pub(super) standing: Option<(&'static str, String)>,
    pub(super) why: Option<String>,
}

impl Bubble {
    fn of(side: &'static str, who: String, when: String) -> Self {
        Self {
            day: None,
            side,
            who,
            html: String::new(),
            when,
            aside: None,
            files: Vec::new(),
            place: None,
            choices: Vec::new(),
            standing: None,
            why: None,
        }
    }
}

/// These items as they are shown.
pub(super) fn bubbles(desk: &Desk, person_id: i64, called: &str, items: Vec<Item>) -> Vec<Bubble> {
    let mut day: Option<NaiveDate> = None;
    let shown = items.into_iter().map(|item| {
        let (at, id) = (item.place.at, item.place.id);
        let mut bubble = bubble(desk, (person_id, id), called, at, item.said);
        let today = at.with_timezone(&desk.app.settings.timezone).date_naive();
        if day.replace(today) != Some(today) {
            bubble.day = Some(desk.words().day(at));
        }
        bubble
    });
    shown.collect()
}

fn bubble(desk: &Desk, (person_id, id): (i64, i64), called: &str, at: Instant, said: Said) -> Bubble {
    let words = desk.words();
    let when = words.clock(at);
    match said {
        Said::Heard(heard) => {
            let mut bubble = Bubble::of("in", called.to_owned(), when);
            bubble.html = paragraphs(&heard.text);
            if heard.text.trim().is_empty() && heard.media.is_empty() && heard.spot.is_none() {
                let is_emptied = heard.is_emptied;
                bubble.aside = Some(if is_emptied { words.w("inbox.emptied") } else { kind_name(words, &heard.kind) });
            } else if heard.is_tapped {
                bubble.aside = Some(words.w("inbox.tapped"));
            }
            let file = |one: crate::inbox::Shown| {
                let href = format!("{}/{person_id}/media/{id}/{}", super::HERE, one.place);
                let shape = shape(&one.content_type);
                let name = words.w(format!("inbox.kind.{shape}"));
                let says = if one.is_awaited { "inbox.file_awaited" } else { "inbox.file_away" };
                File { name, href: one.is_here.then_some(href), shape, says: words.w(says) }
            };
            bubble.files = heard.media.into_iter().map(file).collect();
            bubble.place = heard.spot.map(|spot| {
                let (north, east) = (spot.latitude, spot.longitude);
                let label = spot.label.filter(|label| !label.is_empty());
                let says = label.unwrap_or_else(|| words.w("inbox.kind.location"));
                let map = format!("https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=17/{north}/{east}");
                (says, map)
            });
            bubble
        }
        Said::Sent(sent) => {
            let mut bubble = Bubble::of("out", who(words, &sent.who), when);
            bubble.html = paragraphs(&sent.text);
            if sent.is_emptied {
                bubble.aside = Some(words.w("inbox.emptied"));
            } else if sent.by_template {
                bubble.aside = Some(words.w("inbox.by_template"));
            }
            let file = |file: Enclosed| File {
                name: file.name,
                href: Some(file.link),
                shape: "document",
                says: String::new(),
            };
            bubble.files = sent.files.into_iter().map(file).collect();
            let choices = sent.choices.map(|choices| choices.options).unwrap_or_default();
            bubble.choices = choices
                .into_iter()
                .map(|one| Tappable { title: one.title, description: one.description.unwrap_or_default() })
                .collect();
            let standing = Standing::of(&sent.status).as_str();
            bubble.standing = Some((standing, words.w(format!("standing.{standing}"))));
            bubble.why = sent.why.filter(|_| matches!(standing, "FAILED" | "CANCELLED"));
            bubble
        }
        Said::Noted { kind, by, body } if kind == "NOTE" => {
            let mut bubble = Bubble::of("note", by.unwrap_or_default(), when);
            bubble.html = paragraphs(&body);
            bubble.aside = Some(words.w("inbox.note_says"));
            bubble
        }
        Said::Noted { kind, by, body } => {
            let key = match kind.as_str() {
                "ASSIGNED" if body.is_empty() => "inbox.did.UNASSIGNED".to_owned(),
                kind => format!("inbox.did.{kind}"),
            };
            let says = words.fill(key, &json!({ "who": by.unwrap_or_default(), "whom": body }));
            Bubble::of("line", says, when)
        }
    }
}

/// How a file of this type is shown.
fn shape(content_type: &str) -> &'static str {
    match content_type.split('/').next().unwrap_or_default() {
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        _ => "document",
    }
}

/// At which form and question the bot is, in words; that it is at its menu where it is at none.
pub(super) fn standing_at(desk: &Desk, state: &str) -> String {
    let doing = doing(desk.words(), state);
    if doing.is_empty() { desk.words().w("inbox.at_menu") } else { doing }
}
