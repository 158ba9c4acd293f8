//! Tests of the engine: conversations as tables of "they write" and "Andon answers".

mod interrupted;
mod languages;
mod operators_flow;
mod properties;
mod side_roads;
mod spoken;

use super::*;
use crate::chat::flow_check::sample_facts;
use crate::chat::records::RecordKind;
use crate::chat::session::MENU;
use serde_json::json;
use std::sync::{Arc, LazyLock};

static WORDING: LazyLock<Arc<Wording>> = LazyLock::new(|| Wording::load(None).expect("the built-in words are right"));
static FLOWS: LazyLock<Flows> = LazyLock::new(|| Flows::load(None, &WORDING).expect("the built-in flows are right"));

const OPERATOR: Asker = Asker { role: Some(Role::Operator), registered: true, open_access: false };
const MENU_TEXT: &str = "👋 Welcome to Plant 7!\n\n1️⃣ Create Defect Report\n2️⃣ Check Order Status\n\
    3️⃣ Report Maintenance Issue\n4️⃣ View SOP Failure\n5️⃣ Check SLA Status\n6️⃣ Submit BOM Update\n\n\
    Reply with number (1-6)";

/// The plant as the engine's caller would find it.
fn records() -> Records {
    let mut records = Records::new();
    for (kind, key) in [
        (RecordKind::Order, "ORD-12345"),
        (RecordKind::Machine, "MACH-001"),
        (RecordKind::Ticket, "MAINT-555"),
        (RecordKind::SopFailure, "SOP-999"),
        (RecordKind::Bom, "BOM-888"),
    ] {
        records.found(kind, key, sample_facts(kind));
    }
    records.nearest(RecordKind::Order, "ORD-12999", vec!["ORD-12345".to_owned(), "ORD-12346".to_owned()]);
    records
}

/// One person's chat, from the menu.
struct Chat {
    session: Session,
    asker: Asker,
    last: Option<Step>,
}

impl Chat {
    fn new() -> Self {
        Self::of(OPERATOR)
    }

    fn of(asker: Asker) -> Self {
        Self { session: Session::default(), asker, last: None }
    }

    fn take(&mut self, input: &Input, dormant: bool) -> String {
        let step = step(&FLOWS, &WORDING, self.session.clone(), input, &records(), self.asker, dormant, "Plant 7");
        for say in &step.say {
            assert_eq!(WORDING.check("en", &say.key, &say.vars).err(), None, "{}", say.key);
        }
        let text = render(&WORDING, "en", &step.say);
        self.session = step.session.clone();
        self.last = Some(step);
        text
    }

    fn write(&mut self, text: &str) -> String {
        self.take(&Input::text(text), false)
    }

    fn after_an_hour(&mut self, text: &str) -> String {
        self.take(&Input::text(text), true)
    }

    fn state(&self) -> String {
        self.session.state(&FLOWS)
    }

    fn at(texts: &[&str]) -> Self {
        let mut chat = Self::new();
        for text in texts {
            chat.write(text);
        }
        chat
    }

    fn finished(&self) -> Finished {
        self.last.clone().and_then(|step| step.finished).expect("a finished form")
    }
}

fn picture(number: u32) -> Media {
    Media { url: format!("https://example.com/{number}"), content_type: "image/jpeg".to_owned() }
}

fn picture_message(text: &str, numbers: &[u32]) -> Input {
    Input {
        text: text.to_owned(),
        tapped: None,
        media: numbers.iter().copied().map(picture).collect(),
        kind: "image".to_owned(),
        place: None,
    }
}

