//! One turn of a conversation: what a message means where the chat stands, in the order in which it is decided.
//!
//! Opting out goes before everything, then who may speak at all, then greetings and the other words that hold
//! everywhere, then what an interrupted form needs, and last the answer to the open question or a choice from the
//! menu.

mod files;
mod extras;
mod interrupted;
mod places;
mod question;
mod reference;
mod tapped;

pub(super) use reference::{Typed, typed_references};

use super::ask::keycap;
use super::engine::{Asker, Finished, Input, Joins, Say, Step};
use super::extras::{Enclosure, Extra};
use super::flow::{Flow, Flows, Question};
use super::offers::Offer;
use super::pick::{Names, bare, clean, pick};
use super::records::Records;
use super::session::{InARow, Session};
use super::taps::{Says, Tap, Tappable};
use crate::people::Role;
use crate::wording::Wording;
use serde_json::{Value, json};

/// What a message says: the option that was tapped; else its text, and after it a payload that is none of ours. What is
/// empty is left out.
pub(super) fn said(input: &Input, tap: Option<&Tap>) -> Vec<String> {
    let mut said: Vec<String> = match tap {
        Some(tap) => match tap.says() {
            Some(Says::Value(value)) => vec![value.clone()],
            Some(Says::Word(_)) | None => Vec::new(),
        },
        None => [clean(&input.text)].into_iter().chain(input.tapped.as_deref().map(clean)).collect(),
    };
    said.retain(|text| !text.is_empty());
    said.dedup();
    said
}

