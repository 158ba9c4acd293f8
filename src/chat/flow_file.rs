//! Reading one flow file: its form, key by key, with the line of everything for the text of a problem.
//!
//! It goes on after a mistake, so that all are told at once. What the words, the action and the other flows say to
//! it is `flow_check.rs`'s matter.

use super::change::read_amount;
use super::field::{Field, MAX_TEXT_CHARS};
use super::flow::{Flow, Question};
use super::flow_check::did_you_mean;
use super::offers::Offer;
use super::records::RecordKind;
use crate::kit::decimal::ONE;
use crate::people::Role;
use crate::wording::{Lines, Problem};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys at the top of a flow file.
const FLOW_KEYS: [&str; 7] = ["name", "menu", "roles", "by_word", "prefixes", "action", "question"];
/// Keys of a question.
const QUESTION_KEYS: [&str; 11] =
    ["name", "field", "optional", "photos", "options", "max_chars", "min", "max", "of", "refuses", "offers"];
/// The highest place in the menu.
const MAX_MENU: i64 = 99;
/// Nobody answers more in a chat, and no message names more in a list; a broken file must not take long to be told so.
const MOST_QUESTIONS: usize = 50;
const MOST_ITEMS: usize = 100;
/// The longest text a question may ask for: what one message can carry.
const LONGEST_TEXT: i64 = 4096;

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

/// A flow as far as it could be read.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) file: String,
    pub(super) name: Option<At<String>>,
    pub(super) menu: Option<At<u8>>,
    pub(super) roles: Vec<Role>,
    pub(super) by_word: Vec<Role>,
    pub(super) prefixes: Vec<At<String>>,
    pub(super) action: Option<At<String>>,
    pub(super) questions: Vec<DraftQuestion>,
}

/// A question as far as it could be read.
#[derive(Clone, Debug)]
pub(super) struct DraftQuestion {
    pub(super) name: At<String>,
    /// `None` where a mistake in it was told already.
    pub(super) field: Option<Field>,
    pub(super) optional: bool,
    pub(super) photos: bool,
    pub(super) refuses: Vec<At<String>>,
    pub(super) offers: Option<Offer>,
}

impl Draft {
    pub(super) fn problem(&self, line: usize, what: impl Into<String>, instead: impl Into<String>) -> Problem {
        Problem { file: self.file.clone(), line: Some(line), what: what.into(), instead: instead.into() }
    }

