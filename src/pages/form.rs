//! Forms: how they are shown, with what was typed and what is wrong with it.

use super::posted::Typed;
use super::told_in::Said;
use super::words::Words;
use crate::boms::review::Refusal as OfBoms;
use crate::delivery::again::Refusal as OfSending;
use crate::kit::Error;
use crate::kit::error::Kind;
use crate::orders::desk::Refusal as OfOrders;
use crate::people::model::Refusal as OfPeople;
use crate::tickets::Refusal as OfTickets;
use crate::web::problem;
use axum::http::StatusCode;
use serde_json::json;
use std::error::Error as _;

/// Beginnings of what rules say of a field, and the words for it. A text that is none of these is shown as it is.
const SAID: [(&str, &str); 30] = [
    ("is no latitude", "wrong.degrees"),
    ("is no longitude", "wrong.degrees"),
    ("is not a whole number", "wrong.whole"),
    ("is empty; ", "wrong.missing"),
    ("is not a date", "wrong.day"),
    ("is before the order begins", "wrong.due_before_start"),
    ("is missing", "wrong.missing"),
    ("must not be empty", "wrong.missing"),
    ("is somebody else's already", "wrong.taken"),
    ("belongs to ", "wrong.taken"),
    ("must be one line", "wrong.line"),
    ("must be one of", "wrong.choice"),
    ("must be one or more of", "wrong.choice"),
    ("must be an instant", "wrong.instant"),
    ("is among the first", "wrong.common"),
    ("must not be the username", "wrong.own_name"),
    ("is not the one that was sent", "wrong.code"),
    ("is not right, or was used", "wrong.code"),
    ("is not the same as password", "wrong.twice"),
    ("may hold letters", "wrong.username"),
    ("is empty", "wrong.empty_file"),
    ("is of a type", "wrong.file_type"),
    ("must be a number or a list", "wrong.missing"),
    ("must be true or false", "wrong.choice"),
    ("Please name at least one", "wrong.missing"),
    ("Tickets are assigned to active", "form.not_support"),
    ("must be the number of one", "wrong.choice"),
    ("must be an e-mail address", "wrong.email"),
    ("must not hold a NUL", "wrong.line"),
    ("must be tickets of the list", "bulk.none"),
];

/// The same of the plant's records.
const SAID_OF_RECORDS: [(&str, &str); 13] = [
    ("is not a number", "wrong.figure"),
    ("can be read in two ways", "wrong.figure"),
    ("has more than six decimals", "wrong.figure"),
    ("is out of range", "wrong.figure"),
    ("is not more than 0", "wrong.more_than_nothing"),
    ("A quantity must be more", "wrong.more_than_nothing"),
    ("is less than 0", "wrong.figure"),
    ("is not a date", "wrong.day"),
    ("is not a point in time", "wrong.instant"),
    ("is in the future", "wrong.future"),
    ("has more than", "wrong.too_long"),
    ("holds a character", "wrong.line"),
    ("is nobody", "wrong.nobody"),
];

/// The same of what Andon goes by.
const SAID_OF_SETTINGS: [(&str, &str); 14] = [
    ("is no web address", "wrong.web_address"),
    ("must begin with https", "wrong.reachable"),
    ("leads to ", "wrong.reachable"),
    ("must not hold a user name", "wrong.no_login"),
    ("must not hold a fragment", "wrong.no_fragment"),
    ("are no hours", "wrong.hours"),
    ("begin and end at the same time", "wrong.all_day"),
    ("is no sum of money", "wrong.sum"),
    ("names no currency", "wrong.sum"),
    ("is no number; write it like", "wrong.sum"),
    ("is nothing; ", "wrong.more_than_nothing"),
    ("is needed where it is to hold", "wrong.sum_needed"),
    ("is shorter than that of a higher", "wrong.reversed"),
    ("is after the solution", "wrong.after_solution"),
];

/// Why something is not done in a conversation: members of the refusal, each with words of its own.
const OF_CONVERSATIONS: [&str; 8] = ["taken", "shut", "open", "bot", "opted_out", "moved", "signs_in", "has_role"];

/// One of several values of a field.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// A field of a form.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Unlike any other on the page.
    pub(super) id: String,
    pub(super) label: String,
    /// `text`, `password`, `email`, `tel`, `url`, `time`, `datetime-local`, `file`, `textarea`, `date`, `number`, `select` or `checks`.
    pub(super) kind: &'static str,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) hint: Option<String>,
    pub(super) error: Option<String>,
    pub(super) is_required: bool,
    /// What a browser may fill in; empty where it decides itself.
    pub(super) autocomplete: &'static str,
    pub(super) most: usize,
}

impl Field {
    /// A field that is called by the words of `field.<name>`.
    pub(super) fn new(words: &Words, kind: &'static str, name: &'static str, most: usize) -> Self {
        Self {
            name,
            id: name.to_owned(),
            label: words.w(format!("field.{name}")),
            kind,
            value: String::new(),
            choices: Vec::new(),
            hint: None,
            error: None,
            is_required: true,
            autocomplete: "",
            most,
        }
    }

