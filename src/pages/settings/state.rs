//! The state of the channels, what waits, and the rules that Andon goes by, each with the setting that makes it so.

use crate::channels::Medium;
use crate::delivery::{budget, store};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::people::Administrator;
use crate::sla::policy::{self, Policy, Priority};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json;

/// A channel, and whether it is out.
struct Channel {
    name: &'static str,
    carries: String,
    /// Since when it is out and what to do.
    out: Option<(String, String)>,
}

/// A rule: what it is called, how it is set, and by which setting.
struct Rule {
    name: String,
    is: String,
    /// Whether that is in English whoever reads it.
    is_foreign: bool,
    setting: &'static str,
}

/// The deadlines of one kind of tickets: high, medium, low.
struct Deadlines {
    what: String,
    each: [String; 3],
}

#[derive(Template)]
#[template(path = "state.html")]
struct State {
    page: Page,
    title: String,
    channels: Vec<Channel>,
    waiting: u64,
    oldest: Option<String>,
    rules: Vec<Rule>,
    deadlines: Vec<Deadlines>,
}

/// `GET /settings/state`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    let words = desk.words();
    let (waiting, oldest) = store::waiting(desk.app.db.read()).await?;
    let title = words.w("settings.state");
    let page = State {
        page: desk.page(title.clone()),
        title,
        channels: channels(&desk),
        waiting,
        oldest: oldest.map(|at| words.when(at, desk.now).html()),
        rules: rules(&desk).await?,
        deadlines: deadlines(&desk),
    };
    Ok(shown(StatusCode::OK, &page))
}

fn channels(desk: &Desk) -> Vec<Channel> {
    let (words, app) = (desk.words(), &desk.app);
    let medium =
        |medium: &Medium| words.w(format!("medium.{}", crate::notify::shown::Medium::of(medium.as_str()).as_str()));
    let one = |channel: &std::sync::Arc<dyn crate::channels::Channel>| {
        let carried: Vec<String> = Medium::ALL.iter().filter(|medium| channel.carries(**medium)).map(medium).collect();
        let red = app.health.red(channel.name());
        let out = red.map(|red| (words.when(red.since, desk.now).html(), red.advice));
        Channel { name: channel.name(), carries: carried.join(", "), out }
    };
    app.channels.iter().map(one).filter(|channel| !channel.carries.is_empty()).collect()
}

async fn rules(desk: &Desk) -> Result<Vec<Rule>> {
    let (words, settings) = (desk.words(), &desk.app.settings);
    let notices = &settings.notices;
    let none = || words.w("settings.none");
    let lasts = |time: Option<TimeDelta>| time.map_or_else(none, |time| words.left(time));
    let rule = |name: &str, is: String, setting| Rule {
        name: words.w(format!("settings.{name}")),
        is,
        is_foreign: false,
        setting,
    };
    let quiet =
        notices.quiet_hours.map(|hours| format!("{}–{}", hours.from.format("%H:%M"), hours.until.format("%H:%M")));
    let mut rules = vec![
        rule("quiet_hours", quiet.unwrap_or_else(none), "ANDON_QUIET_HOURS"),
        rule("patience_urgent", lasts(notices.patience_urgent), "ANDON_PATIENCE_URGENT"),
        rule("patience_normal", lasts(notices.patience_normal), "ANDON_PATIENCE_NORMAL"),
        rule("digest", lasts(notices.digest), "ANDON_DIGEST_MINUTES"),
        rule("session", lasts(Some(settings.session_timeout)), "WHATSAPP_SESSION_TIMEOUT"),
        rule("drafts", lasts(Some(settings.draft_life)), "ANDON_DRAFT_DAYS"),
        rule("kept", lasts(settings.keep_messages), "ANDON_KEEP_MESSAGES"),
        rule("timezone", settings.timezone.to_string(), "ANDON_TIMEZONE"),
    ];
    let budget = match &settings.budget {
        Some(budget) => {
            let standing = budget::standing(desk.app.db.read(), budget, desk.now, settings.timezone).await?;
            Rule { is_foreign: true, ..rule("budget", standing.says(), "ANDON_MESSAGE_BUDGET") }
        }
        None => rule("budget", none(), "ANDON_MESSAGE_BUDGET"),
    };
    rules.push(budget);
    Ok(rules)
}

fn deadlines(desk: &Desk) -> Vec<Deadlines> {
    let words = desk.words();
    let each = |of: &dyn Fn(Priority) -> Option<TimeDelta>| {
        [Priority::High, Priority::Medium, Priority::Low]
            .map(|priority| of(priority).map_or_else(|| words.w("settings.agreed"), |time| words.left(time)))
    };
    let answer = |policy: Policy| each(&|priority| policy.response_minutes(priority).map(TimeDelta::minutes));
    let solution = |policy: Policy| each(&|priority| policy.resolution_hours(priority).map(TimeDelta::hours));
    let kind = |kind: &str, what: &str| {
        words.fill(format!("settings.{what}"), &json!({ "kind": words.w(format!("kind.{kind}")) }))
    };
    vec![
        Deadlines { what: kind("INCIDENT", "first_answer"), each: answer(policy::INCIDENT) },
        Deadlines { what: kind("INCIDENT", "solution"), each: solution(policy::INCIDENT) },
        Deadlines { what: kind("DEFECT", "solution"), each: solution(policy::FLOOR) },
        Deadlines { what: kind("MAINTENANCE", "solution"), each: solution(policy::FLOOR) },
        Deadlines { what: kind("SOP_FAILURE", "solution"), each: solution(policy::SOP_FAILURE) },
    ]
}
