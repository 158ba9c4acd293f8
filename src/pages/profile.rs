//! One's own page: name, language, password, WhatsApp number, second factor, weekly summary, devices and tokens.

mod factor;
mod lists;
mod number;
mod summary;

pub(super) use factor::{begin, confirm, take_off};
pub(super) use lists::{end_device, make_token, revoke_token};
pub(super) use number::{confirm_number, send_code, show_code, verify_code};
pub(super) use summary::choose as choose_summary;

use super::desk::Desk;
use super::dress::{Page, redirect, shown};
use super::form::{Field, FormShown};
use super::posted::{Posted, Typed};
use crate::chat::numbers::CodeShown;
use crate::kit::{Error, Result};
use crate::people::store::user_changes::UserChanges;
use crate::people::store::users::{self, User};
use crate::people::{desk as people, numbers, second_factor};
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use lists::{Device, TokenRow};
use number::Number;
use serde_json::json;
use summary::Summary;

/// The longest first or last name.
const MAX_NAME: usize = 150;
/// The longest password that is looked at, in bytes.
const MAX_PASSWORD: usize = 512;

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile {
    page: Page,
    title: String,
    username: String,
    own: FormShown,
    password: FormShown,
    number: Number,
    /// What is said of the second factor, and what can be done with it.
    factor_says: String,
    factor: FormShown,
    /// None for whom it is not.
    summary: Option<Summary>,
    devices: Vec<Device>,
    tokens: Vec<TokenRow>,
    new_token: FormShown,
    /// A token that is shown this once.
    made: Option<String>,
}

/// What is on one's page this once.
#[derive(Default)]
struct Once {
    /// A form that was refused: which, what was typed, and why.
    refused: Option<(&'static str, Typed, Error)>,
    /// A code to be sent from the phone.
    code: Option<CodeShown>,
    /// A token for a program.
    token: Option<String>,
}

impl Once {
    fn refused(form: &'static str, typed: &Typed, error: Error) -> Self {
        Self { refused: Some((form, typed.clone(), error)), ..Self::default() }
    }
}

/// `GET /profile`.
pub(super) async fn page(desk: Desk) -> Result<Response> {
    profile(&desk, Once::default()).await
}

async fn profile(desk: &Desk, once: Once) -> Result<Response> {
    let (app, words, id) = (&desk.app, desk.words(), desk.actor().person_id);
    let user = users::by_id(app.db.read(), id).await?;
    let user = user.ok_or_else(|| Error::internal("somebody signed in is no user"))?;
    let standing = numbers::standing(app, id).await?;
    let factor = second_factor::standing(app, id).await?;
    let devices = lists::devices(desk).await?;
    let tokens = lists::tokens(desk).await?;
    let Once { refused, code, token } = once;
    let status = refused.as_ref().map_or(StatusCode::OK, |(_, _, error)| problem::status(error.kind()));
    let tried = |form: FormShown| match &refused {
        Some((id, typed, error)) if *id == form.id => form.refused(words, typed, error),
        _ => form,
    };
    let (factor_says, factor) = if factor.is_on {
        let says = words.fill("factor.on", &json!({ "left": factor.codes_left.to_string() }));
        let form = FormShown::new("factor", "/profile/second-factor/off", words.w("factor.take_off")).tone("danger");
        (says, form.field(Field::new(words, "text", "code", 64).autocomplete("one-time-code")))
    } else {
        (words.w("factor.off"), FormShown::new("factor", "/profile/second-factor", words.w("factor.begin")))
    };
    let summary = summary::section(desk, &user, tried).await?;
    let page = Profile {
        page: desk.page(words.w("profile.title")),
        title: words.w("profile.title"),
        username: user.username.clone().unwrap_or_default(),
        own: tried(own(desk, &user)),
        password: tried(password(desk)),
        number: number::section(desk, &user, standing, code, tried),
        factor_says,
        factor: tried(factor),
        summary,
        devices,
        tokens,
        new_token: tried(lists::new_token(desk)),
        made: token,
    };
    Ok(shown(status, &page))
}

fn own(desk: &Desk, user: &User) -> FormShown {
    let words = desk.words();
    let name = |field: &'static str, value: &Option<String>, fills: &'static str| {
        let field = Field::new(words, "text", field, MAX_NAME).optional().autocomplete(fills);
        field.value(value.clone().unwrap_or_default())
    };
    let language = Field::new(words, "select", "language", 16).value(user.language.clone()).choices(words.languages());
    FormShown::new("own", "/profile", words.w("save"))
        .field(name("first_name", &user.first_name, "given-name"))
        .field(name("last_name", &user.last_name, "family-name"))
        .field(language)
}

fn password(desk: &Desk) -> FormShown {
    let words = desk.words();
    let twice = ["password", "password_confirm"];
    let fields = twice.map(|name| Field::new(words, "password", name, MAX_PASSWORD).autocomplete("new-password"));
    let [first, second] = fields;
    let first = first.called(words.w("field.new_password"));
    FormShown::new("password", "/profile/password", words.w("save")).field(first).field(second)
}

/// What somebody changes about themselves.
struct Own(UserChanges);

impl Form for Own {
    fn read(fields: &mut Fields) -> Option<Self> {
        // A name that was emptied is taken away.
        let name =
            |fields: &mut Fields, name| Some(fields.optional(name, read::line(0..=MAX_NAME)).unwrap_or_default());
        Some(Self(UserChanges {
            first_name: name(fields, "first_name"),
            last_name: name(fields, "last_name"),
            language: fields.optional("language", read::line(1..=16)),
            ..UserChanges::default()
        }))
    }
}

/// A new password, typed twice.
pub(super) struct NewPassword(pub(super) String);

impl Form for NewPassword {
    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.required("password", read::verbatim(1..=MAX_PASSWORD));
        let again = fields.required("password_confirm", read::verbatim(1..=MAX_PASSWORD));
        if password.is_some() && again.is_some() && password != again {
            fields.wrong("password_confirm", "is not the same as password");
        }
        password.map(Self)
    }
}

/// `POST /profile`.
pub(super) async fn change(desk: Desk, posted: Posted) -> Result<Response> {
    let changing = async {
        posted.must_be_genuine()?;
        let Own(changes) = posted.typed.read()?;
        people::change_oneself(&desk.app, desk.who().clone(), changes, None).await
    };
    match changing.await {
        Ok(_) => Ok(redirect("/profile?done=saved")),
        Err(error) => profile(&desk, Once::refused("own", &posted.typed, error)).await,
    }
}

/// `POST /profile/password`.
pub(super) async fn change_password(desk: Desk, posted: Posted) -> Result<Response> {
    let changing = async {
        posted.must_be_genuine()?;
        let NewPassword(password) = posted.typed.read()?;
        people::change_oneself(&desk.app, desk.who().clone(), UserChanges::default(), Some(password)).await
    };
    match changing.await {
        Ok(_) => Ok(redirect("/profile?done=password")),
        Err(error) => profile(&desk, Once::refused("password", &posted.typed, error)).await,
    }
}
