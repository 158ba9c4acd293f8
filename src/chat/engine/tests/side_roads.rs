//! Side roads: the words that hold everywhere, what does not fit, pictures, opting out.

use super::*;

#[test]
fn side_roads_answer_as_told() {
    let ask_order = "Order Number (e.g., ORD-12345): ?";
    for (before, write, answer, state) in [
        (&["1", "12345"][..], "cancel", format!("❎ Cancelled. Nothing was reported.\n\n{MENU_TEXT}"), MENU),
        (&[], "Cancel!", format!("There is nothing to cancel.\n\n{MENU_TEXT}"), MENU),
        (&["1", "12345"], "hello", MENU_TEXT.to_owned(), MENU),
        (&["1", "12345"], "MENU", MENU_TEXT.to_owned(), MENU),
        (&["1", "12345"], "back", ask_order.to_owned(), "create_defect.order"),
        (&["1"], "back", MENU_TEXT.to_owned(), MENU),
        (&[], "back", MENU_TEXT.to_owned(), MENU),
        (&[], "", MENU_TEXT.to_owned(), MENU),
        (&[], "resume", format!("There is no unfinished form to resume.\n\n{MENU_TEXT}"), MENU),
        (&[], "language", format!("🌐 I speak العربية, English, Español, Français, Português. To switch, write *language* and its name.\n\n{MENU_TEXT}"), MENU),
        (&["1"], "language", format!("🌐 I speak العربية, English, Español, Français, Português. To switch, write *language* and its name.\n\n{ask_order}"), "create_defect.order"),
        (&["1"], "language English", format!("🌐 English it is.\n\n{ask_order}"), "create_defect.order"),
        (&["1", "12345"], "help", "ℹ️ You are in *Create Defect Report*, question 2 of 4.\n*back* goes one question back, *cancel* drops the form, *menu* shows all options.\n\nI need one of these, by number or word:\n1️⃣ Internal Reject\n2️⃣ Return\n3️⃣ Other\n\nDefect Type (Internal Reject / Return / Other): ?".to_owned(), "create_defect.defect_type"),
        (&["1", "12345"], "green", "Sorry, that is none of the options. Reply with a word or a number (1-3).\n\nDefect Type (Internal Reject / Return / Other): ?".to_owned(), "create_defect.defect_type"),
        (&["1"], " \u{0} ", format!("That message was empty. Please write a few words.\n\n{ask_order}"), "create_defect.order"),
        (&[], "good grief", format!("Sorry, I did not understand that.\n\n{MENU_TEXT}"), MENU),
        (&["6", "888"], "gear", "Sorry, that is none of the components.\n\n1. BRG-6 Ball bearing (4 × 2.50)\n2. SEAL-12 Seal ring (2 × 0.80)\n\nComponent (number, part number or name): ?".to_owned(), "submit_bom_update.component"),
        (&["6", "888", "1"], "quantity none", "I could not find a number in that. Write, for example, *quantity 12* or *unit cost 3.50*.\n\nChange (quantity 12 / unit cost 3.50 / replace BRG-7 at 3.20 / remove): ?".to_owned(), "submit_bom_update.change"),
    ] {
        let mut chat = Chat::at(before);
        assert_eq!(chat.write(write), answer, "{before:?} {write}");
        assert_eq!(chat.state(), state, "{before:?} {write}");
    }
}

#[test]
fn three_misses_in_a_row_explain_and_count_anew() {
    let mut chat = Chat::at(&["1", "12345"]);
    for round in 0..2 {
        assert!(!chat.write("green").contains("third"), "round {round}");
        assert!(!chat.write("blue").contains("third"), "round {round}");
        let third = chat.write("red");
        assert!(third.ends_with("3️⃣ Other\n\nThat was the third answer I could not use. Try again, or write *help* for help or *menu* for all options."), "{third}");
    }
    chat.write("green");
    chat.write("2");
    assert_eq!((chat.session.misses, chat.state().as_str()), (0, "create_defect.severity"));
    let mut menu = Chat::new();
    menu.write("one of those things");
    menu.write("nonsense");
    assert!(menu.write("nonsense").ends_with("write *help*."));
    assert_eq!(menu.write("hi"), MENU_TEXT);
    assert_eq!(menu.session.misses, 0);
}

