//! Which language is spoken, and that the words of all are understood.

use super::languages::Side;
use super::*;
use crate::chat::ask::label_key;
use crate::chat::field::Field;

#[test]
fn every_command_is_understood_whatever_language_is_spoken() {
    for current in WORDING.languages() {
        for spoken in WORDING.languages() {
            for (list, state) in
                [("cancel", MENU), ("back", "create_defect.order"), ("hello", MENU), ("greeting", MENU)]
            {
                for word in WORDING.list(spoken, &format!("chat.words.{list}")) {
                    let mut side = Side::new(current);
                    for text in ["1", "12345", &word] {
                        side.take(&Input::text(text), OPERATOR, false);
                    }
                    assert_eq!(side.session.state(&FLOWS), state, "{current}: {word} in {spoken}");
                    assert_eq!(side.session.language, current, "{word} leaves a chosen language");
                }
            }
        }
    }
}

#[test]
fn every_name_means_the_same_whatever_language_is_spoken() {
    for current in WORDING.languages() {
        for spoken in WORDING.languages() {
            for flow in FLOWS.iter().filter(|flow| flow.roles.contains(&Role::Operator) && flow.menu.is_some()) {
                let names = [format!("chat.{}.title", flow.name), format!("chat.{}.synonyms", flow.name)];
                for name in
                    names.iter().filter(|key| WORDING.has(spoken, key)).flat_map(|key| WORDING.list(spoken, key))
                {
                    let mut side = Side::new(current);
                    side.take(&Input::text(&name), OPERATOR, false);
                    assert_eq!(side.session.flow.as_deref(), Some(flow.name.as_str()), "{current}: {name} in {spoken}");
                }
            }
            for (role, begin, question) in [
                (Role::Operator, &["1", "12345"][..], "create_defect.defect_type"),
                (Role::Operator, &["1", "12345", "1"], "create_defect.severity"),
                (Role::Operator, &["3", "1"], "report_maintenance.issue_type"),
                (Role::Operator, &["3", "1", "1"], "report_maintenance.urgency"),
                (Role::Client, &["1", "a", "b", "c"], "raise_incident.category"),
                (Role::Client, &["1", "a", "b", "c", "1"], "raise_incident.priority"),
            ] {
                let (flow, name) = question.split_once('.').expect("a state");
                let asker = Asker { role: Some(role), registered: true, open_access: false };
                let known = FLOWS.get(flow).and_then(|flow| flow.question(name)).expect("a question");
                let Field::Choice { options } = &known.field else { panic!("{question} is a choice") };
                for option in options {
                    let label = label_key(flow, name, option);
                    let keys = [label, format!("chat.{question}.synonyms.{option}")];
                    for word in
                        keys.iter().filter(|key| WORDING.has(spoken, key)).flat_map(|key| WORDING.list(spoken, key))
                    {
                        let mut side = Side::new(current);
                        for text in begin {
                            side.take(&Input::text(*text), asker, false);
                        }
                        assert_eq!(side.session.state(&FLOWS), question, "{current}");
                        let step = side.take(&Input::text(&word), asker, false);
                        let answers = step.finished.map_or(step.session.answers, |finished| finished.answers);
                        let last = answers.last().map(|(_, answer)| answer.value.as_str());
                        assert_eq!(last, Some(option.as_str()), "{current}: {word} in {spoken}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_greeting_tells_the_language_of_whoever_has_chosen_none() {
    for (before, greeting, language) in [
        ("en", "Hola!", "es"),
        ("en", "¡Buenos días!", "es"),
        ("en", "bonjour", "fr"),
        ("en", "oi", "pt"),
        ("en", "Olá", "pt"),
        ("en", "مرحبًا", "ar"),
        ("en", "السلام عليكم", "ar"),
        ("es", "hello", "en"),
        // On every poster, whatever somebody speaks.
        ("es", "hi", "es"),
        ("ar", "menu", "ar"),
        ("fr", "start", "fr"),
    ] {
        for asker in [OPERATOR, Asker { role: None, registered: false, open_access: false }] {
            let session = Session { language: before.to_owned(), ..Session::default() };
            let step =
                step(&FLOWS, &WORDING, session, &Input::text(greeting), &Records::new(), asker, false, "Plant 7");
            assert_eq!(
                (step.session.language.as_str(), step.session.has_chosen_language),
                (language, false),
                "{greeting}"
            );
        }
        let chosen = Side::fresh(before);
        let step = step(&FLOWS, &WORDING, chosen, &Input::text(greeting), &Records::new(), OPERATOR, false, "Plant 7");
        assert_eq!(step.session.language, before, "{greeting} after a choice");
    }
}

#[test]
fn the_language_is_changed_by_name_in_any_language() {
    for (written, language) in [
        ("language español", "es"),
        ("language Spanish", "es"),
        ("idioma francés", "fr"),
        ("langue portugais", "pt"),
        ("língua árabe", "ar"),
        ("lingua inglês", "en"),
        ("Language espanol", "es"),
        ("لغة الفرنسية", "fr"),
        ("لغة English", "en"),
        ("idioma العربية", "ar"),
        ("language pt", "pt"),
    ] {
        let mut chat = Chat::at(&["1"]);
        chat.write(written);
        assert_eq!((chat.session.language.as_str(), chat.session.has_chosen_language), (language, true), "{written}");
        let expected = WORDING.render(language, "chat.language.switched", &Value::Null);
        let ask = WORDING.render(language, "chat.create_defect.order.ask", &Value::Null);
        assert_eq!(chat.state(), "create_defect.order", "{written}");
        let said = render(&WORDING, language, &chat.last.as_ref().expect("a step").say);
        assert_eq!(said, format!("{expected}\n\n{ask}"), "{written}");
    }
}
