//! The weekly summary: whether one is sent it, and what is missing where one cannot be.

use super::{Once, profile};
use crate::kit::{Error, Result};
use crate::notify::weekly::{self, Lack};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::FormShown;
use crate::pages::posted::Posted;
use crate::people::Keeper;
use crate::people::store::users::{self, User};
use crate::web::{Fields, Form, read};
use axum::response::Response;
use serde_json::json;

/// What is said of it, and the button.
pub(super) struct Summary {
    pub(super) says: String,
    /// None where it cannot be sent.
    pub(super) form: Option<FormShown>,
}

/// The part of the page; none for whom it is not.
pub(super) async fn section(
    desk: &Desk,
    user: &User,
    tried: impl Fn(FormShown) -> FormShown,
) -> Result<Option<Summary>> {
    let words = desk.words();
    let email = match (Lack::of(&desk.app, user), &user.email) {
        (Some(Lack::Right), _) => return Ok(None),
        (Some(Lack::Mail), _) => return Ok(Some(Summary { says: words.w("summary.no_mail"), form: None })),
        (Some(Lack::Address), _) | (None, None) => {
            return Ok(Some(Summary { says: words.w("summary.no_address"), form: None }));
        }
        (None, Some(email)) => email,
    };
    let is_wanted = weekly::is_wanted(desk.app.db.read(), user.id).await?;
    let (submit, tone) = if is_wanted { ("summary.stop", "plain") } else { ("summary.send", "main") };
    let form = FormShown::new("summary", "/profile/summary", words.w(submit)).tone(tone);
    let form = form.hidden("weekly_summary", if is_wanted { "false" } else { "true" });
    let mut says = words.fill("summary.says", &json!({ "email": email }));
    if is_wanted {
        says = format!("{says} {}", words.w("summary.on"));
    }
    Ok(Some(Summary { says, form: Some(tried(form)) }))
}

/// Whether somebody wants it.
struct Choice(bool);

impl Form for Choice {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("weekly_summary", read::boolean).map(Self)
    }
}

/// `POST /profile/summary`.
pub(in crate::pages) async fn choose(desk: Desk, _: Keeper, posted: Posted) -> Result<Response> {
    let choosing = async {
        posted.must_be_genuine()?;
        let Choice(is_wanted) = posted.typed.read()?;
        let user = users::by_id(desk.app.db.read(), desk.actor().person_id).await?;
        let user = user.ok_or_else(|| Error::internal("somebody signed in is no user"))?;
        let db = desk.app.db.through(desk.actor().door);
        let chosen = db.write_with((desk.app.clone(), user), move |tx, (app, user)| {
            Box::pin(weekly::choose(app, tx, user, is_wanted))
        });
        chosen.await?;
        Ok(is_wanted)
    };
    match choosing.await {
        Ok(true) => Ok(redirect("/profile?done=summary_on")),
        Ok(false) => Ok(redirect("/profile?done=summary_off")),
        Err(error) => profile(&desk, Once::refused("summary", &posted.typed, error)).await,
    }
}