#[test]
fn a_text_too_long_is_refused_with_the_limit_and_its_length() {
    let mut chat = Chat::at(&["1", "12345", "1", "1"]);
    let answer = chat.write(&"é".repeat(2001));
    assert!(answer.starts_with("That is too long: 2001 characters, and I can take 2000."), "{answer}");
    chat.write(&"é".repeat(2000));
    assert_eq!(chat.finished().answers.len(), 4);
}

#[test]
fn pictures_wait_for_their_words() {
    let mut chat = Chat::at(&["1", "12345", "1", "1"]);
    let answer = chat.take(&picture_message("", &[1, 2]), false);
    assert_eq!(answer, "📷 Picture kept. Please add a few words to it.\n\nDescription (brief details): ?");
    assert_eq!(
        (chat.state().as_str(), chat.session.data_keys()),
        ("create_defect.description", vec!["order", "defect_type", "severity"])
    );
    chat.take(&picture_message("Scratched", &[3]), false);
    let finished = chat.finished();
    let description = finished.answer("description").expect("answered");
    assert_eq!(
        (description.value.as_str(), &description.media),
        ("Scratched", &vec![picture(1), picture(2), picture(3)])
    );
    assert_eq!(chat.session, Session { form: 1, forms: 1, ..Session::default() });
}

#[test]
fn more_pictures_than_fit_are_told() {
    let mut chat = Chat::at(&["1", "12345", "1", "1"]);
    let answer = chat.take(&picture_message("", &(0..11).collect::<Vec<_>>()), false);
    assert!(answer.starts_with("📎 I can keep 10 files with one report"), "{answer}");
    assert_eq!(chat.session.pictures.len(), 10);
}

#[test]
fn what_is_no_text_is_answered_kindly_and_is_no_miss() {
    let file = |content_type: &str| {
        vec![Media { url: "https://example.com/1".to_owned(), content_type: content_type.to_owned() }]
    };
    for (kind, media, answer) in [
        ("sticker", file("image/webp"), "🙂 Nice sticker!"),
        ("image", file("image/jpeg"), "📷 I cannot use a picture here."),
        ("text", file("image/jpeg"), "📷 I cannot use a picture here."),
        ("audio", file("audio/ogg"), "🎤 I cannot listen"),
        ("document", file("application/pdf"), "📄 I cannot use a file here."),
        ("location", Vec::new(), "📍 I cannot use a place here."),
        ("contacts", Vec::new(), "👤 I cannot use a contact here."),
        ("unsupported", Vec::new(), "I cannot read this kind of message."),
    ] {
        let input = Input { kind: kind.to_owned(), media, ..Input::default() };
        let mut chat = Chat::at(&["2"]);
        let told = chat.take(&input, false);
        assert!(told.starts_with(answer) && told.ends_with("Order Number (e.g., ORD-12345): ?"), "{kind}: {told}");
        assert_eq!((chat.session.misses, chat.state().as_str()), (0, "order_status.order"), "{kind}");
        let is_for_a_report = !input.media.is_empty() && kind != "sticker";
        let answer = if is_for_a_report { "📎 Kept. What is it about?" } else { answer };
        let mut menu = Chat::new();
        let told = menu.take(&input, false);
        assert!(told.starts_with(answer) && told.ends_with(MENU_TEXT), "{kind}: {told}");
    }
    let mut chat = Chat::at(&["2"]);
    let told = chat.take(&picture_message("ORD-12345", &[1]), false);
    assert!(
        told.starts_with("📷 I cannot keep a picture with this answer, so I only read your words.\n\n📦 Order Status"),
        "{told}"
    );
}

#[test]
fn opting_out_leaves_the_form_as_it_was() {
    let mut chat = Chat::at(&["1", "12345"]);
    let before = chat.session.clone();
    for word in ["STOP", " stopall", "Unsubscribe."] {
        let answer = chat.write(word);
        assert!(answer.starts_with("🔕 You will get no more notices"), "{answer}");
        assert!(answer.ends_with("Defect Type (Internal Reject / Return / Other): ?"), "{answer}");
        assert_eq!((chat.last.as_ref().and_then(|step| step.consent), &chat.session), (Some(false), &before), "{word}");
    }
    chat.write("please stop");
    assert_eq!(chat.last.as_ref().and_then(|step| step.consent), None);
    assert_eq!(chat.write("START"), MENU_TEXT);
    assert_eq!(chat.last.as_ref().and_then(|step| step.consent), Some(true));
}