#[test]
fn every_flow_reads_word_for_word() {
    for (conversation, state) in [
        (
            &[
                ("hi", MENU_TEXT),
                ("1", "Order Number (e.g., ORD-12345): ?"),
                ("ord 12345", "✅ Order found: ORD-12345\n\nDefect Type (Internal Reject / Return / Other): ?"),
                ("internal reject", "Severity (Low / Medium / High): ?"),
                ("3", "Description (brief details): ?"),
                ("Scratched\nall over", ""),
            ][..],
            MENU,
        ),
        (
            &[
                ("2", "Order Number (e.g., ORD-12345): ?"),
                (
                    "12345",
                    "📦 Order Status: ORD-12345\nStatus: In Progress\nProgress: 75%\nExpected: 2026-01-25\nSLA Status: ✅ On Track",
                ),
            ],
            MENU,
        ),
        (
            &[
                ("3", "Machine ID (e.g., MACH-001): ?"),
                ("1", "✅ Machine found: MACH-001 (Press)\n\nIssue Type (Bearing / Hydraulic / Electrical / Other): ?"),
                ("hydralic", "Urgency (Low / Medium / High): ?"),
                ("HIGH", ""),
            ],
            MENU,
        ),
        (
            &[
                ("4", "SOP ID (e.g., SOP-999): ?"),
                (
                    "999",
                    "📋 SOP Failure: SOP-999\nStatus: New\nFailure Type: Step skipped\nProcedure: Torque check\nReported: 2026-01-18 14:30 UTC\nHeld by: Supervisor 1\nEscalation: Not escalated",
                ),
            ],
            MENU,
        ),
        (
            &[
                ("5", "Ticket ID (e.g., MAINT-555): ?"),
                (
                    "555",
                    "⏱️ SLA Status: MAINT-555\nTime Remaining: 44h 32m\nStatus: ✅ OK\nDeadline: 2026-01-20 14:30 UTC\nHeld by: Technician 1",
                ),
            ],
            MENU,
        ),
        (
            &[
                ("6", "BOM ID (e.g., BOM-888): ?"),
                (
                    "bom888",
                    "✅ BOM found: BOM-888 (Pump)\n\n1. BRG-6 Ball bearing (4 × 2.50)\n2. SEAL-12 Seal ring (2 × 0.80)\n\nComponent (number, part number or name): ?",
                ),
                (
                    "brg 6",
                    "✅ Component: BRG-6 Ball bearing\n\nChange (quantity 12 / unit cost 3.50 / replace BRG-7 at 3.20 / remove): ?",
                ),
                ("replace BRG-7 at 3.20", "Reason (brief details): ?"),
                ("Cheaper", ""),
            ],
            MENU,
        ),
    ] {
        let mut chat = Chat::new();
        for (write, answer) in conversation {
            assert_eq!(chat.write(write), *answer, "{write}");
        }
        assert_eq!(chat.state(), state);
    }
}

#[test]
fn a_finished_form_carries_canonical_answers() {
    let values = |chat: &Chat| {
        chat.finished().answers.into_iter().map(|(name, answer)| format!("{name}={}", answer.value)).collect::<Vec<_>>()
    };
    let chat = Chat::at(&["1", "12345", "return", "h\u{0}igh", " Scratched\u{7}\r\nall over "]);
    assert_eq!(
        values(&chat),
        ["order=ORD-12345", "defect_type=RETURN", "severity=HIGH", "description=Scratched\nall over"]
    );
    assert_eq!(chat.finished().action, "report_defect");
    let chat = Chat::at(&["bom-888", "2", "cost 0,75", "Cheaper"]);
    assert_eq!(values(&chat), ["bom=BOM-888", "component=SEAL-12", "change=unit_cost=0.75", "reason=Cheaper"]);
}

#[test]
fn the_last_words_of_a_form_read_word_for_word() {
    let words = |chat: &Chat, vars: Value| render(&WORDING, "en", &[done(&chat.finished(), vars)]);
    let defect = Chat::at(&["1", "12345", "other", "low", "Scratched"]);
    assert_eq!(
        words(&defect, json!({"reference": "DEF-20260118143022"})),
        "✅ Defect Report Created!\nReference: DEF-20260118143022\nOrder is now ON HOLD"
    );
    let maintenance = Chat::at(&["mach-001", "bearing", "high"]);
    assert_eq!(
        words(&maintenance, json!({"reference": "MAINT-20260118143022", "sla_hours": 24})),
        "✅ Maintenance Ticket Created!\nTicket: MAINT-20260118143022\nSLA: 24 hours"
    );
    let bom = Chat::at(&["bom-888", "1", "remove", "Not needed"]);
    let vars = json!({"bom": "BOM-888", "revision": "4", "component": "BRG-6", "cost_change": "-10.00"});
    assert_eq!(
        words(&bom, vars),
        "✅ BOM Update Submitted!\nBOM: BOM-888\nNew Revision: 4 (draft)\nComponent: BRG-6\nCost Change: -10.00\nApproval Status: 🔄 Pending Review"
    );
}

#[test]
fn what_is_missing_in_facts_is_said_in_words() {
    let mut records = Records::new();
    records.found(
        RecordKind::Ticket,
        "MAINT-555",
        json!({"reference": "MAINT-555", "time_left": null, "clock": "DONE", "deadline": null, "holder": null}),
    );
    let step =
        step(&FLOWS, &WORDING, Session::default(), &Input::text("maint-555"), &records, OPERATOR, false, "Plant 7");
    assert_eq!(
        render(&WORDING, "en", &step.say),
        "⏱️ SLA Status: MAINT-555\nTime Remaining: –\nStatus: ✅ Done\nDeadline: none\nHeld by: nobody yet"
    );
}

