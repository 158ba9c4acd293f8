//! Doing something to a ticket: the API's rules and use case, and the page again where it is refused.

use super::show;
use crate::kit::{Error, Instant, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::posted::{Posted, Typed};
use crate::tickets::api::forms::{
    AddComment, Approve, Assign, Cancel, Change, Doing, FinishWork, Hold, OpenTicket, Reject, Resume, SetSla, StartWork,
};
use crate::tickets::extract::Visible;
use crate::tickets::{Action, Follower, Key, Verb, act as act_on, edit as reword, life_cycle, reading};
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use chrono::{NaiveDateTime, SecondsFormat, TimeZone as _, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// What else follows from a change.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Followers(pub(in crate::pages) &'static [Follower]);

/// Fields with an instant on the plant's wall.
const INSTANTS: [&str; 2] = ["response_due_at", "resolution_due_at"];

/// `POST /tickets/{id}/{action}`.
pub(in crate::pages) async fn act(
    desk: Desk,
    seen: Visible,
    Path(path): Path<BTreeMap<String, String>>,
    Extension(followers): Extension<Followers>,
    posted: Posted,
) -> Result<Response> {
    let verb = path.get("action").and_then(|name| Verb::named(name));
    let verb = verb.ok_or_else(|| Error::not_found("There is no such action."))?;
    let id = seen.shown.row.id;
    match do_to(&desk, &seen, verb, &posted, followers).await {
        Ok(()) => Ok(redirect(&format!("/tickets/{id}?done={}", verb.as_str()))),
        Err(error) => {
            let now = reading::one(desk.app.db.read(), id).await?.unwrap_or(seen.shown);
            show::refused(&desk, now, verb.as_str(), &posted.typed, error).await
        }
    }
}

/// Does this to a ticket, with what was typed, by the rules of the API.
pub(in crate::pages) async fn do_to(
    desk: &Desk,
    seen: &Visible,
    verb: Verb,
    posted: &Posted,
    followers: Followers,
) -> Result<()> {
    posted.must_be_genuine()?;
    life_cycle::check(&seen.ticket, &seen.viewer, verb)?;
    let (action, version) = read(verb, &in_utc(posted.typed.clone(), &INSTANTS, desk.app.settings.timezone))?;
    let (viewer, id) = (seen.viewer.clone(), seen.shown.row.id);
    let db = desk.app.db.through(seen.door);
    let acting = db.write_with((viewer, action), move |tx, (viewer, action)| {
        Box::pin(act_on(tx, viewer, Key::Id(id), action, version, followers.0))
    });
    acting.await.map(drop)
}

/// `POST /tickets/{id}/edit`: what it says.
pub(in crate::pages) async fn edit(desk: Desk, seen: Visible, posted: Posted) -> Result<Response> {
    let id = seen.shown.row.id;
    let editing = async {
        posted.must_be_genuine()?;
        life_cycle::check(&seen.ticket, &seen.viewer, Verb::Edit)?;
        posted.typed.must_not_be_blank(&["title", "description", "project_name"])?;
        let change: Change = posted.typed.read()?;
        let version = change.version;
        let db = desk.app.db.through(seen.door);
        let wish = (seen.viewer.clone(), change.edit(), desk.app.rules().policies);
        let editing = db.write_with(wish, move |tx, (viewer, change, policies)| {
            Box::pin(reword(tx, viewer, Key::Id(id), (change, policies), version))
        });
        editing.await
    };
    match editing.await {
        Ok(_) => Ok(redirect(&format!("/tickets/{id}?done=edit"))),
        Err(error) => {
            let now = reading::one(desk.app.db.read(), id).await?.unwrap_or(seen.shown);
            show::refused(&desk, now, Verb::Edit.as_str(), &posted.typed, error).await
        }
    }
}

/// What was typed, read by the API's rule for this action.
fn read(verb: Verb, typed: &Typed) -> Result<(Action, Option<i32>)> {
    fn of<T: Doing>(typed: &Typed) -> Result<(Action, Option<i32>)> {
        Ok(typed.read::<T>()?.doing())
    }
    match verb {
        Verb::Open => of::<OpenTicket>(typed),
        Verb::Assign => of::<Assign>(typed),
        Verb::SetSla => of::<SetSla>(typed),
        Verb::Start => of::<StartWork>(typed),
        Verb::Hold => of::<Hold>(typed),
        Verb::Resume => of::<Resume>(typed),
        Verb::Finish => of::<FinishWork>(typed),
        Verb::Approve => of::<Approve>(typed),
        Verb::Reject => of::<Reject>(typed),
        Verb::Cancel => of::<Cancel>(typed),
        Verb::Comment => of::<AddComment>(typed),
        Verb::Edit => Err(Error::not_found("There is no such action.")),
    }
}

/// The same with instants as the API reads them. A browser sends what stands on the wall, without a zone.
pub(in crate::pages) fn in_utc(typed: Typed, names: &[&str], zone: Tz) -> Typed {
    names.iter().fold(typed, |typed, name| match on_the_wall(typed.get(name), zone) {
        Some(at) => typed.with(name, at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        None => typed,
    })
}

fn on_the_wall(text: &str, zone: Tz) -> Option<Instant> {
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    // Of an hour that is there twice the first; one that is left out is none.
    zone.from_local_datetime(&naive).earliest().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_on_the_wall_is_read_in_the_plants_zone() {
        let at = |text: &str| on_the_wall(text, Tz::Europe__Madrid).map(|at| at.to_rfc3339());
        assert_eq!(at("2026-01-20T14:30").as_deref(), Some("2026-01-20T13:30:00+00:00"));
        assert_eq!(at("2026-07-20T14:30:15").as_deref(), Some("2026-07-20T12:30:15+00:00"));
        for text in ["", "tomorrow", "2026-01-20", "2026-03-29T02:30"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
