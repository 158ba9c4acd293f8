//! Views of the list that somebody kept: made of what the list shows, called by another name, let go.

use super::list::{self, HERE};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::{Posted, Typed};
use crate::pages::words::Words;
use crate::tickets::api::views::{Change, New, OwnView};
use crate::tickets::views::{self, MAX_NAME, row};
use axum::extract::Path;
use axum::response::Response;

/// The forms beside the list: to keep what it shows; or, where that is kept, to call it otherwise and to let it go.
pub(super) fn forms(words: &Words, query: &str, view: Option<&row::Model>) -> Vec<FormShown> {
    let name = || Field::new(words, "text", "name", MAX_NAME);
    match view {
        None if query.is_empty() => Vec::new(),
        None => {
            let form = FormShown::new("view-keep", format!("{HERE}/views"), words.w("views.keep"));
            vec![form.hidden("query", query).field(name()).tone("plain")]
        }
        Some(view) => {
            let to = |what: &str| format!("{HERE}/views/{}/{what}", view.id);
            let rename = FormShown::new("view-rename", to("rename"), words.w("views.rename"));
            let delete = FormShown::new("view-delete", to("delete"), words.w("views.delete"));
            vec![rename.field(name().value(&view.name)).tone("plain"), delete.tone("danger")]
        }
    }
}

/// Where a view is.
pub(super) fn address(query: &str) -> String {
    if query.is_empty() { HERE.to_owned() } else { format!("{HERE}?{query}") }
}

fn done(query: &str, what: &str) -> Response {
    let and = if query.is_empty() { '?' } else { '&' };
    redirect(&format!("{}{and}done={what}", address(query)))
}

/// `POST /tickets/views`.
pub(in crate::pages) async fn keep(desk: Desk, posted: Posted) -> Result<Response> {
    let keeping = async {
        posted.must_be_genuine()?;
        let (new, person_id) = (posted.typed.read::<New>()?.view(), desk.actor().person_id);
        let db = desk.app.db.through(desk.actor().door);
        db.write_with(new, move |tx, new| Box::pin(views::keep(tx, person_id, new))).await
    };
    match keeping.await {
        Ok(view) => Ok(done(&view.query, "view_kept")),
        Err(error) => {
            let query = views::kept(posted.typed.get("query")).unwrap_or_default();
            list::page(&desk, &query, Some(("view-keep", &posted.typed, error))).await
        }
    }
}

/// `POST /tickets/views/{id}/rename`.
pub(in crate::pages) async fn rename(desk: Desk, own: OwnView, posted: Posted) -> Result<Response> {
    let (person_id, id) = (own.actor.person_id, own.view.id);
    let renaming = async {
        posted.must_be_genuine()?;
        posted.typed.must_not_be_blank(&["name"])?;
        let only_name = Typed::default().with("name", posted.typed.get("name").to_owned());
        let change: Change = only_name.read()?;
        let db = desk.app.db.through(desk.actor().door);
        let renaming =
            db.write_with(change, move |tx, change| Box::pin(views::change(tx, person_id, id, change.parts())));
        renaming.await
    };
    match renaming.await {
        Ok(view) => Ok(done(&view.query, "view_renamed")),
        Err(error) => list::page(&desk, &own.view.query, Some(("view-rename", &posted.typed, error))).await,
    }
}

/// `POST /tickets/views/{id}/delete`. What it showed is shown on.
pub(in crate::pages) async fn delete(desk: Desk, own: OwnView, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let (person_id, id) = (own.actor.person_id, own.view.id);
    let db = desk.app.db.through(desk.actor().door);
    db.write(move |tx| Box::pin(views::remove(tx, person_id, id))).await?;
    Ok(done(&own.view.query, &format!("view_deleted&undo={id}")))
}

/// `POST /tickets/views/{id}/restore`.
pub(in crate::pages) async fn restore(desk: Desk, Path(id): Path<i64>, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let person_id = desk.actor().person_id;
    let db = desk.app.db.through(desk.actor().door);
    let view = db.write(move |tx| Box::pin(views::put_back(tx, person_id, id))).await?;
    Ok(done(&view.query, "put_back"))
}
