//! The page on which the first admin makes themselves, by a link that was shown at the terminal. Plain HTML, no script.
//!
//! The link holds for an hour and once, and only as long as no admin can sign in.

use crate::app::App;
use crate::kit::error::{Fields as Wrong, Kind};
use crate::kit::{Error, Result};
use crate::people::store::users::NewUser;
use crate::people::{Role, desk};
use crate::web::form::collected;
use crate::web::{Fields, Form, read};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse as _, Response};
use minijinja::HtmlEscape;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The largest form.
const MAX_FORM: usize = 16 * 1024;
/// The fields of the page: name, label, type.
const FIELDS: [(&str, &str, &str); 6] = [
    ("username", "Username", "text"),
    ("email", "E-mail (may stay empty)", "email"),
    ("first_name", "First name (may stay empty)", "text"),
    ("last_name", "Last name (may stay empty)", "text"),
    ("password", "Password, 8 characters or more", "password"),
    ("password_confirm", "The same again", "password"),
];

/// What is typed on the page.
struct FirstAdmin {
    user: NewUser,
    password: String,
}

impl Form for FirstAdmin {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.optional("code", read::text(0..=100));
        let username = fields.required("username", read::username);
        let email = fields.optional("email", read::email);
        let [first_name, last_name] =
            ["first_name", "last_name"].map(|name| fields.optional(name, read::line(0..=150)));
        let password = super::forms::new_password(fields, true, [username.as_deref(), email.as_deref()]);
        let user = NewUser {
            username: username?,
            email,
            first_name,
            last_name,
            role: Role::Admin,
            phone_number: None,
            whatsapp_number: None,
            department: None,
            language: None,
        };
        Some(Self { user, password: password? })
    }
}

/// The page, for whoever has the link.
pub async fn page(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let given = parameters(query.unwrap_or_default().as_bytes());
    let code = given.get("code").map(String::as_str).unwrap_or_default();
    match admitted(&app, code).await {
        Ok(()) => shown(StatusCode::OK, &asking(code, &given, &Wrong::new())),
        Err(error) => refused(&error),
    }
}

/// Takes the page's form, and makes the admin.
pub async fn create(State(app): State<App>, body: Body) -> Response {
    let given = match collected(body, MAX_FORM).await {
        Ok(bytes) => parameters(&bytes),
        Err(error) => return error.into_response(),
    };
    let code = given.get("code").map(String::as_str).unwrap_or_default();
    if let Err(error) = admitted(&app, code).await {
        return refused(&error);
    }
    match made(&app, &given).await {
        Ok(username) => shown(StatusCode::CREATED, &done(&username)),
        Err(error) => match error.details().filter(|details| !details.fields.is_empty()) {
            Some(details) => shown(StatusCode::BAD_REQUEST, &asking(code, &given, &details.fields)),
            None => refused(&error),
        },
    }
}

async fn admitted(app: &App, code: &str) -> Result<()> {
    let holds = app.proof.setup.holds(code, app.clock.now());
    if holds && !desk::has_an_admin(app).await? {
        return Ok(());
    }
    let says = "This link holds no more. Start Andon again for a new one, or make an admin at the command line: \
                andon user create NAME --role ADMIN";
    Err(Error::new(Kind::Forbidden, says))
}

async fn made(app: &App, given: &HashMap<String, String>) -> Result<String> {
    let filled = given.iter().filter(|(_, value)| !value.trim().is_empty());
    let object: Map<String, Value> = filled.map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    let FirstAdmin { user, password } = Fields::of_object(object).into_form()?;
    let username = user.username.clone();
    desk::add_first_admin(app, user, &password).await?;
    app.proof.setup.close();
    Ok(username)
}

fn parameters(text: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn refused(error: &Error) -> Response {
    let status = match error.kind() {
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Conflict => StatusCode::CONFLICT,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    shown(status, &format!("<p>{}</p>", HtmlEscape(error.public())))
}

fn done(username: &str) -> String {
    let name = HtmlEscape(username);
    format!(
        "<p><strong>{name}</strong> is an admin now, and can sign in.</p>\
         <p><a class=\"button main\" href=\"/sign-in\">Sign in</a></p>\
         <p>With the API: <code>POST /api/auth/login/</code>. It is described at <a href=\"/docs/\">/docs</a>.</p>"
    )
}

/// The form, with what was typed (but for passwords) and what is wrong with it.
fn asking(code: &str, given: &HashMap<String, String>, wrong: &Wrong) -> String {
    let fields = FIELDS.iter().map(|(name, label, kind)| {
        let typed = given.get(*name).filter(|_| *kind != "password").map(String::as_str).unwrap_or_default();
        let why = wrong.get(*name).map(|why| why.join("; and it ")).unwrap_or_default();
        let why = if why.is_empty() { why } else { format!(" <em class=\"error\">It {}.</em>", HtmlEscape(&why)) };
        format!(
            "<p><label>{label}<br><input name=\"{name}\" type=\"{kind}\" value=\"{}\" autocomplete=\"off\"></label>{why}</p>",
            HtmlEscape(typed)
        )
    });
    format!(
        "<p>Nobody can sign in yet. This makes the first admin.</p><form method=\"post\" action=\"/setup\">\
         <input type=\"hidden\" name=\"code\" value=\"{}\">{}<p><button>Make the admin</button></p></form>",
        HtmlEscape(code),
        fields.collect::<String>()
    )
}

fn shown(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Andon: the first admin</title>\
         <link rel=\"stylesheet\" href=\"/assets/desk.css\"><main><section class=\"door\"><h1>Andon</h1>{body}\
         </section></main></html>"
    );
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (status, headers, page).into_response()
}