#[test]
fn an_option_of_the_menu_is_picked_by_number_words_or_tap() {
    for (write, state) in [
        ("1️⃣", "create_defect.order"),
        ("３", "report_maintenance.machine"),
        ("Check Order Status", "order_status.order"),
        ("defect", "create_defect.order"),
        ("maintenence", "report_maintenance.machine"),
        ("SLA", "sla_status.ticket"),
        ("report a defect", "create_defect.order"),
        ("status", MENU),
        ("7", MENU),
        ("0", MENU),
    ] {
        let mut chat = Chat::new();
        chat.write(write);
        assert_eq!(chat.state(), state, "{write}");
    }
    let mut chat = Chat::new();
    let tap = Input {
        text: "BOM".to_owned(),
        tapped: Some("start:view_sop_failure".to_owned()),
        kind: "interactive".to_owned(),
        ..Input::default()
    };
    chat.take(&tap, false);
    assert_eq!(chat.state(), "view_sop_failure.sop_failure");
}

#[test]
fn a_typed_reference_goes_straight_to_its_flow() {
    for (write, state) in [
        ("ORD-12345", MENU),
        ("mach 001", "report_maintenance.issue_type"),
        ("MAINT-555", MENU),
        ("sop999", MENU),
        ("BOM-888", "submit_bom_update.component"),
        ("ORD-12999", "order_status.order"),
        ("MACH-001 is broken again", MENU),
    ] {
        let mut chat = Chat::new();
        chat.write(write);
        assert_eq!(chat.state(), state, "{write}");
    }
}

#[test]
fn a_record_that_does_not_exist_is_refused_with_the_nearest() {
    let mut chat = Chat::at(&["1"]);
    assert_eq!(
        chat.write("12999"),
        "I can't find ORD-12999. Did you mean ORD-12345 or ORD-12346?\n\nOrder Number (e.g., ORD-12345): ?"
    );
    assert_eq!(chat.write("*1*_y"), "I can't find 1*\u{200C}_\u{200C}Y.\n\nOrder Number (e.g., ORD-12345): ?");
    assert!(chat.write("ORD-12345").starts_with("✅ Order found: ORD-12345"));
}

#[test]
fn only_what_a_message_may_refer_to_is_looked_up() {
    let keys = |chat: &Chat, text: &str, dormant: bool| {
        let found = lookups(&FLOWS, &WORDING, &chat.session, &Input::text(text), dormant);
        found.into_iter().map(|lookup| lookup.key).collect::<Vec<_>>()
    };
    let (menu, order, severity) = (Chat::new(), Chat::at(&["1"]), Chat::at(&["1", "12345", "1"]));
    for (chat, text, dormant, expected) in [
        (&menu, "hi", false, &[][..]),
        (&menu, "1", false, &[]),
        (&menu, "mach 1", false, &["MACH-1", "MACH1"]),
        (&order, "ord12345", false, &["ORD-12345", "ORD12345"]),
        (&order, "12345", false, &["12345", "ORD-12345"]),
        (&order, "hi", false, &[]),
        (&order, "12345", true, &[]),
        (&severity, "MACH-001", false, &["MACH-001"]),
        (&severity, "MACH-001", true, &["MACH-001"]),
    ] {
        assert_eq!(keys(chat, text, dormant), expected, "{text}");
    }
}

#[test]
fn every_key_that_the_engine_uses_exists() {
    let sources = [
        include_str!("../turn.rs"),
        include_str!("../turn/question.rs"),
        include_str!("../turn/interrupted.rs"),
        include_str!("../field.rs"),
        include_str!("../engine.rs"),
        include_str!("../change.rs"),
    ];
    let mut seen = 0;
    for key in sources
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|part| part.starts_with("chat.") && !part.contains('{'))
    {
        assert!(WORDING.has("en", key), "{key}");
        seen += 1;
    }
    assert!(seen > 20, "the sources hold {seen} keys");
    let words = ["greeting", "start", "stop", "cancel", "back", "help", "language", "resume", "start_over", "skip"]
        .map(|word| format!("words.{word}"));
    let changes = ["quantity", "unit_cost", "replace", "remove", "at", "to"].map(|word| format!("change.words.{word}"));
    let expected = super::super::field::Field::NAMES.map(|field| format!("expect.{field}"));
    let records = RecordKind::ALL.map(|kind| format!("miss.{}", kind.as_str()));
    let amounts = ["not_a_number", "ambiguous", "too_fine", "too_big"];
    let numbers = amounts.map(|why| format!("miss.number.{why}"));
    let bom_changes = amounts
        .into_iter()
        .chain(["unknown", "incomplete", "not_positive"])
        .map(|why| format!("miss.bom_change.{why}"));
    let cannot =
        ["sticker", "photo", "audio", "place", "contact", "document", "other"].map(|what| format!("cannot.{what}"));
    let all =
        words.into_iter().chain(changes).chain(expected).chain(records).chain(numbers).chain(bom_changes).chain(cannot);
    for key in all.map(|key| format!("chat.{key}")) {
        assert!(WORDING.has("en", &key), "{key}");
    }
}
