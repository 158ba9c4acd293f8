//! People: who there is, as far as one may know it; an admin makes and changes them.

use super::desk::Desk;
use super::dress::{Page, redirect, shown};
use super::form::{Field, FormShown, Outcome, refuse};
use super::links::{Asking, Group, Link};
use super::one_form::one_form;
use super::posted::{Posted, Typed};
use crate::kit::error::Kind;
use crate::kit::{E164, Error, Result};
use crate::people::api::forms::NewAccount;
use crate::people::store::user_changes::UserChanges;
use crate::people::store::users::{self, Filter, Stretch, User};
use crate::people::users::Gone;
use crate::people::{ManagedUser, Role, SeenUser, desk as use_cases, second_factor};
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::BTreeMap;

/// Where the list is.
const HERE: &str = "/people";
/// The most people of a page.
const MOST: u64 = 100;
/// The longest name, and the longest department.
const MAX_NAME: usize = 150;
const MAX_DEPARTMENT: usize = 100;

/// Somebody in the list.
struct Row {
    id: i64,
    name: String,
    username: String,
    role: String,
    department: String,
    number: String,
    is_active: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct List {
    page: Page,
    title: String,
    sought: String,
    groups: Vec<Group>,
    rows: Vec<Row>,
    next: Option<String>,
    may_add: bool,
}

#[derive(Template)]
#[template(path = "person.html")]
struct Person {
    page: Page,
    title: String,
    row: Row,
    /// What may be changed about them.
    forms: Vec<FormShown>,
    refused: Option<String>,
}

/// Which people are asked for.
struct Asked {
    filter: Filter,
    from: Option<i64>,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            role: fields.optional("role", read::one_of(&Role::ALL, Role::as_str)),
            is_active: fields.optional("is_active", read::boolean),
            department: None,
            q: fields.optional("q", read::line(1..=100)),
        };
        Some(Self { filter, from: fields.optional("from", read::id) })
    }
}

/// `GET /people`.
pub(super) async fn list(desk: Desk) -> Result<Response> {
    let (words, actor) = (desk.words(), desk.actor());
    if !matches!(actor.role, Role::Admin | Role::Supervisor) {
        return Err(Error::new(Kind::Forbidden, "This is for admins and supervisors."));
    }
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let Asked { filter, from } = Fields::of_query(query).into_form()?;
    let stretch = Stretch { from, is_rising: true, most: Some(MOST + 1) };
    let mut found = users::list(desk.app.db.read(), &actor.sight(), &filter, stretch).await?;
    let has_more = found.len() as u64 > MOST;
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let last = found.last().map(|user| user.id.to_string());
    let asking = Asking::of(HERE, &["role", "is_active", "q"], query);
    let link = |name: &str, value: Option<&str>| asking.with(name, value);
    let one =
        |name: &str, value: Option<&str>, label: String, is_on: bool| Link { href: link(name, value), label, is_on };
    let mut roles = vec![one("role", None, words.w("tickets.any"), filter.role.is_none())];
    roles.extend(Role::ALL.map(|role| {
        let name = role.as_str();
        one("role", Some(name), words.w(format!("role.{name}")), filter.role == Some(role))
    }));
    let active = [
        (None, "tickets.any", None),
        (Some("true"), "people.active", Some(true)),
        (Some("false"), "people.inactive", Some(false)),
    ];
    let active = active.map(|(value, label, is)| one("is_active", value, words.w(label), filter.is_active == is));
    let title = words.w("people.title");
    let page = List {
        page: desk.page(title.clone()),
        title,
        sought: filter.q.clone().unwrap_or_default(),
        groups: vec![
            Group { label: words.w("field.role"), links: roles },
            Group { label: words.w("fact.status"), links: active.into() },
        ],
        next: last.filter(|_| has_more).map(|last| link("from", Some(&last))),
        rows: found.into_iter().map(|user| row(&desk, &user)).collect(),
        may_add: actor.is_admin(),
    };
    Ok(shown(StatusCode::OK, &page))
}

fn row(desk: &Desk, user: &User) -> Row {
    Row {
        id: user.id,
        name: user.called(),
        username: user.username.clone().unwrap_or_default(),
        role: desk.words().w(format!("role.{}", user.role.as_str())),
        department: user.department.clone().unwrap_or_default(),
        number: user.whatsapp_number.clone().unwrap_or_default(),
        is_active: user.is_active,
    }
}

/// `GET /people/{id}`.
pub(super) async fn page(desk: Desk, seen: SeenUser) -> Result<Response> {
    person(&desk, &seen.user, None).await
}

