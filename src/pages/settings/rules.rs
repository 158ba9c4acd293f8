//! What Andon goes by: deadlines, quiet hours, patience, budget; each as the desk says, else as the settings do. And what
//! was changed of it lately.

mod forms;

use super::super::desk::Desk;
use super::super::dress::{Page, redirect, shown};
use super::super::form::{FormShown, Outcome, refuse};
use super::super::posted::{Posted, Typed};
use super::super::words::Words;
use crate::audit::{self, Asked, EventShown};
use crate::config::{Rule, RuleName, Rules};
use crate::delivery::budget;
use crate::kit::{Error, Result};
use crate::outbox::Event as _;
use crate::people::Administrator;
use crate::people::store::records::names_of;
use crate::rules::{self, row};
use crate::sla::Priority;
use crate::web::Fields;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::HashMap;

/// Where it is.
const HERE: &str = "/settings/rules";
/// How many changes are told.
const LATEST: usize = 10;

/// A rule that can be changed.
struct Card {
    title: String,
    form: FormShown,
    /// Whose word holds.
    holds: String,
    /// Since when it is the desk's, as HTML.
    since: Option<String>,
    /// What the settings say, where the desk says otherwise.
    usual: Option<String>,
    /// What the budget comes to, in English.
    standing: Option<String>,
    is_of_deadlines: bool,
}

/// A change of a rule.
struct Told {
    what: String,
    was: String,
    is: String,
    who: String,
    when: String,
    is_put_back: bool,
}

/// What only a setting says.
struct Fixed {
    name: String,
    is: String,
    setting: &'static str,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct Book {
    page: Page,
    title: String,
    refused: Option<String>,
    deadlines: Vec<Card>,
    others: Vec<Card>,
    fixed: Vec<Fixed>,
    told: Vec<Told>,
}

/// `GET /settings/rules`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    book(&desk, None).await
}

