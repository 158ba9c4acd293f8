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
    rules, shifts, sop_failures, summaries, tickets, walls, webhooks_out,
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
mod tests {
    use super::*;
    use crate::kit::sms;
    use crate::notify::proofread::proofread;
    use crate::notify::sample::{sample, samples_in};
    use crate::notify::words::{MAX_SMS_PARTS, Telling, named};
    use crate::outbox::Told;
    use crate::wording::{FALLBACK, Problem, Wording, plain};
    use serde_json::{Value, json};
    use std::path::Path;

    /// Every name that a feature's `events.rs` gives one of its events.
    fn names_in_the_source() -> Vec<String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let features = std::fs::read_dir(source).expect("the source").flatten().map(|entry| entry.path());
        let files = features.filter_map(|feature| std::fs::read_to_string(feature.join("events.rs")).ok());
        let names = files.flat_map(|file| {
            let named = file.split(" = \"").skip(1).filter_map(|rest| rest.split('"').next());
            named.filter(|name| name.contains('.')).map(str::to_owned).collect::<Vec<_>>()
        });
        names.collect()
    }

    #[test]
    fn every_kind_of_event_is_listed_and_in_the_manual() {
        let mut named = names_in_the_source();
        let mut listed: Vec<&str> = EVENTS.to_vec();
        named.sort();
        listed.sort_unstable();
        assert_eq!(listed, named);
        let manual = include_str!("../docs/api.md");
        let unknown: Vec<&&str> = EVENTS.iter().filter(|name| !manual.contains(&format!("`{name}`"))).collect();
        assert!(unknown.is_empty(), "docs/api.md does not name {unknown:?}");
    }

    #[test]
    fn the_given_texts_are_given_word_for_word() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let mut words = named(&wording, "en", sample(), true);
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
        let mut files: Vec<&str> = NOTICES.iter().flat_map(|notice| notice.tells).flat_map(Told::files).collect();
        files.dedup();
        for file in files {
            for language in wording.languages() {
                for sample in samples_in(&wording, language, file) {
                    let part = |part: &str| wording.check(language, &format!("notice.{file}.{part}"), &sample);
                    let (subject, text) = (part("subject").expect("a subject"), part("text").expect("a text"));
                    let short = Telling { wording: &wording, language, file, vars: &sample }.short();
                    assert!(wording.has(language, &format!("notice.{file}.sms")), "{file} has words for text messages");
                    let most = if language == FALLBACK { 1 } else { MAX_SMS_PARTS };
                    let parts = sms::parts(&short);
                    assert!(parts <= most, "{language}/{file} takes {parts} parts: {short}");
                    let is_english = language == FALLBACK;
                    assert!(
                        is_english || !text.contains("2026-01-"),
                        "{language}/{file} has a date as English has it: {text}"
                    );
                    told = format!("{told}=== {language}/{file}: {}\n--- {short}\n{text}\n", plain(&subject));
                }
                let mut bare = samples_in(&wording, language, file).swap_remove(0);
                bare.as_object_mut().into_iter().flatten().for_each(|(_, value)| *value = Value::Null);
                for (name, value) in [("reference", "DEF-1"), ("title", "Scratches"), ("priority", "Low")] {
                    bare[name] = json!(value);
                }
                bare["kind"] = json!("SOP_FAILURE");
                bare["decision"] = json!("APPROVED");
                bare["by_silence"] = json!(true);
                let text = wording.check(language, &format!("notice.{file}.text"), &bare).expect("a text");
                assert!(!text.contains("Project") && !text.contains("\n\n\n\n"), "{file}: {text}");
            }
        }
        insta::assert_snapshot!(told);
    }

    #[test]
    fn the_built_in_notices_are_right() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        assert_eq!(proofread(&wording, NOTICES), Vec::<Problem>::new());
    }

    #[test]
    fn what_an_operator_wrote_is_proofread() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        };
        write("en/ticket.held.txt", "subject: On hold\n\n{% if by_silence %}{{ titel }}{% endif %}");
        write("en/ticket.opend.txt", "subject: Opened\n\nOpened.");
        write("en/ticket.created.txt", &format!("subject: New\nsms: {}\n\nNew", "ü ".repeat(300)));
        write("de/ticket.opened.txt", "subject: Eröffnet: {{ title|line }}\n\nEröffnet.");
        let wording = Wording::load(Some(folder.path())).expect("the files can be read");
        for (language, file, expected) in [("de", "ticket.opened", "Eröffnet."), ("en", "ticket.opend", "Opened.")] {
            let short = Telling { wording: &wording, language, file, vars: &sample() }.short();
            assert_eq!(short, expected, "without words of its own for it, a text message has the text's");
        }
        assert!(!Telling { wording: &wording, language: "en", file: "ticket.held", vars: &sample() }.has_short());
        let told: Vec<String> = proofread(&wording, NOTICES).iter().map(ToString::to_string).collect();
        let says = |what: &str| told.iter().any(|line| line == what);
        assert!(says("wording/en/ticket.held.txt: the text speaks of titel, which no notice has. Did you mean title?"));
        assert!(says(
            "wording/en/ticket.opend.txt: is read by nobody: no event has these words. Did you mean ticket.opened.txt?"
        ));
        assert!(
            told.iter().any(|line| line.starts_with("wording/en/ticket.created.txt: the text message takes 4 parts."))
        );
        assert!(says(
            "wording/de/ticket.held.txt: is missing, so people read it in English. Translate wording/en/ticket.held.txt."
        ));
        assert!(!told.iter().any(|line| line.starts_with("wording/de/ticket.opened.txt")), "{told:#?}");
    }
}
