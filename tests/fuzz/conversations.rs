//! Conversations: whatever is written, by whomever, gets an answer and leaves a state that holds.

use crate::for_a_while;
use crate::plant::{KEYS, any_name, any_records};
use andon::channels::{Media, Place};
use andon::chat::field::{Field, MAX_TEXT_CHARS};
use andon::chat::flow::{Flow, SHOW, action};
use andon::chat::session::MENU;
use andon::chat::{Asker, Finished, Flows, Input, Records, Say, Session, change, done, refused, render, step};
use andon::delivery::model::parts;
use andon::people::Role;
use andon::wording::Wording;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

pub(crate) static WORDING: LazyLock<Arc<Wording>> =
    LazyLock::new(|| Wording::load(None).expect("the built-in words are right"));
pub(crate) static FLOWS: LazyLock<Flows> =
    LazyLock::new(|| Flows::load(None, &WORDING).expect("the built-in flows are right"));

/// How many characters a message of Twilio's may have, and how many messages one answer may take.
const MAX_CHARS: usize = 1600;
const MOST_PARTS: usize = 4;
/// What people write, and what they should not.
const USUAL: &[&str] = &[
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
    "ORD-7",
    "ORD-12999",
    "MACH-001",
    "MAINT-555",
    "DEF-7",
    "SOP-999",
    "BOM-888",
    "brg-6",
    "quantity 12",
    "unit cost 3.50",
    "replace BRG-7 at 3.20",
    "remove",
    "1,000",
    "back",
    "cancel",
    "help",
    "language",
    "language english",
    "resume",
    "stop",
    "start",
    "skip",
    "high",
    "internal reject",
    "some words",
    "",
    "start over",
];
/// What an action may say no to, and why.
const REFUSALS: &[&str] = &[
    "order_unknown",
    "order_cancelled",
    "machine_unknown",
    "choice_unknown",
    "bom_unknown",
    "bom_not_approved",
    "component_unknown",
    "component_already_there",
    "too_large",
    "change_unreadable",
    "failed",
];

/// One message, who wrote it, and what becomes of the form if it finishes one.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    input: Input,
    /// What is written instead where it is an answer that fits: which of those there are.
    fitting: Option<Index>,
    pub(crate) dormant: bool,
    pub(crate) asker: Asker,
    /// The action's refusal: the question it names, by place, and the words.
    refusal: Option<(Option<Index>, &'static str)>,
}

pub(crate) fn any_turns(most: usize) -> impl Strategy<Value = Vec<Turn>> {
    vec(any_turn(), 1..=most)
}

fn any_turn() -> impl Strategy<Value = Turn> {
    let refusal = proptest::option::weighted(0.3, (proptest::option::of(any::<Index>()), select(REFUSALS)));
    let fitting = proptest::option::weighted(0.6, any::<Index>());
    (any_input(), fitting, prop::bool::weighted(0.1), any_asker(), refusal)
        .prop_map(|(input, fitting, dormant, asker, refusal)| Turn { input, fitting, dormant, asker, refusal })
}

impl Turn {
    /// What is written where the chat stands so.
    pub(crate) fn says(&self, flows: &Flows, session: &Session) -> Input {
        let Some(which) = self.fitting else { return self.input.clone() };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let question = session.open(flows).map(|(_, question)| question);
        let texts = match question.map(|question| &question.field) {
            None => owned(&["1", "2", "3", "4", "5", "6"]),
            Some(Field::Record(kind)) => {
                KEYS.iter().filter(|(of, _)| of == kind).map(|(_, key)| (*key).to_owned()).collect()
            }
            Some(Field::BomComponent { .. }) => owned(&["1", "brg-6"]),
            Some(Field::BomChange { .. }) => owned(&["quantity 12", "replace BRG-7 at 3.20", "remove"]),
            Some(Field::Choice { options }) => options.clone(),
            Some(Field::Number { .. }) => owned(&["1", "2.5"]),
            Some(Field::Text { max_chars }) => vec!["Worn out".to_owned(), "é".repeat(*max_chars)],
            Some(Field::Photo) => owned(&[""]),
        };
        let photo = Media { url: "https://example.com/1".to_owned(), content_type: "image/png".to_owned() };
        let is_photo = question.is_some_and(|question| question.field == Field::Photo);
        let media = if is_photo { vec![photo] } else { Vec::new() };
        Input { media, ..Input::text(which.get(&texts).clone()) }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(USUAL).prop_map(str::to_owned),
        2 => any_name(),
        1 => any::<String>(),
        1 => (select(USUAL), any_name()).prop_map(|(usual, name)| format!("{usual} {name}")),
        1 => (any::<char>(), 1_usize..5000).prop_map(|(c, times)| c.to_string().repeat(times)),
    ]
}

