//! Deadlines kept and broken, by kind and by person. What is done late counts on the day on which it is done.

use super::sheet::{Cell, Section, answer};
use super::{asked, before, in_table};
use crate::figures::Measure;
use crate::figures::reading::{self, Late, Promises, Scope, Sum};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::plot::{About, Plot, Series, Unit};
use crate::people::Keeper;
use crate::people::store::users;
use crate::tickets::Kind;
use axum::response::Response;
use std::collections::BTreeMap;

const BY_KIND: [Measure; 2] = [Measure::Responded, Measure::Resolved];
const ALL: [Measure; 4] = [Measure::Responded, Measure::Resolved, Measure::KeptBy, Measure::BrokenBy];
/// The most people that are shown.
const MOST_PEOPLE: usize = 40;
/// The most people of whom there is a bar.
const MOST_BARS: usize = 14;

/// `GET /reports/sla`.
pub(super) async fn page(desk: Desk, _: Keeper) -> Result<Response> {
    let (range, scope) = asked(&desk, "/reports/sla");
    let (conn, words) = (desk.app.db.read(), desk.words());
    let now = reading::sums(conn, &ALL, range.span, &scope);
    let (now, earlier) = tokio::try_join!(now, reading::sums(conn, &BY_KIND, range.span.before(), &scope))?;
    let still = reading::still_to_count(conn).await?;
    let response =
        by_kind(&desk, ("sla_response", "report.sla_response"), (Measure::Responded, &scope), &now, &earlier);
    let resolution =
        by_kind(&desk, ("sla_resolution", "report.sla_resolution"), (Measure::Resolved, &scope), &now, &earlier);
    let people = by_person(&desk, &now).await?;
    let late = late(&desk, &scope, &reading::late_now(conn, &scope, desk.now).await?);
    answer(&desk, words.w("report.sla_title"), range, still, vec![response, resolution, people, late])
}

/// What is late and still open: it is counted above once it is done.
fn late(desk: &Desk, scope: &Scope, late: &[Late]) -> Section {
    let words = desk.words();
    let kinds = Kind::ALL.into_iter().filter(|kind| *scope == Scope::All || kind.is_of_the_floor());
    let rows = kinds.map(|kind| {
        let late = late.iter().find(|late| late.kind == kind);
        let by = late.map(|late| (desk.now - late.since).num_seconds());
        // A supervisor's list has the other departments' tickets as well.
        let href = late.filter(|_| *scope == Scope::All);
        let href = href.map(|_| format!("/tickets?kind={}&status=ALL&overdue=true", kind.as_str()));
        let name = Cell::text(words.w(format!("kind.{}", kind.as_str())));
        vec![name.href(href), Cell::number(late.map_or(0, |late| late.n)), Cell::took(desk, by)]
    });
    Section {
        id: "sla_open".into(),
        title: words.w("report.late"),
        note: Some(words.w("report.late_note")),
        plot: None,
        rows: rows.collect(),
        heads: ["fact.kind", "report.tickets", "report.late_by"].map(|key| words.w(key)).into(),
    }
}

fn by_kind(
    desk: &Desk,
    (id, title): (&'static str, &'static str),
    (measure, scope): (Measure, &Scope),
    now: &[Sum],
    earlier: &[Sum],
) -> Section {
    let words = desk.words();
    let (now, earlier) = (reading::promises(now, measure), reading::promises(earlier, measure));
    let of = |all: &BTreeMap<String, Promises>, kind: Kind| all.get(kind.as_str()).copied().unwrap_or_default();
    let kinds = Kind::ALL.into_iter().filter(|kind| *scope == Scope::All || kind.is_of_the_floor());
    let rows: Vec<(String, Promises, Promises)> =
        kinds.map(|kind| (words.w(format!("kind.{}", kind.as_str())), of(&now, kind), of(&earlier, kind))).collect();
    let free = words.w("report.free");
    let mut heads = heads(desk, "fact.kind");
    heads.push(free);
    heads.push(before(words, &words.w("report.kept_percent")));
    let plot =
        plot(desk, id, words.w(title), &rows.iter().map(|(name, now, _)| (name.clone(), *now)).collect::<Vec<_>>());
    let rows = rows.into_iter().map(|(name, now, earlier)| {
        let mut row = cells(Cell::text(name), now);
        row.extend([Cell::number(now.free), Cell::percent(earlier.percent())]);
        row
    });
    let rows = rows.collect();
    Section {
        id: id.into(),
        title: words.w(title),
        note: Some(words.w("report.sla_note")),
        plot: Some(plot),
        heads,
        rows,
    }
}

async fn by_person(desk: &Desk, now: &[Sum]) -> Result<Section> {
    let words = desk.words();
    let mut people: BTreeMap<i64, Promises> = BTreeMap::new();
    for sum in now {
        let Ok(person) = sum.slice.parse::<i64>() else { continue };
        let promises = people.entry(person).or_default();
        match sum.measure {
            Measure::KeptBy => promises.kept += sum.n,
            Measure::BrokenBy => promises.broken += sum.n,
            _ => {}
        }
    }
    let mut people: Vec<(i64, Promises)> = people.into_iter().collect();
    people.sort_by_key(|(person, promises)| (-promises.all(), *person));
    people.truncate(MOST_PEOPLE);
    let ids: Vec<i64> = people.iter().map(|(person, _)| *person).collect();
    let known = users::by_ids(desk.app.db.read(), &ids).await?;
    let name = |person: i64| known.get(&person).map_or_else(|| format!("#{person}"), users::User::called);
    let named: Vec<(String, Promises)> = people.iter().map(|(person, promises)| (name(*person), *promises)).collect();
    let title = words.w("report.by_person");
    let plot = plot(desk, "sla_people", title.clone(), &named[..named.len().min(MOST_BARS)]);
    let rows = people.iter().zip(&named).map(|((person, promises), (name, _))| {
        // A supervisor sees in the list of people whom they may; the link leads to a page that asks again.
        let href = known.contains_key(person).then(|| format!("/people/{person}"));
        cells(Cell::text(name.clone()).href(href.filter(|_| desk.actor().is_admin())), *promises)
    });
    let rows = rows.collect();
    let note = Some(words.w("report.by_person_note"));
    Ok(Section { id: "sla_people".into(), title, note, plot: Some(plot), heads: heads(desk, "report.person"), rows })
}

fn heads(desk: &Desk, first: &str) -> Vec<String> {
    [first, "report.kept", "report.broken", "report.kept_percent"].map(|key| desk.words().w(key)).into()
}

fn cells(first: Cell, promises: Promises) -> Vec<Cell> {
    vec![first, Cell::number(promises.kept), Cell::number(promises.broken), Cell::percent(promises.percent())]
}

fn plot(desk: &Desk, id: &'static str, title: String, all: &[(String, Promises)]) -> Plot {
    let words = desk.words();
    let kept = Series { name: words.w("report.kept"), values: all.iter().map(|(_, one)| one.kept).collect() };
    let broken = Series { name: words.w("report.broken"), values: all.iter().map(|(_, one)| one.broken).collect() };
    let along = all.iter().map(|(name, _)| name.clone()).collect();
    let about = About { id: id.into(), title, says: in_table(words), along };
    Plot::stacked(about, &[kept, broken], Unit::COUNT)
}
