//! What somebody may do to a ticket now, as forms; the same table of rules offers them and judges them.

use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::form::{Field, FormShown};
use crate::people::Role;
use crate::people::store::users::{self, Filter, Stretch};
use crate::tickets::life_cycle::{MAX_WORDS, allowed_actions};
use crate::tickets::reading::Shown;
use crate::tickets::{Verb, Viewer};

/// The most people that work is given to from one list.
const MOST_PEOPLE: u64 = 200;
/// The longest estimate.
const MAX_ESTIMATE: usize = 100;

/// The forms of what this person may do to this ticket as it is. Two statements where people are to be chosen from.
pub(super) async fn forms(desk: &Desk, viewer: &Viewer, shown: &Shown) -> Result<Vec<FormShown>> {
    let mut forms = Vec::new();
    for verb in allowed_actions(&shown.ticket(), viewer) {
        let people = if verb == Verb::Assign { support(desk).await? } else { Vec::new() };
        forms.push(form(desk, shown, verb, people));
    }
    Ok(forms)
}

fn form(desk: &Desk, shown: &Shown, verb: Verb, people: Vec<(String, String)>) -> FormShown {
    let (words, id) = (desk.words(), shown.row.id);
    let name = verb.as_str();
    let text = |field: &'static str| Field::new(words, "textarea", field, MAX_WORDS);
    let due = |field: &'static str| Field::new(words, "datetime-local", field, 32).optional();
    let form = FormShown::new(name, format!("/tickets/{id}/{name}"), words.w(format!("action.{name}.submit")))
        .title(words.w(format!("action.{name}.title")))
        .hidden("version", shown.row.version.to_string());
    let mut form = match verb {
        Verb::Open => form.field(text("admin_notes").optional()),
        Verb::Assign => {
            let has: Vec<String> = shown.holders.iter().map(|holder| holder.person_id.to_string()).collect();
            let estimate = shown.row.estimated_resolution_time.clone().unwrap_or_default();
            form.field(Field::new(words, "checks", "assigned_to", 0).value(has.join(",")).choices(people))
                .field(due("resolution_due_at"))
                .field(Field::new(words, "text", "estimated_resolution_time", MAX_ESTIMATE).optional().value(estimate))
        }
        Verb::SetSla => form.field(due("response_due_at")).field(due("resolution_due_at")),
        Verb::Hold | Verb::Cancel => form.field(text("reason")),
        Verb::Finish | Verb::Reject | Verb::Comment => form.field(text("comment")),
        Verb::Approve => form.field(text("comment").optional()),
        Verb::Start | Verb::Resume | Verb::Edit => form,
    };
    form.tone = match verb {
        Verb::Cancel | Verb::Reject => "danger",
        Verb::SetSla | Verb::Hold | Verb::Comment => "plain",
        _ => "main",
    };
    form.is_open = matches!(verb, Verb::Comment | Verb::Start | Verb::Resume);
    form
}

/// Those whom work can be given to, by id and name.
async fn support(desk: &Desk) -> Result<Vec<(String, String)>> {
    let filter = Filter { role: Some(Role::Support), is_active: Some(true), ..Filter::default() };
    let all = Stretch { from: None, is_rising: true, most: Some(MOST_PEOPLE) };
    let people = users::list(desk.app.db.read(), &desk.actor().sight(), &filter, all).await?;
    Ok(people.into_iter().map(|user| (user.id.to_string(), user.called())).collect())
}
