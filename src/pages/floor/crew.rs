//! People to choose from, where a shift or a plan is somebody's.

use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::people::store::records::names_of;
use crate::people::store::users::{self, Filter, Stretch};

/// The most people to choose from.
const MOST: u64 = 300;

/// Those who are active and whom the reader may see, by id and name; besides them those of `chosen`, so that nobody is lost
/// whom somebody else chose. At most three statements.
pub(super) async fn choices(desk: &Desk, chosen: &[i64]) -> Result<Vec<(String, String)>> {
    let filter = Filter { is_active: Some(true), ..Filter::default() };
    let all = Stretch { from: None, is_rising: true, most: Some(MOST) };
    let found = users::list(desk.app.db.read(), &desk.actor().sight(), &filter, all).await?;
    let words = desk.words();
    let mut people: Vec<(String, String)> = found
        .into_iter()
        .map(|user| {
            let what = user.department.clone().unwrap_or_else(|| words.w(format!("role.{}", user.role.as_str())));
            (user.id.to_string(), format!("{} · {what}", user.called()))
        })
        .collect();
    let missing: Vec<i64> =
        chosen.iter().copied().filter(|id| people.iter().all(|(known, _)| *known != id.to_string())).collect();
    if !missing.is_empty() {
        let names = names_of(desk.app.db.read(), &missing).await?;
        people.extend(missing.iter().map(|id| (id.to_string(), names.get(id).cloned().unwrap_or_default())));
    }
    Ok(people)
}
