//! A wall: one page for a screen that nobody touches, let in by a link of its own.
//!
//! The link's secret stands behind the `#` of its address, so it is in no request line, no log and no `Referer`; the page
//! that the link opens sends it in a form, and gets a cookie that goes to `/wall` and nowhere else. By it one sees this
//! wall; whoever is signed in beside it is somebody else here.

mod board;
mod live;

use super::desk::{Hall, visitor};
use super::dress::{Page, redirect, shown};
use super::form::{Field, FormShown};
use super::posted::Posted;
use super::words::Words;
use super::{assets, session};
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::walls;
use crate::web::problem;
use askama::Template;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;

/// Where a wall is, and where its link leads.
pub(super) const HERE: &str = "/wall";
pub(super) const ENTER: &str = "/wall/enter";

/// The pages of walls.
pub(super) fn routes() -> Router<App> {
    Router::new().route(HERE, get(page)).route(ENTER, get(door).post(enter)).route("/wall/live", get(live::line))
}

/// A screen with a link that holds.
struct Screen {
    app: App,
    wall: walls::row::Model,
    /// The link's secret, to be kept by the screen for longer.
    secret: String,
    words: Words,
}

impl FromRequestParts<App> for Screen {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        visitor(parts)?;
        let secret = session::wall(app, &parts.headers).unwrap_or_default().to_owned();
        let wall = walls::by_secret(app, &secret).await?;
        let wall = wall.ok_or_else(|| Error::new(Kind::Unauthorized, "This screen has no link that holds."))?;
        let words = Words::new(app, &wall.language);
        Ok(Self { app: app.clone(), wall, secret, words })
    }
}

#[derive(Template)]
#[template(path = "wall.html")]
struct Wall {
    words: Words,
    name: String,
    department: String,
    company: String,
    /// The board, as HTML.
    board: String,
    /// When that was so.
    at: String,
    stylesheet: String,
    script: String,
}

#[derive(Template)]
#[template(path = "wall_door.html")]
struct Door {
    page: Page,
    title: String,
    says: String,
    form: FormShown,
    script: String,
}

/// `GET /wall`.
async fn page(hall: Hall, screen: Result<Screen>) -> Result<Response> {
    let screen = match screen {
        Ok(screen) => screen,
        Err(error) if error.kind() == Kind::Unauthorized => {
            return Ok(shown(StatusCode::UNAUTHORIZED, &at_the_door(&hall, "wall.shut")));
        }
        Err(error) => return Err(error),
    };
    walls::seen(&screen.app, &screen.wall).await?;
    let now = screen.app.clock.now();
    let board = board::drawn(&screen.app, &screen.words, &screen.wall, now).await?;
    let wall = Wall {
        name: screen.wall.name.clone(),
        department: screen.wall.department.clone().unwrap_or_else(|| screen.words.w("walls.plant")),
        company: screen.app.settings.company.clone(),
        board,
        at: board::clock(&screen.app, now),
        stylesheet: assets::address("wall.css"),
        script: assets::address("wall.js"),
        words: screen.words,
    };
    let mut response = shown(StatusCode::OK, &wall);
    session::let_in(&screen.app, &mut response, &screen.secret);
    Ok(response)
}

fn at_the_door(hall: &Hall, says: &'static str) -> Door {
    let words = hall.words();
    let field = Field::new(words, "password", "secret", 100).called(words.w("wall.secret")).autocomplete("off");
    let form = FormShown::new("wall-enter", ENTER, words.w("wall.enter")).field(field);
    let title = words.w("wall.title");
    let says = words.w(says);
    Door { page: hall.page(title.clone()), title, says, form, script: assets::address("wall.js") }
}

/// `GET /wall/enter`: where the link leads; the page's script sends what stands behind its `#`.
async fn door(hall: Hall) -> Response {
    shown(StatusCode::OK, &at_the_door(&hall, "wall.door"))
}

/// `POST /wall/enter`.
async fn enter(hall: Hall, posted: Posted) -> Result<Response> {
    let secret = posted.typed.get("secret").trim().to_owned();
    let entering = async {
        posted.must_be_genuine()?;
        // A whole link may have been pasted.
        let secret = secret.rsplit_once('#').map_or(secret.as_str(), |(_, secret)| secret);
        let wall = walls::by_secret(&hall.app, secret).await?;
        let wall = wall.ok_or_else(|| Error::field("secret", "holds no more"))?;
        Ok::<_, Error>((secret.to_owned(), wall))
    };
    match entering.await {
        Ok((secret, _)) => {
            let mut response = redirect(HERE);
            session::let_in(&hall.app, &mut response, &secret);
            Ok(response)
        }
        Err(error) => {
            let mut door = at_the_door(&hall, "wall.door");
            let is_known = error.details().is_some_and(|details| details.fields.contains_key("secret"));
            door.form = door.form.refused(hall.words(), &posted.typed, &error);
            if is_known {
                for field in &mut door.form.fields {
                    field.error = Some(hall.words().w("wall.shut"));
                }
            }
            Ok(shown(problem::status(error.kind()), &door))
        }
    }
}
