//! Every list in one place: the channels, the routes, and what each route leads to.

use crate::app::App;
use crate::channels::Channel;
use crate::channels::twilio::{Credentials, Twilio};
use crate::config::Settings;
use crate::simulator::Simulator;
use crate::web::{guard, problem};
use crate::webhooks_in::{self, Door};
use crate::{chat, defects, health, tickets};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

/// What else follows from a change of a ticket, in the same transaction.
pub const FOLLOWERS: &[tickets::Follower] = &[defects::settle];

/// The providers, in order of preference.
pub fn channels(settings: &Settings, http: reqwest::Client) -> Vec<Arc<dyn Channel>> {
    let credentials = settings.twilio_credentials().map(|(account_sid, auth_token, auth_token_next)| Credentials {
        account_sid,
        auth_token,
        auth_token_next,
    });
    let twilio = Twilio::new(
        http,
        settings.twilio_api_base(),
        credentials,
        settings.whatsapp_sender.clone(),
        settings.status_callback_url(),
    );
    vec![Arc::new(twilio)]
}

/// Every path that this process answers.
pub fn routes(app: &App, door: &Door, simulator: Option<&Simulator>) -> Router {
    let (api, contract) = OpenApiRouter::with_openapi(Contract::openapi())
        .merge(
            OpenApiRouter::new()
                .routes(routes!(chat::api::test))
                .routes(routes!(chat::api::sessions))
                .routes(routes!(chat::api::clear_session))
                .routes(routes!(health::health))
                .with_state(app.clone()),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(webhooks_in::webhook, webhooks_in::probe))
                .routes(routes!(webhooks_in::status))
                .with_state(door.clone()),
        )
        .split_for_parts();
    let home = if simulator.is_some() { "/simulator" } else { "/docs" };
    let mut router = api
        .merge(SwaggerUi::new("/docs").url("/api/openapi.json", contract))
        .route("/", get(move || async move { Redirect::temporary(home) }));
    if let Some(simulator) = simulator {
        // Whoever reaches it can speak for any phone, so no tunnel and no proxy may lead there.
        let walled = simulator.router().layer(axum::middleware::from_fn(guard::loopback_only));
        router = router.nest("/simulator", walled);
    }
    let mut router = router.fallback(problem::nowhere).method_not_allowed_fallback(problem::wrong_method);
    if app.settings.is_demo {
        router = router.layer(axum::middleware::from_fn(guard::loopback_only));
    }
    router.layer(CatchPanicLayer::custom(problem::after_panic)).layer(no_sniffing())
}

fn no_sniffing() -> SetResponseHeaderLayer<axum::http::HeaderValue> {
    let (name, value) = (axum::http::header::X_CONTENT_TYPE_OPTIONS, axum::http::HeaderValue::from_static("nosniff"));
    SetResponseHeaderLayer::overriding(name, value)
}

/// The contract at `/api/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(title = "Andon", description = "A self-hosted operations desk whose front door is WhatsApp."),
    tags(
        (name = "WhatsApp", description = "The door in, and what an admin may see of it."),
        (name = "Operating", description = "How Andon is."),
    ),
    modifiers(&Bearer),
)]
struct Contract;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("ANDON_ADMIN_TOKEN")).build();
        openapi.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
