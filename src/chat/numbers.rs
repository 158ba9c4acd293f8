//! Proving one's own number: the codes that go to phones and come from them, and the endpoints beside them.

use super::Say;
use super::inbound::Fresh;
use super::reply::reply;
use crate::app::App;
use crate::bus::Poke;
use crate::channels::Medium;
use crate::db::Tx;
use crate::delivery::{self, Kind, NewDelivery};
use crate::kit::error::Kind as Failure;
use crate::kit::{E164, Error, Instant, Result};
use crate::people::api::shapes::Profile;
use crate::people::numbers::{self, Standing, code_in};
use crate::people::store::users::{self, Wanted};
use crate::people::store::{Caller, greet};
use crate::people::users::unknown_values;
use crate::people::{Actor, SignedIn};
use crate::web::problem::Problem;
use crate::web::{Body, Fields, Form, read};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The paths by which people prove their numbers.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(standing))
        .routes(routes!(show_code))
        .routes(routes!(confirm))
        .routes(routes!(send))
        .routes(routes!(verify))
}

/// Takes the codes of numbers that are nobody's out of these messages: the replies to those that were right, and the
/// messages that remain.
pub(super) async fn take<'a>(app: &App, tx: &Tx, fresh: Vec<Fresh<'a>>) -> Result<(Vec<NewDelivery>, Vec<Fresh<'a>>)> {
    let code = |fresh: &Fresh<'_>| code_in(&fresh.inbound.text).filter(|_| fresh.known.role.is_none());
    let given: Vec<(String, String)> =
        fresh.iter().filter_map(|fresh| Some((fresh.known.value.clone(), code(fresh)?))).collect();
    if given.is_empty() {
        return Ok((Vec::new(), fresh));
    }
    let claimed: HashSet<String> = numbers::claim(tx, &given).await?;
    let is_claim = |fresh: &Fresh<'_>| code(fresh).is_some() && claimed.contains(&fresh.known.value);
    let (claims, others): (Vec<Fresh<'_>>, Vec<Fresh<'_>>) = fresh.into_iter().partition(is_claim);
    let says = [Say::plain("chat.code.taken")];
    let replies = claims.iter().filter_map(|fresh| reply(app, fresh, &fresh.known.language, &says));
    Ok((replies.collect(), others))
}

/// A number of one's own.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape is for the contract; the field is read by itself")]
pub struct OwnNumber {
    /// E.164.
    #[schema(example = "+12025550142", pattern = r"^\+[1-9][0-9]{6,14}$")]
    whatsapp_number: String,
}

/// A number of one's own, read.
pub struct Own(E164);

impl Form for Own {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("whatsapp_number", read::phone).map(Self)
    }
}

/// A code that came by WhatsApp.
#[derive(ToSchema)]
pub struct CodeTyped {
    /// Eight letters and digits, in any case.
    #[schema(example = "7KQ2M9XB", min_length = 1, max_length = 32)]
    code: String,
}

impl Form for CodeTyped {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { code: fields.required("code", read::line(1..=32))? })
    }
}

/// Where somebody is with proving a number.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberStanding {
    /// The number that is theirs.
    whatsapp_number: Option<String>,
    /// The number that the shown code came from: confirm it.
    #[schema(example = "+12025550142")]
    came_from: Option<String>,
    /// The number that a code was sent to: type it.
    sent_to: Option<String>,
}

/// A code to send from the phone.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeShown {
    /// The code.
    #[schema(example = "7KQ2M9XB")]
    pub code: String,
    /// The number to send it to; null where no sender is set.
    #[schema(example = "+12025550100")]
    pub send_to: Option<String>,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
}

/// A code is on its way to the phone.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSent {
    #[schema(example = "A code is on its way to +12025550142.")]
    message: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

/// See where you are with proving your WhatsApp number.
#[utoipa::path(
    get, path = "/api/profile/whatsapp", tag = "People", operation_id = "get_number_standing", security(("bearer" = [])),
    responses((status = 200, body = NumberStanding), (status = 401, body = Problem)),
)]
pub async fn standing(actor: Actor, State(app): State<App>) -> Result<Json<NumberStanding>> {
    let Standing { came_from, sent_to } = numbers::standing(&app, actor.person_id).await?;
    let user = users::by_id(app.db.read(), actor.person_id).await?;
    let whatsapp_number = user.and_then(|user| user.whatsapp_number);
    Ok(Json(NumberStanding { whatsapp_number, came_from, sent_to }))
}

