//! Walls: which there are, when a screen last asked for each, making one, revoking one. A link is shown once.

use super::super::desk::Desk;
use super::super::dress::{Page, redirect, shown};
use super::super::form::{Field, FormShown, refusal};
use super::super::posted::{Posted, Typed};
use super::super::wall::ENTER;
use crate::kit::error::Kind;
use crate::kit::{Error, Result, rules};
use crate::notify::live::Live;
use crate::people::Keeper;
use crate::people::store::users;
use crate::walls::{self, New};
use crate::web::page::Here;
use crate::web::{Fields, Form, problem, read};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;

/// Where the list is.
const HERE: &str = "/floor/walls";
/// The longest name.
const MAX_NAME: usize = 100;

/// A wall in the list.
struct Row {
    id: i64,
    name: String,
    department: String,
    /// Who made it.
    by: String,
    seen: Option<String>,
}

#[derive(Template)]
#[template(path = "walls.html")]
struct List {
    page: Page,
    title: String,
    /// The link of a wall that was just made.
    link: Option<String>,
    refused: Option<String>,
    form: FormShown,
    rows: Vec<Row>,
}

impl Form for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", read::line(1..=MAX_NAME));
        let department = fields.optional("department", read::ruled(rules::filled(rules::name)));
        let language = fields.required("language", read::line(1..=16));
        Some(Self { name: name?, department, language: language? })
    }
}

/// What one of these pages has to tell besides.
#[derive(Default)]
struct Told {
    link: Option<String>,
    refused: Option<(Typed, Error)>,
    not_revoked: Option<Error>,
}

/// `GET /floor/walls`.
pub(super) async fn page(keeper: Keeper, desk: Desk) -> Result<Response> {
    list(&keeper, &desk, Told::default()).await
}

async fn list(keeper: &Keeper, desk: &Desk, told: Told) -> Result<Response> {
    let words = desk.words();
    let walls = walls::list(&desk.app, keeper).await?;
    let makers: Vec<i64> = walls.iter().map(|wall| wall.made_by).collect();
    let makers = users::by_ids(desk.app.db.read(), &makers).await?;
    let rows = walls.into_iter().map(|wall| Row {
        id: wall.id,
        by: makers.get(&wall.made_by).map(users::User::called).unwrap_or_default(),
        name: wall.name,
        department: wall.department.unwrap_or_else(|| words.w("walls.plant")),
        seen: wall.seen_at.map(|at| words.when(at, desk.now).html()),
    });
    let mut form = form(keeper, desk);
    let mut status = StatusCode::OK;
    if let Some((typed, error)) = &told.refused {
        status = problem::status(error.kind());
        form = form.refused(words, typed, error);
    }
    if let Some(error) = &told.not_revoked {
        status = problem::status(error.kind());
    }
    let title = words.w("walls.title");
    let list = List {
        page: desk.page(title.clone()),
        title,
        link: told.link,
        refused: told.not_revoked.map(|error| refusal(words, &error)),
        form,
        rows: rows.collect(),
    };
    Ok(shown(status, &list))
}

fn form(keeper: &Keeper, desk: &Desk) -> FormShown {
    let words = desk.words();
    let mut department = Field::new(words, "text", "department", 255);
    department = match &keeper.0.department {
        Some(own) if !keeper.0.is_admin() => department.value(own.clone()),
        _ if keeper.0.is_admin() => department.optional().hint(words.w("walls.department_hint")),
        _ => department,
    };
    FormShown::new("wall", HERE, words.w("walls.make"))
        .field(Field::new(words, "text", "name", MAX_NAME).hint(words.w("walls.name_hint")))
        .field(department)
        .field(Field::new(words, "select", "language", 16).value(words.language()).choices(words.languages()))
}

/// `POST /floor/walls`: shows the link this once.
pub(super) async fn make(keeper: Keeper, desk: Desk, here: Here, posted: Posted) -> Result<Response> {
    let making = async {
        posted.must_be_genuine()?;
        let new: New = posted.typed.read()?;
        if !desk.app.wording().languages().contains(&new.language.as_str()) {
            return Err(Error::field("language", "must be one of those that are offered"));
        }
        walls::make(&desk.app, &keeper, new).await
    };
    let told = match making.await {
        Ok((secret, _)) => Told { link: Some(format!("{}{ENTER}#{secret}", here.origin())), ..Told::default() },
        Err(error) => Told { refused: Some((posted.typed.clone(), error)), ..Told::default() },
    };
    let mut response = list(&keeper, &desk, told).await?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /floor/walls/{id}/revoke`.
pub(super) async fn revoke(
    keeper: Keeper,
    desk: Desk,
    Extension(live): Extension<Live>,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response> {
    let revoking = async {
        posted.must_be_genuine()?;
        walls::revoke(&desk.app, &keeper, id).await
    };
    match revoking.await {
        Ok(()) => {
            live.stir(); // its screen hears it at once, at this process
            Ok(redirect(&format!("{HERE}?done=wall_revoked")))
        }
        Err(error) if error.kind() == Kind::NotFound => Err(error),
        Err(error) => list(&keeper, &desk, Told { not_revoked: Some(error), ..Told::default() }).await,
    }
}
