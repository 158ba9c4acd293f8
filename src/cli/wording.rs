//! `andon wording`: the words of every language held against each other, and those of every event tried on a sample,
//! before people read them.

use super::flows::told;
use super::out::say;
use crate::catalog::NOTICES;
use crate::chat::{Flows, words};
use crate::delivery::store::Way;
use crate::kit::{Error, Result, nearest, sms};
use crate::notify::gather::GATHERED;
use crate::notify::proofread::proofread;
use crate::notify::sample::samples_in;
use crate::notify::words::Telling;
use crate::outbox::Told;
use crate::wording::{FALLBACK, Wording, parity, plain};
use clap::{Subcommand, ValueEnum};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The most characters of one message.
const MAX_CHARS: usize = 1600;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what is wrong: texts that a language lacks or has too many, unknown values, texts too long for a medium, and
    /// words that would mean two things.
    Check {
        /// The folder of your own wording files; the built-in ones are checked with them.
        #[arg(long, env = "ANDON_WORDING_DIR")]
        wording_dir: Option<PathBuf>,
    },
    /// Show what people read of an event, from a sample; without an event, list the events.
    Show {
        /// The event, ticket.finished, or one of its words, ticket.finished.desk.
        event: Option<String>,
        /// In which language.
        #[arg(long, default_value = FALLBACK)]
        language: String,
        /// Only on this medium.
        #[arg(long)]
        medium: Option<Shown>,
        /// The folder of your own wording files.
        #[arg(long, env = "ANDON_WORDING_DIR")]
        wording_dir: Option<PathBuf>,
    },
}

/// How a notice is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shown {
    Whatsapp,
    Sms,
    Email,
    Browser,
}

pub(super) fn run(command: Command) -> Result<()> {
    match command {
        Command::Check { wording_dir } => {
            let wording = Wording::load(wording_dir.as_deref()).map_err(|problems| told(&problems))?;
            let mut problems = proofread(&wording, NOTICES);
            problems.extend(parity::differences(&wording));
            problems.extend(words::clashes(&wording));
            if let Ok(flows) = Flows::load(None, &wording) {
                problems.extend(words::clashes_with(&wording, &flows));
            }
            problems.sort();
            problems.dedup();
            if !problems.is_empty() {
                return Err(told(&problems));
            }
            let (notices, languages) = (words_of(None).len(), wording.languages().join(", "));
            say!("{notices} notices, no mistakes. Languages: {languages}.");
            Ok(())
        }
        Command::Show { event: None, .. } => {
            for notice in NOTICES {
                say!("{}", notice.event);
            }
            Ok(())
        }
        Command::Show { event: Some(event), language, medium, wording_dir } => {
            let wording = Wording::load(wording_dir.as_deref()).map_err(|problems| told(&problems))?;
            let files = words_of(Some(&event));
            if files.is_empty() {
                return Err(unknown(&event));
            }
            let languages = wording.languages();
            if !languages.contains(&language.as_str()) {
                return Err(Error::setting(format!(
                    "{language} is no language here; there are {}.",
                    languages.join(", ")
                )));
            }
            for file in files {
                show(&wording, &language, file, medium);
            }
            Ok(())
        }
    }
}

/// The words' files of this event, or the one of this name; without one, all.
fn words_of(event: Option<&str>) -> BTreeSet<&'static str> {
    let told = NOTICES
        .iter()
        .flat_map(|notice| notice.tells.iter().flat_map(Told::files).map(move |file| (notice.event, file)));
    let gathered = (GATHERED, GATHERED);
    told.chain([gathered])
        .filter(|(name, words)| event.is_none_or(|event| event == *name || event == *words))
        .map(|(_, file)| file)
        .collect()
}

fn show(wording: &Wording, language: &str, file: &str, medium: Option<Shown>) {
    for vars in samples_in(wording, language, file) {
        show_filled(Telling { wording, language, file, vars: &vars }, medium);
    }
}

fn show_filled(telling: Telling<'_>, medium: Option<Shown>) {
    say!("── {} ──", telling.file);
    for shown in Shown::value_variants().iter().filter(|shown| medium.is_none_or(|medium| medium == **shown)) {
        let body = |way| telling.body(way, MAX_CHARS);
        match shown {
            Shown::Whatsapp => say!("\nWhatsApp:\n{}", body(Way::Carried(crate::channels::Medium::Whatsapp))),
            Shown::Sms => {
                let text = body(Way::Carried(crate::channels::Medium::Sms));
                say!("\nText message, in {}:\n{text}", parts(sms::parts(&text)));
            }
            Shown::Email => {
                let text = body(Way::Carried(crate::channels::Medium::Email));
                say!("\nE-mail:\nSubject: {}\n\n{}", telling.subject(), plain(&text));
            }
            Shown::Browser => say!("\nBrowser:\n{}\n\n{}", telling.subject(), body(Way::Desk)),
        }
    }
    say!("");
}

fn parts(count: usize) -> String {
    if count == 1 { "one part".to_owned() } else { format!("{count} parts") }
}

fn unknown(event: &str) -> Error {
    let near = nearest::slip(event, NOTICES.iter().map(|notice| notice.event)).map(|(_, near)| near);
    let instead =
        near.map_or_else(|| "andon wording show lists them.".to_owned(), |near| format!("Did you mean {near}?"));
    Error::setting(format!("Nobody is told of an event {event}. {instead}"))
}
