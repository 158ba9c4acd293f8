//! What somebody may do to a ticket now, as forms; the same table of rules offers them and judges them.

use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::form::{Field, FormShown};
use crate::pages::words::Words;
use crate::people::Role;
use crate::people::store::users::{self, Filter, Stretch};
use crate::tickets::incident::{MAX_DESCRIPTION, MAX_PROJECT, MAX_TITLE};
use crate::tickets::life_cycle::{MAX_WORDS, allowed_actions, check};
use crate::tickets::reading::Shown;
use crate::tickets::{Category, Kind, Priority, Verb, Viewer};

/// The most people that work is given to from one list.
const MOST_PEOPLE: u64 = 200;
/// The longest estimate.
const MAX_ESTIMATE: usize = 100;

/// The forms of what this person may do to this ticket as it is. Two statements where people are to be chosen from.
pub(in crate::pages) async fn forms(desk: &Desk, viewer: &Viewer, shown: &Shown) -> Result<Vec<FormShown>> {
    let mut forms = Vec::new();
    for verb in allowed_actions(&shown.ticket(), viewer) {
        let people = if verb == Verb::Assign { support(desk).await? } else { Vec::new() };
        forms.push(form(desk, shown, verb, people));
    }
    if check(&shown.ticket(), viewer, Verb::Edit).is_ok() {
        forms.push(form(desk, shown, Verb::Edit, Vec::new()));
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
        Verb::Edit => rewording(desk, shown, form),
        Verb::Start | Verb::Resume => form,
    };
    form.tone = match verb {
        Verb::Cancel | Verb::Reject => "danger",
        Verb::SetSla | Verb::Hold | Verb::Comment | Verb::Edit => "plain",
        _ => "main",
    };
    form.is_open = matches!(verb, Verb::Comment | Verb::Start | Verb::Resume);
    form
}

/// The fields of what a ticket says, as it says it. A failure's title is its procedure's; a project has an incident.
fn rewording(desk: &Desk, shown: &Shown, mut form: FormShown) -> FormShown {
    let (words, row) = (desk.words(), &shown.row);
    if row.kind != Kind::SopFailure {
        form = form.field(Field::new(words, "text", "title", MAX_TITLE).value(&row.title));
    }
    form = form.field(Field::new(words, "textarea", "description", MAX_DESCRIPTION).value(&row.description));
    if !row.kind.is_of_the_floor() {
        let project = row.project_name.clone().unwrap_or_default();
        form = form.field(Field::new(words, "text", "project_name", MAX_PROJECT).value(project));
        let category = row.category.map_or("", Category::as_str);
        form = form.field(Field::new(words, "select", "category", 16).value(category).choices(categories(words)));
    }
    let priority = Field::new(words, "select", "priority", 6).value(row.priority.as_str());
    form.field(priority.choices(priorities(words)))
}

/// Every priority with its word, the most important first.
pub(super) fn priorities(words: &Words) -> Vec<(String, String)> {
    let names = Priority::ALL.into_iter().rev().map(Priority::as_str);
    names.map(|name| (name.to_owned(), words.w(format!("priority.{name}")))).collect()
}

/// Every category with its word.
pub(super) fn categories(words: &Words) -> Vec<(String, String)> {
    let names = Category::ALL.into_iter().map(Category::as_str);
    names.map(|name| (name.to_owned(), words.w(format!("category.{name}")))).collect()
}

/// Those whom work can be given to, by id and name.
pub(super) async fn support(desk: &Desk) -> Result<Vec<(String, String)>> {
    let filter = Filter { role: Some(Role::Support), is_active: Some(true), ..Filter::default() };
    let all = Stretch { from: None, is_rising: true, most: Some(MOST_PEOPLE) };
    let people = users::list(desk.app.db.read(), &desk.actor().sight(), &filter, all).await?;
    Ok(people.into_iter().map(|user| (user.id.to_string(), user.called())).collect())
}