fn any_input() -> impl Strategy<Value = Input> {
    let kinds = ["text", "image", "sticker", "location", "contacts", "interactive", "", "unheard of"];
    let content_type = prop_oneof![Just("image/png".to_owned()), Just("audio/ogg".to_owned()), any_name()];
    let media = prop_oneof![
        4 => Just(Vec::new()),
        1 => vec(content_type, 1..12).prop_map(|types| {
            let media = |content_type| Media { url: "https://example.com/1".to_owned(), content_type };
            types.into_iter().map(media).collect()
        }),
    ];
    let place = (any::<f64>(), -200.0..200.0_f64, proptest::option::of(any_name()));
    let place = place.prop_map(|(latitude, longitude, label)| Place { latitude, longitude, label });
    let place = proptest::option::weighted(0.1, place);
    (any_text(), proptest::option::weighted(0.1, any_text()), media, select(kinds.to_vec()), place)
        .prop_map(|(text, tapped, media, kind, place)| Input { text, tapped, media, kind: kind.to_owned(), place })
}

/// Mostly an operator, so that forms get filled in; now and then their rights change in between.
fn any_asker() -> impl Strategy<Value = Asker> {
    let operator = Asker { role: Some(Role::Operator), registered: true, open_access: false };
    let anybody = (proptest::option::of(select(Role::ALL.to_vec())), any::<bool>())
        .prop_map(|(role, open_access)| Asker { role, registered: role.is_some(), open_access });
    prop_oneof![9 => Just(operator), 1 => anybody]
}

/// Takes one message through the engine and what follows it, and holds the outcome against every promise.
pub(crate) fn take(flows: &Flows, wording: &Wording, session: Session, turn: &Turn, records: &Records) -> Session {
    let input = turn.says(flows, &session);
    let go = |session| step(flows, wording, session, &input, records, turn.asker, turn.dormant, "Plant 7");
    let outcome = go(session.clone());
    assert_eq!(outcome, go(session), "the same message in the same place means the same");
    let (mut session, mut say) = (outcome.session, outcome.say);
    assert_is_sound(flows, &session);
    if let Some(finished) = &outcome.finished {
        let flow = flows.get(&finished.flow).expect("a finished form is one of a flow");
        assert_is_carried_out_rightly(flow, finished, turn.asker);
        say.extend(match turn.refusal {
            None => vec![done(finished, given(flow))],
            Some((question, why)) => {
                let question = question.map(|at| at.get(&flow.questions).name.as_str());
                let (vars, why) = (json!({"key": "ORD-7", "component": "BRG-6"}), format!("chat.refused.{why}"));
                let (again, words) = refused(flows, session, finished, question, &why, vars);
                session = again;
                words
            }
        });
        assert_is_sound(flows, &session);
    }
    if session.in_a_row.is_none() || !say.is_empty() {
        assert_can_be_read(wording, &session.language, &say);
    }
    let stored = serde_json::to_string(&session).expect("a session is JSON");
    let mut again: Session = serde_json::from_str(&stored).expect("it is read again");
    again.has_chosen_language = session.has_chosen_language; // kept with the person
    assert_eq!(again, session);
    session
}

