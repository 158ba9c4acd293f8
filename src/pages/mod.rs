//! The desk in the browser: pages rendered here, made live by a small script, working without one.
//!
//! A page asks the same use cases as the API, by the same rules: [`session::recognise`] puts in front of every page who is
//! there, and whatever then asks for an `Actor` gets them, with [`crate::people::Door::Page`]. Cookies count here and
//! nowhere else, so the API cannot be reached with one.

mod assets;
mod desk;
mod dress;
mod entrance;
mod floor;
mod form;
mod inbox;
mod links;
mod listed;
mod live;
mod messages;
mod notifications;
mod now;
mod one_form;
mod people;
mod plot;
mod posted;
mod profile;
mod remembered;
mod report;
mod session;
mod settings;
mod tickets;
mod told_in;
mod wall;
mod words;

use crate::app::App;
use crate::attachments;
use crate::chat::Ways;
use crate::notify::live::Live;
use crate::people::Role;
use crate::web::problem;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use dress::Place;
use tickets::Followers;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Beside a file, so many bytes may be in a form.
const BESIDE: usize = 16 * 1024;
/// Everybody who can sign in.
const EVERYBODY: &[Role] = &Role::ALL;

/// Admins alone.
const ADMINS: &[Role] = &[Role::Admin];
/// Admins and supervisors.
const KEEPERS: &[Role] = &[Role::Admin, Role::Supervisor];

/// Where the header leads; behind `g`, its letter leads there too.
const NAVIGATION: &[Place] = &[
    Place::new("/now", "now", EVERYBODY).key("o"),
    Place::new("/tickets", "tickets", EVERYBODY).key("t"),
    Place::new("/tickets/board", "board", EVERYBODY).key("b"),
    Place::new("/inbox", "inbox", KEEPERS).key("i"),
    Place::new("/floor", "floor", KEEPERS).key("f"),
    Place::new("/reports", "reports", KEEPERS).key("r"),
    Place::new("/messages", "messages", KEEPERS).key("m"),
    Place::new("/notifications", "notifications", EVERYBODY).key("n"),
    Place::new("/people", "people", KEEPERS).key("e"),
    Place::new("/settings", "settings", settings::ADMINS).key("s"),
];

/// Parts of the desk with several pages, and where the tabs on these lead.
const SECTIONS: &[(&str, &[Place])] = &[
    ("/floor", floor::TABS),
    ("/reports", report::TABS),
    ("/messages", messages::TABS),
    ("/settings", settings::TABS),
];

/// Every page. `kinds` are the kinds of events there are; `home` is where `/` leads to; none: to the desk.
pub fn routes(
    app: &App,
    ways: &Ways,
    live: &Live,
    kinds: &'static [&'static str],
    home: Option<&'static str>,
) -> Router {
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
        .route("/profile/summary", post(profile::choose_summary))
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
        .route("/tickets/views/{id}/restore", post(tickets::restore_view))
        .route("/tickets/{id}", get(tickets::ticket))
        .route("/tickets/{id}/edit", post(tickets::edit))
        .route("/tickets/{id}/{action}", post(tickets::act))
        .route("/tickets/{id}/attachments/{attachment_id}", get(attachments::api::download))
        .route("/tickets/{id}/attachments/{attachment_id}/{act}", post(tickets::take_attachment))
        .route("/live-ticket", post(live::ticket))
        .merge(inbox::routes())
        .merge(floor::routes())
        .merge(wall::routes())
        .merge(report::routes())
        .merge(messages::routes())
        .merge(settings::routes(kinds))
        .merge(files)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(Extension(Followers(ways.followers)))
        .layer(Extension(ways.clone()))
        .layer(Extension(live.clone()))
        .layer(CatchPanicLayer::custom(problem::after_panic))
        .with_state(app.clone());
    recognised(app, pages).merge(assets::routes()).layer(compression())
}

/// Texts are sent smaller; what is attached goes as it is. Tokens of forms are written otherwise each time, so that the
/// size of a page tells nothing of them.
fn compression() -> CompressionLayer<impl Fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool + Clone> {
    let is_text = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        let kind = headers.get(CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
        kind.starts_with(b"text/") && !kind.starts_with(b"text/event-stream") // words on a line go one by one
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