/// Get a code to send from your phone.
///
/// Send it by WhatsApp within ten minutes; then confirm the number that it came from.
#[utoipa::path(
    post, path = "/api/profile/whatsapp/code", tag = "People", operation_id = "show_number_code", security(("bearer" = [])),
    responses((status = 201, body = CodeShown), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
pub async fn show_code(who: SignedIn, State(app): State<App>) -> Result<(StatusCode, Json<CodeShown>)> {
    Ok((StatusCode::CREATED, Json(code_to_show(&app, &who).await?)))
}

/// Makes a code that somebody sends from their phone.
///
/// # Errors
/// When the database is away.
pub async fn code_to_show(app: &App, who: &SignedIn) -> Result<CodeShown> {
    let (code, person_id) = (numbers::fresh(), who.actor.person_id);
    let kept = code.clone();
    let db = app.db.through(who.actor.door);
    let opened = db.write_with(kept, move |tx, kept| Box::pin(numbers::open(tx, person_id, kept, None)));
    let expires_at = opened.await?;
    let ours = app.carrier(Medium::Whatsapp).and_then(|channel| channel.number(Medium::Whatsapp));
    let send_to = ours.or_else(|| app.settings.whatsapp_sender.clone()).map(|number| number.to_string());
    Ok(CodeShown { code, send_to, expires_at })
}

/// Confirm that the number from which your code came is yours.
#[utoipa::path(
    post, path = "/api/profile/whatsapp/confirm", tag = "People", operation_id = "confirm_number", security(("bearer" = [])), request_body = OwnNumber,
    responses(
        (status = 200, body = Profile), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem),
    ),
)]
pub async fn confirm(who: SignedIn, State(app): State<App>, Body(own): Body<Own>) -> Result<Json<Profile>> {
    Ok(Json(numbers::confirm(&app, &who, own.0).await?.into()))
}

/// Have a code sent to your phone, to type it here.
///
/// WhatsApp takes it only within 24 hours of the last message from that phone: write `hi` from it first.
#[utoipa::path(
    post, path = "/api/profile/whatsapp/send", tag = "People", operation_id = "send_number_code", security(("bearer" = [])), request_body = OwnNumber,
    responses(
        (status = 202, body = CodeSent), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn send(who: SignedIn, State(app): State<App>, Body(own): Body<Own>) -> Result<(StatusCode, Json<CodeSent>)> {
    let expires_at = send_code(&app, &who.actor, own.0.clone()).await?;
    let message = format!("A code is on its way to {}.", own.0);
    Ok((StatusCode::ACCEPTED, Json(CodeSent { message, expires_at })))
}

/// Type the code that came to your phone.
#[utoipa::path(
    post, path = "/api/profile/whatsapp/verify", tag = "People", operation_id = "verify_number_code", security(("bearer" = [])), request_body = CodeTyped,
    responses(
        (status = 200, body = Profile), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 429, body = Problem),
    ),
)]
pub async fn verify(who: SignedIn, State(app): State<App>, Body(typed): Body<CodeTyped>) -> Result<Json<Profile>> {
    Ok(Json(numbers::verify(&app, &who, typed.code).await?.into()))
}

/// Keeps a code and sends it to the phone.
///
/// # Errors
/// A field where the number is nobody's to have, or somebody else's; [`Failure::TooMany`] after five codes in an hour.
pub async fn send_code(app: &App, actor: &Actor, number: E164) -> Result<Instant> {
    let mut wrong = unknown_values(&app.settings, &app.wording(), &[("whatsapp_number", Some(number.as_str()))], None);
    let wanted = Wanted { whatsapp_number: Some(&number), ..Wanted::default() };
    wrong.extend(users::taken(app.db.read(), wanted, Some(actor.person_id)).await?);
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let (person_id, max_chars, code) = (actor.person_id, app.max_chars(), numbers::fresh());
    let user = users::by_id(app.db.read(), person_id).await?;
    let language = user.map_or_else(|| "en".to_owned(), |user| user.language);
    let vars = json!({"code": code, "company": app.settings.company});
    let body = app.wording().render(&language, "chat.code.sent", &vars);
    let db = app.db.through(actor.door);
    let opened = db.write_with((number, code, body), move |tx, (number, code, body)| {
        Box::pin(async move {
            let expires_at = numbers::open(tx, person_id, code, Some(number)).await?;
            let caller =
                Caller { medium: Medium::Whatsapp, from: number.clone().into(), profile_name: None, user_id: None };
            let known = greet(tx, Medium::Whatsapp, &[caller]).await?.into_values().next();
            let known = known.ok_or_else(|| Error::new(Failure::Internal, "a number was not kept"))?;
            let delivery = NewDelivery {
                kind: Kind::Code,
                medium: Medium::Whatsapp,
                address_id: known.address_id,
                person_id: known.person_id,
                sender: None,
                line: format!("code:{}", known.address_id),
                body: body.clone(),
                rich: None,
                message_id: None,
            };
            delivery::enqueue(tx, vec![delivery], max_chars).await?;
            Ok(expires_at)
        })
    });
    let expires_at = opened.await?;
    app.bus.poke(Poke::Dispatch);
    Ok(expires_at)
}
