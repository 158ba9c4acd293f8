//! What people want to be told how: media in order, by urgency, and their quiet hours; and where they can be told at all.

use super::model::Wishes;
use super::shown::Medium;
use super::store::inbox::{self, Address};
use super::store::wishes::{self, Own};
use super::weekly;
use crate::app::App;
use crate::channels;
use crate::config::QuietHours;
use crate::kit::{Instant, Result};
use crate::outbox::Urgency;
use crate::people::Actor;
use crate::people::store::users;
use crate::web::form::{Said, missing};
use crate::web::problem::Problem;
use crate::web::read::Raw;
use crate::web::refusals::{OfActs, OfReading};
use crate::web::{Body, Fields, Form, Query, read};
use axum::Json;
use axum::extract::State;
use chrono::NaiveTime;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Whose preferences.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// A user's id, for ADMIN; one's own where nothing is said.
    #[param(minimum = 1)]
    pub user: Option<i64>,
}

impl Form for Whose {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { user: fields.optional("user", read::id) })
    }
}

/// How somebody is told of what happens, beside the desk in the browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPreferences {
    /// The media for what is urgent, in order: the next is taken where one does not reach them in time.
    urgent: Vec<Medium>,
    /// The media for what is neither urgent nor low.
    normal: Vec<Medium>,
    /// The media for what is of low urgency.
    low: Vec<Medium>,
    /// Hours in which they are sent nothing that is not urgent; null for none.
    #[schema(example = "22:00-06:00")]
    quiet_hours: Option<String>,
    /// Whether they are sent the weekly summary, on Mondays by e-mail.
    weekly_summary: bool,
    /// Those of the first four that they chose themselves; the others are the plant's.
    #[schema(value_type = Vec<String>, example = json!(["quiet_hours"]))]
    own: Vec<&'static str>,
    /// Where they can be told, and where they said that they want nothing.
    addresses: Vec<NotificationAddress>,
}

/// Where somebody can be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationAddress {
    medium: Medium,
    /// A number in E.164, or a mailbox.
    #[schema(example = "+12025550101")]
    value: String,
    /// Since when nothing is sent there but answers: they wrote STOP, or blocked us.
    #[schema(value_type = Option<String>, format = DateTime)]
    opted_out_at: Option<Instant>,
}

/// What is changed; null goes back to what is usual at the plant.
#[derive(Debug, Default, ToSchema)]
#[schema(as = NotificationPreferencesChange)]
pub struct Change {
    #[schema(value_type = Option<Vec<ChosenMedium>>, max_items = 3)]
    urgent: Said<Vec<channels::Medium>>,
    #[schema(value_type = Option<Vec<ChosenMedium>>, max_items = 3)]
    normal: Said<Vec<channels::Medium>>,
    #[schema(value_type = Option<Vec<ChosenMedium>>, max_items = 3)]
    low: Said<Vec<channels::Medium>>,
    /// `22:00-06:00`; empty, or two times that are the same, for none.
    #[schema(value_type = Option<String>, example = "22:00-06:00", pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9])?$")]
    quiet_hours: Said<Option<QuietHours>>,
    /// The weekly summary, for ADMIN and SUPERVISOR with an e-mail address.
    weekly_summary: Option<bool>,
}

impl Form for Change {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            urgent: fields.said("urgent", media),
            normal: fields.said("normal", media),
            low: fields.said("low", media),
            quiet_hours: fields.said("quiet_hours", hours),
            weekly_summary: match fields.said("weekly_summary", read::boolean) {
                Said::Nothing => None,
                Said::Null => Some(false),
                Said::Is(is_wanted) => Some(is_wanted),
            },
        })
    }
}

/// A medium that may be chosen.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "it says in the contract what `CHOICE` allows")]
enum ChosenMedium {
    Whatsapp,
    Sms,
    Email,
}

/// The media to choose from: the desk shows everything in any case.
const CHOICE: [Medium; 3] = [Medium::Whatsapp, Medium::Sms, Medium::Email];

/// Media in order, of one that is named twice the first place; none at all is the desk alone.
fn media(raw: Raw<'_>) -> Result<Vec<channels::Medium>, String> {
    let known = read::one_of(&CHOICE, Medium::as_str);
    let Raw::Json(Value::Array(list)) = raw else { return Err("must be a list of media".to_owned()) };
    if list.len() > CHOICE.len() {
        return Err(format!("must list at most {}", CHOICE.len()));
    }
    let mut media: Vec<channels::Medium> = Vec::new();
    for one in list {
        let medium = known(Raw::Json(one)).map_err(|why| format!("has something in it that {why}"))?;
        let Some(carried) = channels::Medium::named(medium.stored()) else { continue };
        if !media.contains(&carried) {
            media.push(carried);
        }
    }
    Ok(media)
}

