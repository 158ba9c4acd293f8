//! What a notice says: its words, filled in for one event and one person.
//!
//! A notice's file may speak of `recipient`, `client`, `actor`, `reference`, `title`, `description`, `project`,
//! `priority`, `category`, `status`, `department`, `deadline`, `comment` (what went with it, a reason included),
//! `company`, and of the event's own fields. What is not there is empty.

use super::model::{Concerned, Happened};
use super::store::Person;
use crate::app::App;
use crate::sla::format_instant;
use crate::tickets::Category;
use crate::wording::{plain, shortened};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A subject has at most so many characters.
const MAX_SUBJECT: usize = 250;

/// What the words of one event speak of.
pub(super) struct Words(Map<String, Value>);

impl Words {
    /// Gathers it.
    pub(super) fn of(
        app: &App,
        happened: &Happened<'_>,
        ticket: Option<&Concerned>,
        people: &HashMap<i64, Person>,
    ) -> Self {
        let name = |id: Option<i64>| id.and_then(|id| people.get(&id)).map(|person| person.name().to_owned());
        let mut words = happened.payload.clone();
        let mut say = |what: &str, value: Value| {
            words.insert(what.to_owned(), value);
        };
        let comment = ["comment", "reason", "notes"].iter().find_map(|field| happened.payload.get(*field));
        say("comment", comment.cloned().unwrap_or_default());
        say("company", json!(app.settings.company));
        say("actor", json!(name(happened.actor_id)));
        if let Some(Concerned { row, .. }) = ticket {
            say("reference", json!(row.reference));
            say("title", json!(row.title));
            say("description", json!(row.description));
            say("client", json!(name(row.requester_id)));
            say("project", json!(row.project_name));
            say("category", json!(row.category.map(Category::display)));
            say("priority", json!(row.priority.display()));
            say("status", json!(row.status.display()));
            say("department", json!(row.department));
            let deadline = row.resolution_due_at.map(|at| format_instant(at, app.settings.timezone));
            say("deadline", json!(deadline));
        }
        Self(words)
    }

    /// The subject and the text of this file, for this person.
    pub(super) fn to(&self, app: &App, person: &Person, file: &str) -> (String, String) {
        let mut words = self.0.clone();
        words.insert("recipient".to_owned(), json!(person.name()));
        let words = Value::Object(words);
        let render = |part| app.wording.render(&person.row.language, &format!("notice.{file}.{part}"), &words);
        let subject = shortened(&plain(&render("subject")), MAX_SUBJECT);
        (subject, shortened(&render("text"), app.max_chars()))
    }
}
