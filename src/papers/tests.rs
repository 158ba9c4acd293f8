//! Addresses hold as long as they should, and papers are drawn in every language.

use super::report::Entry;
use super::*;
use crate::config::Settings;
use crate::drawing::{Colour, Sheet, png};
use crate::orders::{Sla, Status};
use crate::proof::Proof;
use crate::tickets;
use crate::wording::Wording;

fn now() -> Instant {
    "2026-01-18T14:30:22Z".parse().expect("a valid instant")
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn an_address_holds_for_what_it_is_for_and_not_for_ever() {
    let seed = Proof::new(&"one key".to_owned().into()).seed;
    let sealed = Sealed {
        paper: Paper::Defect("DEF-1".to_owned()),
        language: "ar".to_owned(),
        until: (now() + LIFE).timestamp(),
    };
    let token = sealed.token(&seed);
    let opens = |token: &str, at: Instant| Sealed::open(token, &seed, at);
    assert_eq!(opens(&token, now()), Some(sealed.clone()));
    assert_eq!(opens(&token, now() + LIFE - TimeDelta::seconds(1)), Some(sealed.clone()));
    assert_eq!(opens(&token, now() + LIFE), None, "it has expired");
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{token}");
    let others = Proof::new(&"another key".to_owned().into()).seed;
    assert_eq!(opens(&sealed.token(&others), now()), None, "made with another key");
    let later = Sealed { until: sealed.until + 1, ..sealed }.token(&seed);
    let (says, seal) = (later.split_once('.').expect("two parts").0, token.split_once('.').expect("two parts").1);
    let forged = format!("{says}.{seal}");
    for wrong in [forged.as_str(), says, "", ".", &token[1..], &token[..token.len() - 1], &"x.".repeat(2_000)] {
        assert_eq!(opens(wrong, now()), None, "{wrong}");
    }
}

#[test]
fn providers_are_given_no_address_that_they_cannot_reach() {
    for (names, expected) in [
        (vec![("ANDON_PUBLIC_URL", "https://andon.example.com")], Some("https://andon.example.com")),
        (vec![("ANDON_PUBLIC_URL", "http://andon.example.com")], None),
        (vec![], None),
    ] {
        let settings = Settings::from_variables(names).expect("right settings");
        assert_eq!(origin(&settings).as_deref(), expected);
    }
}

#[test]
fn files_have_plain_names() {
    assert_eq!(Paper::Progress("ORD/1 \"x\"\r\n".to_owned()).name(), "ORD_1__x___.png");
}

fn order() -> progress::Facts {
    progress::Facts {
        number: "ORD-12345".to_owned(),
        product: "Gearbox GX-20".to_owned(),
        status: Status::InProgress,
        sla: Sla::AtRisk,
        progress: 75,
        starts_on: day("2026-01-06"),
        due_on: day("2026-01-25"),
        today: day("2026-01-18"),
    }
}

fn defect() -> report::Facts {
    let photo = png(
        &{
            let mut photo = Sheet::new(400.0, 300.0);
            photo.fill(50.0, 50.0, 200.0, 100.0, Colour(90, 120, 160));
            photo
        },
        1.0,
    );
    report::Facts {
        reference: "DEF-20260118143022".to_owned(),
        order: "ORD-12345".to_owned(),
        defect_type: "INTERNAL_REJECT".to_owned(),
        severity: "HIGH",
        status: tickets::Status::InProgress,
        description: "Cracked along the weld, seam 4. <b>&amp;\nشق في اللحام ORD-12345 (خط 4).\n".repeat(9),
        reporter: "Operator \u{202e}evil".to_owned(),
        reported: "2026-01-18 14:30 UTC".to_owned(),
        holders: String::new(),
        photos: vec![photo.expect("a picture"), b"no picture".to_vec()],
        others: 1,
        history: (0..40)
            .map(|nth| Entry {
                at: "2026-01-18 14:30 UTC".to_owned(),
                status: tickets::Status::New,
                by: format!("Operator {nth}"),
                comment: if nth % 5 == 0 { "تم الفحص: 12 قطعة".to_owned() } else { String::new() },
            })
            .collect(),
    }
}

/// Where somebody wants to look at them.
#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
fn folder() -> Option<String> {
    std::env::var("ANDON_LOOK").ok()
}

#[test]
fn papers_are_drawn_in_every_language() {
    let wording = Wording::load(None).expect("the built-in wording is right");
    for language in wording.languages() {
        let picture = progress::draw(&wording, language, &order()).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG") && picture.len() < 200_000, "{language}");
        let file = report::draw(&wording, language, defect());
        assert!(file.starts_with(b"%PDF-") && file.len() < 300_000, "{language}: {}", file.len());
        if let Some(folder) = folder() {
            std::fs::write(format!("{folder}/{language}.png"), picture).expect("written");
            std::fs::write(format!("{folder}/{language}.pdf"), file).expect("written");
        }
    }
}

#[test]
fn any_order_has_a_picture() {
    let wording = Wording::load(None).expect("the built-in wording is right");
    for (starts_on, due_on, today, progress) in [
        ("2026-01-06", "2026-01-25", "2026-03-18", 250),
        ("2026-01-06", "2026-01-06", "2026-01-06", 0),
        ("2026-01-25", "2026-01-06", "2025-01-18", -3),
        ("0001-01-01", "9999-12-31", "2026-01-18", i64::MAX),
    ] {
        let number = "ORD-".to_owned() + &"9".repeat(250);
        let (starts_on, due_on, today) = (day(starts_on), day(due_on), day(today));
        let facts = progress::Facts { number, progress, starts_on, due_on, today, ..order() };
        assert!(progress::draw(&wording, "ar", &facts).is_some(), "{facts:?}");
    }
}