pub(super) struct Turn<'a> {
    flows: &'a Flows,
    wording: &'a Wording,
    input: &'a Input,
    records: &'a Records,
    asker: Asker,
    company: &'a str,
    session: Session,
    /// What was tapped.
    tap: Option<Tap>,
    /// What was said, likeliest first.
    said: Vec<String>,
    /// The text made bare, for the words that hold everywhere; empty where something was tapped.
    word: String,
    say: Vec<Say>,
    finished: Option<Finished>,
    joins: Option<Joins>,
    enclosure: Option<Enclosure>,
    consent: Option<bool>,
    /// What was said of a file right before this message.
    in_a_row: Option<InARow>,
    /// What may be asked for of what the last answer showed.
    shown: Option<Extra>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        flows: &'a Flows,
        wording: &'a Wording,
        mut session: Session,
        input: &'a Input,
        records: &'a Records,
        asker: Asker,
        company: &'a str,
    ) -> Self {
        let tap = input.tap();
        let said = said(input, tap.as_ref());
        let word = if tap.is_none() { bare(&input.text) } else { String::new() };
        let (in_a_row, shown) = (session.in_a_row.take(), session.shown.take());
        let in_a_row = in_a_row.filter(|_| said.is_empty() && tap.is_none()); // words are always answered
        Self {
            flows,
            wording,
            input,
            records,
            asker,
            company,
            session,
            tap,
            said,
            word,
            say: Vec::new(),
            finished: None,
            joins: None,
            enclosure: None,
            consent: None,
            in_a_row,
            shown,
        }
    }

    /// Takes the message in.
    pub(super) fn take(mut self, dormant: bool) -> Step {
        self.decide(dormant);
        let Self { session, say, finished, joins, enclosure, consent, .. } = self;
        Step { session, say, finished, joins, enclosure, consent }
    }

    fn decide(&mut self, dormant: bool) {
        let open = self.session.open(self.flows).filter(|(flow, _)| self.may_use(flow));
        self.hear_language();
        if self.is("start") {
            self.consent = Some(true);
        }
        if self.is("stop") {
            self.consent = Some(false);
            self.tell("chat.consent.stopped");
            if let (Some((flow, question)), false) = (open, dormant || self.session.offer || !self.may_speak()) {
                self.ask(flow, question);
            }
        } else if !self.may_speak() {
            self.tell("chat.unregistered");
        } else if self.has_tapped(open, dormant) {
            // Done, or told that it was for something else.
        } else if self.is("greeting") || self.is("hello") || self.is("start") {
            self.greet((dormant || self.session.offer) && open.is_some());
        } else if self.is("cancel") {
            self.cancel();
        } else if self.session.flow.is_some() && open.is_none() {
            self.session.close();
            self.tell("chat.gone");
            self.show_menu();
        } else if let Some((flow, question)) = open {
            self.in_form(flow, question, dormant);
        } else {
            self.at_menu();
        }
    }

    /// A message while a form is open.
    fn in_form(&mut self, flow: &'a Flow, question: &'a Question, dormant: bool) {
        let is_waiting = dormant || self.session.offer;
        if is_waiting && flow.takes_files() {
            self.put_ahead(self.files());
        }
        if is_waiting && self.tap.is_none() && self.follow_reference(true) {
            return;
        }
        if is_waiting {
            return self.come_back(flow, question);
        }
        if flow.takes_place() && self.hear_place().is_some() {
            return self.ask_near(flow, question);
        }
        if self.is("back") {
            self.go_back(flow, question);
        } else if self.is("help") {
            self.help(flow, question);
        } else if self.is("resume") && self.session.draft.is_some() {
            self.resume();
        } else if self.language() {
            self.ask(flow, question);
        } else if !self.turn_to_reference(flow, question) {
            self.answer(flow, question);
        }
    }

    /// A message while no form is open.
    fn at_menu(&mut self) {
        let options = self.options();
        let files = if options.iter().any(|flow| flow.takes_files()) { self.files() } else { Vec::new() };
        if self.said.is_empty() && !files.is_empty() {
            return self.file_away(files);
        }
        if let Some((flow, _)) = self.for_place() {
            return self.report_from(flow);
        }
        if self.is("help") {
            self.session.misses = 0;
            self.tell("chat.help.menu");
            self.show_menu();
        } else if self.is("back") {
            self.show_menu();
        } else if self.is("resume") {
            self.resume();
        } else if self.language() {
            self.show_menu();
        } else if self.send_shown_extra() {
            // What it shows is shown again.
        } else if self.follow_reference(false) {
            // The flow of the reference is open now; its files are kept.
        } else if options.is_empty() || self.is_silent_text() {
            self.show_menu();
        } else if self.said.is_empty() {
            self.cannot_take();
            self.show_menu();
        } else if let Some(flow) = self.chosen(&options).or_else(|| self.called()) {
            self.bring_along(files);
            self.start(flow);
        } else if !files.is_empty() {
            self.file_away(files);
        } else {
            self.tell("chat.miss.menu");
            let is_strike = self.miss();
            self.show_menu_keeping_misses();
            if is_strike {
                self.tell("chat.strikes.menu");
            }
        }
    }

    // The words that hold everywhere.

    fn is(&self, what: &str) -> bool {
        match self.tap.as_ref() {
            Some(tap) => matches!(tap.says(), Some(Says::Word(word)) if *word == what),
            None => self.wording.knows(&format!("chat.words.{what}"), &self.word),
        }
    }

    fn greet(&mut self, keep_draft: bool) {
        let form = self.session.close();
        self.session.made = None;
        self.show_menu();
        if let Some(form) = form.filter(|_| keep_draft) {
            self.put_aside(form);
        }
    }

    fn cancel(&mut self) {
        let dropped = self.session.close().is_some() || self.session.draft.take().is_some();
        self.tell(if dropped { "chat.cancelled.form" } else { "chat.cancelled.nothing" });
        self.show_menu();
    }

    fn help(&mut self, flow: &Flow, question: &Question) {
        self.session.misses = 0;
        let number = flow.questions.iter().position(|known| known.name == question.name).map_or(1, |place| place + 1);
        self.tell_with("chat.help.form", json!({"flow": flow.name, "number": number, "count": flow.questions.len()}));
        self.expect(flow, question);
        self.ask(flow, question);
    }

    /// Whoever has chosen no language is answered in that of their greeting, where it is one language's own.
    fn hear_language(&mut self) {
        if self.session.has_chosen_language {
            return;
        }
        if let [language] = self.wording.languages_of("chat.words.hello", &self.word)[..] {
            language.clone_into(&mut self.session.language);
        }
    }

    /// `language`, or `language` and the name of one, in any language; says whether it was that.
    fn language(&mut self) -> bool {
        let asks_which = self.is("language");
        let chosen = self.word.rsplit_once(' ').filter(|(word, _)| self.wording.knows("chat.words.language", word));
        if !asks_which && chosen.is_none() {
            return false;
        }
        let codes = self.wording.languages();
        let name = |code: &str| self.wording.render(code, "chat.language.name", &Value::Null);
        let Some((_, wanted)) = chosen.filter(|_| !asks_which) else {
            let names: Vec<String> = codes.iter().map(|code| name(code)).collect();
            self.tell_with("chat.language.list", json!({"names": names}));
            return true;
        };
        let is_wanted = |code: &str| {
            let is_called = |key: &str| self.wording.knows(key, wanted);
            wanted == bare(code) || wanted == bare(&name(code)) || is_called(&format!("chat.language.names.{code}"))
        };
        let Some(code) = codes.into_iter().find(|code| is_wanted(code)) else { return false };
        code.clone_into(&mut self.session.language);
        self.session.has_chosen_language = true;
        self.tell("chat.language.switched");
        true
    }

    // The menu.

    fn may_speak(&self) -> bool {
        self.asker.registered || self.asker.open_access
    }

    fn may_use(&self, flow: &Flow) -> bool {
        self.is_among(&flow.roles) || self.is_among(&flow.by_word)
    }

    fn is_among(&self, roles: &[Role]) -> bool {
        let as_role = self.asker.registered && self.asker.role.is_some_and(|role| roles.contains(&role));
        as_role || (self.asker.open_access && roles.contains(&Role::Operator))
    }

    fn options(&self) -> Vec<&'a Flow> {
        let flows: &'a Flows = self.flows;
        flows.iter().filter(|flow| flow.menu.is_some() && self.is_among(&flow.roles)).collect()
    }

    fn show_menu(&mut self) {
        self.session.misses = 0;
        self.show_menu_keeping_misses();
    }

    fn show_menu_keeping_misses(&mut self) {
        let options = self.options();
        if options.is_empty() {
            return self.tell_with("chat.menu.none", json!({"company": self.company}));
        }
        let numbered = options.iter().enumerate();
        let numbered = numbered.map(|(place, flow)| json!({"keycap": keycap(place + 1), "flow": flow.name}));
        let vars = json!({"company": self.company, "options": numbered.collect::<Vec<Value>>()});
        let start =
            |flow: &&Flow| Tappable::new(Tap::Start { flow: flow.name.clone() }, format!("chat.{}.title", flow.name));
        self.say.push(Say::new("chat.menu.text", vars).with(options.iter().map(start)));
    }

    /// The flow that is not in the menu and whose whole title or synonym the message is.
    fn called(&self) -> Option<&'a Flow> {
        let flows: &'a Flows = self.flows;
        let mut by_word = flows.iter().filter(|flow| self.is_among(&flow.by_word));
        by_word.find(|flow| self.names(flow).has(&self.word))
    }

    fn names(&self, flow: &Flow) -> Names {
        let keys = [format!("chat.{}.title", flow.name), format!("chat.{}.synonyms", flow.name)];
        Names::of(self.wording, &self.session.language, &flow.name, &keys)
    }

    fn chosen(&self, options: &[&'a Flow]) -> Option<&'a Flow> {
        let names: Vec<Names> = options.iter().map(|flow| self.names(flow)).collect();
        self.said.iter().find_map(|text| pick(text, &names)).and_then(|place| options.get(place).copied())
    }

    fn start(&mut self, flow: &'a Flow) {
        self.session.close();
        let first = flow.questions.first().filter(|question| question.offers.is_some());
        if let Some(question) = first {
            self.session.offered = self.records.offered().to_vec();
            if self.session.offered.is_empty() {
                self.tell(&format!("chat.{}.{}.none", flow.name, question.name));
                return self.show_menu();
            }
        }
        self.begin(flow);
        if let Some((flow, question)) = self.session.open(self.flows) {
            self.ask(flow, question);
        }
    }

    /// What the flow that the message chooses from the menu would offer.
    pub(super) fn wants_offered(&self) -> Option<Offer> {
        let options = if self.may_speak() { self.options() } else { Vec::new() };
        let first = |flow: &Flow| flow.questions.first().and_then(|question| question.offers);
        if let Some(Tap::Start { flow }) = &self.tap {
            return self.to_start(flow).and_then(first);
        }
        // On the floor's menu nothing is offered, and most messages come from there.
        if options.iter().all(|flow| first(flow).is_none()) {
            return self.called().and_then(first);
        }
        self.chosen(&options).or_else(|| self.called()).and_then(first)
    }

    fn tell(&mut self, key: &str) {
        self.tell_with(key, Value::Null);
    }

    fn tell_with(&mut self, key: &str, vars: Value) {
        self.say.push(Say::new(key, vars));
    }
}
