//! Files that go with a report: photos, videos, voice notes, PDFs. They may come before its form is begun, in it, with
//! any of its answers, or right after it was made. Those that come in a row, each as a message of its own, get one
//! answer.

use super::super::engine::{Joins, Say};
use super::super::flow::Flow;
use super::super::session::InARow;
use super::Turn;
use crate::channels::Media;
use serde_json::json;

/// How many files one report may have.
pub(super) const MAX_FILES: usize = 10;

impl Turn<'_> {
    /// Opens a flow's form, with the files that came for it.
    pub(super) fn begin(&mut self, flow: &Flow) {
        self.session.begin(&flow.name);
        self.session.made = None;
        self.take_ahead(flow);
    }

    /// What of this message a report can have.
    pub(super) fn files(&self) -> Vec<Media> {
        if self.input.kind == "sticker" {
            return Vec::new();
        }
        self.input.media.iter().filter(|media| is_for_reports(media)).cloned().collect()
    }

    /// Keeps files with the open form; says whether there were too many.
    pub(super) fn put_in(&mut self, files: Vec<Media>) -> bool {
        let elsewhere: usize = self.session.answers.iter().map(|(_, answer)| answer.media.len()).sum();
        keep(&mut self.session.pictures, files, MAX_FILES.saturating_sub(elsewhere))
    }

    /// Keeps files for a form that is not open yet; says whether there were too many.
    pub(super) fn put_ahead(&mut self, files: Vec<Media>) -> bool {
        keep(&mut self.session.ahead, files, MAX_FILES)
    }

    /// Gives an open form the files that came before it.
    pub(super) fn take_ahead(&mut self, flow: &Flow) {
        if flow.takes_files() {
            let ahead = std::mem::take(&mut self.session.ahead);
            self.put_in(ahead);
        }
    }

    /// Keeps files for the form that is about to be opened.
    pub(super) fn bring_along(&mut self, files: Vec<Media>) {
        if self.put_ahead(files) {
            self.tell_with("chat.files.enough", json!({"limit": MAX_FILES}));
        }
    }

    /// Keeps the files of a message that names a record, for that one's form or else for the report that follows.
    pub(super) fn bring_files(&mut self, flow: &Flow) {
        let files = if self.options().iter().any(|flow| flow.takes_files()) { self.files() } else { Vec::new() };
        if files.is_empty() {
            return;
        }
        let is_full = self.put_ahead(files);
        if is_full || !flow.takes_files() {
            self.tell_of_files(is_full, Say::plain("chat.files.ahead"));
        }
    }

    /// Files at the menu: they join the report that was just made, or wait for the one that follows.
    pub(super) fn file_away(&mut self, mut files: Vec<Media>) {
        self.session.misses = 0;
        if let Some(made) = &mut self.session.made {
            let room = MAX_FILES.saturating_sub(made.files);
            let is_full = files.len() > room;
            files.truncate(room);
            made.files += files.len();
            let (ticket_id, reference) = (made.ticket_id, made.reference.clone());
            self.joins = (!files.is_empty()).then_some(Joins { ticket_id, media: files });
            self.session.shown = self.shown.take();
            self.tell_of_files(is_full, Say::new("chat.files.joined", json!({"reference": reference})));
            return;
        }
        let is_full = self.put_ahead(files);
        if self.tell_of_files(is_full, Say::plain("chat.files.ahead")) {
            self.show_menu();
        }
    }

    /// Says that files are kept, or that there are enough, unless that was the last thing said; whether it did.
    pub(super) fn tell_of_files(&mut self, is_full: bool, kept: Say) -> bool {
        let now = if is_full { InARow::Enough } else { InARow::Kept };
        let is_known = self.in_a_row.is_some_and(|before| before == now || before == InARow::Enough);
        self.session.in_a_row = if is_known { self.in_a_row } else { Some(now) };
        if !is_known {
            self.say.push(if is_full { Say::new("chat.files.enough", json!({"limit": MAX_FILES})) } else { kept });
        }
        !is_known
    }
}

/// Adds files to those kept, as far as there is room; says whether there were too many.
fn keep(kept: &mut Vec<Media>, files: Vec<Media>, most: usize) -> bool {
    kept.extend(files);
    let is_full = kept.len() > most;
    kept.truncate(most);
    is_full
}

fn is_for_reports(media: &Media) -> bool {
    let family = media.content_type.split('/').next().unwrap_or_default();
    matches!(family, "image" | "video" | "audio") || media.content_type.starts_with("application/pdf")
}
