//! The plant in the browser: what is made, on which machines, what went wrong with it, and who comes when.
//!
//! Pages ask the same use cases as the API, by the same rules: what is kept here is for admins and supervisors.

mod bar;
mod machines;
mod orders;
mod records;
mod boms;
mod crew;
mod plans;
mod shifts;
mod sop_failures;
mod labels;
mod walls;
mod defects;

use super::dress::{self, Place};
use super::{BESIDE, KEEPERS};
use crate::app::App;
use crate::records_io::waiting::MOST_BYTES;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The pages of the floor.
pub(super) const TABS: &[Place] = &[
    Place::new("/floor/orders", "orders", KEEPERS),
    Place::new("/floor/machines", "machines", KEEPERS),
    Place::new("/floor/defects", "defects", KEEPERS),
    Place::new("/floor/records", "records", KEEPERS),
    Place::new("/floor/sop-failures", "sop_failures", KEEPERS),
    Place::new("/floor/boms", "boms", KEEPERS),
    Place::new("/floor/shifts", "shifts", KEEPERS),
    Place::new("/floor/plans", "plans", KEEPERS),
    Place::new("/floor/labels", "labels", KEEPERS),
    Place::new("/floor/walls", "walls", KEEPERS),
];

/// The longest text of a record in a list, in characters.
const LONGEST_SHOWN: usize = 120;

/// A text as a list has it: its beginning, so that a list of long ones is no heavier than others.
fn shortened(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_SHOWN) {
        text.truncate(end);
        text.push('…');
    }
}

/// The pages below `/floor`.
pub(super) fn routes() -> Router<App> {
    let files = Router::new()
        .route("/floor/records", get(records::list).post(records::receive))
        .layer(DefaultBodyLimit::max(MOST_BYTES + BESIDE));
    Router::new()
        .route("/floor", get(|| async { dress::redirect(TABS[0].href) }))
        .route("/floor/orders", get(orders::list))
        .route("/floor/orders/new", get(orders::adding).post(orders::add))
        .route("/floor/orders/{id}", get(orders::page).post(orders::change))
        .route("/floor/orders/{id}/{act}", post(orders::act))
        .route("/floor/machines", get(machines::list))
        .route("/floor/machines/new", get(machines::adding).post(machines::add))
        .route("/floor/machines/{id}", get(machines::page).post(machines::change))
        .route("/floor/records/{id}", get(records::page))
        .route("/floor/records/{id}/take", post(records::take_over))
        .route("/floor/records/{id}/drop", post(records::let_go))
        .route("/floor/records/out/{file}", get(records::take_out))
        .route("/floor/defects", get(defects::page))
        .merge(files)
        .merge(boms::routes())
        .merge(sop_failures::routes())
        .merge(shifts::routes())
        .merge(plans::routes())
        .route("/floor/labels", get(labels::page))
        .route("/floor/labels/sheet.pdf", get(labels::sheet))
        .route("/floor/walls", get(walls::page).post(walls::make))
        .route("/floor/walls/{id}/revoke", post(walls::revoke))
}