async fn person(desk: &Desk, user: &User, refused: Option<(&str, &Typed, Error)>) -> Result<Response> {
    let words = desk.words();
    let mut forms = if desk.actor().is_admin() { forms(desk, user).await? } else { Vec::new() };
    let Outcome { status, why, .. } = refuse(words, &mut forms, refused);
    let row = row(desk, user);
    let title = row.name.clone();
    Ok(shown(status, &Person { page: desk.page(title.clone()), title, row, forms, refused: why }))
}

/// What an admin may change about somebody.
async fn forms(desk: &Desk, user: &User) -> Result<Vec<FormShown>> {
    let (words, id) = (desk.words(), user.id);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let change = facts(desk, FormShown::new("change", format!("{HERE}/{id}"), words.w("save")), Some(user));
    let password = FormShown::new("password", format!("{HERE}/{id}/password"), words.w("save"))
        .title(words.w("field.new_password"))
        .field(Field::new(words, "password", "password", 512).autocomplete("new-password"))
        .field(Field::new(words, "password", "password_confirm", 512).autocomplete("new-password"));
    let mut forms = vec![change.title(words.w("people.facts")).remembering()];
    if !text(&user.username).is_empty() {
        forms.push(password.tone("plain"));
    }
    if second_factor::standing(&desk.app, id).await?.is_on {
        let form = FormShown::new("second-factor", format!("{HERE}/{id}/second-factor"), words.w("people.factor_off"));
        forms.push(form.intro(words.w("people.factor_says")).tone("danger"));
    }
    let (name, tone) = if user.is_active { ("deactivate", "danger") } else { ("activate", "main") };
    let form = FormShown::new(name, format!("{HERE}/{id}/{name}"), words.w(format!("people.{name}")));
    forms.push(form.intro(words.w(format!("people.{name}_says"))).tone(tone));
    if id != desk.actor().person_id {
        let mut form = FormShown::new("delete", format!("{HERE}/{id}/delete"), words.w("people.delete"));
        form.is_open = false; // one press more, for there is no way back
        forms.push(form.title(words.w("people.delete")).intro(words.w("people.delete_says")).tone("danger"));
    }
    Ok(forms)
}

/// The fields of somebody, as they are or empty.
fn facts(desk: &Desk, form: FormShown, user: Option<&User>) -> FormShown {
    let words = desk.words();
    let value = |of: fn(&User) -> &Option<String>| user.and_then(|user| of(user).clone()).unwrap_or_default();
    let field = |kind, name, most, value: String| Field::new(words, kind, name, most).optional().value(value);
    let role = user.map_or(Role::Operator, |user| user.role).as_str();
    let roles = Role::ALL.map(|role| (role.as_str().to_owned(), words.w(format!("role.{}", role.as_str()))));
    let language = user.map_or_else(|| words.language().to_owned(), |user| user.language.clone());
    let hint = || words.w("number.hint");
    form.field(field("text", "first_name", MAX_NAME, value(|user| &user.first_name)))
        .field(field("text", "last_name", MAX_NAME, value(|user| &user.last_name)))
        .field(field("email", "email", 254, value(|user| &user.email)))
        .field(Field::new(words, "select", "role", 16).value(role).choices(roles))
        .field(field("text", "department", MAX_DEPARTMENT, value(|user| &user.department)))
        .field(field("tel", "whatsapp_number", 32, value(|user| &user.whatsapp_number)).hint(hint()))
        .field(field("tel", "phone_number", 32, value(|user| &user.phone_number)).hint(hint()))
        .field(Field::new(words, "select", "language", 16).value(language).choices(words.languages()))
}

/// What an admin changes about somebody; what is emptied is taken away.
struct Edited(UserChanges);

impl Form for Edited {
    fn read(fields: &mut Fields) -> Option<Self> {
        let line =
            |fields: &mut Fields, name, most| Some(fields.optional(name, read::line(0..=most)).unwrap_or_default());
        let number = |fields: &mut Fields, name| {
            Some(fields.optional(name, read::phone).as_ref().map(E164::to_string).unwrap_or_default())
        };
        Some(Self(UserChanges {
            username: None,
            email: Some(fields.optional("email", read::email).unwrap_or_default()),
            first_name: line(fields, "first_name", MAX_NAME),
            last_name: line(fields, "last_name", MAX_NAME),
            role: fields.required("role", read::one_of(&Role::ALL, Role::as_str)),
            phone_number: number(fields, "phone_number"),
            whatsapp_number: number(fields, "whatsapp_number"),
            department: line(fields, "department", MAX_DEPARTMENT),
            language: fields.optional("language", read::line(1..=16)),
        }))
    }
}

