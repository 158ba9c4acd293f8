//! One turn of a conversation: what a message means where the chat stands, in the order in which it is decided.
//!
//! Opting out goes before everything, then who may speak at all, then greetings and the other words that hold
//! everywhere, then what an interrupted form needs, and last the answer to the open question or a choice from the
//! menu.

use super::engine::{Asker, Finished, Input, Say, Step};
use super::field::{Field, Place, answer_vars, keycap};
use super::flow::{Flow, Flows, Question, SHOW};
use super::pick::{Names, bare, clean, pick};
use super::records::{RecordKind, Records};
use super::session::{Answer, Form, Session};
use crate::channels::Media;
use crate::people::Role;
use crate::wording::Wording;
use serde_json::{Value, json};

/// After so many messages in a row that do not fit, Andon explains.
pub(super) const MAX_MISSES: u8 = 3;
/// How many pictures one answer may have.
pub(super) const MAX_PICTURES: usize = 10;

/// What a message says, likeliest first: the tapped payload, then the text; what is empty is left out.
pub(super) fn said(input: &Input) -> Vec<String> {
    let tapped = input.tapped.as_deref().map(clean);
    let mut said: Vec<String> =
        tapped.into_iter().chain([clean(&input.text)]).filter(|text| !text.is_empty()).collect();
    said.dedup();
    said
}

/// The flow that a typed reference starts, and the reference in full.
pub(super) fn typed_reference<'a>(flows: &'a Flows, text: &str) -> Option<(&'a Flow, String)> {
    flows.iter().find_map(|flow| {
        let key = flow.prefixes.iter().find_map(|prefix| RecordKind::by_prefix(prefix, text))?;
        Some((flow, key))
    })
}