fn hours(raw: Raw<'_>) -> Result<Option<QuietHours>, String> {
    let text = read::line(0..=20)(raw)?;
    match text.split_once('-') {
        None if text.is_empty() => Ok(None),
        Some((from, until)) if from == until && NaiveTime::parse_from_str(from, "%H:%M").is_ok() => Ok(None),
        _ => QuietHours::parse(&text).map(Some).map_err(|why| format!("is wrong: {why}")),
    }
}

/// How one is told of what happens; for ADMIN also how others are.
#[utoipa::path(
    get, path = "/api/notifications/preferences", tag = "Notifications", operation_id = "get_notification_preferences",
    params(Whose), security(("bearer" = [])),
    responses((status = 200, body = NotificationPreferences), (status = 400, body = Problem), OfReading),
)]
pub async fn get(
    actor: Actor,
    State(app): State<App>,
    Query(whose): Query<Whose>,
) -> Result<Json<NotificationPreferences>> {
    shown(&app, person(&app, &actor, &whose).await?).await.map(Json)
}

/// Change how one is told of what happens; for ADMIN also how others are.
#[utoipa::path(
    patch, path = "/api/notifications/preferences", tag = "Notifications", operation_id = "change_notification_preferences",
    params(Whose), request_body = Change, security(("bearer" = [])),
    responses((status = 200, body = NotificationPreferences), OfActs),
)]
pub async fn change(
    actor: Actor,
    State(app): State<App>,
    Query(whose): Query<Whose>,
    Body(change): Body<Change>,
) -> Result<Json<NotificationPreferences>> {
    let person_id = person(&app, &actor, &whose).await?;
    let db = app.db.through(actor.door);
    let changing = db.write_with((app.clone(), change), move |tx, (app, change)| {
        Box::pin(async move {
            crate::people::store::lock(tx, vec![person_id]).await?;
            let known = wishes::of(tx.conn(), [person_id]).await?.remove(&person_id).unwrap_or_default();
            wishes::keep(tx, person_id, &change.over(known)).await?;
            if let Some(is_wanted) = change.weekly_summary {
                let user = users::by_id(tx.conn(), person_id).await?.ok_or_else(|| missing("user"))?;
                weekly::choose(app, tx, &user, is_wanted).await?;
            }
            Ok(())
        })
    });
    changing.await?;
    shown(&app, person_id).await.map(Json)
}

impl Change {
    fn over(&self, own: Own) -> Own {
        let Own { media: [urgent, normal, low], quiet_hours } = own;
        let over = |said: &Said<Vec<channels::Medium>>, own| match said {
            Said::Nothing => own,
            Said::Null => None,
            Said::Is(media) => Some(media.clone()),
        };
        Own {
            media: [over(&self.urgent, urgent), over(&self.normal, normal), over(&self.low, low)],
            quiet_hours: match self.quiet_hours {
                Said::Nothing => quiet_hours,
                Said::Null => None,
                Said::Is(hours) => Some(hours),
            },
        }
    }
}

/// Whose preferences these are; only an admin's may be another's.
async fn person(app: &App, actor: &Actor, whose: &Whose) -> Result<i64> {
    match whose.user {
        None => Ok(actor.person_id),
        Some(id) if id == actor.person_id => Ok(id),
        Some(id) if actor.is_admin() && users::by_id(app.db.read(), id).await?.is_some() => Ok(id),
        Some(_) => Err(missing("user")),
    }
}

async fn shown(app: &App, person_id: i64) -> Result<NotificationPreferences> {
    let own = wishes::of(app.db.read(), [person_id]).await?.remove(&person_id).unwrap_or_default();
    let wishes = own.wishes(&Wishes::usual(app.rules().quiet_hours));
    let chosen = own.media.iter().zip(Urgency::ALL).filter(|(media, _)| media.is_some());
    let chosen = chosen.map(|(_, urgency)| urgency.as_str());
    let addresses = inbox::addresses(app.db.read(), person_id).await?.into_iter();
    let addresses = addresses.map(|Address { medium, value, opted_out_at }| NotificationAddress {
        medium: Medium::of(&medium),
        value,
        opted_out_at,
    });
    let media = |urgency| wishes.media(urgency).iter().map(|medium| Medium::of(medium.as_str())).collect();
    Ok(NotificationPreferences {
        urgent: media(Urgency::Urgent),
        normal: media(Urgency::Normal),
        low: media(Urgency::Low),
        quiet_hours: wishes.quiet_hours.map(|hours| hours.to_string()),
        weekly_summary: weekly::is_wanted(app.db.read(), person_id).await?,
        own: chosen.chain(own.quiet_hours.map(|_| "quiet_hours")).collect(),
        addresses: addresses.collect(),
    })
}