/// What the action adds to a form's last words.
fn given(flow: &Flow) -> Value {
    let names = action(&flow.action).map_or(&[][..], |action| action.gives);
    Value::Object(names.iter().map(|name| ((*name).to_owned(), "given".into())).collect::<Map<_, _>>())
}

/// A session is at the menu with nothing open, or at a question of a flow that is there.
fn assert_is_sound(flows: &Flows, session: &Session) {
    let state = session.state(flows);
    let is_at_menu = state == MENU && session.answers.is_empty() && session.pictures.is_empty();
    // A form that its flow no longer fits is closed by the next message that may speak.
    let is_stale = state == MENU && session.flow.is_some();
    let is_at_question = state
        .split_once('.')
        .and_then(|(flow, question)| flows.get(flow)?.question(question))
        .is_some_and(|question| session.answer(&question.name).is_none());
    assert!(is_at_menu || is_stale || is_at_question, "{state}: {session:?}");
    assert!(session.misses < 3 && session.pictures.len() <= 10, "{session:?}");
}

/// Only who may use the flow carries its action out, with every answer that it needs and none that does not fit.
fn assert_is_carried_out_rightly(flow: &Flow, finished: &Finished, asker: Asker) {
    let as_role = asker.registered && asker.role.is_some_and(|role| flow.roles.contains(&role));
    assert!(as_role || (asker.open_access && flow.roles.contains(&Role::Operator)), "{asker:?} {flow:?}");
    assert!(finished.action == flow.action && flow.action != SHOW, "{finished:?}");
    assert_eq!(finished.answers.len(), flow.questions.len(), "{finished:?}");
    for question in &flow.questions {
        let answer = finished.answer(&question.name).expect("every question has an answer");
        assert!(answer.media.len() <= 10, "{answer:?}");
        let was_skipped = question.optional && answer.value.is_empty();
        let fits = match &question.field {
            Field::Choice { options } => options.contains(&answer.value),
            Field::Text { max_chars } => (1..=*max_chars).contains(&answer.value.chars().count()),
            Field::Record(_) => answer.facts.is_object() && !answer.value.is_empty(),
            Field::BomComponent { of } => {
                let bom = finished.answer(of).map(|bom| bom.facts["components"].clone()).unwrap_or_default();
                bom.as_array().is_some_and(|parts| parts.iter().any(|part| part["number"] == answer.value.as_str()))
            }
            Field::BomChange { .. } => change::parse(&answer.value).is_some(),
            Field::Number { .. } => answer.value.parse::<f64>().is_ok(),
            Field::Photo => !answer.media.is_empty() && answer.value.chars().count() <= MAX_TEXT_CHARS,
        };
        assert!(was_skipped || fits, "{}: {answer:?}", question.name);
    }
}

/// Every word is there with its values, and the whole is a message that a person can be sent.
fn assert_can_be_read(wording: &Wording, language: &str, say: &[Say]) {
    for one in say {
        assert_eq!(wording.check(language, &one.key, &one.vars).err(), None, "{}", one.key);
    }
    let body = render(wording, language, say);
    assert!(!body.is_empty(), "{say:?}");
    let forged =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    assert!(!body.contains(forged), "{body:?}");
    let parts = parts(&body, MAX_CHARS);
    assert!((1..=MOST_PARTS).contains(&parts.len()), "{} messages: {body:?}", parts.len());
    assert!(parts.iter().all(|part| (1..=MAX_CHARS).contains(&part.chars().count())), "{parts:?}");
}

#[test]
fn whatever_is_written_gets_an_answer_and_leaves_a_state_that_holds() {
    for_a_while((any_turns(16), any_records(), any_records()), |(turns, before, after)| {
        let half = turns.len() / 2;
        let mut session = Session::default();
        for (place, turn) in turns.iter().enumerate() {
            session = take(&FLOWS, &WORDING, session, turn, if place < half { &before } else { &after });
        }
    });
}
