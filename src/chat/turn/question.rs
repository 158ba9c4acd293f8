//! The open question: what an answer may be, what is kept of it, and what is said where it does not fit.

use super::super::ask::{answer_vars, ask, expected, word};
use super::super::engine::{Finished, Say};
use super::super::extras::Extra;
use super::super::field::{Field, MAX_TEXT_CHARS, Place};
use super::super::flow::{Flow, Question, SHOW};
use super::super::pick::clean;
use super::super::session::Answer;
use super::Turn;
use super::files::MAX_FILES;
use crate::channels::Media;
use serde_json::{Value, json};

/// After so many messages in a row that do not fit, Andon explains.
const MAX_MISSES: u8 = 3;

impl<'a> Turn<'a> {
    pub(super) fn answer(&mut self, flow: &'a Flow, question: &'a Question) {
        let files = if flow.takes_files() { self.files() } else { Vec::new() };
        if question.optional && self.is("skip") {
            return self.accept(flow, question, Answer::default());
        }
        if question.field == Field::Photo && self.input.media.iter().any(is_picture) {
            let mut media: Vec<Media> = self.input.media.iter().filter(|media| is_picture(media)).cloned().collect();
            media.truncate(MAX_FILES);
            let caption: String = clean(&self.input.text).chars().take(MAX_TEXT_CHARS).collect();
            return self.accept(flow, question, Answer { value: caption, facts: Value::Null, media });
        }
        if self.is_silent_text() {
            return self.miss_with(flow, question, Say::plain("chat.miss.empty"));
        }
        if self.said.is_empty() && files.is_empty() {
            self.cannot_take();
            self.expect(flow, question);
            return self.ask(flow, question);
        }
        let is_some_lost = files.len() < self.input.media.len();
        let wants_words = question.photos && files.iter().all(is_picture);
        let is_full = self.put_in(files);
        if self.said.is_empty() {
            self.session.misses = 0;
            let key = if wants_words { "chat.photo.kept" } else { "chat.files.kept" };
            if self.tell_of_files(is_full, Say::plain(key)) {
                self.ask(flow, question);
            }
            return;
        }
        if is_some_lost {
            self.tell("chat.photo.not_here");
        }
        if is_full {
            self.tell_with("chat.files.enough", json!({"limit": MAX_FILES}));
        }
        let said = self.said.clone();
        self.read(flow, question, &said);
    }

    /// Reads the first of the texts that fits as the answer; what fits in none is a miss.
    pub(super) fn read(&mut self, flow: &'a Flow, question: &'a Question, said: &[String]) {
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
        if question.offers.is_none() {
            self.session.offered.clear(); // machines near a place
        }
        self.session.answers.push((question.name.clone(), answer));
        if let Some((flow, next)) = self.session.open(self.flows) {
            let found = format!("chat.{}.{}.found", flow.name, question.name);
            if self.wording.has(&self.session.language, &found) {
                self.tell_with(&found, Value::Object(answer_vars(&self.session.answers)));
            }
            return self.ask(flow, next);
        }
        let mut answers = std::mem::take(&mut self.session.answers);
        if let (true, Some((_, last))) = (flow.takes_files(), answers.last_mut()) {
            last.media.append(&mut self.session.pictures);
            last.media.truncate(MAX_FILES);
        }
        let place = self.session.place.take();
        self.session.close();
        if flow.action == SHOW {
            let shown = answers.first().and_then(|(_, answer)| Extra::of(question.field.record()?, answer));
            let done = Say::new(format!("chat.{}.done", flow.name), Value::Object(answer_vars(&answers)));
            self.say.push(done.with(shown.as_ref().map(Extra::tappable)));
            self.session.shown = shown;
        } else {
            self.finished = Some(Finished { flow: flow.name.clone(), action: flow.action.clone(), answers, place });
        }
    }

    fn miss_with(&mut self, flow: &Flow, question: &Question, why: Say) {
        self.say.push(why);
        if self.miss() {
            self.expect(flow, question);
            let words = ["help", "greeting"].map(|known| word(flow, question, &self.session, known));
            self.say.push(Say::plain("chat.strikes.form").with(words));
        } else {
            self.ask(flow, question);
        }
    }

    /// Counts a miss; says whether it was one too many, and then counts anew.
    pub(super) fn miss(&mut self) -> bool {
        self.session.misses = self.session.misses.saturating_add(1);
        let is_strike = self.session.misses >= MAX_MISSES;
        if is_strike {
            self.session.misses = 0;
        }
        is_strike
    }

    /// A text message with nothing in it.
    pub(super) fn is_silent_text(&self) -> bool {
        self.said.is_empty() && self.input.media.is_empty() && matches!(self.input.kind.as_str(), "text" | "")
    }

    /// Says kindly that this sort of message is of no use here.
    pub(super) fn cannot_take(&mut self) {
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

    /// To the question before this one, whose answer goes, and what hangs on it. Later answers stay: they are
    /// there where a refused form is asked again for one of them.
    pub(super) fn go_back(&mut self, flow: &Flow, question: &Question) {
        self.session.misses = 0;
        let before = flow.questions.iter().take_while(|known| known.name != question.name);
        let Some(last) = before.filter(|known| self.session.answer(&known.name).is_some()).last() else {
            self.session.close();
            return self.show_menu();
        };
        let name = last.name.clone();
        let answer = self.session.answer(&name).cloned().unwrap_or_default();
        let gone = flow.hanging_on(&name);
        self.session.answers.retain(|(known, _)| !gone.contains(&known.as_str()));
        if flow.question(&name).is_some_and(|question| question.photos && question.field != Field::Photo) {
            let later = std::mem::replace(&mut self.session.pictures, answer.media);
            self.session.pictures.extend(later);
        }
        if let Some((flow, question)) = self.session.open(self.flows) {
            self.ask(flow, question);
        }
    }

    fn place<'b>(&'b self, flow: &'b Flow, question: &'b Question) -> Place<'b> {
        Place {
            wording: self.wording,
            language: &self.session.language,
            flow,
            question,
            answers: &self.session.answers,
            offered: &self.session.offered,
        }
    }

    pub(super) fn ask(&mut self, flow: &Flow, question: &Question) {
        let ask = ask(flow, question, &self.session, &self.session.offered);
        self.say.push(ask);
    }

    pub(super) fn expect(&mut self, flow: &Flow, question: &Question) {
        let expected = expected(flow, question, &self.session);
        self.say.push(expected);
    }
}

fn is_picture(media: &Media) -> bool {
    media.content_type.starts_with("image/") || media.content_type.starts_with("video/")
}
