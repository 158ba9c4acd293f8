//! The report of a defect as PDF: what is known of it, its photos, and what was done.

use super::look::{FAINT, INK, Page, RULE};
use crate::app::App;
use crate::drawing::{Colour, Direction, Face, Line, Picture, Sheet, lines, pdf};
use crate::files;
use crate::kit::{Instant, Result};
use crate::sla::format_instant;
use crate::tickets::reading::{self, Whole};
use crate::tickets::{self, Kind, Status};
use crate::wording::Wording;
use crate::{defects, orders};
use chrono_tz::Tz;

/// **Units**: points: A4.
const SIZE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 56.0;
const WIDTH: f32 = SIZE.0 - 2.0 * MARGIN;
/// Where a page's content ends.
const BOTTOM: f32 = SIZE.1 - 72.0;
/// How wide the names of values are.
const NAMES: f32 = 130.0;
/// How much of each is shown; a report is no book.
const MAX_LINES: usize = 400;
const MAX_HISTORY: usize = 100;
const MAX_COMMENT_LINES: usize = 10;
const MAX_PHOTOS: usize = 12;
/// The largest photo, and all of them together: a provider takes documents of 16 MB. **Units**: bytes.
const MAX_PHOTO: i64 = 5 * 1024 * 1024;
const MAX_PHOTOS_SIZE: i64 = 12 * 1024 * 1024;
/// How high a photo is at most.
const PHOTO_HEIGHT: f32 = 260.0;

/// What the report shows.
pub(super) struct Facts {
    pub(super) reference: String,
    pub(super) order: String,
    pub(super) defect_type: String,
    pub(super) severity: &'static str,
    pub(super) status: Status,
    pub(super) description: String,
    pub(super) reporter: String,
    pub(super) reported: String,
    pub(super) holders: String,
    pub(super) photos: Vec<Vec<u8>>,
    /// How many files are not shown.
    pub(super) others: usize,
    pub(super) history: Vec<Entry>,
}

/// One thing that was done.
pub(super) struct Entry {
    pub(super) at: String,
    pub(super) status: Status,
    pub(super) by: String,
    pub(super) comment: String,
}

pub(super) async fn facts(app: &App, reference: &str) -> Result<Option<Facts>> {
    let conn = app.db.read();
    let mut read = tickets::read(conn, &[reference.to_owned()], &[Kind::Defect]).await?;
    let Some(seen) = read.found.remove(reference) else { return Ok(None) };
    let Some(shown) = reading::one(conn, seen.row.id).await? else { return Ok(None) };
    let Some((order, defect_type)) = defects::facts_of(conn, seen.row.id).await? else { return Ok(None) };
    let order = orders::desk::by_id(conn, order).await?;
    let Whole { shown, history, .. } = reading::whole(conn, shown).await?;
    let attached = files::store::of_ticket(conn, shown.row.id).await?;
    let (mut photos, mut size) = (Vec::new(), 0);
    let is_photo = |file: &&files::attachment::Model| {
        matches!(file.content_type.as_str(), "image/jpeg" | "image/png") && file.size <= MAX_PHOTO
    };
    for file in attached.iter().filter(is_photo).take(MAX_PHOTOS) {
        size += file.size;
        if size > MAX_PHOTOS_SIZE {
            break;
        }
        // One that is gone from where files are kept is told of as one not shown.
        photos.extend(app.vault.read(&file.hash).await.ok());
    }
    let tz = app.settings.timezone;
    // It is oldest first; what happened last matters most.
    let left_out = history.len().saturating_sub(MAX_HISTORY);
    Ok(Some(Facts {
        order: order.map(|order| order.number).unwrap_or_default(),
        defect_type,
        severity: shown.row.priority.as_str(),
        status: shown.row.status,
        reporter: shown.requester_name.unwrap_or_default(),
        reported: instant(shown.row.created_at, tz),
        holders: shown.holders.into_iter().filter_map(|holder| holder.name).collect::<Vec<_>>().join(", "),
        others: attached.len() - photos.len(),
        photos,
        history: history
            .into_iter()
            .skip(left_out)
            .map(|line| Entry {
                at: instant(line.row.at, tz),
                status: line.row.status_to,
                by: line.changed_by_name.unwrap_or_default(),
                comment: line.row.comment.unwrap_or_default(),
            })
            .collect(),
        reference: shown.row.reference,
        description: shown.row.description,
    }))
}

fn instant(at: Instant, tz: Tz) -> String {
    format_instant(at, tz)
}

