//! BOMs: the list, one with two of its revisions side by side, deciding about what was proposed, and proposing.

mod decide;
mod propose;
mod show;
mod sides;

use crate::app::App;
use crate::boms::api::forms::Asked;
use crate::boms::desk as use_cases;
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::listed::{Frame, Head, asked, group};
use crate::people::Keeper;
use crate::web::page::Cursor;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

/// Where the list is.
const HERE: &str = "/floor/boms";
/// The name of the list's order, as the API has it.
const BY_NUMBER: &str = "number";

/// A BOM in the list.
struct Row {
    id: i64,
    number: String,
    product: String,
    in_force: Option<String>,
    waiting: Option<String>,
    changed: String,
}

#[derive(Template)]
#[template(path = "boms.html")]
struct List {
    page: Page,
    around: Frame,
    rows: Vec<Row>,
}

/// The pages of BOMs.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(HERE, get(list))
        .route("/floor/boms/{id}", get(show::page))
        .route("/floor/boms/{id}/propose", get(propose::page).post(propose::submit))
        .route("/floor/boms/{id}/revisions/{number}/{decision}", post(decide::decide))
}

/// `GET /floor/boms`.
async fn list(desk: Desk, _: Keeper) -> Result<Response> {
    let words = desk.words();
    let (asking, Asked { filter, part }) = asked(&desk, HERE, &["q", "pending"])?;
    let found = use_cases::list(desk.app.db.read(), &filter, &part).await?;
    let cut = part.cut(found, |bom| Cursor::of_key(BY_NUMBER, &bom.row.number));
    let review = [(None, "tickets.any"), (Some("true"), "boms.waits"), (Some("false"), "boms.settled")];
    let review = review.map(|(value, label)| (value.map(str::to_owned), words.w(label))).into();
    let title = words.w("tabs.boms");
    let head = Head::new(&asking, HERE, title.clone(), words.w("boms.search"));
    let around = Frame::new(&desk, &asking, head, "boms", &cut).groups(vec![group(
        &asking,
        words.w("boms.by_review"),
        "pending",
        review,
    )]);
    let rows = cut.rows.into_iter().map(|bom| Row {
        id: bom.row.id,
        number: bom.row.number,
        product: bom.row.product,
        in_force: bom.in_force.map(|number| words.fill("boms.revision", &json!({ "number": number }))),
        waiting: (bom.pending > 0).then(|| words.fill("boms.waiting", &json!({ "count": bom.pending }))),
        changed: words.when(bom.row.updated_at, desk.now).html(),
    });
    Ok(shown(StatusCode::OK, &List { page: desk.page(title), around, rows: rows.collect() }))
}
