//! Shifts: the coming ones by day, planning one, changing it, and taking it off the plan.

mod edit;

use super::crew;
use crate::app::App;
use crate::kit::rules::{self, LONGEST_KEY};
use crate::kit::{Instant, Result};
use crate::machines;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::Field;
use crate::pages::listed::{Frame, Head, asked};
use crate::people::Keeper;
use crate::people::store::records::names_of;
use crate::shifts::api::Asked;
use crate::shifts::{desk as use_cases, row};
use crate::web::page::Cursor;
use crate::web::{Fields, Form, read};
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// Where the list is.
const HERE: &str = "/floor/shifts";
/// The name of the list's order, as the API has it.
const BY_START: &str = "starts_at";

/// A shift in the list.
struct Row {
    id: i64,
    /// The time of day.
    starts: String,
    person: String,
    machine: Option<String>,
    note: String,
}

/// The shifts that begin on one day.
struct Day {
    date: NaiveDate,
    title: String,
    when: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "shifts.html")]
struct List {
    page: Page,
    around: Frame,
    /// What narrows the list.
    narrow: Vec<Field>,
    days: Vec<Day>,
}

/// What the API's list is asked for, from a day on.
struct Wanted {
    asked: Asked,
    from: Option<NaiveDate>,
}

impl Form for Wanted {
    fn read(fields: &mut Fields) -> Option<Self> {
        let from = fields.optional("from", read::ruled(rules::day));
        Some(Self { asked: Asked::read(fields)?, from })
    }
}

/// The pages of shifts.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(HERE, get(list))
        .route("/floor/shifts/new", get(edit::adding).post(edit::add))
        .route("/floor/shifts/{id}", get(edit::page).post(edit::change))
        .route("/floor/shifts/{id}/delete", post(edit::delete))
}

/// `GET /floor/shifts`.
async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let (words, tz) = (desk.words(), desk.app.settings.timezone);
    let (asking, Wanted { asked: Asked { mut filter, part }, from }) =
        asked::<Wanted>(&desk, HERE, &["machine", "person", "from"])?;
    let today = desk.now.with_timezone(&tz).date_naive();
    filter.since = Some(midnight(from.unwrap_or(today), tz));
    let found = use_cases::list(desk.app.db.read(), &filter, &part).await?;
    let place =
        |shift: &row::Model| Cursor { key: Some(shift.starts_at.to_rfc3339()), ..Cursor::of_id(BY_START, shift.id) };
    let cut = part.cut(found, place);
    let chosen: Vec<i64> = filter.person_id.into_iter().collect();
    let anybody = (String::new(), words.w("shifts.anybody"));
    let people = [anybody].into_iter().chain(crew::choices(&desk, &chosen).await?);
    let value = |name: &str| asking.get(name).unwrap_or_default().to_owned();
    let narrow = [
        Field::new(words, "text", "machine", LONGEST_KEY).value(value("machine")),
        Field::new(words, "select", "person", 0).value(value("person")).choices(people),
        Field::new(words, "date", "from", 0).value(from.unwrap_or(today).to_string()),
    ];
    let narrow = narrow.map(|field| Field { id: format!("by-{}", field.name), is_required: true, ..field });
    let title = words.w("tabs.shifts");
    let head = Head::new(&asking, HERE, title.clone(), String::new());
    let head = head.add(format!("{HERE}/new"), words.w("shifts.add"));
    let around = Frame::new(&desk, &asking, head, "shifts", &cut);
    let days = by_day(&desk, cut.rows, today).await?;
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, narrow: narrow.into(), days }))
}

/// These shifts by the day on which they begin at the plant, in their order. Two statements.
async fn by_day(desk: &Desk, shifts: Vec<row::Model>, today: NaiveDate) -> Result<Vec<Day>> {
    let (words, conn, tz) = (desk.words(), desk.app.db.read(), desk.app.settings.timezone);
    let people: BTreeSet<i64> = shifts.iter().map(|shift| shift.person_id).collect();
    let names = names_of(conn, &people.into_iter().collect::<Vec<_>>()).await?;
    let machines = machines::by_ids(conn, &shifts.iter().filter_map(|shift| shift.machine_id).collect()).await?;
    let mut days: Vec<Day> = Vec::new();
    for shift in shifts {
        let day = shift.starts_at.with_timezone(&tz).date_naive();
        let row = Row {
            id: shift.id,
            starts: words.clock(shift.starts_at),
            person: names.get(&shift.person_id).cloned().unwrap_or_default(),
            machine: shift.machine_id.and_then(|id| machines.get(&id)).map(|machine| machine.number.clone()),
            note: shift.note,
        };
        if let Some(last) = days.last_mut().filter(|last| last.date == day) {
            last.rows.push(row);
        } else {
            let (title, when) = (words.date(day), words.days_to(day, today));
            days.push(Day { date: day, title, when, rows: vec![row] });
        }
    }
    Ok(days)
}

/// When a day begins at the plant; where the clocks skip midnight, an hour later.
fn midnight(day: NaiveDate, tz: Tz) -> Instant {
    let local = day.and_time(NaiveTime::MIN);
    let at = tz.from_local_datetime(&local).earliest();
    let at = at.or_else(|| tz.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    at.map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_the_plants_clock_says() {
        let begins = |day: &str, tz| midnight(day.parse().expect("a day"), tz).to_rfc3339();
        assert_eq!(begins("2026-01-20", Tz::Europe__Berlin), "2026-01-19T23:00:00+00:00");
        assert_eq!(begins("2026-09-06", Tz::America__Santiago), "2026-09-06T04:00:00+00:00", "no midnight that day");
    }
}
