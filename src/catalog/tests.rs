//! The lists are whole, and every notice has its words.

use super::*;
use crate::kit::sms;
use crate::notify::proofread::proofread;
use crate::notify::sample::{sample, samples_in};
use crate::notify::words::{MAX_SMS_PARTS, Telling, named};
use crate::outbox::Told;
use crate::wording::{FALLBACK, Problem, Wording, plain};
use serde_json::{Value, json};
use std::path::Path;

/// Every name that a feature's `events.rs` gives one of its events.
fn names_in_the_source() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let features = std::fs::read_dir(source).expect("the source").flatten().map(|entry| entry.path());
    let files = features.filter_map(|feature| std::fs::read_to_string(feature.join("events.rs")).ok());
    let names = files.flat_map(|file| {
        let named = file.split(" = \"").skip(1).filter_map(|rest| rest.split('"').next());
        named.filter(|name| name.contains('.')).map(str::to_owned).collect::<Vec<_>>()
    });
    names.collect()
}

#[test]
fn every_kind_of_event_is_listed_and_in_the_manual() {
    let mut named = names_in_the_source();
    let mut listed: Vec<&str> = EVENTS.to_vec();
    named.sort();
    listed.sort_unstable();
    assert_eq!(listed, named);
    let manual = include_str!("../../docs/api.md");
    let unknown: Vec<&&str> = EVENTS.iter().filter(|name| !manual.contains(&format!("`{name}`"))).collect();
    assert!(unknown.is_empty(), "docs/api.md does not name {unknown:?}");
}

#[test]
fn the_given_texts_are_given_word_for_word() {
    let wording = Wording::load(None).expect("the built-in texts are right");
    let mut words = named(&wording, "en", sample(), true);
    words["title"] = json!("Payments fail");
    words["description"] = json!("x".repeat(201));
    let created = wording.check("en", "notice.ticket.created.text", &words).expect("it renders");
    let expected = "🎫 *New Ticket Created*\n\n*Client:* Client\n*Title:* Payments fail\n*Project:* Shop\n\
                    *Priority:* High\n*Category:* Service Down\n\n*Description:*\n";
    let end = "...\n\nPlease review and assign this ticket as soon as possible.\n\n_Incident Management System_";
    assert_eq!(created, format!("{expected}{}{end}", "x".repeat(200)));
    let opened = wording.check("en", "notice.ticket.opened.text", &words).expect("it renders");
    assert_eq!(
        opened,
        "✅ *Your Ticket Has Been Opened*\n\nHello Client,\n\nYour ticket has been acknowledged and opened by our \
         support team.\n\n*Ticket:* Payments fail\n*Project:* Shop\n*Status:* Opened\n\nWe are reviewing your issue \
         and will assign it to a developer shortly.\n\n_Support Team_"
    );
}

#[test]
fn every_notice_has_words_in_every_language() {
    let wording = Wording::load(None).expect("the built-in texts are right");
    let mut told = String::new();
    let mut files: Vec<&str> = NOTICES.iter().flat_map(|notice| notice.tells).flat_map(Told::files).collect();
    files.dedup();
    for file in files {
        for language in wording.languages() {
            for sample in samples_in(&wording, language, file) {
                let part = |part: &str| wording.check(language, &format!("notice.{file}.{part}"), &sample);
                let (subject, text) = (part("subject").expect("a subject"), part("text").expect("a text"));
                let short = Telling { wording: &wording, language, file, vars: &sample }.short();
                assert!(wording.has(language, &format!("notice.{file}.sms")), "{file} has words for text messages");
                let most = if language == FALLBACK { 1 } else { MAX_SMS_PARTS };
                let parts = sms::parts(&short);
                assert!(parts <= most, "{language}/{file} takes {parts} parts: {short}");
                let is_english = language == FALLBACK;
                assert!(
                    is_english || !text.contains("2026-01-"),
                    "{language}/{file} has a date as English has it: {text}"
                );
                told = format!("{told}=== {language}/{file}: {}\n--- {short}\n{text}\n", plain(&subject));
            }
            let mut bare = samples_in(&wording, language, file).swap_remove(0);
            bare.as_object_mut().into_iter().flatten().for_each(|(_, value)| *value = Value::Null);
            for (name, value) in [("reference", "DEF-1"), ("title", "Scratches"), ("priority", "Low")] {
                bare[name] = json!(value);
            }
            bare["kind"] = json!("SOP_FAILURE");
            bare["decision"] = json!("APPROVED");
            bare["by_silence"] = json!(true);
            let text = wording.check(language, &format!("notice.{file}.text"), &bare).expect("a text");
            assert!(!text.contains("Project") && !text.contains("\n\n\n\n"), "{file}: {text}");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_built_in_notices_are_right() {
    let wording = Wording::load(None).expect("the built-in texts are right");
    assert_eq!(proofread(&wording, NOTICES), Vec::<Problem>::new());
}

#[test]
fn what_an_operator_wrote_is_proofread() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    write("en/ticket.held.txt", "subject: On hold\n\n{% if by_silence %}{{ titel }}{% endif %}");
    write("en/ticket.opend.txt", "subject: Opened\n\nOpened.");
    write("en/ticket.created.txt", &format!("subject: New\nsms: {}\n\nNew", "ü ".repeat(300)));
    write("de/ticket.opened.txt", "subject: Eröffnet: {{ title|line }}\n\nEröffnet.");
    let wording = Wording::load(Some(folder.path())).expect("the files can be read");
    for (language, file, expected) in [("de", "ticket.opened", "Eröffnet."), ("en", "ticket.opend", "Opened.")] {
        let short = Telling { wording: &wording, language, file, vars: &sample() }.short();
        assert_eq!(short, expected, "without words of its own for it, a text message has the text's");
    }
    assert!(!Telling { wording: &wording, language: "en", file: "ticket.held", vars: &sample() }.has_short());
    let told: Vec<String> = proofread(&wording, NOTICES).iter().map(ToString::to_string).collect();
    let says = |what: &str| told.iter().any(|line| line == what);
    assert!(says("wording/en/ticket.held.txt: the text speaks of titel, which no notice has. Did you mean title?"));
    assert!(says(
        "wording/en/ticket.opend.txt: is read by nobody: no event has these words. Did you mean ticket.opened.txt?"
    ));
    assert!(told.iter().any(|line| line.starts_with("wording/en/ticket.created.txt: the text message takes 4 parts.")));
    assert!(says(
        "wording/de/ticket.held.txt: is missing, so people read it in English. Translate wording/en/ticket.held.txt."
    ));
    assert!(!told.iter().any(|line| line.starts_with("wording/de/ticket.opened.txt")), "{told:#?}");
}
