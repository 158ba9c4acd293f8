//! How far an order is, as a picture: a bar from its start to the day it is due, filled as far as it is made, with today.

use super::look::{FAINT, INK, Page, RULE, colour_of};
use crate::app::App;
use crate::drawing::{Face, png};
use crate::kit::Result;
use crate::orders::{self, Sla, Status};
use crate::wording::Wording;
use chrono::NaiveDate;

/// **Units**: points; two pixels each.
const SIZE: (f32, f32) = (480.0, 226.0);
const SCALE: f32 = 2.0;
const MARGIN: f32 = 28.0;
/// Where the bar stands, and how high it is.
const BAR: (f32, f32) = (128.0, 26.0);

/// What the picture shows.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) number: String,
    pub(super) product: String,
    pub(super) status: Status,
    pub(super) sla: Sla,
    pub(super) progress: i64,
    pub(super) starts_on: NaiveDate,
    pub(super) due_on: NaiveDate,
    pub(super) today: NaiveDate,
}

pub(super) async fn facts(app: &App, number: &str) -> Result<Option<Facts>> {
    let (now, tz) = (app.clock.now(), app.settings.timezone);
    let order = orders::by_number(app.db.read(), number).await?;
    Ok(order.map(|order| {
        let course = order.course();
        Facts {
            number: order.number,
            product: order.product,
            status: order.status,
            sla: course.sla(now, tz),
            progress: course.progress(),
            starts_on: order.starts_on,
            due_on: order.due_on,
            today: now.with_timezone(&tz).date_naive(),
        }
    }))
}

/// The picture, as PNG.
pub(super) fn draw(wording: &Wording, language: &str, facts: &Facts) -> Option<Vec<u8>> {
    let mut page = Page::new(wording, language, SIZE);
    let (width, end) = (SIZE.0 - 2.0 * MARGIN, SIZE.0 - MARGIN);
    let colour = colour_of(facts.sla);
    let made = page.line(&format!("{}%", facts.progress), Face::Bold, 22.0);
    let room = width - made.width() - 12.0;
    for line in page.lines(&facts.number, Face::Bold, 22.0, room, 1) {
        page.write(MARGIN, 46.0, line, INK);
    }
    page.write_to(end, 46.0, made, colour);
    for line in page.lines(&facts.product, Face::Regular, 13.0, width, 1) {
        page.write(MARGIN, 70.0, line, FAINT);
    }
    let status = page.words(&format!("chat.order.status.{}", facts.status.as_str()));
    let sla = page.words(&format!("chat.order.sla.{}", facts.sla.as_str()));
    let (status, sla) = (page.line(&status, Face::Regular, 13.0), page.line(sla.trim(), Face::Bold, 13.0));
    page.write(MARGIN, 92.0, status, INK);
    page.write_to(end, 92.0, sla, colour);
    bar(&mut page, facts);
    png(&page.sheet, SCALE)
}

fn bar(page: &mut Page<'_>, facts: &Facts) {
    let width = SIZE.0 - 2.0 * MARGIN;
    // Where today is past the due day, or before the start, the line goes on to it.
    let first = facts.starts_on.min(facts.today);
    let last = facts.due_on.max(facts.today).max(facts.starts_on);
    let at = |day: NaiveDate| MARGIN + width * share((day - first).num_days(), (last - first).num_days());
    let (start, due, today) = (at(facts.starts_on), at(facts.due_on.max(facts.starts_on)), at(facts.today));
    let (y, height) = BAR;
    page.fill(MARGIN, y + height / 2.0 - 0.5, width, 1.0, RULE);
    let long = (due - start).max(4.0);
    page.fill(start, y, long, height, RULE);
    let made = long * share(facts.progress, 100);
    if made > 0.0 {
        page.fill(start, y, made, height, colour_of(facts.sla));
    }
    page.fill((today - 1.0).max(MARGIN), y - 9.0, 2.0, height + 18.0, INK);
    let label = |page: &Page<'_>, key: &str, day: NaiveDate| {
        let date = page.date(&day.to_string());
        (page.line(&page.word(key), Face::Regular, 10.0), page.line(&date, Face::Regular, 11.0))
    };
    let text = format!("{} {}", page.word("today"), page.date(&facts.today.to_string()));
    let text = page.line(&text, Face::Regular, 10.0);
    let x = (today - text.width() / 2.0).clamp(MARGIN, MARGIN + (width - text.width()).max(0.0));
    page.write(x, y - 14.0, text, INK);
    let (word, date) = label(page, "start", facts.starts_on);
    page.write(MARGIN, y + height + 24.0, word, FAINT);
    page.write(MARGIN, y + height + 40.0, date, INK);
    let (word, date) = label(page, "due", facts.due_on);
    page.write_to(MARGIN + width, y + height + 24.0, word, FAINT);
    page.write_to(MARGIN + width, y + height + 40.0, date, INK);
}

/// Which share of the whole this is, from 0 to 1; all of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share of a few hundred points")]
fn share(part: i64, whole: i64) -> f32 {
    if whole <= 0 { 1.0 } else { (part as f32 / whole as f32).clamp(0.0, 1.0) }
}