/// The report, as PDF.
pub(super) fn draw(wording: &Wording, language: &str, facts: Facts) -> Vec<u8> {
    let mut paper = Paper { page: Page::new(wording, language, SIZE), y: MARGIN, done: Vec::new() };
    let title = format!("{} {}", paper.page.word("defect"), facts.reference);
    paper.write(&paper.page.word("defect"), Face::Bold, 20.0, INK);
    paper.write(&facts.reference, Face::Regular, 13.0, FAINT);
    paper.rule();
    let type_key = format!("chat.create_defect.defect_type.options.{}", facts.defect_type);
    let is_known = wording.has(language, &type_key);
    let defect_type = if is_known { paper.page.words(&type_key) } else { tickets::model::in_words(&facts.defect_type) };
    for (name, value) in [
        ("order", facts.order.clone()),
        ("type", defect_type),
        ("severity", paper.page.words(&format!("chat.ticket.priority.{}", facts.severity))),
        ("status", paper.status(facts.status)),
        ("reporter", facts.reporter.clone()),
        ("reported", paper.page.date(&facts.reported)),
        ("holders", facts.holders.clone()),
    ] {
        paper.value(name, &value);
    }
    paper.heading("description");
    paper.quote(&facts.description, 11.0, INK, MAX_LINES);
    let photos: Vec<Option<Picture>> = facts.photos.into_iter().map(Picture::read).collect();
    let others = facts.others + photos.iter().filter(|photo| photo.is_none()).count();
    if photos.len() + facts.others > 0 {
        paper.heading("photos");
        for photo in photos.into_iter().flatten() {
            paper.photo(photo);
        }
        if others > 0 {
            let says = wording.render(language, "chat.paper.others", &serde_json::json!({"count": others}));
            paper.write(&says, Face::Regular, 10.0, FAINT);
        }
    }
    paper.heading("history");
    for entry in &facts.history {
        paper.entry(entry);
    }
    let sheets = paper.numbered(&facts.reference);
    pdf(&sheets, &title, language)
}

/// A paper that is being written: what comes next stands at `y`.
struct Paper<'a> {
    page: Page<'a>,
    y: f32,
    done: Vec<Page<'a>>,
}

impl Paper<'_> {
    /// Begins a new page where so much does not fit on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > MARGIN {
            let new = Page::new(self.page.wording, self.page.language, SIZE);
            self.done.push(std::mem::replace(&mut self.page, new));
            self.y = MARGIN;
        }
    }

    fn put(&mut self, x: f32, line: Line, size: f32, colour: Colour) {
        let height = size * 1.45;
        self.room(height);
        self.page.write(x, self.y + size, line, colour);
        self.y += height;
    }

    fn write(&mut self, text: &str, face: Face, size: f32, colour: Colour) {
        for line in self.page.lines(text, face, size, WIDTH, MAX_LINES) {
            self.put(MARGIN, line, size, colour);
        }
    }

    /// Writes what somebody wrote: each paragraph from the side where its own language begins; at most so many lines.
    fn quote(&mut self, text: &str, size: f32, colour: Colour, most: usize) {
        let mut left = most;
        for paragraph in text.lines() {
            let direction = Direction::of(paragraph).unwrap_or(self.page.direction);
            let lines = lines(paragraph, (Face::Regular, size), direction, WIDTH, left);
            left -= lines.len().min(left);
            for line in lines {
                let is_turned = direction != self.page.direction;
                let x = if is_turned { MARGIN + WIDTH - line.width() } else { MARGIN };
                self.put(x, line, size, colour);
            }
            if left == 0 {
                break;
            }
        }
    }

    fn rule(&mut self) {
        self.room(18.0);
        self.page.fill(MARGIN, self.y + 6.0, WIDTH, 1.0, RULE);
        self.y += 18.0;
    }

    fn heading(&mut self, key: &str) {
        self.room(60.0);
        self.y += 14.0;
        self.write(&self.page.word(key), Face::Bold, 13.0, INK);
        self.y += 3.0;
    }

    /// A value beside its name; one that is not known is left out.
    fn value(&mut self, name: &str, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        let lines = self.page.lines(value, Face::Regular, 11.0, WIDTH - NAMES, 10);
        let name = self.page.lines(&self.page.word(name), Face::Regular, 11.0, NAMES - 8.0, 1);
        self.room(16.0);
        for line in name {
            self.page.write(MARGIN, self.y + 11.0, line, FAINT);
        }
        for line in lines {
            self.put(MARGIN + NAMES, line, 11.0, INK);
        }
    }

    fn photo(&mut self, photo: Picture) {
        let (width, height) = photo.size();
        let shown = (PHOTO_HEIGHT).min(WIDTH * height / width);
        self.room(shown + 10.0);
        let wide = shown * width / height;
        let x = if self.page.direction == Direction::Rtl { SIZE.0 - MARGIN - wide } else { MARGIN };
        let high = self.page.sheet.show(x, self.y, (WIDTH, PHOTO_HEIGHT), photo);
        self.y += high + 10.0;
    }

    fn entry(&mut self, entry: &Entry) {
        let what = [self.page.date(&entry.at), self.status(entry.status), entry.by.clone()];
        let what: Vec<String> = what.into_iter().filter(|part| !part.is_empty()).collect();
        self.write(&what.join(" · "), Face::Regular, 10.0, INK);
        if !entry.comment.trim().is_empty() {
            self.quote(&entry.comment, 10.0, FAINT, MAX_COMMENT_LINES);
        }
        self.y += 3.0;
    }

    fn status(&self, status: Status) -> String {
        self.page.words(&format!("chat.ticket.status.{}", status.as_str()))
    }

    /// All pages, each with its number.
    fn numbered(mut self, reference: &str) -> Vec<Sheet> {
        self.done.push(self.page);
        let count = self.done.len();
        for (place, page) in self.done.iter_mut().enumerate() {
            let number = page.line(&format!("{reference} · {}/{count}", place + 1), Face::Regular, 9.0);
            page.write_to(SIZE.0 - MARGIN, SIZE.1 - 36.0, number, FAINT);
        }
        self.done.into_iter().map(|page| page.sheet).collect()
    }
}
