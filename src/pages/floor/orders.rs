//! Orders: the list that a planner reads from the top, and one order with what holds it.

mod forms;
mod history;
mod show;

pub(in crate::pages) use forms::{add, adding};
pub(in crate::pages) use show::{act, change, page};

use super::bar::Bar;
use super::shortened;
use crate::kit::Result;
use crate::orders::listing::{self, Asked, Order};
use crate::orders::{Sla, Status, desk as use_cases, hold_row, row};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::links::{Asking, Group, Link};
use crate::pages::listed::{self, Frame, Head};
use crate::pages::words::Words;
use crate::people::{Keeper, store::records::names_of};
use crate::tickets::reading;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::HashMap;

/// Where the list is.
pub(super) const HERE: &str = "/floor/orders";
/// What an address of the list keeps.
const KEPT: [&str; 4] = ["status", "all", "q", "sort"];

/// How many holds of an order are shown in the list.
const HOLDS_LISTED: usize = 3;

/// An order in the list, and at the head of its page.
pub(super) struct Row {
    id: i64,
    number: String,
    product: String,
    customer: String,
    status: &'static str,
    status_name: String,
    /// Whether it will be on time; none of one that is finished.
    sla: Option<(&'static str, String)>,
    made: String,
    days: String,
    bar: Bar,
    holds: Vec<Hold>,
    /// How many more there are.
    more: usize,
}

impl Row {
    /// The same in a list.
    fn listed(mut self) -> Self {
        self.limit_holds(HOLDS_LISTED);
        let texts = [&mut self.number, &mut self.product, &mut self.customer];
        texts.into_iter().chain(self.holds.iter_mut().map(|hold| &mut hold.reason)).for_each(shortened);
        self
    }

    fn limit_holds(&mut self, most: usize) {
        self.more = self.holds.len().saturating_sub(most);
        self.holds.truncate(most);
    }
}

/// What holds an order.
pub(super) struct Hold {
    /// The ticket whose closing releases it: its row and reference; none where it was laid by hand, or the ticket is not
    /// theirs to see.
    ticket: Option<(i64, String)>,
    is_by_hand: bool,
    reason: String,
    who: Option<String>,
    when: String,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct List {
    page: Page,
    around: Frame,
    rows: Vec<Row>,
}

/// `GET /floor/orders`.
pub(in crate::pages) async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let words = desk.words();
    let (asking, asked): (Asking, Asked) = listed::asked(&desk, HERE, &KEPT)?;
    let cut = listing::page(desk.app.db.read(), &asked).await?;
    let title = words.w("tabs.orders");
    let head = Head::new(&asking, HERE, title.clone(), words.w("order.search"));
    let head = head.add(format!("{HERE}/new"), words.w("order.add"));
    let mut around = Frame::new(&desk, &asking, head, "order", &cut).groups(groups(&desk, &asking, asked.order));
    // Without being narrowed the list leaves out what is finished.
    around.clear = around.clear.or_else(|| Some(("/floor/orders?all=true", words.w("tickets.all"))));
    let rows = rows(&desk, cut.rows).await?.into_iter().map(Row::listed).collect();
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, rows }))
}

fn groups(desk: &Desk, asking: &Asking, order: Order) -> Vec<Group> {
    let words = desk.words();
    let status = asking.get("status");
    let is_whole = status.is_none() && asking.get("all") == Some("true");
    // The two parameters go together: one address has one of them.
    let beside = Asking::of(HERE, &["q", "sort"], &query_of(asking));
    let mut statuses = vec![Link {
        href: beside.with("status", None),
        label: words.w("order.open"),
        is_on: status.is_none() && !is_whole,
    }];
    statuses.extend(Status::ALL.map(|one| Link {
        href: beside.with("status", Some(one.as_str())),
        label: words.w(format!("order.status.{}", one.as_str())),
        is_on: status == Some(one.as_str()),
    }));
    statuses.push(Link { href: beside.with("all", Some("true")), label: words.w("tickets.all"), is_on: is_whole });
    let orders = Order::ALL.map(|one| Link {
        href: asking.with("sort", Some(one.as_str())),
        label: words.w(format!("field.{}", one.as_str())),
        is_on: one == order,
    });
    vec![
        Group { label: words.w("tickets.by_status"), links: statuses },
        Group { label: words.w("tickets.by_sort"), links: orders.into() },
    ]
}

fn query_of(asking: &Asking) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(&asking.kept).finish()
}

/// These orders as they are shown, with what holds each. Four statements.
pub(super) async fn rows(desk: &Desk, orders: Vec<row::Model>) -> Result<Vec<Row>> {
    let conn = desk.app.db.read();
    let ids: Vec<i64> = orders.iter().map(|order| order.id).collect();
    let mut holds: HashMap<i64, Vec<Hold>> = HashMap::new();
    let open = use_cases::holds_of(conn, &ids).await?;
    let tickets: Vec<i64> = open.iter().filter_map(|hold| hold.ticket_id).collect();
    let tickets = reading::several(conn, &desk.viewer(), &tickets).await?;
    let references: HashMap<i64, String> =
        tickets.into_iter().map(|shown| (shown.row.id, shown.row.reference)).collect();
    let people: Vec<i64> = open.iter().filter_map(|hold| hold.held_by).collect();
    let names = names_of(conn, &people).await?;
    for hold in open {
        holds.entry(hold.order_id).or_default().push(hold_shown(desk, hold, &references, &names));
    }
    let rows = orders.into_iter().map(|order| {
        let holds = holds.remove(&order.id).unwrap_or_default();
        row_shown(desk, order, holds)
    });
    Ok(rows.collect())
}

fn hold_shown(
    desk: &Desk,
    hold: hold_row::Model,
    references: &HashMap<i64, String>,
    names: &HashMap<i64, String>,
) -> Hold {
    let reference = hold.ticket_id.and_then(|id| Some((id, references.get(&id)?.clone())));
    Hold {
        is_by_hand: hold.ticket_id.is_none(),
        ticket: reference,
        reason: hold.reason,
        who: hold.held_by.and_then(|person| names.get(&person).cloned()),
        when: desk.words().when(hold.held_at, desk.now).html(),
    }
}

fn row_shown(desk: &Desk, order: row::Model, holds: Vec<Hold>) -> Row {
    let words = desk.words();
    let sla = order.course().sla(desk.now, desk.app.settings.timezone);
    let sla = (!order.status.is_final()).then(|| (sla.as_str(), sla_name(words, sla)));
    Row {
        bar: Bar::of(desk, &order),
        id: order.id,
        status: order.status.as_str(),
        status_name: words.w(format!("order.status.{}", order.status.as_str())),
        sla,
        made: format!("{} / {}", order.quantity_completed, order.quantity_ordered),
        days: format!("{} – {}", order.starts_on, order.due_on),
        holds,
        more: 0,
        number: order.number,
        product: order.product,
        customer: order.customer,
    }
}

fn sla_name(words: &Words, sla: Sla) -> String {
    words.w(format!("order.sla.{}", sla.as_str()))
}
