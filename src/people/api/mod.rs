//! The endpoints of people: signing in, users, profiles.

pub mod auth;
pub mod forms;
pub mod profiles;
pub mod setup;
pub mod shapes;
pub mod tokens;
pub mod users;

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The paths of signing in, users and profiles.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::by_role))
        .routes(routes!(users::show, users::change, users::delete))
        .routes(routes!(users::remove_second_factor))
        .routes(routes!(users::activate))
        .routes(routes!(users::deactivate))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::update))
}
