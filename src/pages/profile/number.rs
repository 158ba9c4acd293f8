//! One's own WhatsApp number: a code shown here is sent from the phone, or one sent to the phone is typed here.

use super::{Once, profile};
use crate::chat::numbers::{self as codes, CodeShown};
use crate::kit::{E164, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Posted;
use crate::people::numbers::{self, Standing};
use crate::people::store::users::User;
use crate::web::{Fields, Form, read};
use axum::response::Response;
use serde_json::json;

/// Where somebody is with their number.
pub(super) struct Number {
    pub(super) says: String,
    /// A code to send from the phone, and what to do with it.
    pub(super) code: Option<(String, String)>,
    pub(super) forms: Vec<FormShown>,
}

pub(super) fn section(
    desk: &Desk,
    user: &User,
    standing: Standing,
    code: Option<CodeShown>,
    tried: impl Fn(FormShown) -> FormShown,
) -> Number {
    let words = desk.words();
    let says = match &user.whatsapp_number {
        Some(number) => words.fill("number.yours", &json!({ "number": number })),
        None => words.w("number.none"),
    };
    let mut forms = Vec::new();
    if let Some(number) = standing.came_from {
        let intro = words.fill("number.came_from", &json!({ "number": number }));
        let form = FormShown::new("number-confirm", "/profile/number/confirm", words.w("number.confirm"));
        forms.push(form.intro(intro).hidden("whatsapp_number", number));
    }
    if let Some(number) = standing.sent_to {
        let intro = words.fill("number.sent_to", &json!({ "number": number }));
        let form = FormShown::new("number-verify", "/profile/number/verify", words.w("number.verify")).intro(intro);
        forms.push(form.field(Field::new(words, "text", "code", 32).autocomplete("one-time-code")));
    }
    let form = FormShown::new("number-code", "/profile/number/code", words.w("number.show_code")).tone("plain");
    forms.push(form.intro(words.w("number.show_intro")));
    let form = FormShown::new("number-send", "/profile/number/send", words.w("number.send_code")).tone("plain");
    let field = Field::new(words, "tel", "whatsapp_number", 32).autocomplete("tel").hint(words.w("number.hint"));
    forms.push(form.intro(words.w("number.send_intro")).field(field));
    let code = code.map(|CodeShown { code, send_to, .. }| {
        let to = send_to.unwrap_or_default();
        (code, words.fill("number.send_it", &json!({ "number": to })))
    });
    Number { says, code, forms: forms.into_iter().map(tried).collect() }
}

/// A number of one's own.
struct Own(E164);

impl Form for Own {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("whatsapp_number", read::phone).map(Self)
    }
}

/// A code that came to the phone.
struct Code(String);

impl Form for Code {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("code", read::line(1..=32)).map(Self)
    }
}

/// `POST /profile/number/code`.
pub(in crate::pages) async fn show_code(desk: Desk, posted: Posted) -> Result<Response> {
    let made = async {
        posted.must_be_genuine()?;
        codes::code_to_show(&desk.app, desk.who()).await
    };
    let once = match made.await {
        Ok(code) => Once { code: Some(code), ..Once::default() },
        Err(error) => Once::refused("number-code", &posted.typed, error),
    };
    profile(&desk, once).await
}

/// `POST /profile/number/confirm`.
pub(in crate::pages) async fn confirm_number(desk: Desk, posted: Posted) -> Result<Response> {
    let confirmed = async {
        posted.must_be_genuine()?;
        let Own(number) = posted.typed.read()?;
        numbers::confirm(&desk.app, desk.who(), number).await
    };
    match confirmed.await {
        Ok(_) => Ok(redirect("/profile?done=number")),
        Err(error) => profile(&desk, Once::refused("number-confirm", &posted.typed, error)).await,
    }
}

/// `POST /profile/number/send`.
pub(in crate::pages) async fn send_code(desk: Desk, posted: Posted) -> Result<Response> {
    let sent = async {
        posted.must_be_genuine()?;
        let Own(number) = posted.typed.read()?;
        codes::send_code(&desk.app, desk.actor(), number).await
    };
    match sent.await {
        Ok(_) => Ok(redirect("/profile?done=code_sent")),
        Err(error) => profile(&desk, Once::refused("number-send", &posted.typed, error)).await,
    }
}

/// `POST /profile/number/verify`.
pub(in crate::pages) async fn verify_code(desk: Desk, posted: Posted) -> Result<Response> {
    let verified = async {
        posted.must_be_genuine()?;
        let Code(code) = posted.typed.read()?;
        numbers::verify(&desk.app, desk.who(), code).await
    };
    match verified.await {
        Ok(_) => Ok(redirect("/profile?done=number")),
        Err(error) => profile(&desk, Once::refused("number-verify", &posted.typed, error)).await,
    }
}
