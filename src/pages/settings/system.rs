//! The system: which version on which database, how much room there is, and what an admin can have it do.

use super::running::{Queue, Ran, jobs, queues};
use crate::app::App;
use crate::bus::Poke;
use crate::chores::{self, Kind};
use crate::db;
use crate::kit::error::Kind as Wrong;
use crate::kit::{Error, Result, process};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::form::refusal;
use crate::pages::posted::Posted;
use crate::people::Administrator;
use crate::web::problem;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// What one check found, as the doctor writes it.
#[derive(Deserialize)]
struct Finding {
    area: String,
    level: String,
    says: String,
    mend: Option<String>,
}

/// A backup that was taken.
#[derive(Deserialize)]
struct Taken {
    file: String,
    bytes: u64,
}

/// Something that was asked for, as it stands.
struct Chore {
    when: String,
    is_under_way: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "system.html")]
struct System {
    page: Page,
    title: String,
    version: &'static str,
    database: &'static str,
    size: Option<String>,
    free: Option<String>,
    examined: Option<Chore>,
    findings: Vec<Finding>,
    backed_up: Option<Chore>,
    taken: Option<(String, String)>,
    queues: Vec<Queue>,
    jobs: Vec<Ran>,
    refused: Option<String>,
}

/// `GET /settings/system`.
pub(super) async fn page(desk: Desk, _: Administrator) -> Result<Response> {
    system(&desk, None).await
}

async fn system(desk: &Desk, refused: Option<Error>) -> Result<Response> {
    let (words, conn) = (desk.words(), desk.app.db.read());
    let examined = chores::latest(conn, Kind::Examine).await?;
    let backed_up = chores::latest(conn, Kind::BackUp).await?;
    let outcome = |chore: &Option<chores::row::Model>| chore.as_ref().and_then(|chore| chore.outcome.clone());
    let findings = outcome(&examined).and_then(|found| serde_json::from_str(&found).ok()).unwrap_or_default();
    let taken: Option<Taken> = outcome(&backed_up).and_then(|taken| serde_json::from_str(&taken).ok());
    let (size, free) = room(&desk.app).await?;
    let chore = |chore: Option<chores::row::Model>| {
        chore.map(|chore| Chore {
            when: words.when(chore.ended_at.unwrap_or(chore.asked_at), desk.now).html(),
            is_under_way: chore.ended_at.is_none(),
            problem: chore.problem,
        })
    };
    let title = words.w("settings.system");
    let page = System {
        page: desk.page(title.clone()),
        title,
        version: env!("CARGO_PKG_VERSION"),
        database: desk.app.db.name(),
        size: size.map(|bytes| megabytes(desk, bytes)),
        free: free.map(|bytes| megabytes(desk, bytes)),
        examined: chore(examined),
        findings,
        backed_up: chore(backed_up),
        taken: taken.map(|taken| (taken.file, megabytes(desk, taken.bytes))),
        queues: queues(desk).await?,
        jobs: jobs(desk),
        refused: refused.as_ref().map(|error| refusal(words, error)),
    };
    Ok(shown(refused.map_or(StatusCode::OK, |error| problem::status(error.kind())), &page))
}

/// How large the database's file is, where it is one, and how much room its disk has. Asked on a thread that may wait.
async fn room(app: &App) -> Result<(Option<u64>, Option<u64>)> {
    let (folder, file) = (app.settings.data_dir.clone(), db::sqlite_file(&app.settings.database_url()));
    let asking = tokio::task::spawn_blocking(move || {
        let size = file.and_then(|file| std::fs::metadata(file).ok()).map(|data| data.len());
        (size, process::free_bytes(&folder))
    });
    asking.await.map_err(Error::internal)
}

fn megabytes(desk: &Desk, bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / 1_000_000;
    desk.words().number(&format!("{}.{}", tenths / 10, tenths % 10))
}

/// `POST /settings/system/{chore}`.
pub(super) async fn ask(
    desk: Desk,
    Administrator(admin): Administrator,
    Path(chore): Path<String>,
    posted: Posted,
) -> Result<Response> {
    let kind = match chore.as_str() {
        "examine" => Kind::Examine,
        "back-up" => Kind::BackUp,
        _ => return Err(Error::not_found("There is no such action.")),
    };
    posted.must_be_genuine()?;
    let db = desk.app.db.through(admin.door);
    let asked = db.write(move |tx| Box::pin(chores::ask(tx, kind, admin.person_id))).await;
    match asked {
        Ok(()) => {
            desk.app.bus.poke(Poke::Chores);
            Ok(redirect("/settings/system?done=asked"))
        }
        Err(error) if error.kind() == Wrong::Conflict => system(&desk, Some(error)).await,
        Err(error) => Err(error),
    }
}
