//! Signing in and out, and the choice between light and dark.

use super::desk::Hall;
use super::dress::{Page, redirect, shown};
use super::form::{Field, FormShown};
use super::posted::Posted;
use super::session;
use crate::kit::Result;
use crate::kit::error::Kind;
use crate::people::browser::{self, Given, Step};
use crate::people::sign_in as tokens;
use crate::web::client::Network;
use crate::web::problem;
use askama::Template;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// The longest name or password that is looked at, in bytes.
const MAX_GIVEN: usize = 1024;
/// The longest code.
const MAX_CODE: usize = 64;
/// Where one gets to that did not say where.
const FIRST: &str = "/now";

#[derive(Template)]
#[template(path = "entrance.html")]
struct Entrance {
    page: Page,
    title: String,
    form: FormShown,
}

/// `GET /`: to the first page, or to where one signs in.
pub(super) async fn home(hall: Hall) -> Response {
    redirect(if hall.visitor.person.is_some() { FIRST } else { "/sign-in" })
}

/// `GET /sign-in`.
pub(super) async fn page(hall: Hall) -> Response {
    let next = next_in(&hall.path);
    if hall.visitor.person.is_some() {
        return redirect(&next);
    }
    answer(&hall, StatusCode::OK, by_password(&hall, &next, ""))
}

/// `POST /sign-in`: with a name and a password, or with the code that was asked for then.
pub(super) async fn enter(hall: Hall, network: Network, headers: HeaderMap, posted: Posted) -> Response {
    let typed = &posted.typed;
    let next = safe(typed.get("next"));
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let begun = typed.get("half");
    let form = if begun.is_empty() {
        by_password(&hall, &next, typed.get("username"))
    } else {
        by_code(&hall, &next, typed.get("username"), begun)
    };
    match entered(&hall, &posted, network.0, agent).await {
        Ok(Step::In { cookie, .. }) => {
            let mut response = redirect(&next);
            session::sign_in(&hall.app, &mut response, &cookie);
            response
        }
        Ok(Step::NeedsCode { half: begun }) => {
            answer(&hall, StatusCode::OK, by_code(&hall, &next, typed.get("username"), &begun))
        }
        Err(error) => {
            // The code took too long: the password is asked for again.
            let is_over = error.kind() == Kind::Unauthorized && error.details().is_none() && !begun.is_empty();
            let form = if is_over { by_password(&hall, &next, typed.get("username")) } else { form };
            answer(&hall, problem::status(error.kind()), form.refused(hall.words(), typed, &error))
        }
    }
}

async fn entered(hall: &Hall, posted: &Posted, network: String, agent: &str) -> Result<Step> {
    posted.must_be_genuine()?;
    let said = |name: &str| posted.typed.get(name).chars().take(MAX_GIVEN).collect::<String>();
    let (username, begun) = (said("username"), said("half"));
    let given = if begun.is_empty() {
        Given::Password { username, password: said("password") }
    } else {
        Given::Code { username, half: begun, code: said("code") }
    };
    browser::sign_in(&hall.app, given, network, agent).await
}

/// `POST /sign-out`.
pub(super) async fn leave(hall: Hall, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    if let Some(person) = &hall.visitor.person {
        let (actor, sign_in) = (&person.signed_in.actor, person.signed_in.sign_in.clone());
        tokens::sign_out(&hall.app, actor.person_id, sign_in, posted.typed.get("everywhere") == "true").await?;
    }
    let mut response = redirect("/sign-in?done=signed_out");
    session::sign_out(&hall.app, &mut response);
    Ok(response)
}

/// `POST /theme`.
pub(super) async fn theme(hall: Hall, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let chosen = ["light", "dark"].into_iter().find(|known| *known == posted.typed.get("theme"));
    let mut response = redirect(&safe(posted.typed.get("next")));
    session::choose_theme(&hall.app, &mut response, chosen);
    Ok(response)
}

fn by_password(hall: &Hall, next: &str, username: &str) -> FormShown {
    let words = hall.words();
    FormShown::new("sign-in", "/sign-in", words.w("sign_in.submit"))
        .field(Field::new(words, "text", "username", MAX_GIVEN).value(username).autocomplete("username"))
        .field(Field::new(words, "password", "password", MAX_GIVEN).autocomplete("current-password"))
        .hidden("next", next)
}

fn by_code(hall: &Hall, next: &str, username: &str, begun: &str) -> FormShown {
    let words = hall.words();
    let hint = words.w("sign_in.code_hint");
    FormShown::new("sign-in", "/sign-in", words.w("sign_in.submit"))
        .intro(words.w("sign_in.code_intro"))
        .field(Field::new(words, "text", "code", MAX_CODE).autocomplete("one-time-code").hint(hint))
        .hidden("username", username)
        .hidden("half", begun)
        .hidden("next", next)
}

fn answer(hall: &Hall, status: StatusCode, form: FormShown) -> Response {
    let title = hall.words().w("sign_in.title");
    let page = hall.page(title.clone());
    let mut form = form;
    // What opens the door is not kept in the page.
    for field in form.fields.iter_mut().filter(|field| field.name == "code") {
        field.value = String::new();
    }
    shown(status, &Entrance { page, title, form })
}

fn next_in(path_and_query: &str) -> String {
    let query = path_and_query.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
    safe(next.as_ref().map_or("", |(_, next)| next.as_ref()))
}

/// A path of this desk's own, whatever a link says.
fn safe(next: &str) -> String {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic()) && next.len() <= 2_000;
    let is_loop = next.starts_with("/sign-");
    if is_path && is_plain && !is_loop { next.to_owned() } else { FIRST.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn one_comes_back_to_a_page_of_the_desk_and_to_no_other() {
        for (next, to) in [
            ("/tickets/7?x=1", "/tickets/7?x=1"),
            ("", "/now"),
            ("https://elsewhere.example/", "/now"),
            ("//elsewhere.example/", "/now"),
            ("/\\elsewhere.example/", "/now"),
            ("/a\r\nSet-Cookie: x", "/now"),
            ("/sign-in?next=/sign-in", "/now"),
        ] {
            assert_eq!(safe(next), to, "{next}");
        }
    }
}
