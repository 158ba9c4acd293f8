//! Now: what needs somebody, per role, at one look.
//!
//! Everybody sees what is overdue and due soon among the tickets that are theirs to see, and what waits for their own word;
//! who answers for work sees new tickets and orders on hold besides, an admin also what did not arrive and channels that
//! are out. Each list is short and leads to the whole one.

use super::desk::Desk;
use super::dress::{Page, shown};
use super::inbox::Row as Conversation;
use super::tickets::Row;
use crate::channels::Status as Sent;
use crate::inbox as conversations;
use crate::kit::Result;
use crate::notify::shown::Medium;
use crate::notify::store::inbox::{self, Asked};
use crate::orders;
use crate::people::Role;
use crate::tickets::list::{By, Filter, Order};
use crate::tickets::{Status, reading};
use crate::web::page::Part;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// How many a list has at most.
const MOST: u64 = 5;
/// More than so many are not counted.
const MOST_COUNTED: u64 = 99;

/// Tickets that need somebody for one reason.
struct Need {
    id: &'static str,
    title: String,
    /// How many there are in all, where more than are shown: `23`, `99+`.
    count: Option<String>,
    rows: Vec<Row>,
    href: &'static str,
}

/// Something else that needs somebody.
struct Trouble {
    href: Option<String>,
    what: String,
    says: String,
    when: Option<String>,
}

/// Other things that need somebody for one reason.
struct Troubles {
    id: &'static str,
    title: String,
    rows: Vec<Trouble>,
}

#[derive(Template)]
#[template(path = "now.html")]
struct Now {
    page: Page,
    title: String,
    needs: Vec<Need>,
    troubles: Vec<Troubles>,
    is_quiet: bool,
}

/// `GET /now`.
pub(super) async fn page(desk: Desk) -> Result<Response> {
    let words = desk.words();
    let mut needs = by_deadline(&desk).await?;
    let resolved =
        Filter { statuses: vec![Status::Resolved], created_by: Some(desk.actor().person_id), ..Filter::default() };
    let mine = tickets(&desk, resolved, By::Changed).await?;
    needs.push(need(&desk, "approve", mine, "/tickets?status=RESOLVED&created_by=me"));
    if answers_for_work(&desk) {
        let new = Filter { statuses: vec![Status::New], ..Filter::default() };
        let new = tickets(&desk, new, By::Made).await?;
        needs.push(need(&desk, "new", new, "/tickets?status=NEW&sort=id"));
    }
    needs.retain(|need| !need.rows.is_empty());
    let mut troubles = Vec::new();
    if answers_for_work(&desk) {
        troubles.push(waiting(&desk).await?);
        troubles.push(on_hold(&desk).await?);
    }
    if desk.actor().is_admin() {
        troubles.push(failed(&desk).await?);
        troubles.push(out(&desk));
    }
    troubles.retain(|one| !one.rows.is_empty());
    let title = words.w("now.title");
    let is_quiet = needs.is_empty() && troubles.is_empty();
    Ok(shown(StatusCode::OK, &Now { page: desk.page(title.clone()), title, needs, troubles, is_quiet }))
}

/// Whether somebody sees to it that work is done.
fn answers_for_work(desk: &Desk) -> bool {
    matches!(desk.actor().role, Role::Admin | Role::Supervisor)
}

fn need(desk: &Desk, id: &'static str, (rows, count): (Vec<Row>, u64), href: &'static str) -> Need {
    let count = match count {
        count if count <= rows.len() as u64 => None,
        count if count <= MOST_COUNTED => Some(count.to_string()),
        _ => Some(format!("{MOST_COUNTED}+")),
    };
    Need { id, title: desk.words().w(format!("now.{id}")), count, rows, href }
}

/// What is overdue, and what will be soon, of all that is still to be done.
async fn by_deadline(desk: &Desk) -> Result<Vec<Need>> {
    let overdue = Filter { overdue: Some(true), ..Filter::default() };
    let soon = Filter { due_soon: Some(true), ..Filter::default() };
    Ok(vec![
        need(
            desk,
            "overdue",
            tickets(desk, overdue, By::NextDue).await?,
            "/tickets?overdue=true&sort=resolution_due_at",
        ),
        need(desk, "soon", tickets(desk, soon, By::NextDue).await?, "/tickets?due_soon=true&sort=resolution_due_at"),
    ])
}

/// The first of them, and how many there are in all, as far as they are counted.
async fn tickets(desk: &Desk, filter: Filter, by: By) -> Result<(Vec<Row>, u64)> {
    let (viewer, order) = (desk.viewer(), Order { by, is_descending: false });
    let part = Part { size: MOST, cursor: None, is_counted: false };
    let found = reading::page(&desk.app.db, &viewer, &filter, order, &part, desk.now).await?;
    let rows = found.cut.rows.into_iter().map(|shown| Row::of(desk, &viewer, shown));
    let count = reading::count_up_to(&desk.app.db, &viewer, &filter, MOST_COUNTED + 1, desk.now).await?;
    Ok((rows.collect(), count))
}

/// Conversations that the desk has, with messages that nobody looked at.
async fn waiting(desk: &Desk) -> Result<Troubles> {
    let part = Part { size: MOST, cursor: None, is_counted: false };
    let found =
        conversations::list(&desk.app.db, desk.actor(), conversations::Which::Waiting, None, &part, desk.now).await?;
    let rows = found.rows.into_iter().map(|listed| {
        let row = Conversation::of(desk, listed);
        Trouble { href: Some(format!("/inbox/{}#write", row.id)), what: row.name, says: row.last, when: Some(row.when) }
    });
    Ok(Troubles { id: "unread", title: desk.words().w("now.unread"), rows: rows.collect() })
}

async fn on_hold(desk: &Desk) -> Result<Troubles> {
    let filter = orders::desk::Filter { status: Some(orders::Status::OnHold), ..orders::desk::Filter::default() };
    let part = Part { size: MOST, cursor: None, is_counted: false };
    let held = orders::desk::list(desk.app.db.read(), &filter, &part).await?;
    let rows = held.into_iter().map(|order| Trouble {
        href: Some(format!("/floor/orders/{}", order.id)),
        what: order.number,
        says: format!("{} · {}", order.product, order.customer),
        when: Some(desk.words().when(order.updated_at, desk.now).html()),
    });
    Ok(Troubles { id: "held", title: desk.words().w("now.held"), rows: rows.collect() })
}

async fn failed(desk: &Desk) -> Result<Troubles> {
    const FAILED: &[Sent] = &[Sent::Failed];
    let words = desk.words();
    let asked = Asked { statuses: Some(FAILED), ..Asked::default() };
    let (listed, _) = inbox::page(desk.app.db.read(), &asked, MOST, 0).await?;
    let rows = listed.into_iter().map(|one| Trouble {
        href: Some(format!("/notifications/{}", one.id)),
        what: words.w(format!("medium.{}", Medium::of(&one.medium).as_str())),
        says: one.subject.unwrap_or_default(),
        when: Some(words.when(one.created_at, desk.now).html()),
    });
    Ok(Troubles { id: "failed", title: words.w("now.failed"), rows: rows.collect() })
}

fn out(desk: &Desk) -> Troubles {
    let (words, app) = (desk.words(), &desk.app);
    let red = app.channels.iter().filter_map(|channel| Some((channel.name(), app.health.red(channel.name())?)));
    let rows = red.map(|(name, red)| Trouble {
        href: None,
        what: name.to_owned(),
        says: red.advice,
        when: Some(words.when(red.since, desk.now).html()),
    });
    Troubles { id: "out", title: words.w("now.out"), rows: rows.collect() }
}