    pub(super) fn optional(self) -> Self {
        Self { is_required: false, ..self }
    }

    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    pub(super) fn called(self, label: String) -> Self {
        Self { label, ..self }
    }

    pub(super) fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// With these to choose from: value and label.
    pub(super) fn choices(self, all: impl IntoIterator<Item = (String, String)>) -> Self {
        let chosen = self.value.clone();
        let choices = all.into_iter().map(|(value, label)| {
            let is_chosen = value == chosen || chosen.split(',').any(|one| one == value);
            Choice { value, label, is_chosen }
        });
        Self { choices: choices.collect(), ..self }
    }
}

/// What became of a refusal among a page's forms.
pub(super) struct Outcome {
    /// The page's.
    pub(super) status: StatusCode,
    /// The refusal, where no form is there to show it.
    pub(super) why: Option<String>,
    /// What was written at length, where no form is there to keep it.
    pub(super) kept: Option<String>,
}

/// Shows a refusal in the one of these forms that it is of: what was typed, and what is wrong with it.
pub(super) fn refuse(words: &Words, forms: &mut [FormShown], refused: Option<(&str, &Typed, Error)>) -> Outcome {
    let Some((name, typed, error)) = refused else { return Outcome { status: StatusCode::OK, why: None, kept: None } };
    let status = problem::status(error.kind());
    if let Some(form) = forms.iter_mut().find(|form| form.id == name) {
        form.refuse(words, typed, &error);
        return Outcome { status, why: None, kept: None };
    }
    let at_length = ["comment", "reason", "admin_notes"].map(|name| typed.get(name));
    let written = at_length.into_iter().find(|text| !text.is_empty());
    Outcome { status, why: Some(refusal(words, &error)), kept: written.map(str::to_owned) }
}

/// A form as it is shown.
pub(super) struct FormShown {
    /// Unlike any other on the page.
    pub(super) id: &'static str,
    pub(super) action: String,
    pub(super) title: Option<String>,
    pub(super) intro: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) submit: String,
    /// `main`, `plain` or `danger`.
    pub(super) tone: &'static str,
    pub(super) error: Option<String>,
    pub(super) is_multipart: bool,
    /// Whether it is there at once, and not behind its title.
    pub(super) is_open: bool,
}

impl FormShown {
    pub(super) fn new(id: &'static str, action: impl Into<String>, submit: String) -> Self {
        Self {
            id,
            action: action.into(),
            title: None,
            intro: None,
            fields: Vec::new(),
            hidden: Vec::new(),
            submit,
            tone: "main",
            error: None,
            is_multipart: false,
            is_open: true,
        }
    }

    pub(super) fn title(self, title: String) -> Self {
        Self { title: Some(title), ..self }
    }

    pub(super) fn intro(self, intro: String) -> Self {
        Self { intro: Some(intro), ..self }
    }

    pub(super) fn tone(self, tone: &'static str) -> Self {
        Self { tone, ..self }
    }

    pub(super) fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    pub(super) fn field(mut self, mut field: Field) -> Self {
        field.id = format!("{}-{}", self.id, field.name);
        self.fields.push(field);
        self
    }

    /// The same after it was sent and refused: with what was typed, and what is wrong where it is wrong.
    pub(super) fn refused(mut self, words: &Words, typed: &Typed, error: &Error) -> Self {
        self.refuse(words, typed, error);
        self
    }

    fn refuse(&mut self, words: &Words, typed: &Typed, error: &Error) {
        let wrong = error.details().map(|details| details.fields.clone()).unwrap_or_default();
        let (mut is_told, left_alone) = (false, self.recall(typed));
        for field in &mut self.fields {
            let value = typed.all(field.name);
            if !["password", "file"].contains(&field.kind) && !left_alone.iter().any(|name| name == field.name) {
                field.value = value;
                let chosen = field.value.clone();
                for choice in &mut field.choices {
                    choice.is_chosen = chosen.split(',').any(|one| one == choice.value);
                }
            }
            if let Some(why) = wrong.get(field.name) {
                field.error = Some(why.iter().map(|why| said(words, why)).collect::<Vec<_>>().join(" "));
                is_told = true;
            }
        }
        if !is_told {
            self.error = Some(refusal(words, error));
        }
        self.is_open = true;
    }
}

/// What a rule says of a field, in a person's language.
fn said(words: &Words, why: &str) -> String {
    if let Some(rest) = why.strip_prefix("must have ") {
        let numbers: Vec<&str> = rest.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        if let [least, most, ..] = numbers.as_slice() {
            return words.fill("wrong.length", &json!({ "least": least, "most": most }));
        }
    }
    if let Some(rest) = why.strip_prefix("must be a whole number from ")
        && let Some((least, most)) = rest.split_once(" to ")
    {
        return words.fill("wrong.number_between", &json!({ "least": least, "most": most }));
    }
    if why.contains(" is no machine") {
        return words.w("wrong.machine");
    }
    if why.contains(" is nobody who is active") {
        return words.w("wrong.nobody");
    }
    if why.contains("not a phone number") || why.contains("no valid number") {
        return words.w("wrong.number");
    }
    let known = SAID.iter().chain(&SAID_OF_RECORDS).chain(&SAID_OF_SETTINGS).find(|(start, _)| why.starts_with(start));
    known.map_or_else(|| words.fill("wrong.other", &json!({ "why": why })), |(_, key)| words.w(key))
}