/// `POST /settings/rules/{name}`.
pub(super) async fn change(
    desk: Desk,
    Administrator(admin): Administrator,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response> {
    let name = named(&name)?;
    let changing = async {
        posted.must_be_genuine()?;
        let rule = forms::read(name, &posted.typed)?;
        let seen = posted.typed.get(forms::SEEN);
        rules::change(&desk.app, &admin, name, rule, (!seen.is_empty()).then(|| seen.to_owned())).await
    };
    answer(&desk, name, &posted, changing.await).await
}

/// `POST /settings/rules/{name}/put-back`.
pub(super) async fn put_back(
    desk: Desk,
    Administrator(admin): Administrator,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response> {
    let name = named(&name)?;
    let changing = async {
        posted.must_be_genuine()?;
        rules::put_back(&desk.app, &admin, name).await
    };
    answer(&desk, name, &posted, changing.await).await
}

fn named(name: &str) -> Result<RuleName> {
    RuleName::named(name).ok_or_else(|| Error::not_found("There is no such rule."))
}

async fn answer(desk: &Desk, name: RuleName, posted: &Posted, changed: Result<()>) -> Result<Response> {
    match changed {
        Ok(()) => Ok(redirect(&format!("{HERE}?done=rule_changed"))),
        Err(error) => book(desk, Some((name.as_str(), &posted.typed, error))).await,
    }
}

async fn book(desk: &Desk, refused: Option<(&str, &Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let conn = desk.app.db.read();
    let (in_force, _) = rules::in_force(conn, &desk.app.settings).await?;
    let usual = Rules::of(&desk.app.settings);
    let changed: HashMap<RuleName, row::Model> = rules::changed(conn).await?.into_iter().collect();
    let people: Vec<i64> = changed.values().map(|row| row.changed_by).collect();
    let names = names_of(conn, &people).await?;
    let mut all: Vec<FormShown> = RuleName::ALL.into_iter().map(|name| forms::form(words, name, &in_force)).collect();
    let Outcome { status, why: refused, .. } = refuse(words, &mut all, refused);
    let mut cards = Vec::with_capacity(all.len());
    for (name, form) in RuleName::ALL.into_iter().zip(all) {
        let own = changed.get(&name);
        let by = own.map(|own| names.get(&own.changed_by).cloned().unwrap_or_default());
        cards.push(Card {
            title: title(words, name),
            form,
            holds: match (by, name.settings()) {
                (Some(who), _) => words.fill("rules.by_desk", &json!({ "who": who })),
                (None, Some(setting)) => words.fill("rules.by_setting", &json!({ "setting": setting })),
                (None, None) => words.w("rules.by_nature"),
            },
            since: own.map(|own| words.when(own.changed_at, desk.now).html()),
            usual: own.map(|_| says(words, &usual.get(name))),
            standing: if name == RuleName::Budget { standing(desk, &in_force).await? } else { None },
            is_of_deadlines: name.is_of_deadlines(),
        });
    }
    let (deadlines, others) = cards.into_iter().partition(|card| card.is_of_deadlines);
    let title = words.w("rules.title");
    let told = told(desk).await?;
    let page = Book { page: desk.page(title.clone()), title, refused, deadlines, others, fixed: fixed(desk), told };
    Ok(shown(status, &page))
}

async fn standing(desk: &Desk, rules: &Rules) -> Result<Option<String>> {
    let Some(budget) = &rules.budget else { return Ok(None) };
    let standing = budget::standing(desk.app.db.read(), budget, desk.now, desk.app.settings.timezone).await?;
    Ok(Some(standing.says()))
}

fn fixed(desk: &Desk) -> Vec<Fixed> {
    let (words, settings) = (desk.words(), &desk.app.settings);
    let one = |name: &str, is: String, setting| Fixed { name: words.w(format!("settings.{name}")), is, setting };
    vec![
        one("session", words.left(settings.session_timeout), "WHATSAPP_SESSION_TIMEOUT"),
        one("drafts", words.left(settings.draft_life), "ANDON_DRAFT_DAYS"),
        one("kept", lasts(words, settings.keep_messages), "ANDON_KEEP_MESSAGES"),
        one("timezone", settings.timezone.to_string(), "ANDON_TIMEZONE"),
    ]
}

/// The latest changes.
async fn told(desk: &Desk) -> Result<Vec<Told>> {
    let words = desk.words();
    let query = format!("name={}&page_size={LATEST}", rules::events::Changed::NAME);
    let asked: Asked = Fields::of_query(&query).into_form()?;
    let told = |event: EventShown| {
        let name = RuleName::named(event.details["name"].as_str()?)?;
        let says = |which: &str| match Rule::read(name, &event.details[which]) {
            Ok(rule) => says(words, &rule),
            Err(_) => event.details[which].to_string(), // of another version
        };
        Some(Told {
            what: title(words, name),
            was: says("was"),
            is: says("is"),
            is_put_back: event.details["is_put_back"] == true,
            when: words.when(event.at, desk.now).html(),
            who: event.actor_name.unwrap_or_default(),
        })
    };
    Ok(audit::page(&desk.app, &asked).await?.rows.into_iter().filter_map(told).collect())
}

/// What a rule is called.
fn title(words: &Words, name: RuleName) -> String {
    let kind = match name {
        RuleName::Incident => "INCIDENT",
        RuleName::Defect => "DEFECT",
        RuleName::Maintenance => "MAINTENANCE",
        RuleName::SopFailure => "SOP_FAILURE",
        other => return words.w(format!("settings.{}", other.as_str())),
    };
    words.w(format!("kind.{kind}"))
}

/// What a rule says, for a person.
fn says(words: &Words, rule: &Rule) -> String {
    match rule {
        Rule::Deadlines(policy) => {
            let each = |none: &str, time: &dyn Fn(Priority) -> Option<TimeDelta>| {
                let times = [Priority::High, Priority::Medium, Priority::Low];
                let times: Option<Vec<String>> = times.into_iter().map(|one| Some(words.left(time(one)?))).collect();
                times.map_or_else(|| words.w(none), |times| times.join(" / "))
            };
            let answer = each("settings.none", &|priority| policy.response_minutes(priority).map(TimeDelta::minutes));
            let solution = each("settings.agreed", &|priority| policy.resolution_hours(priority).map(TimeDelta::hours));
            words.fill("rules.figures", &json!({ "answer": answer, "solution": solution }))
        }
        Rule::QuietHours(hours) => hours.map_or_else(|| words.w("settings.none"), |hours| hours.to_string()),
        Rule::Time(time) => lasts(words, *time),
        Rule::Budget(None) => words.w("settings.none"),
        Rule::Budget(Some(budget)) if budget.holds_back => {
            words.fill("rules.holding", &json!({ "sum": budget.sum.to_string() }))
        }
        Rule::Budget(Some(budget)) => budget.sum.to_string(),
    }
}

fn lasts(words: &Words, time: Option<TimeDelta>) -> String {
    time.map_or_else(|| words.w("settings.none"), |time| words.left(time))
}