    /// The flow, where nothing of it is missing.
    pub(super) fn into_flow(self) -> Option<Flow> {
        let questions = self.questions.into_iter().map(|question| {
            Some(Question {
                name: question.name.value,
                field: question.field?,
                optional: question.optional,
                photos: question.photos,
                refuses: question.refuses.into_iter().map(|status| status.value).collect(),
                offers: question.offers,
            })
        });
        Some(Flow {
            name: self.name?.value,
            menu: self.menu.map(|menu| menu.value),
            roles: self.roles,
            by_word: self.by_word,
            prefixes: self.prefixes.into_iter().map(|prefix| prefix.value).collect(),
            action: self.action?.value,
            questions: questions.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// Reads a flow file's text: what could be read of it and the mistakes, or the one mistake that makes it no TOML.
pub(super) fn read(file: &str, text: &str) -> Result<(Draft, Vec<Problem>), Problem> {
    let table = DeTable::parse(text).map_err(|error| Problem {
        file: file.to_owned(),
        line: Some(error.span().map_or(1, |span| Lines::of(text).at(span.start))),
        what: format!("not TOML: {}", error.message().replace('\n', " ")),
        instead: "Compare it with one of the built-in flows.".to_owned(),
    })?;
    let mut reader = Reader { file, lines: Lines::of(text), problems: Vec::new() };
    let draft = reader.flow(table.get_ref());
    Ok((draft, reader.problems))
}

struct Reader<'a> {
    file: &'a str,
    lines: Lines,
    problems: Vec<Problem>,
}

type Found<'t, 'i> = &'t Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn flow(&mut self, table: &DeTable<'_>) -> Draft {
        self.known_keys(table, &FLOW_KEYS);
        let questions = match table.get("question").map(|value| (value, value.get_ref().as_array())) {
            Some((_, Some(items))) => {
                if let Some(item) = items.get(MOST_QUESTIONS) {
                    let instead = format!("Ask {MOST_QUESTIONS} questions at most.");
                    self.tell(&item.span(), "the flow asks too much", instead);
                }
                items.iter().take(MOST_QUESTIONS).filter_map(|item| self.question(item)).collect()
            }
            Some((value, None)) => {
                self.tell(&value.span(), "question is no list", "Begin each question with [[question]].");
                Vec::new()
            }
            None => {
                self.tell(&(0..0), "the flow asks nothing", "Add a [[question]] with name and field.");
                Vec::new()
            }
        };
        if !table.contains_key("roles") {
            let all = Role::ALL.map(Role::as_str).join(", ");
            self.tell(&(0..0), "nobody may use the flow", format!("Add roles = [\"OPERATOR\"]; there are {all}."));
        }
        Draft {
            file: self.file.to_owned(),
            name: self.name(table, 0..0),
            menu: self.menu(table),
            roles: self.roles(table, "roles"),
            by_word: self.roles(table, "by_word"),
            prefixes: self.texts(table, "prefixes"),
            action: self.needed_text(table, "action", &(0..0), "Add action = \"…\"."),
            questions,
        }
    }

    fn question(&mut self, item: Found<'_, '_>) -> Option<DraftQuestion> {
        let span = item.span();
        let Some(table) = item.get_ref().as_table() else {
            self.tell(&span, "question is no table", "Begin each question with [[question]].");
            return None;
        };
        self.known_keys(table, &QUESTION_KEYS);
        let name = self.name(table, span.clone())?;
        let field = self.field(table, &span);
        let (optional, photos) = (self.flag(table, "optional"), self.flag(table, "photos"));
        let (refuses, offers) = (self.texts(table, "refuses"), self.offers(table));
        Some(DraftQuestion { name, field, optional, photos, refuses, offers })
    }

    fn offers(&mut self, table: &DeTable<'_>) -> Option<Offer> {
        let wanted = self.text_of("offers", table.get("offers")?)?;
        let offer = Offer::named(&wanted.value);
        if offer.is_none() {
            let names = Offer::ALL.map(Offer::as_str);
            let instead = format!("Write one of: {}{}", names.join(", "), did_you_mean(&wanted.value, &names));
            self.tell_line(wanted.line, format!("unknown offer \"{}\"", wanted.value), instead);
        }
        offer
    }

    fn field(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<Field> {
        let one_of = format!("Write one of: {}", Field::NAMES.join(", "));
        let name = self.needed_text(table, "field", span, &one_of)?;
        if let Some(kind) = RecordKind::named(&name.value) {
            let usable: &[&str] = if kind == RecordKind::Ticket { &["refuses", "offers"] } else { &["refuses"] };
            return self.only_keys(table, &name.value, usable).then_some(Field::Record(kind));
        }
        match name.value.as_str() {
            "bom_component" => self.of(table, &name).map(|of| Field::BomComponent { of }),
            "bom_change" => self.of(table, &name).map(|of| Field::BomChange { of }),
            "choice" => self.options(table, &name),
            "number" => {
                let (min, max) = (self.amount(table, "min"), self.amount(table, "max"));
                if min.is_some() && max.is_some() && min > max {
                    self.tell_line(name.line, "min is above max", "Write min = the smaller of the two.");
                }
                self.only_keys(table, "number", &["min", "max"]).then_some(Field::Number { min, max })
            }
            "text" => {
                let max_chars = self.max_chars(table);
                self.only_keys(table, "text", &["max_chars"]).then_some(Field::Text { max_chars })
            }
            "photo" => self.only_keys(table, "photo", &[]).then_some(Field::Photo),
            unknown => {
                let instead = format!("{one_of}{}", did_you_mean(unknown, &Field::NAMES));
                self.tell_line(name.line, format!("unknown field \"{unknown}\""), instead);
                None
            }
        }
    }

    fn of(&mut self, table: &DeTable<'_>, field: &At<String>) -> Option<String> {
        let is_clean = self.only_keys(table, &field.value, &["of"]);
        let Some(of) = table.get("of") else {
            self.tell_line(
                field.line,
                format!("{} does not say of which BOM", field.value),
                "Add of = \"bom\", the earlier question that asks for it.",
            );
            return None;
        };
        self.text_of("of", of).map(|of| of.value).filter(|_| is_clean)
    }

    fn options(&mut self, table: &DeTable<'_>, field: &At<String>) -> Option<Field> {
        let is_clean = self.only_keys(table, "choice", &["options"]);
        let options = self.texts(table, "options");
        if options.is_empty() {
            self.tell_line(field.line, "a choice of nothing", "Add options = [\"LOW\", \"HIGH\"].");
            return None;
        }
        let mut is_right = is_clean;
        for (place, option) in options.iter().enumerate() {
            if options[..place].iter().any(|earlier| earlier.value == option.value) {
                self.tell_line(
                    option.line,
                    format!("option \"{}\" is there twice", option.value),
                    "Leave one of them out.",
                );
                is_right = false;
            }
            if !is_word(&option.value, char::is_ascii_uppercase) {
                self.tell_line(
                    option.line,
                    format!("option \"{}\" is no name", option.value),
                    "Write capitals, digits and _, such as HIGH; its label stands in the wording.",
                );
                is_right = false;
            }
        }
        is_right.then(|| Field::Choice { options: options.into_iter().map(|option| option.value).collect() })
    }

    fn max_chars(&mut self, table: &DeTable<'_>) -> usize {
        let Some(value) = table.get("max_chars") else { return MAX_TEXT_CHARS };
        let chars = whole(value).filter(|chars| (1..=LONGEST_TEXT).contains(chars));
        chars.and_then(|chars| usize::try_from(chars).ok()).unwrap_or_else(|| {
            let instead = format!("Write a whole number from 1 to {LONGEST_TEXT}.");
            self.tell(&value.span(), "max_chars is out of range", instead);
            MAX_TEXT_CHARS
        })
    }

    fn amount(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
        let value = table.get(key)?;
        let amount = match value.get_ref() {
            DeValue::Integer(_) => whole(value).and_then(|whole| whole.checked_mul(ONE)),
            DeValue::Float(float) => read_amount(float.as_str()).ok(),
            _ => None,
        };
        if amount.is_none() {
            self.tell(&value.span(), format!("{key} is no number"), format!("Write {key} = 1."));
        }
        amount
    }

    fn menu(&mut self, table: &DeTable<'_>) -> Option<At<u8>> {
        let value = table.get("menu")?;
        let place =
            whole(value).filter(|place| (1..=MAX_MENU).contains(place)).and_then(|place| u8::try_from(place).ok());
        if place.is_none() {
            self.tell(
                &value.span(),
                "menu is no place",
                format!("Write a whole number from 1 to {MAX_MENU}, or leave it out."),
            );
        }
        place.map(|place| At { value: place, line: self.line(&value.span()) })
    }

    fn name(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<At<String>> {
        let name = self.needed_text(table, "name", &span, "Add name = \"…\".")?;
        if !is_word(&name.value, char::is_ascii_lowercase) {
            let what = format!("\"{}\" is no name", name.value);
            self.tell_line(name.line, what, "Write small letters, digits and _, such as near_miss.");
            return None;
        }
        Some(name)
    }

    fn roles(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Role> {
        let names = Role::ALL.map(Role::as_str);
        let mut roles = Vec::new();
        for At { value, line } in self.texts(table, key) {
            if let Some(role) = Role::named(&value) {
                roles.push(role);
            } else {
                let instead = format!("Write one of: {}{}", names.join(", "), did_you_mean(&value, &names));
                self.tell_line(line, format!("unknown role \"{value}\""), instead);
            }
        }
        roles
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(value) = table.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.tell(&value.span(), format!("{key} is neither true nor false"), format!("Write {key} = true."));
            false
        })
    }

    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<At<String>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.tell(&value.span(), format!("{key} is no list"), format!("Write {key} = [\"…\", \"…\"]."));
            return Vec::new();
        };
        if let Some(item) = items.get(MOST_ITEMS) {
            self.tell(&item.span(), format!("{key} is too long"), format!("Write {MOST_ITEMS} of them at most."));
        }
        items.iter().take(MOST_ITEMS).filter_map(|item| self.text_of(key, item)).collect()
    }

