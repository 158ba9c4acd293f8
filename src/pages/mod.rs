//! The desk in the browser: pages rendered here, made live by a small script, working without one.
//!
//! A page asks the same use cases as the API, by the same rules: [`session::recognise`] puts in front of every page who is
//! there, and whatever then asks for an `Actor` gets them, with [`crate::people::Door::Page`]. Cookies count here and
//! nowhere else, so the API cannot be reached with one.

mod assets;
mod desk;
mod dress;
mod entrance;
mod form;
mod inbox;
mod live;
mod notifications;
mod now;
mod people;
mod posted;
mod profile;
mod session;
mod tickets;
mod told_in;
mod words;

use crate::app::App;
use crate::attachments;
use crate::chat::Ways;
use crate::people::Role;
use crate::web::problem;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use tickets::Followers;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Beside a file, so many bytes may be in a form.
const BESIDE: usize = 16 * 1024;
/// Everybody who can sign in.
const EVERYBODY: &[Role] = &Role::ALL;

/// Where the header leads: the address, the name of its words, and for whom it is.
const NAVIGATION: &[(&str, &str, &[Role])] = &[
    ("/now", "now", EVERYBODY),
    ("/tickets", "tickets", EVERYBODY),
    ("/tickets/board", "board", EVERYBODY),
    ("/inbox", "inbox", &[Role::Admin, Role::Supervisor]),
    ("/notifications", "notifications", EVERYBODY),
    ("/people", "people", &[Role::Admin, Role::Supervisor]),
];

/// Every page. `home` is where `/` leads to; none: to the desk.
pub fn routes(app: &App, ways: &Ways, home: Option<&'static str>) -> Router {
    let files = Router::new()
        .route("/tickets/{id}/attach", post(tickets::attach))
        .layer(DefaultBodyLimit::max(app.settings.max_attachment + BESIDE));
    let first = match home {
        Some(home) => get(move || async move { dress::redirect(home) }),
        None => get(entrance::home),
    };
    let pages = Router::new()
        .route("/", first)
        .route("/sign-in", get(entrance::page).post(entrance::enter))
        .route("/sign-out", post(entrance::leave))
        .route("/theme", post(entrance::theme))
        .route("/profile", get(profile::page).post(profile::change))
        .route("/profile/password", post(profile::change_password))
        .route("/profile/number/code", post(profile::show_code))
        .route("/profile/number/confirm", post(profile::confirm_number))
        .route("/profile/number/send", post(profile::send_code))
        .route("/profile/number/verify", post(profile::verify_code))
        .route("/profile/second-factor", post(profile::begin))
        .route("/profile/second-factor/confirm", post(profile::confirm))
        .route("/profile/second-factor/off", post(profile::take_off))
        .route("/profile/devices/end", post(profile::end_device))
        .route("/profile/tokens", post(profile::make_token))
        .route("/profile/tokens/revoke", post(profile::revoke_token))
        .route("/now", get(now::page))
        .route("/notifications", get(notifications::list))
        .route("/notifications/read", post(notifications::read))
        .route("/notifications/{id}", get(notifications::story))
        .route("/notifications/{id}/retry", post(notifications::retry))
        .route("/notifications/{id}/cancel", post(notifications::cancel))
        .route("/people", get(people::list))
        .route("/people/new", get(people::adding).post(people::add))
        .route("/people/{id}", get(people::page).post(people::change))
        .route("/people/{id}/{act}", post(people::act))
        .route("/tickets", get(tickets::list))
        .route("/tickets/board", get(tickets::board))
        .route("/tickets/new", get(tickets::raising).post(tickets::raise))
        .route("/tickets/assign", post(tickets::assign_several))
        .route("/tickets/views", post(tickets::keep_view))
        .route("/tickets/views/{id}/rename", post(tickets::rename_view))
        .route("/tickets/views/{id}/delete", post(tickets::delete_view))
        .route("/tickets/{id}", get(tickets::ticket))
        .route("/tickets/{id}/edit", post(tickets::edit))
        .route("/tickets/{id}/{action}", post(tickets::act))
        .route("/tickets/{id}/attachments/{attachment_id}", get(attachments::api::download))
        .route("/tickets/{id}/attachments/{attachment_id}/delete", post(tickets::detach))
        .route("/live-ticket", post(live::ticket))
        .merge(inbox::routes())
        .merge(files)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(Extension(Followers(ways.followers)))
        .layer(Extension(ways.clone()))
        .layer(CatchPanicLayer::custom(problem::after_panic))
        .with_state(app.clone());
    recognised(app, pages).merge(assets::routes()).layer(compression())
}

/// Texts are sent smaller; what is attached goes as it is. Tokens of forms are written otherwise each time, so that the
/// size of a page tells nothing of them.
fn compression() -> CompressionLayer<impl Fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool + Clone> {
    let is_text = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/"))
    };
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_text)
}

/// The answer to a path that leads nowhere: a page for people, a problem for programs.
pub fn nowhere(app: &App) -> Router {
    recognised(app, Router::new().fallback_service(any(problem::nowhere)))
}

fn recognised(app: &App, pages: Router) -> Router {
    pages.layer(axum::middleware::from_fn_with_state(app.clone(), session::recognise))
}