pub(super) struct Turn<'a> {
    flows: &'a Flows,
    wording: &'a Wording,
    input: &'a Input,
    records: &'a Records,
    asker: Asker,
    company: &'a str,
    session: Session,
    /// What was said, likeliest first.
    said: Vec<String>,
    /// The text made bare, for the words that hold everywhere.
    word: String,
    say: Vec<Say>,
    finished: Option<Finished>,
    consent: Option<bool>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        flows: &'a Flows,
        wording: &'a Wording,
        session: Session,
        input: &'a Input,
        records: &'a Records,
        asker: Asker,
        company: &'a str,
    ) -> Self {
        let said = said(input);
        let word = bare(&input.text);
        Self {
            flows,
            wording,
            input,
            records,
            asker,
            company,
            session,
            said,
            word,
            say: Vec::new(),
            finished: None,
            consent: None,
        }
    }

    /// Takes the message in.
    pub(super) fn take(mut self, dormant: bool) -> Step {
        self.decide(dormant);
        Step { session: self.session, say: self.say, finished: self.finished, consent: self.consent }
    }

    fn decide(&mut self, dormant: bool) {
        let open = self.session.open(self.flows).filter(|(flow, _)| self.may_use(flow));
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
        } else if self.is("greeting") || self.is("start") {
            self.greet(dormant && open.is_some());
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
        if is_waiting && self.follow_reference(true) {
            return;
        }
        if is_waiting {
            let choice = if self.session.offer { self.offered() } else { None };
            return match choice {
                _ if self.is("resume") => self.go_on(flow, question),
                Some(0) => self.go_on(flow, question),
                Some(_) => {
                    self.session.close();
                    self.show_menu();
                }
                None => self.offer(flow),
            };
        }
        match () {
            () if self.is("back") => self.go_back(flow),
            () if self.is("help") => self.help(flow, question),
            () if self.is("resume") && self.session.draft.is_some() => self.resume(),
            () if self.language() => self.ask(flow, question),
            () => self.answer(flow, question),
        }
    }

    /// A message while no form is open.
    fn at_menu(&mut self) {
        let options = self.options();
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
        } else if options.is_empty() || self.is_silent_text() {
            self.show_menu();
        } else if self.said.is_empty() {
            self.cannot_take();
            self.show_menu();
        } else if let Some(flow) = self.chosen(&options) {
            self.start(flow);
        } else if !self.follow_reference(false) {
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
        self.wording.knows(&format!("chat.words.{what}"), &self.word)
    }

    fn greet(&mut self, keep_draft: bool) {
        let form = self.session.close();
        self.show_menu();
        if let Some(form) = form.filter(|_| keep_draft) {
            self.tell_with("chat.resume.hint", json!({"flow": form.flow}));
            self.session.draft = Some(form);
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

    /// `language`, or `language` and the name of one; says whether it was that.
    fn language(&mut self) -> bool {
        let codes: Vec<String> = self.wording.languages().into_iter().map(str::to_owned).collect();
        let name = |code: &str| self.wording.render(code, "chat.language.name", &Value::Null);
        let names: Vec<String> = codes.iter().map(|code| name(code)).collect();
        let wanted = match self.word.rsplit_once(' ') {
            _ if self.is("language") => None,
            Some((word, wanted)) if self.wording.knows("chat.words.language", word) => {
                let place = codes.iter().zip(&names).position(|(code, name)| wanted == code || wanted == bare(name));
                if place.is_none() {
                    return false;
                }
                place
            }
            _ => return false,
        };
        if let Some(code) = wanted.and_then(|place| codes.get(place)) {
            self.session.language.clone_from(code);
            self.tell("chat.language.switched");
        } else {
            self.tell_with("chat.language.list", json!({"names": names}));
        }
        true
    }

    // Interrupted forms.

    fn offer(&mut self, flow: &Flow) {
        self.session.offer = true;
        self.tell_with("chat.resume.offer", json!({"flow": flow.name}));
    }

    /// Which of "resume" (0) and "start over" (1) was picked.
    fn offered(&self) -> Option<usize> {
        let names = ["resume", "start_over"]
            .map(|what| Names::new(self.wording.list(&self.session.language, &format!("chat.words.{what}"))));
        self.said.iter().find_map(|text| pick(text, &names))
    }

    fn go_on(&mut self, flow: &Flow, question: &Question) {
        self.session.offer = false;
        self.session.misses = 0;
        self.tell_with("chat.resume.going_on", json!({"flow": flow.name}));
        self.ask(flow, question);
    }

    fn resume(&mut self) {
        let Some(draft) = self.session.draft.take() else {
            self.tell("chat.resume.nothing");
            return self.show_menu();
        };
        self.session.draft = self.session.close();
        self.session.reopen(draft);
        match self.session.open(self.flows).filter(|(flow, _)| self.may_use(flow)) {
            Some((flow, question)) => self.go_on(flow, question),
            None => {
                self.session.close();
                self.tell("chat.gone");
                self.show_menu();
            }
        }
    }

    fn go_back(&mut self, flow: &Flow) {
        self.session.misses = 0;
        let Some((name, answer)) = self.session.answers.pop() else {
            self.session.close();
            return self.show_menu();
        };
        if flow.question(&name).is_some_and(|question| question.photos && question.field != Field::Photo) {
            let later = std::mem::replace(&mut self.session.pictures, answer.media);
            self.session.pictures.extend(later);
        }
        if let Some((flow, question)) = self.session.open(self.flows) {
            self.ask(flow, question);
        }
    }

    // The menu.

    fn may_speak(&self) -> bool {
        self.asker.registered || self.asker.open_access
    }

    fn may_use(&self, flow: &Flow) -> bool {
        let as_role = self.asker.registered && self.asker.role.is_some_and(|role| flow.roles.contains(&role));
        as_role || (self.asker.open_access && flow.roles.contains(&Role::Operator))
    }

    fn options(&self) -> Vec<&'a Flow> {
        let flows: &'a Flows = self.flows;
        flows.iter().filter(|flow| flow.menu.is_some() && self.may_use(flow)).collect()
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
        let options: Vec<Value> = options
            .iter()
            .enumerate()
            .map(|(place, flow)| json!({"keycap": keycap(place + 1), "flow": flow.name}))
            .collect();
        self.tell_with("chat.menu.text", json!({"company": self.company, "options": options}));
    }

    fn chosen(&self, options: &[&'a Flow]) -> Option<&'a Flow> {
        let names: Vec<Names> = options
            .iter()
            .map(|flow| {
                let title =
                    self.wording.render(&self.session.language, &format!("chat.{}.title", flow.name), &Value::Null);
                let synonyms = self.wording.list(&self.session.language, &format!("chat.{}.synonyms", flow.name));
                Names::new([flow.name.clone(), title].into_iter().chain(synonyms))
            })
            .collect();
        self.said.iter().find_map(|text| pick(text, &names)).and_then(|place| options.get(place).copied())
    }

    fn start(&mut self, flow: &'a Flow) {
        self.session.close();
        self.session.flow = Some(flow.name.clone());
        if let Some((flow, question)) = self.session.open(self.flows) {
            self.ask(flow, question);
        }
    }

    /// Starts the flow of a typed reference; says whether there was one. An open form is put aside.
    fn follow_reference(&mut self, keep_draft: bool) -> bool {
        let found = self.said.iter().find_map(|text| typed_reference(self.flows, text));
        let Some((flow, key)) = found.filter(|(flow, _)| self.may_use(flow)) else { return false };
        let Some(question) = flow.questions.first() else { return false };
        let form: Option<Form> = self.session.close();
        if keep_draft && form.is_some() {
            self.session.draft = form;
        }
        self.session.flow = Some(flow.name.clone());
        self.read(flow, question, &[key]);
        true
    }

    // The open question.

    fn answer(&mut self, flow: &'a Flow, question: &'a Question) {
        let mut pictures: Vec<Media> = self.input.media.iter().filter(|media| is_picture(media)).cloned().collect();
        let wants_pictures = question.photos || question.field == Field::Photo;
        if question.optional && self.is("skip") {
            return self.accept(flow, question, Answer::default());
        }
        if question.field == Field::Photo && !pictures.is_empty() {
            pictures.truncate(MAX_PICTURES);
            let caption: String = clean(&self.input.text).chars().take(super::field::MAX_TEXT_CHARS).collect();
            return self.accept(flow, question, Answer { value: caption, facts: Value::Null, media: pictures });
        }
        if self.is_silent_text() {
            return self.miss_with(flow, question, Say::plain("chat.miss.empty"));
        }
        if self.said.is_empty() && !(wants_pictures && !pictures.is_empty()) {
            self.cannot_take();
            self.expect(flow, question);
            return self.ask(flow, question);
        }
        if wants_pictures {
            self.session.pictures.append(&mut pictures);
            let is_full = self.session.pictures.len() > MAX_PICTURES;
            self.session.pictures.truncate(MAX_PICTURES);
            if self.said.is_empty() {
                self.session.misses = 0;
                let key = if is_full { "chat.photo.enough" } else { "chat.photo.kept" };
                self.tell_with(key, json!({"limit": MAX_PICTURES}));
                return self.ask(flow, question);
            }
        } else if !self.input.media.is_empty() {
            self.tell("chat.photo.not_here");
        }
        let said = self.said.clone();
        self.read(flow, question, &said);
    }

    /// Reads the first of the texts that fits as the answer; what fits in none is a miss.
    fn read(&mut self, flow: &'a Flow, question: &'a Question, said: &[String]) {
        let place = self.place(flow, question);
        let mut why = None;
        for text in said {
            match place.read(text, self.records) {
                Ok(answer) => return self.accept(flow, question, answer),
                Err(say) => why = Some(say),
            }
        }
        self.miss_with(flow, question, why.unwrap_or_else(|| Say::plain("chat.miss.empty")));
    }

    fn accept(&mut self, flow: &'a Flow, question: &'a Question, mut answer: Answer) {
        self.session.misses = 0;
        if question.photos && question.field != Field::Photo {
            answer.media = std::mem::take(&mut self.session.pictures);
        }
        self.session.answers.push((question.name.clone(), answer));
        if let Some((flow, next)) = self.session.open(self.flows) {
            let found = format!("chat.{}.{}.found", flow.name, question.name);
            if self.wording.has(&self.session.language, &found) {
                self.tell_with(&found, Value::Object(answer_vars(&self.session.answers)));
            }
            return self.ask(flow, next);
        }
        let answers = std::mem::take(&mut self.session.answers);
        self.session.close();
        if flow.action == SHOW {
            self.tell_with(&format!("chat.{}.done", flow.name), Value::Object(answer_vars(&answers)));
        } else {
            self.finished = Some(Finished { flow: flow.name.clone(), action: flow.action.clone(), answers });
        }
    }

    fn miss_with(&mut self, flow: &Flow, question: &Question, why: Say) {
        self.say.push(why);
        if self.miss() {
            self.expect(flow, question);
            self.tell("chat.strikes.form");
        } else {
            self.ask(flow, question);
        }
    }

    /// Counts a miss; says whether it was one too many, and then counts anew.
    fn miss(&mut self) -> bool {
        self.session.misses = self.session.misses.saturating_add(1);
        let is_strike = self.session.misses >= MAX_MISSES;
        if is_strike {
            self.session.misses = 0;
        }
        is_strike
    }

    /// A text message with nothing in it.
    fn is_silent_text(&self) -> bool {
        self.said.is_empty() && self.input.media.is_empty() && matches!(self.input.kind.as_str(), "text" | "")
    }

    /// Says kindly that this sort of message is of no use here.
    fn cannot_take(&mut self) {
        let family = self.input.media.first().map(|media| media.content_type.split('/').next().unwrap_or_default());
        let what = match (self.input.kind.as_str(), family) {
            ("sticker", _) => "sticker",
            ("image" | "video", _) | (_, Some("image" | "video")) => "photo",
            ("audio" | "voice", _) | (_, Some("audio")) => "audio",
            ("location", _) => "place",
            ("contacts" | "contact", _) => "contact",
            ("document", _) | (_, Some(_)) => "document",
            _ => "other",
        };
        self.tell(&format!("chat.cannot.{what}"));
    }

    fn place<'b>(&'b self, flow: &'b Flow, question: &'b Question) -> Place<'b> {
        Place {
            wording: self.wording,
            language: &self.session.language,
            flow,
            question,
            answers: &self.session.answers,
        }
    }

    fn ask(&mut self, flow: &Flow, question: &Question) {
        let ask = super::field::ask(flow, question, &self.session.answers);
        self.say.push(ask);
    }

    fn expect(&mut self, flow: &Flow, question: &Question) {
        let expected = super::field::expected(flow, question, &self.session.answers);
        self.say.push(expected);
    }

    fn tell(&mut self, key: &str) {
        self.tell_with(key, Value::Null);
    }

    fn tell_with(&mut self, key: &str, vars: Value) {
        self.say.push(Say::new(key, vars));
    }
}

fn is_picture(media: &Media) -> bool {
    media.content_type.starts_with("image/") || media.content_type.starts_with("video/")
}