/// `POST /people/{id}`.
pub(super) async fn change(desk: Desk, managed: ManagedUser, posted: Posted) -> Result<Response> {
    let changing = async {
        posted.must_be_genuine()?;
        let Edited(changes) = posted.typed.read()?;
        let changes = only_changed(changes, &posted.typed);
        use_cases::change(&desk.app, desk.actor(), &managed.user, changes, None, None).await
    };
    match changing.await {
        Ok(user) => Ok(redirect(&format!("{HERE}/{}?done=saved", user.id))),
        Err(error) => person(&desk, &managed.user, Some(("change", &posted.typed, error))).await,
    }
}

/// What an admin changed, and nothing that they only saw.
fn only_changed(all: UserChanges, typed: &Typed) -> UserChanges {
    let text = |value: Option<String>, name| value.filter(|_| typed.is_changed(name));
    UserChanges {
        username: None,
        email: text(all.email, "email"),
        first_name: text(all.first_name, "first_name"),
        last_name: text(all.last_name, "last_name"),
        role: all.role.filter(|_| typed.is_changed("role")),
        phone_number: text(all.phone_number, "phone_number"),
        whatsapp_number: text(all.whatsapp_number, "whatsapp_number"),
        department: text(all.department, "department"),
        language: text(all.language, "language"),
    }
}

/// `POST /people/{id}/{act}`: a new password, no second factor, in or out, or gone for good.
pub(super) async fn act(
    desk: Desk,
    managed: ManagedUser,
    Path(path): Path<BTreeMap<String, String>>,
    posted: Posted,
) -> Result<Response> {
    let (id, act) = (managed.user.id, path.get("act").map(String::as_str).unwrap_or_default());
    match done(&desk, &managed.user, act, &posted).await {
        Ok("deleted") => Ok(redirect(&format!("{HERE}?done=deleted"))),
        Ok(done) => Ok(redirect(&format!("{HERE}/{id}?done={done}"))),
        Err(error) if error.kind() == Kind::NotFound => Err(error),
        Err(error) => person(&desk, &managed.user, Some((act, &posted.typed, error))).await,
    }
}

async fn done(desk: &Desk, user: &User, act: &str, posted: &Posted) -> Result<&'static str> {
    posted.must_be_genuine()?;
    let (app, actor, id) = (&desk.app, desk.actor(), user.id);
    match act {
        "password" => {
            let super::profile::NewPassword(password) = posted.typed.read()?;
            use_cases::change(app, actor, user, UserChanges::default(), None, Some(password)).await?;
            Ok("password_of")
        }
        "second-factor" => {
            let by = Some(actor.person_id);
            let db = app.db.through(actor.door);
            db.write(move |tx| Box::pin(async move { second_factor::take_off(tx, id, by).await })).await?;
            Ok("factor_of")
        }
        "activate" | "deactivate" => {
            use_cases::set_active(app, actor, id, act == "activate").await?;
            Ok(if act == "activate" { "activated" } else { "deactivated" })
        }
        "delete" => Ok(match use_cases::delete(app, actor, id).await? {
            Gone::Deleted => "deleted",
            Gone::Deactivated => "deactivated_instead",
        }),
        _ => Err(Error::not_found("There is no such action.")),
    }
}

/// `GET /people/new`.
pub(super) async fn adding(desk: Desk) -> Result<Response> {
    desk.actor().must_be_admin("make users")?;
    Ok(answer(&desk, StatusCode::OK, empty(&desk)))
}

/// `POST /people/new`.
pub(super) async fn add(desk: Desk, posted: Posted) -> Result<Response> {
    desk.actor().must_be_admin("make users")?;
    let adding = async {
        posted.must_be_genuine()?;
        let NewAccount { user, password } = posted.typed.read()?;
        use_cases::add(&desk.app, desk.actor(), user, &password).await
    };
    match adding.await {
        Ok(user) => Ok(redirect(&format!("{HERE}/{}?done=saved", user.id))),
        Err(error) => {
            let form = empty(&desk).refused(desk.words(), &posted.typed, &error);
            Ok(answer(&desk, problem::status(error.kind()), form))
        }
    }
}

fn empty(desk: &Desk) -> FormShown {
    let words = desk.words();
    let form = FormShown::new("person", format!("{HERE}/new"), words.w("people.add"));
    let form = form.field(Field::new(words, "text", "username", MAX_NAME).called(words.w("people.username")));
    facts(desk, form, None)
        .field(Field::new(words, "password", "password", 512).autocomplete("new-password"))
        .field(Field::new(words, "password", "password_confirm", 512).autocomplete("new-password"))
}

fn answer(desk: &Desk, status: StatusCode, form: FormShown) -> Response {
    let words = desk.words();
    one_form(desk, status, words.w("people.add"), (HERE, words.w("people.title")), form)
}
