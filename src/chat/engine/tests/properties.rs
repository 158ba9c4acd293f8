//! What holds whatever is written.

use super::*;
use proptest::prelude::*;

/// Messages as people send them, and as nobody would.
fn any_text() -> impl Strategy<Value = String> {
    let usual = proptest::sample::select(vec![
        "hi",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "12345",
        "ORD-12345",
        "ORD-12999",
        "MACH-001",
        "MAINT-555",
        "SOP-999",
        "BOM-888",
        "brg-6",
        "quantity 12",
        "remove",
        "back",
        "cancel",
        "help",
        "language",
        "resume",
        "stop",
        "start",
        "skip",
        "high",
        "internal reject",
        "some words",
        "",
        "start over",
    ]);
    prop_oneof![4 => usual.prop_map(str::to_owned), 1 => any::<String>(), 1 => "\\PC{0,40}"]
}

/// Payloads: ours, of now, of another time and forged, and others'.
fn any_payload() -> impl Strategy<Value = String> {
    let flow = proptest::sample::select(vec!["create_defect", "order_status", "approve_ticket", "start_work", "none"]);
    let question = proptest::sample::select(vec!["order", "severity", "description", "ticket"]);
    let shape = proptest::sample::select(vec!["answer", "say", "start", "resume", "anew", "act"]);
    let ours =
        (shape, 0_u32..4, flow, question, any_text()).prop_map(|(shape, form, flow, question, text)| match shape {
            "answer" | "say" => format!("{shape}:{form}:{flow}:{question}:{text}"),
            "start" => format!("start:{flow}"),
            "act" => format!("act:{flow}:{text}"),
            other => format!("{other}:{form}"),
        });
    prop_oneof![3 => ours, 1 => any_text()]
}

fn any_input() -> impl Strategy<Value = (Input, bool)> {
    let media = proptest::collection::vec(
        prop_oneof![Just("image/png"), Just("audio/ogg"), any::<String>().prop_map(|_| "x")],
        0..3,
    );
    let kind = prop_oneof![4 => Just("text"), 1 => Just("image"), 1 => Just("sticker"), 1 => Just("whatever")];
    let tapped = proptest::option::weighted(0.2, any_payload());
    (any_text(), tapped, media, kind, proptest::bool::weighted(0.2)).prop_map(|(text, tapped, media, kind, dormant)| {
        let media = media
            .into_iter()
            .map(|content_type| Media {
                url: "https://example.com/1".to_owned(),
                content_type: content_type.to_owned(),
            })
            .collect();
        (Input { text, tapped, media, kind: kind.to_owned(), place: None }, dormant)
    })
}

proptest! {
    #[test]
    fn whatever_is_written_gets_an_answer_and_leaves_a_right_state(inputs in proptest::collection::vec(any_input(), 1..12)) {
        let mut chat = Chat::new();
        for (input, dormant) in &inputs {
            let text = chat.take(input, *dormant);
            let is_finished = chat.last.as_ref().is_some_and(|step| step.finished.is_some());
            let is_in_a_row = chat.session.in_a_row.is_some();
            prop_assert!(is_finished || is_in_a_row || !text.is_empty(), "{input:?}");
            let state = chat.state();
            let is_right = state == MENU && chat.session.flow.is_none() && chat.session.answers.is_empty()
                || state.split_once('.').is_some_and(|(flow, question)| FLOWS.get(flow).is_some_and(|flow| flow.question(question).is_some()));
            prop_assert!(is_right, "{state} {:?}", chat.session);
            prop_assert!(chat.session.misses < 3);
            for (_, answer) in &chat.session.answers {
                prop_assert!(answer.value.chars().all(|c| c == '\n' || !c.is_control()));
            }
            let stored = serde_json::to_string(&chat.session).expect("a session is JSON");
            let mut again: Session = serde_json::from_str(&stored).expect("as it was");
            again.has_chosen_language = chat.session.has_chosen_language; // kept with the person
            prop_assert_eq!(&again, &chat.session);
        }
        chat.write("hi");
        prop_assert_eq!(chat.state(), MENU);
    }

    #[test]
    fn back_and_the_same_answer_give_the_same_session(inputs in proptest::collection::vec(any_input(), 0..12), pictures in 0_u32..3) {
        let mut chat = Chat::at(&["1", "12345", "1"]);
        for (input, dormant) in &inputs {
            chat.take(input, *dormant);
        }
        let input = picture_message("low", &(0..pictures).collect::<Vec<_>>());
        let before = chat.session.clone();
        chat.take(&input, false);
        let after = chat.session.clone();
        if after.flow == before.flow && after.answers.len() == before.answers.len() + 1 {
            chat.write("back");
            prop_assert_eq!(&chat.session.answers, &before.answers);
            chat.take(&Input::text("low"), false);
            prop_assert_eq!(chat.session, after);
        }
    }

    #[test]
    fn the_records_a_step_uses_were_asked_for(inputs in proptest::collection::vec(any_input(), 1..10)) {
        let mut session = Session::default();
        for (input, dormant) in &inputs {
            let all = records();
            let mut asked = Records::new();
            for lookup in lookups(&FLOWS, &WORDING, &session, input, *dormant) {
                if let Some(facts) = all.get(lookup.kind, &lookup.key) {
                    asked.found(lookup.kind, &lookup.key, facts.clone());
                }
                asked.nearest(lookup.kind, &lookup.key, all.near(lookup.kind, &lookup.key).to_vec());
            }
            let with_asked = step(&FLOWS, &WORDING, session.clone(), input, &asked, OPERATOR, *dormant, "Plant 7");
            let with_all = step(&FLOWS, &WORDING, session, input, &all, OPERATOR, *dormant, "Plant 7");
            prop_assert_eq!(&with_asked, &with_all);
            session = with_asked.session;
        }
    }
}
