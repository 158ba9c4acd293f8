//! Forms that are interrupted, closed from outside, or not for the asker.

use super::*;

#[test]
fn past_the_time_out_resume_or_start_over_is_offered() {
    let offer = "⏸️ You have an unfinished form: *Create Defect Report*.\n\n1️⃣ Resume\n2️⃣ Start over\n\nReply with number (1-2)";
    for (answers, last, state) in [
        (&["3"][..], offer, "create_defect.severity"),
        (
            &["high", "1"],
            "▶️ Going on with *Create Defect Report*.\n\nSeverity (Low / Medium / High): ?",
            "create_defect.severity",
        ),
        (
            &["high", "Resume"],
            "▶️ Going on with *Create Defect Report*.\n\nSeverity (Low / Medium / High): ?",
            "create_defect.severity",
        ),
        (
            &["resume"],
            "▶️ Going on with *Create Defect Report*.\n\nSeverity (Low / Medium / High): ?",
            "create_defect.severity",
        ),
        (&["high", "2"], MENU_TEXT, MENU),
        (&["high", "start over"], MENU_TEXT, MENU),
        (&["high", "high"], offer, "create_defect.severity"),
        (&["high", "1", "high"], "Description (brief details): ?", "create_defect.description"),
        (
            &["hi"],
            &format!("{MENU_TEXT}\n\n⏸️ Your form *Create Defect Report* is kept. Write *resume* to go on with it."),
            MENU,
        ),
        (
            &["high", "hi"],
            &format!("{MENU_TEXT}\n\n⏸️ Your form *Create Defect Report* is kept. Write *resume* to go on with it."),
            MENU,
        ),
        (
            &["hi", "resume"],
            "▶️ Going on with *Create Defect Report*.\n\nSeverity (Low / Medium / High): ?",
            "create_defect.severity",
        ),
        (&["hi", "2", "12345", "resume", "low"], "Description (brief details): ?", "create_defect.description"),
        (
            &["MACH-001"],
            "✅ Machine found: MACH-001 (Press)\n\nIssue Type (Bearing / Hydraulic / Electrical / Other): ?",
            "report_maintenance.issue_type",
        ),
        (&["MACH-001", "resume", "hi"], MENU_TEXT, MENU),
        (&["cancel"], &format!("❎ Cancelled. Nothing was reported.\n\n{MENU_TEXT}"), MENU),
    ] {
        let mut chat = Chat::at(&["1", "12345", "1"]);
        let mut told = chat.after_an_hour(answers[0]);
        for answer in &answers[1..] {
            told = chat.write(answer);
        }
        assert_eq!((told.as_str(), chat.state().as_str()), (last, state), "{answers:?}");
    }
}

#[test]
fn resuming_puts_the_open_form_aside() {
    let mut chat = Chat::at(&["1", "12345", "1"]);
    chat.after_an_hour("MACH-001");
    chat.write("resume");
    assert_eq!(chat.state(), "create_defect.severity");
    assert_eq!(chat.session.draft.as_ref().map(|form| form.flow.as_str()), Some("report_maintenance"));
    chat.write("resume");
    assert_eq!(chat.state(), "report_maintenance.issue_type");
}

#[test]
fn an_unregistered_number_gets_a_notice_and_nothing_else() {
    let stranger = Asker { role: None, registered: false, open_access: false };
    let mut chat = Chat::of(stranger);
    for text in ["hi", "1", "ORD-12345", "help", ""] {
        assert!(
            chat.write(text).starts_with("👋 Hello! This is Andon, and it does not know this number yet."),
            "{text}"
        );
        assert_eq!(chat.last.as_ref().map(|step| step.say.len()), Some(1), "{text}");
        assert_eq!(chat.session, Session::default(), "{text}");
    }
    chat.write("stop");
    assert_eq!(chat.last.as_ref().and_then(|step| step.consent), Some(false));
    let mut guest = Chat::of(Asker { open_access: true, ..stranger });
    assert_eq!(guest.write("hi"), MENU_TEXT);
    guest.write("1");
    assert_eq!(guest.state(), "create_defect.order");
}

#[test]
fn a_role_sees_only_what_is_its_own() {
    for (role, first) in [(Role::Client, "1️⃣ Raise an Incident"), (Role::Support, "1️⃣ My Tickets")] {
        let mut chat = Chat::of(Asker { role: Some(role), ..OPERATOR });
        let menu = chat.write("hi");
        assert!(menu.contains(first) && !menu.contains("Create Defect Report"), "{menu}");
        for text in ["ORD-12345", "check order status", "create defect report"] {
            chat.write(text);
            assert_eq!(chat.state(), MENU, "{role:?} {text}");
        }
    }
    for role in [Role::Supervisor, Role::Admin] {
        assert_eq!(Chat::of(Asker { role: Some(role), ..OPERATOR }).write("hi"), MENU_TEXT);
    }
}

#[test]
fn a_form_that_its_flow_no_longer_knows_leads_to_the_menu() {
    let answer = |value: &str| Answer { value: value.to_owned(), ..Answer::default() };
    for (flow, answers) in [
        ("gone_flow", vec![]),
        ("create_defect", vec![("gone_question".to_owned(), answer("x"))]),
        ("create_defect", vec![("severity".to_owned(), answer("GONE_OPTION"))]),
        ("order_status", vec![("order".to_owned(), answer("ORD-12345"))]),
    ] {
        let mut chat = Chat::new();
        chat.session.flow = Some(flow.to_owned());
        chat.session.answers = answers;
        assert_eq!(chat.state(), MENU);
        let told = chat.write("high");
        assert!(told.starts_with("That form has changed meanwhile") && told.ends_with(MENU_TEXT), "{told}");
        assert_eq!(chat.session, Session::default());
    }
    let mut demoted = Chat::at(&["1", "12345"]);
    demoted.asker.role = Some(Role::Client);
    assert!(demoted.write("1").starts_with("That form has changed meanwhile"));
    assert_eq!(demoted.state(), MENU);
}

#[test]
fn a_refused_form_asks_the_question_again_and_keeps_the_rest() {
    let mut chat = Chat::at(&["bom-888", "1", "quantity 4"]);
    chat.write("No change at all");
    let finished = chat.finished();
    let (session, say) =
        refused(&FLOWS, chat.session.clone(), &finished, Some("change"), "chat.miss.bom_component", Value::Null);
    assert_eq!(session.state(&FLOWS), "submit_bom_update.change");
    assert_eq!(session.data_keys(), ["bom", "component", "reason"]);
    assert!(
        render(&WORDING, "en", &say)
            .ends_with("Change (quantity 12 / unit cost 3.50 / replace BRG-7 at 3.20 / remove): ?")
    );
    chat.session = session;
    chat.write("quantity 5");
    assert_eq!(chat.finished().answer("change").map(|answer| answer.value.as_str()), Some("quantity=5"));
    let (session, _) =
        refused(&FLOWS, Session::default(), &finished, Some("bom"), "chat.miss.bom_component", Value::Null);
    assert_eq!(session.data_keys(), ["reason"]);
    let (session, say) = refused(&FLOWS, Session::default(), &finished, None, "chat.miss.bom_component", Value::Null);
    assert_eq!((session, say.len()), (Session::default(), 1));
}
