//! A flow of the operator's, with the sorts of question that no built-in flow has.

use super::*;

const FLOW: &str = r#"
name = "near_miss"
menu = 7
roles = ["OPERATOR"]
action = "report_maintenance"
question = [
    { name = "machine", field = "machine" },
    { name = "distance", field = "number", min = 0.5, max = 10, optional = true },
    { name = "proof", field = "photo" },
    { name = "note", field = "text", optional = true, max_chars = 10, photos = true },
    { name = "issue_type", field = "choice", options = ["SLIP"] },
    { name = "urgency", field = "choice", options = ["LOW", "HIGH"] },
]
"#;

const WORDS: &str = r#"
[near_miss]
title = "Report Near Miss"
done = "{{ reference }} {{ sla_hours }}"
machine.ask = "Machine: ?"
distance.ask = "Metres: ?"
proof.ask = "Picture: ?"
note.ask = "Note: ?"
issue_type.ask = "Type: ?"
issue_type.options.SLIP = "Slip"
urgency.ask = "Urgency: ?"
urgency.options = { LOW = "Low", HIGH = "High" }
"#;

fn load() -> (Arc<Wording>, Flows) {
    let folder = tempfile::tempdir().expect("a folder");
    let (words, flows) = (folder.path().join("words"), folder.path().join("flows"));
    std::fs::create_dir_all(words.join("en")).expect("a folder");
    std::fs::create_dir_all(&flows).expect("a folder");
    std::fs::write(words.join("en/chat.toml"), WORDS).expect("written");
    std::fs::write(flows.join("near_miss.toml"), FLOW).expect("written");
    let wording = Wording::load(Some(&words)).expect("right words");
    let flows = Flows::load(Some(&flows), &wording).expect("a right flow");
    (wording, flows)
}

#[test]
fn the_menu_shows_it_as_the_next_option() {
    let (wording, flows) = load();
    let step = step(&flows, &wording, Session::default(), &Input::text("hi"), &records(), OPERATOR, false, "Plant 7");
    let menu = MENU_TEXT.replace("\n\nReply with number (1-6)", "\n7️⃣ Report Near Miss\n\nReply with number (1-7)");
    assert_eq!(render(&wording, "en", &step.say), menu);
}

#[test]
fn its_questions_take_what_fits_and_explain_what_does_not() {
    let (wording, flows) = load();
    let range = "That number does not fit: it must be from 0.5 to 10.";
    let mut session = Session::default();
    for (input, answer, state) in [
        (Input::text("7"), "Machine: ?", "near_miss.machine"),
        (Input::text("MACH-001"), "Metres: ?", "near_miss.distance"),
        (Input::text("0.4"), range, "near_miss.distance"),
        (Input::text("11"), range, "near_miss.distance"),
        (Input::text("far"), "Sorry, that is not a number.", "near_miss.distance"),
        (Input::text("Skip"), "Picture: ?", "near_miss.proof"),
        (Input::text("skip"), "Please send a picture.", "near_miss.proof"),
        (picture_message("See?", &[1]), "Note: ?", "near_miss.note"),
        (Input::text("back"), "Picture: ?", "near_miss.proof"),
        (picture_message("", &[2]), "Note: ?", "near_miss.note"),
        (picture_message("", &[3]), "📷 Picture kept.", "near_miss.note"),
        (Input::text("much too long"), "That is too long: 13 characters, and I can take 10.", "near_miss.note"),
        (Input::text("back"), "Picture: ?", "near_miss.proof"),
        (picture_message("", &[4]), "Note: ?", "near_miss.note"),
        (Input::text("skip"), "Type: ?", "near_miss.issue_type"),
        (Input::text("slip"), "Urgency: ?", "near_miss.urgency"),
    ] {
        let step = step(&flows, &wording, session, &input, &records(), OPERATOR, false, "Plant 7");
        let text = render(&wording, "en", &step.say);
        assert!(text.starts_with(answer), "{input:?}: {text}");
        assert_eq!(step.session.state(&flows), state, "{input:?}");
        session = step.session;
    }
    let step = step(&flows, &wording, session, &Input::text("high"), &records(), OPERATOR, false, "Plant 7");
    let finished = step.finished.expect("a finished form");
    let of = |question: &str| finished.answer(question).map(|answer| (answer.value.as_str(), answer.media.clone()));
    assert_eq!(of("distance"), Some(("", Vec::new())));
    assert_eq!(of("proof"), Some(("", vec![picture(4)])));
    assert_eq!(of("note"), Some(("", vec![picture(3)])));
    assert_eq!(of("urgency"), Some(("HIGH", Vec::new())));
}

#[test]
fn a_number_is_stored_in_its_plain_form() {
    let (wording, flows) = load();
    let mut session = Session::default();
    for text in ["near miss", "mach-001", "2,50"] {
        session = step(&flows, &wording, session, &Input::text(text), &records(), OPERATOR, false, "Plant 7").session;
    }
    assert_eq!(session.answer("distance").map(|answer| answer.value.as_str()), Some("2.5"));
}