/// What a rule says of a line of a file: in a person's language where there are words for it, else as it is.
pub(super) fn told(words: &Words, why: &str) -> Said {
    let is_known = SAID.iter().any(|(start, _)| why.starts_with(start)) || why.contains("not a phone number");
    if words.is_english() || !is_known {
        return Said { text: why.to_owned(), is_foreign: !words.is_english() };
    }
    Said { text: said(words, why), is_foreign: false }
}

/// What a rule refuses, in a person's language, where it is one that pages know.
fn rule(words: &Words, error: &Error) -> Option<String> {
    let source = error.source()?;
    let key = if let Some(refusal) = source.downcast_ref::<OfTickets>() {
        match refusal {
            OfTickets::WrongStatus { status, .. } => {
                let status = words.w(format!("status.{}", status.as_str()));
                return Some(words.fill("form.wrong_status", &json!({ "status": status })));
            }
            OfTickets::WordsMissing(_) | OfTickets::NobodyNamed => "wrong.missing",
            OfTickets::NothingToSet => "form.nothing_to_set",
            OfTickets::DeadlineOutOfReach => "form.out_of_reach",
            OfTickets::NotSupport(_) => "form.not_support",
            OfTickets::NotFound => "refusal.404.says",
            _ => return None,
        }
    } else if let Some(refusal) = source.downcast_ref::<OfOrders>() {
        match refusal {
            OfOrders::Taken(_) => "order.refused.taken",
            OfOrders::Cancelled(_) => "order.refused.cancelled",
            OfOrders::HeldAlready(..) => "order.refused.held_already",
            OfOrders::NotHeld(_) => "order.refused.not_held",
            OfOrders::HeldByTickets(..) => "order.refused.by_tickets",
            OfOrders::StatusUnknown(_) => "order.came_on_hold",
        }
    } else if let Some(refusal) = source.downcast_ref::<OfPeople>() {
        match refusal {
            OfPeople::LastAdmin { .. } => "form.last_admin",
            OfPeople::Oneself(_) => "form.oneself",
            OfPeople::AdminsOnly(_) => "form.forbidden",
        }
    } else if let Some(refusal) = source.downcast_ref::<OfBoms>() {
        return Some(of_boms(words, refusal));
    } else {
        match source.downcast_ref::<OfSending>()? {
            OfSending::Arrived => "again.arrived",
            OfSending::Waits | OfSending::IsSent | OfSending::InDoubt | OfSending::WithProvider => "again.under_way",
            OfSending::AtTheDesk | OfSending::Gathered | OfSending::Over => "again.nothing",
            OfSending::OptedOut => "again.opted_out",
            OfSending::Inactive => "again.inactive",
            OfSending::Emptied => "again.emptied",
        }
    };
    Some(words.w(key))
}

/// Why a revision of a BOM cannot be decided like this.
fn of_boms(words: &Words, refusal: &OfBoms) -> String {
    match refusal {
        OfBoms::Unknown => words.w("refusal.404.says"),
        OfBoms::Decided(number, status) => {
            let status = words.w(format!("boms.status.{status}"));
            words.fill("boms.refused.decided", &json!({ "number": number, "status": status }))
        }
        OfBoms::Overtaken { this, later } => {
            words.fill("boms.refused.overtaken", &json!({ "number": this, "later": later }))
        }
        OfBoms::NoLongerFits(_) => words.w("boms.refused.no_longer_fits"),
    }
}

/// A refusal of a form as a whole.
pub(super) fn refusal(words: &Words, error: &Error) -> String {
    let member = |name: &str| error.details().is_some_and(|details| details.members.contains_key(name));
    if let Some(why) = OF_CONVERSATIONS.into_iter().find(|why| member(why)) {
        return words.w(format!("inbox.refused.{why}"));
    }
    let key = match error.kind() {
        Kind::Forbidden if member("stale") => "form.stale",
        Kind::Unauthorized if member("code") => "form.wrong_code",
        Kind::Unauthorized => "form.no_account",
        Kind::Conflict if member("escalated") => "sop.refused",
        Kind::Outdated => "form.outdated",
        Kind::TooMany => "form.too_many",
        Kind::TooLarge => "form.too_large",
        Kind::Unavailable => "form.unavailable",
        Kind::Internal | Kind::Setting => "form.internal",
        _ if words.is_english() => return error.public().to_owned(),
        kind => {
            let usual = match kind {
                Kind::Conflict => "form.conflict",
                Kind::Forbidden => "form.forbidden",
                _ => "form.wrong",
            };
            return rule(words, error).unwrap_or_else(|| words.w(usual));
        }
    };
    words.w(key)
}
