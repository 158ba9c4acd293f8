//! Every list in one place: the channels, the routes, and what each route leads to.

use crate::app::App;
use crate::channels::Channel;
use crate::channels::twilio::{Credentials, Twilio};
use crate::config::Settings;
use crate::notify::{self, live::Live};
use crate::outbox::Notice;
use crate::people::api::setup;
use crate::scrape::{self, Sources};
use crate::simulator::Simulator;
use crate::web::{contract, guard, problem, rate_limit};
use crate::webhooks_in::{self, Door};
use crate::{attachments, audit, boms, chat, defects, health, machines, orders, people, sop_failures, tickets};
use axum::Router;
use axum::response::Redirect;
use axum::routing::{any, get};
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
    Notice::of::<boms::events::RevisionSubmitted>(),
    Notice::of::<boms::events::RevisionDecided>(),
];

/// The providers, in order of preference.
pub fn channels(settings: &Settings, http: reqwest::Client) -> Vec<Arc<dyn Channel>> {
    vec![Arc::new(twilio(settings, http))]
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
}

/// Every path that this process answers.
pub fn routes(app: &App, door: &Door, sources: &Sources, live: &Live, simulator: Option<&Simulator>) -> Router {
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
                .merge(boms::api::routes())
                .merge(sop_failures::api::routes())
                .merge(attachments::api::routes(app))
                .merge(audit::routes())
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
                .with_state(door.clone()),
        )
        .merge(OpenApiRouter::new().routes(routes!(scrape::scrape)).with_state(sources.clone()).layer(limited.clone()))
        .split_for_parts();
    let home = if simulator.is_some() { "/simulator" } else { "/docs" };
    let pages = Router::from(
        SwaggerUi::new("/docs").external_url_unchecked("/api/openapi.json", contract::complete(&contract)),
    )
    .route("/", get(move || async move { Redirect::temporary(home) }))
    .merge(Router::new().route("/setup", get(setup::page).post(setup::create)).with_state(app.clone()))
    .layer(limited.clone());
    let mut router = api.merge(pages);
    if let Some(simulator) = simulator {
        // Whoever reaches it can speak for any phone, so no tunnel and no proxy may lead there.
        let walled = simulator.router().layer(axum::middleware::from_fn(guard::loopback_only));
        router = router.nest("/simulator", walled);
    }
    let nowhere = any(problem::nowhere).layer(limited);
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

/// The contract at `/api/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(title = "Andon", description = "A self-hosted operations desk whose front door is WhatsApp."),
    tags(
        (name = "Signing in", description = "Names and passwords become tokens."),
        (name = "Records", description = "Orders, machines, BOMs and SOP failures, for ADMIN and SUPERVISOR."),
        (name = "Events", description = "What happened, for ADMIN."),
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
mod tests {
    use super::*;
    use crate::outbox::Told;
    use crate::wording::{Wording, plain};
    use serde_json::{Value, json};

    /// Everything that a notice may speak of.
    fn sample() -> Value {
        json!({
            "recipient": "Support", "client": "Client", "actor": "Admin", "company": "Test Plant",
            "reference": "INC-20260118143022", "title": "Payments *fail*", "project": "Shop", "priority": "High",
            "category": "Service Down", "status": "Opened", "department": "Machining",
            "deadline": "2026-01-20 14:30 UTC", "description": "Nobody can pay.\nSince noon.",
            "comment": "The certificate ran out.", "by_silence": false,
            "decision": "REJECTED", "bom": "BOM-888", "revision": 4, "component": "Gear wheel", "cost_change": "+12.50", "reason": "Wear",
        })
    }

    #[test]
    fn the_given_texts_are_given_word_for_word() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let mut words = sample();
        words["title"] = json!("Payments fail");
        words["description"] = json!("x".repeat(201));
        let created = wording.check("en", "notice.ticket.created.text", &words).expect("it renders");
        let expected = "🎫 *New Ticket Created*\n\n*Client:* Client\n*Title:* Payments fail\n*Project:* Shop\n\
                        *Priority:* High\n*Category:* Service Down\n\n*Description:*\n";
        let end = "...\n\nPlease review and assign this ticket as soon as possible.\n\n_Incident Management System_";
        assert_eq!(created, format!("{expected}{}{end}", "x".repeat(200)));
        let opened = wording.check("en", "notice.ticket.opened.text", &words).expect("it renders");
        assert_eq!(
            opened,
            "✅ *Your Ticket Has Been Opened*\n\nHello Client,\n\nYour ticket has been acknowledged and opened by our \
             support team.\n\n*Ticket:* Payments fail\n*Project:* Shop\n*Status:* Opened\n\nWe are reviewing your issue \
             and will assign it to a developer shortly.\n\n_Support Team_"
        );
    }

    #[test]
    fn every_notice_has_words_in_every_language() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let mut told = String::new();
        for Told { words: file, .. } in NOTICES.iter().flat_map(|notice| notice.tells) {
            for language in wording.languages() {
                let part = |part| wording.check(language, &format!("notice.{file}.{part}"), &sample());
                let (subject, text) = (part("subject").expect("a subject"), part("text").expect("a text"));
                told = format!("{told}=== {language}/{file}: {}\n{text}\n", plain(&subject));
                let bare = json!({"recipient": "", "client": "", "actor": "", "reference": "DEF-1", "title": "Scratches",
                    "description": "", "priority": "Low", "project": null, "category": null, "deadline": null,
                    "comment": null, "by_silence": true, "decision": "APPROVED", "bom": "", "revision": 1, "component": "", "cost_change": "",
                    "reason": ""});
                let text = wording.check(language, &format!("notice.{file}.text"), &bare).expect("a text");
                assert!(!text.contains("Project") && !text.contains("\n\n\n\n"), "{file}: {text}");
            }
        }
        insta::assert_snapshot!(told);
    }
}