    fn needed_text(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        span: &Range<usize>,
        instead: &str,
    ) -> Option<At<String>> {
        if let Some(value) = table.get(key) {
            return self.text_of(key, value);
        }
        self.tell(span, format!("{key} is missing"), instead);
        None
    }

    fn text_of(&mut self, key: &str, value: Found<'_, '_>) -> Option<At<String>> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.tell(&value.span(), format!("{key} is no text"), format!("Write {key} in quotation marks."));
        }
        text.map(|text| At { value: text.to_owned(), line: self.line(&value.span()) })
    }

    /// Whether a question has no key that its field cannot use.
    fn only_keys(&mut self, table: &DeTable<'_>, field: &str, usable: &[&str]) -> bool {
        let before = self.problems.len();
        for key in table.keys() {
            let name: &str = key.get_ref();
            let is_general = matches!(name, "name" | "field" | "optional" | "photos");
            if QUESTION_KEYS.contains(&name) && !is_general && !usable.contains(&name) {
                self.tell(&key.span(), format!("a field of sort {field} has no {name}"), format!("Leave {name} out."));
            }
        }
        self.problems.len() == before
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let instead = format!("Write one of: {}{}", known.join(", "), did_you_mean(name, known));
                self.tell(&key.span(), format!("unknown key \"{name}\""), instead);
            }
        }
    }

    fn tell(&mut self, span: &Range<usize>, what: impl Into<String>, instead: impl Into<String>) {
        let line = self.line(span);
        self.tell_line(line, what, instead);
    }

    fn tell_line(&mut self, line: usize, what: impl Into<String>, instead: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: Some(line),
            what: what.into(),
            instead: instead.into(),
        });
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.lines.at(span.start)
    }
}

fn is_word(text: &str, is_letter: impl Fn(&char) -> bool) -> bool {
    text.starts_with(|c: char| is_letter(&c)) && text.chars().all(|c| is_letter(&c) || c.is_ascii_digit() || c == '_')
}

fn whole(value: &Spanned<DeValue<'_>>) -> Option<i64> {
    let integer = value.get_ref().as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
