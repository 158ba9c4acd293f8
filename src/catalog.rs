//! Every list in one place: the channels, the routes, and what each route leads to.

use crate::app::App;
use crate::channels::Channel;
use crate::channels::meta::Meta;
use crate::channels::smtp::Smtp;
use crate::channels::twilio::{Credentials, Twilio};
use crate::config::Settings;
use crate::notify::{self, live::Live};
use crate::outbox::{Event, Notice};
use crate::people::api::setup;
use crate::scrape::{self, Sources};
use crate::simulator::Simulator;
use crate::web::{contract, guard, problem, rate_limit};
use crate::webhooks_in::{self, Door};
use crate::{
    attachments, audit, boms, chat, chores, defects, health, inbox, machines, orders, pages, papers, people, plans,
    rules, shifts, sop_failures, summaries, texts, tickets, walls, webhooks_out,
};
use axum::{Router, routing::get};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{self as swagger, SwaggerUi};

/// What else follows from a change of a ticket, in the same transaction.
pub const FOLLOWERS: &[tickets::Follower] = &[defects::settle];

/// The events that somebody is told of. Any other is kept and told nobody.
pub const NOTICES: &[Notice] = &[
    Notice::of::<tickets::events::Created>(),
    Notice::of::<tickets::events::Opened>(),
    Notice::of::<tickets::events::Assigned>(),
    Notice::of::<tickets::events::Started>(),
    Notice::of::<tickets::events::Held>(),
    Notice::of::<tickets::events::Resumed>(),
    Notice::of::<tickets::events::Finished>(),
    Notice::of::<tickets::events::Approved>(),
    Notice::of::<tickets::events::Rejected>(),
    Notice::of::<tickets::events::Cancelled>(),
    Notice::of::<tickets::events::Commented>(),
    Notice::of::<tickets::events::SlaWarning>(),
    Notice::of::<tickets::events::SlaBreached>(),
    Notice::of::<orders::events::Held>(),
    Notice::of::<orders::events::Released>(),
    Notice::of::<orders::events::Completed>(),
    Notice::of::<shifts::events::Starting>(),
    Notice::of::<plans::events::Due>(),
    Notice::of::<boms::events::RevisionSubmitted>(),
    Notice::of::<boms::events::RevisionDecided>(),
    Notice::of::<sop_failures::events::Escalated>(),
    Notice::of::<summaries::events::DrawnUp>(),
];

/// The kinds of events there are: what webhooks can be told of.
pub const EVENTS: &[&str] = &[
    name::<tickets::events::Created>(),
    name::<tickets::events::Opened>(),
    name::<tickets::events::Assigned>(),
    name::<tickets::events::SlaSet>(),
    name::<tickets::events::Started>(),
    name::<tickets::events::Held>(),
    name::<tickets::events::Resumed>(),
    name::<tickets::events::Finished>(),
    name::<tickets::events::Approved>(),
    name::<tickets::events::Rejected>(),
    name::<tickets::events::Cancelled>(),
    name::<tickets::events::Commented>(),
    name::<tickets::events::SlaWarning>(),
    name::<tickets::events::SlaBreached>(),
    name::<tickets::events::Edited>(),
    name::<attachments::events::Attached>(),
    name::<attachments::events::Detached>(),
    name::<orders::events::Held>(),
    name::<orders::events::Released>(),
    name::<orders::events::HoldReleased>(),
    name::<orders::events::Created>(),
    name::<orders::events::Changed>(),
    name::<orders::events::Completed>(),
    name::<machines::events::Created>(),
    name::<machines::events::Changed>(),
    name::<shifts::events::Starting>(),
    name::<shifts::events::Created>(),
    name::<shifts::events::Changed>(),
    name::<shifts::events::Deleted>(),
    name::<plans::events::Due>(),
    name::<plans::events::Done>(),
    name::<plans::events::Created>(),
    name::<plans::events::Changed>(),
    name::<plans::events::Deleted>(),
    name::<boms::events::RevisionSubmitted>(),
    name::<boms::events::RevisionDecided>(),
    name::<boms::events::Put>(),
    name::<sop_failures::events::Changed>(),
    name::<sop_failures::events::Escalated>(),
    name::<people::events::Created>(),
    name::<people::events::Changed>(),
    name::<people::events::Activated>(),
    name::<people::events::Deactivated>(),
    name::<people::events::Deleted>(),
    name::<people::events::PasswordChanged>(),
    name::<people::events::NumberProved>(),
    name::<people::events::SecondFactorOn>(),
    name::<people::events::SecondFactorOff>(),
    name::<people::events::TokenCreated>(),
    name::<people::events::TokenRevoked>(),
    name::<inbox::events::TakenOver>(),
    name::<inbox::events::HandedBack>(),
    name::<inbox::events::Returned>(),
    name::<inbox::events::Assigned>(),
    name::<inbox::events::Merged>(),
    name::<notify::events::SentAgain>(),
    name::<notify::events::TakenBack>(),
    name::<walls::events::Created>(),
    name::<walls::events::Revoked>(),
    name::<webhooks_out::events::Created>(),
    name::<webhooks_out::events::Changed>(),
    name::<webhooks_out::events::SecretRotated>(),
    name::<webhooks_out::events::SwitchedOff>(),
    name::<webhooks_out::events::Deleted>(),
    name::<chores::events::Asked>(),
    name::<summaries::events::DrawnUp>(),
    name::<rules::events::Changed>(),
    name::<texts::events::Changed>(),
];

const fn name<E: Event>() -> &'static str {
    E::NAME
}

/// The providers, in order of preference.
pub fn channels(settings: &Settings, http: reqwest::Client) -> Vec<Arc<dyn Channel>> {
    vec![
        Arc::new(twilio(settings, http.clone())),
        Arc::new(meta(settings, http)),
        Arc::new(Smtp::new(settings.mail.clone())),
    ]
}

