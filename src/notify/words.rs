//! What a notice says: its words, filled in for one event and one person, as each medium shows them.
//!
//! A notice's file may speak of `recipient`, `client`, `actor`, `reference`, `title`, `description`, `project`,
//! `priority`, `category`, `status`, `department`, `deadline`, `comment` (what went with it, a reason included),
//! `company`, of the `order` (with its `product` and `customer`) or the `machine` (with its `machine_name` and `location`)
//! that it is about, and of the event's own fields, which win. Of those an instant, whose name ends in `_at`, comes as on
//! the plant's wall, and with `minutes_left` there is `time_left`, `5h 59m`. What is not there is empty.

use super::model::{Concerned, Happened};
use super::store::Person;
use super::store::facts::Facts;
use crate::app::App;
use crate::channels::{Medium, Template};
use crate::config::Templates;
use crate::delivery::store::Way;
use crate::kit::{Instant, sms};
use crate::sla::{format_instant, format_left};
use crate::tickets::Category;
use crate::wording::{Wording, plain, shortened};
use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A subject has at most so many characters.
pub const MAX_SUBJECT: usize = 250;
/// A text message has at most so many parts: each one is billed.
pub const MAX_SMS_PARTS: usize = 3;

/// What fills a template has at most so many characters each.
const MAX_TEMPLATE_VALUE: usize = 200;
/// What fills a template where there is nothing to say.
const EMPTY: &str = "–";

/// What is known by a code, and where its names stand.
const NAMES: [(&str, &str); 3] = [
    ("status", "chat.ticket.status"),
    ("category", "chat.raise_incident.category.options"),
    ("priority", "chat.ticket.priority"),
];

/// What the words of one event speak of.
pub(super) struct Words {
    values: Map<String, Value>,
    /// Whether the status is a ticket's; else it is the code of what the event is about.
    has_ticket_status: bool,
}

/// The words of one file, to be filled in for one person.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// Every word.
    pub wording: &'a Wording,
    /// In which language.
    pub language: &'a str,
    /// The words' file, `ticket.finished.desk`.
    pub file: &'a str,
    /// What the words speak of.
    pub vars: &'a Value,
}

impl Telling<'_> {
    /// In one line.
    pub fn subject(&self) -> String {
        shortened(&plain(&self.part("subject")), MAX_SUBJECT)
    }

    /// In full, as this medium shows it, in at most so many characters: plain at the desk and in a text message, in
    /// WhatsApp's markup elsewhere. An e-mail is never cut.
    pub fn body(&self, way: Way, max_chars: usize) -> String {
        match way {
            Way::Desk => plain(&shortened(&self.part("text"), max_chars)),
            Way::Carried(Medium::Whatsapp) => shortened(&self.part("text"), max_chars),
            Way::Carried(Medium::Email) => self.part("text"),
            Way::Carried(Medium::Sms) => sms::within(&self.short(), MAX_SMS_PARTS),
        }
    }

    /// What fills the approved template for these words, as it is stored; none where there is no template for them.
    pub fn template(&self, templates: &Templates) -> Option<String> {
        let known = templates.of(self.file, self.language)?;
        let variables = known.variables.iter().map(|name| self.filled_in(name)).collect();
        let template = Template { id: known.content_sid.clone(), named: known.named(), variables };
        serde_json::to_string(&template).ok()
    }

    /// A value as a template takes it: one line, never empty. Source: Twilio's error 21656.
    pub fn filled_in(&self, name: &str) -> String {
        let value = match &self.vars[name] {
            Value::String(text) if is_time(name) => self.wording.written(self.language, text),
            Value::String(text) => plain(text),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() { EMPTY.to_owned() } else { shortened(&line, MAX_TEMPLATE_VALUE) }
    }

    /// The words of a text message, however long: the file's own, else its text.
    pub fn short(&self) -> String {
        sms::folded(&plain(&self.part(if self.has_short() { "sms" } else { "text" })))
    }

    /// Whether the file has words of its own for text messages.
    pub fn has_short(&self) -> bool {
        let key = |part| format!("notice.{}.{part}", self.file);
        self.wording.are_together(self.language, &key("sms"), &key("text"))
    }

    fn part(&self, part: &str) -> String {
        self.wording.render(self.language, &format!("notice.{}.{part}", self.file), self.vars)
    }
}

impl Words {
    /// Gathers it.
    pub(super) fn of(
        app: &App,
        happened: &Happened<'_>,
        ticket: Option<&Concerned>,
        facts: Option<&Facts>,
        people: &HashMap<i64, Person>,
    ) -> Self {
        let name = |id: Option<i64>| id.and_then(|id| people.get(&id)).map(|person| person.name().to_owned());
        let mut words = facts.cloned().unwrap_or_default();
        let mut say = |what: &str, value: Value| {
            words.insert(what.to_owned(), value);
        };
        say("company", json!(app.settings.company));
        say("actor", json!(name(happened.actor_id)));
        if let Some(Concerned { row, .. }) = ticket {
            say("reference", json!(row.reference));
            say("title", json!(row.title));
            say("description", json!(row.description));
            say("client", json!(name(row.requester_id)));
            say("project", json!(row.project_name));
            say("category", json!(row.category.map(Category::as_str)));
            say("priority", json!(row.priority.as_str()));
            say("status", json!(row.status.as_str()));
            say("department", json!(row.department));
            let deadline = row.resolution_due_at.map(|at| format_instant(at, app.settings.timezone));
            say("deadline", json!(deadline));
        }
        for (field, value) in &happened.payload {
            say(field, readable(field, value, app.settings.timezone));
        }
        if let Some(minutes) = happened.payload.get("minutes_left").and_then(Value::as_i64) {
            say("time_left", json!(format_left(TimeDelta::minutes(minutes))));
        }
        let comment = ["comment", "reason", "notes"].iter().find_map(|field| happened.payload.get(*field));
        say("comment", comment.cloned().unwrap_or_default());
        let has_ticket_status = ticket.is_some() && !happened.payload.contains_key("status");
        Self { values: words, has_ticket_status }
    }

    /// The same with the person who is told, in their language.
    pub(super) fn for_person(&self, wording: &Wording, person: &Person) -> Value {
        let mut words = self.values.clone();
        words.insert("recipient".to_owned(), json!(person.name()));
        named(wording, &person.row.language, Value::Object(words), self.has_ticket_status)
    }
}

/// The same with a ticket's priority, category and, where it is a ticket's, status by their names in this language
/// instead of by their codes, `HIGH`. An order's status is left to the words.
pub fn named(wording: &Wording, language: &str, mut vars: Value, has_ticket_status: bool) -> Value {
    for (what, names) in NAMES {
        let key = vars[what].as_str().map(|code| format!("{names}.{code}"));
        let key = key.filter(|key| (what != "status" || has_ticket_status) && wording.has(language, key));
        if let Some(key) = key {
            vars[what] = json!(wording.render(language, &key, &Value::Null));
        }
    }
    vars
}

/// Whether the value with this name is an instant, a date or a duration.
fn is_time(name: &str) -> bool {
    name.ends_with("_at") || ["deadline", "due_on", "time_left"].contains(&name)
}

/// A field of the event's own as people read it.
fn readable(field: &str, value: &Value, tz: Tz) -> Value {
    let at = value.as_str().filter(|_| field.ends_with("_at")).and_then(|text| text.parse::<Instant>().ok());
    at.map_or_else(|| value.clone(), |at| json!(format_instant(at, tz)))
}
