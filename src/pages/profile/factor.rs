//! The second factor: set up with a picture for the authenticator, taken off with a code.

use super::{Once, profile};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Posted;
use crate::people::second_factor::{self, Offer};
use crate::web::client::Network;
use crate::web::problem;
use crate::web::{Fields, Form, read};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use qrcode::{Color, QrCode};
use std::fmt::Write as _;

/// The white around a code, in modules. **Source**: ISO/IEC 18004, 6.3.8.
const QUIET: usize = 4;

#[derive(Template)]
#[template(path = "factor.html")]
struct SettingUp {
    page: Page,
    title: String,
    secret: String,
    /// The dark modules of the picture as a path, and how wide it is.
    picture: String,
    width: usize,
    form: FormShown,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct Recovery {
    page: Page,
    title: String,
    codes: Vec<String>,
}

struct Code(String);

impl Form for Code {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("code", read::line(1..=64)).map(Self)
    }
}

/// `POST /profile/second-factor`: shows what is put into the authenticator.
pub(in crate::pages) async fn begin(desk: Desk, posted: Posted) -> Result<Response> {
    if let Err(error) = posted.must_be_genuine() {
        return profile(&desk, Once::refused("factor", &posted.typed, error)).await;
    }
    setting_up(&desk, StatusCode::OK, |form| form).await
}

/// `POST /profile/second-factor/confirm`: the first code; shows the recovery codes this once.
pub(in crate::pages) async fn confirm(desk: Desk, network: Network, posted: Posted) -> Result<Response> {
    if let Err(error) = posted.must_be_genuine() {
        return profile(&desk, Once::refused("factor", &posted.typed, error)).await;
    }
    let confirmed = async {
        let Code(code) = posted.typed.read()?;
        second_factor::confirm(&desk.app, desk.who(), code, &network.0).await
    };
    match confirmed.await {
        Ok(codes) => {
            let title = desk.words().w("recovery.title");
            Ok(shown(StatusCode::OK, &Recovery { page: desk.page(title.clone()), title, codes }))
        }
        Err(error) => {
            let status = problem::status(error.kind());
            setting_up(&desk, status, |form| form.refused(desk.words(), &posted.typed, &error)).await
        }
    }
}

/// `POST /profile/second-factor/off`.
pub(in crate::pages) async fn take_off(desk: Desk, network: Network, posted: Posted) -> Result<Response> {
    let taken = async {
        posted.must_be_genuine()?;
        let Code(code) = posted.typed.read()?;
        second_factor::take_off_own(&desk.app, desk.who(), code, &network.0).await
    };
    match taken.await {
        Ok(()) => Ok(redirect("/profile?done=factor_off")),
        Err(error) => profile(&desk, Once::refused("factor", &posted.typed, error)).await,
    }
}

async fn setting_up(desk: &Desk, status: StatusCode, tried: impl Fn(FormShown) -> FormShown) -> Result<Response> {
    let words = desk.words();
    let Offer { secret, address } = second_factor::offer(&desk.app, desk.actor()).await?;
    let (picture, width) = drawn(&address)?;
    let form = FormShown::new("factor-confirm", "/profile/second-factor/confirm", words.w("factor.confirm"));
    let form = tried(form.field(Field::new(words, "text", "code", 64).autocomplete("one-time-code")));
    let title = words.w("factor.title");
    Ok(shown(status, &SettingUp { page: desk.page(title.clone()), title, secret, picture, width, form }))
}

/// A text as a picture that a phone reads: the dark modules, and how wide all of it is.
fn drawn(text: &str) -> Result<(String, usize)> {
    let code = QrCode::new(text.as_bytes()).map_err(|error| Error::internal(error.to_string()))?;
    let width = code.width();
    let mut path = String::new();
    for (nth, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (nth % width + QUIET, nth / width + QUIET);
            write!(path, "M{x} {y}h1v1h-1z").map_err(Error::internal)?;
        }
    }
    Ok((path, width + 2 * QUIET))
}