/// The Twilio channel of these settings.
pub fn twilio(settings: &Settings, http: reqwest::Client) -> Twilio {
    let credentials = settings.twilio_credentials().map(|(account_sid, auth_token, auth_token_next)| Credentials {
        account_sid,
        auth_token,
        auth_token_next,
    });
    Twilio::new(
        http,
        settings.twilio_api_base(),
        credentials,
        settings.whatsapp_sender.clone(),
        settings.status_callback_url(),
    )
    .with_sms(settings.sms_sender.clone())
    .with_paces(settings.whatsapp_pace, settings.sms_pace)
}

/// The Meta channel of these settings.
pub fn meta(settings: &Settings, http: reqwest::Client) -> Meta {
    Meta::new(http, &settings.meta_api_base(), settings.meta.clone(), settings.whatsapp_pace)
}

/// Every path that this process answers.
pub fn routes(
    (app, ways): (&App, &chat::Ways),
    door: &Door,
    sources: &Sources,
    live: &Live,
    simulator: Option<&Simulator>,
) -> Router {
    // Webhooks are signed, so they are not limited here; the simulator is this machine's own.
    let limited = axum::middleware::from_fn_with_state(rate_limit::Gate::new(app), rate_limit::limit);
    let (api, contract) = OpenApiRouter::with_openapi(Contract::openapi())
        .merge(
            OpenApiRouter::new()
                .routes(routes!(chat::api::test))
                .routes(routes!(chat::api::sessions))
                .routes(routes!(chat::api::clear_session))
                .merge(people::api::routes())
                .merge(chat::numbers::routes())
                .merge(orders::api::routes())
                .merge(machines::api::routes())
                .merge(shifts::api::routes())
                .merge(plans::api::routes())
                .merge(boms::api::routes())
                .merge(sop_failures::api::routes())
                .merge(attachments::api::routes(app))
                .merge(audit::routes())
                .merge(inbox::api::routes(ways))
                .merge(webhooks_out::api::routes(EVENTS))
                .routes(routes!(health::health))
                .merge(notify::routes(live))
                .with_state(app.clone())
                .layer(limited.clone()),
        )
        .merge(tickets::api::routes(app, FOLLOWERS).with_state(app.clone()).layer(limited.clone()))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(webhooks_in::webhook, webhooks_in::probe))
                .routes(routes!(webhooks_in::status))
                .routes(routes!(webhooks_in::meta, webhooks_in::ask_meta))
                .with_state(door.clone()),
        )
        .merge(OpenApiRouter::new().routes(routes!(scrape::scrape)).with_state(sources.clone()).layer(limited.clone()))
        .split_for_parts();
    // The demo begins with the phone; the way to the desk is there.
    let home = app.settings.is_demo.then_some("/simulator");
    let pages = Router::from(SwaggerUi::new("/docs").config(swagger::Config::from(CONTRACT)))
        .route(CONTRACT, contract::serving(&contract))
        .merge(papers::api::routes().with_state(app.clone()))
        .merge(Router::new().route("/setup", get(setup::page).post(setup::create)).with_state(app.clone()))
        .layer(limited.clone());
    // Refusals come in the pages' dress, those of the limit too.
    let pages = pages.merge(pages::routes(app, ways, live, EVENTS, home).layer(limited.clone()));
    let mut router = api.merge(pages);
    if let Some(simulator) = simulator {
        // Whoever reaches it can speak for any phone, so no tunnel and no proxy may lead there.
        let walled = simulator.router().layer(axum::middleware::from_fn(guard::loopback_only));
        router = router.nest("/simulator", walled);
    }
    let nowhere = pages::nowhere(app).layer(limited);
    let mut router = router.fallback_service(nowhere).method_not_allowed_fallback(problem::wrong_method);
    if app.settings.is_demo {
        router = router.layer(axum::middleware::from_fn(guard::loopback_only));
    }
    router.layer(CatchPanicLayer::custom(problem::after_panic)).layer(no_sniffing())
}

fn no_sniffing() -> SetResponseHeaderLayer<axum::http::HeaderValue> {
    let (name, value) = (axum::http::header::X_CONTENT_TYPE_OPTIONS, axum::http::HeaderValue::from_static("nosniff"));
    SetResponseHeaderLayer::overriding(name, value)
}

/// Where the contract is.
const CONTRACT: &str = "/api/openapi.json";

/// The contract.
#[derive(OpenApi)]
#[openapi(
    info(title = "Andon", description = "A self-hosted operations desk whose front door is WhatsApp."),
    tags(
        (name = "Signing in", description = "Names and passwords become tokens."),
        (name = "Records", description = "Orders, machines, shifts, maintenance plans, BOMs and SOP failures, for ADMIN and SUPERVISOR."),
        (name = "Events", description = "What happened, for ADMIN."),
        (name = "Webhooks", description = "What happened, told to other programs; for ADMIN."),
        (name = "Conversations", description = "Chats: as people saw them, taken over from the bot and handed back."),
        (name = "Notifications", description = "What one was told, and what one is told as it happens."),
        (name = "Tickets", description = "Incidents and the floor's tickets, and their life cycle."),
        (name = "People", description = "Users, their roles and numbers, and their own profiles."),
        (name = "WhatsApp", description = "The door in, and what an admin may see of it."),
        (name = "Operating", description = "How Andon is."),
    ),
    modifiers(&Bearer),
)]
struct Contract;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let says = "An access token of POST /api/auth/login; for the WhatsApp endpoints also ANDON_ADMIN_TOKEN.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(says)).build();
        openapi.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

#[cfg(test)]
mod tests;
