//! What a conversation does to the plant's records, and what it keeps to itself.

use crate::facts;
use crate::support::app::{OPERATOR, STRANGER, TestApp};
use crate::support::databases::Backend;
use crate::support::twilio::Form;
use andon::kit::E164;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, Statement};

facts!["conversations":
    a_defect_report_holds_its_order,
    reports_of_one_second_get_references_of_their_own,
    a_bom_update_makes_a_revision_to_review,
    sessions_survive_a_restart,
    a_stranger_learns_nothing,
    a_newly_registered_number_is_served_at_once,
    every_character_of_a_description_survives,
    many_people_at_once_are_each_answered,
    seeding_twice_changes_nothing,
    two_processes_on_one_database_do_everything_once_and_in_order,
    a_chosen_language_is_spoken_from_then_on,
    a_form_put_aside_is_kept_for_its_days_and_no_longer,
    what_the_provider_says_of_a_registered_person_is_kept,
];

async fn text(app: &TestApp, query: &str) -> Option<String> {
    let statement = Statement::from_string(app.server.app.db.backend(), query.to_owned());
    let row = app.server.app.db.read().query_one_raw(statement).await.expect("the query runs")?;
    Some(row.try_get_by_index(0).expect("a text"))
}

async fn report_defect(app: &TestApp, phone: &str, order: &str, description: &str) -> String {
    for text in ["hi", "1", order, "1", "3"] {
        app.says(phone, text).await;
    }
    app.says(phone, description).await.join("\n")
}

async fn a_defect_report_holds_its_order(backend: Backend) {
    let app = TestApp::start(backend).await;
    let reply = report_defect(&app, OPERATOR, "ORD-12345", "Scratched").await;
    assert_eq!(reply, "✅ Defect Report Created!\nReference: DEF-20260118143022\nOrder is now ON HOLD");
    let status = text(&app, "SELECT status FROM orders WHERE number = 'ORD-12345'").await;
    assert_eq!(status.as_deref(), Some("ON_HOLD"));
    let ticket = text(&app, "SELECT description FROM tickets WHERE reference = 'DEF-20260118143022'").await;
    assert_eq!(ticket.as_deref(), Some("Scratched"));
    let held = text(&app, "SELECT name FROM events WHERE name = 'order.held' ORDER BY id DESC LIMIT 1").await;
    assert!(held.is_some(), "the hold is an event");
    let reply = app.says(OPERATOR, "ORD-12345").await.join("\n");
    assert!(reply.contains("Status: On Hold"), "{reply}");
    app.end().await;
}

async fn reports_of_one_second_get_references_of_their_own(backend: Backend) {
    let app = TestApp::start(backend).await;
    let references: Vec<String> = [
        report_defect(&app, OPERATOR, "ORD-12345", "One").await,
        report_defect(&app, OPERATOR, "ORD-12345", "Two").await,
        report_defect(&app, "+12025550102", "ORD-12346", "Three").await,
    ]
    .iter()
    .filter_map(|reply| Some(reply.lines().find(|line| line.starts_with("Reference"))?.to_owned()))
    .collect();
    let base = "Reference: DEF-20260118143022";
    assert_eq!(references, [base.to_owned(), format!("{base}-2"), format!("{base}-3")]);
    app.end().await;
}

async fn a_bom_update_makes_a_revision_to_review(backend: Backend) {
    let app = TestApp::start(backend).await;
    for text in ["hi", "6", "BOM-888", "BRG-6204", "quantity 6"] {
        app.says(OPERATOR, text).await;
    }
    let reply = app.says(OPERATOR, "Two more per shaft").await.join("\n");
    assert!(reply.contains("+25.00") && reply.contains("Approval Status: 🔄 Pending Review"), "{reply}");
    let status = text(&app, "SELECT status FROM bom_revisions ORDER BY id DESC LIMIT 1").await;
    assert_eq!(status.as_deref(), Some("PENDING_REVIEW"));
    app.end().await;
}

async fn sessions_survive_a_restart(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "hi").await;
    app.says(OPERATOR, "1").await;
    app.says(OPERATOR, "ORD-12345").await;
    let app = app.restart(&[]).await;
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.defect_type"));
    let reply = app.says(OPERATOR, "return").await.join("\n");
    assert!(reply.contains("Severity"), "{reply}");
    app.end().await;
}

async fn a_stranger_learns_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut replies = Vec::new();
    for text in ["hi", "2", "ORD-12345", "MAINT-555", "menu", "help"] {
        replies.extend(app.says(STRANGER, text).await);
    }
    assert_eq!(replies.len(), 6, "each is answered");
    for reply in replies {
        assert!(reply.contains("does not know this number"), "{reply}");
        assert!(
            !reply.contains("75%") && !reply.contains("In Progress") && !reply.contains("Create Defect"),
            "{reply}"
        );
    }
    app.end().await;
}

async fn a_newly_registered_number_is_served_at_once(backend: Backend) {
    use andon::people::{Role, store};
    let app = TestApp::start(backend).await;
    app.says(STRANGER, "hi").await;
    let number = E164::parse(STRANGER).expect("a number");
    let person = store::NewPerson {
        name: "Operator 2".to_owned(),
        role: Role::Operator,
        department: None,
        language: None,
        whatsapp: number,
    };
    let write = app.server.app.db.write(move |tx| {
        let person = person.clone();
        Box::pin(async move { store::register(tx, &[person]).await })
    });
    assert!(matches!(write.await.expect("registered")[..], [store::Registered::New(_)]));
    let reply = app.says(STRANGER, "hi").await.join("\n");
    assert!(reply.starts_with("👋 Welcome to Test Plant!"), "{reply}");
    app.end().await;
}

async fn every_character_of_a_description_survives(backend: Backend) {
    let app = TestApp::start(backend).await;
    let description = "Größe 5 µm — خدش 划痕 👩‍🔧🇿🇦 *bold* 'quoted' \"twice\" \\n % ${x}";
    report_defect(&app, OPERATOR, "ord-12345 ", description).await;
    let stored = text(&app, "SELECT description FROM tickets WHERE kind = 'DEFECT' ORDER BY id DESC LIMIT 1").await;
    assert_eq!(stored.as_deref(), Some(description));
    app.end().await;
}

async fn many_people_at_once_are_each_answered(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_CHAT_ACCESS", "open")]).await;
    let phones: Vec<String> = (0..40).map(|n| format!("+1202555{:04}", 1000 + n)).collect();
    for (round, text) in ["hi", "3", "MACH-001", "Bearing", "High"].into_iter().enumerate() {
        let forms: Vec<Form> = phones
            .iter()
            .enumerate()
            .map(|(n, phone)| Form::message(&format!("SM{round:016}{n:016}"), phone, text))
            .collect();
        let answers = futures_util::future::join_all(forms.iter().map(|form| form.post_for_status(&app))).await;
        assert!(answers.iter().all(reqwest::StatusCode::is_success), "{answers:?}");
    }
    app.settle().await;
    for phone in &phones {
        let bubbles = app.bubbles(phone);
        assert_eq!(bubbles.len(), 5, "{phone}");
        assert!(bubbles[4].text.contains("Maintenance Ticket Created"), "{}", bubbles[4].text);
    }
    let distinct =
        text(&app, "SELECT CAST(COUNT(DISTINCT reference) AS CHAR(10)) FROM tickets WHERE kind = 'MAINTENANCE'").await;
    let all = text(&app, "SELECT CAST(COUNT(*) AS CHAR(10)) FROM tickets WHERE kind = 'MAINTENANCE'").await;
    assert_eq!(distinct, all);
    app.end().await;
}

async fn seeding_twice_changes_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let tables = [
        "people",
        "addresses",
        "orders",
        "machines",
        "boms",
        "bom_revisions",
        "bom_components",
        "tickets",
        "order_holds",
        "events",
    ];
    let mut before = Vec::new();
    for table in tables {
        before.push(app.count(table).await);
    }
    app.clock.advance(TimeDelta::days(2));
    andon::cli::seed::run(&app.server.app.db, app.server.app.settings.timezone).await.expect("it loads again");
    let mut after = Vec::new();
    for table in tables {
        after.push(app.count(table).await);
    }
    assert_eq!(before, after);
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    app.end().await;
}

/// A second language in the operator's folder: just enough to see which one speaks.
const FRENCH: &str = "[language]\nname = \"Français\"\nswitched = \"🌐 Français, d'accord.\"\n\n[create_defect.order]\nask = \"Numéro de commande ?\"\n";

async fn a_chosen_language_is_spoken_from_then_on(backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("fr")).expect("a folder");
    std::fs::write(folder.path().join("fr/chat.toml"), FRENCH).expect("written");
    let words = folder.path().to_string_lossy().into_owned();
    let settings = [("ANDON_WORDING_DIR", words.as_str()), ("ANDON_DRAFT_DAYS", "1")];
    let app = TestApp::with(backend, &settings).await;
    let reply = app.says(OPERATOR, "language français").await.join("\n");
    assert!(reply.starts_with("🌐 Français"), "{reply}");
    assert_eq!(app.says(OPERATOR, "1").await, ["Numéro de commande ?"]);
    app.pass(TimeDelta::days(3)).await; // the session is forgotten, the choice is not
    app.says(OPERATOR, "hi").await;
    assert_eq!(app.says(OPERATOR, "1").await, ["Numéro de commande ?"]);
    app.end().await;
}

async fn a_form_put_aside_is_kept_for_its_days_and_no_longer(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.says(OPERATOR, "1").await;
    app.pass(TimeDelta::minutes(61)).await;
    app.says(OPERATOR, "hi").await; // the form is put aside
    for _ in 0..6 {
        app.pass(TimeDelta::days(1)).await;
        app.says(OPERATOR, "hi").await;
    }
    app.pass(TimeDelta::days(2)).await;
    let reply = app.says(OPERATOR, "resume").await.join("\n");
    assert!(reply.contains("no unfinished form"), "an active chat does not keep it for ever: {reply}");
    app.end().await;
}

async fn what_the_provider_says_of_a_registered_person_is_kept(backend: Backend) {
    let app = TestApp::start(backend).await;
    let form = Form::message("SM1", OPERATOR, "hi")
        .with("ProfileName", "Night shift")
        .with("ExternalUserId", "whatsapp:US.123");
    form.post(&app).await;
    Form::message("SM2", OPERATOR, "hi").post(&app).await; // a message that says neither takes nothing away
    let query = format!(
        "SELECT COALESCE(profile_name, '') || '/' || COALESCE(user_id, '') FROM addresses WHERE value = '{OPERATOR}'"
    );
    let query = if backend == Backend::MariaDb {
        query
            .replace("COALESCE(profile_name, '') || '/' || COALESCE(user_id, '')", "CONCAT(profile_name, '/', user_id)")
    } else {
        query
    };
    assert_eq!(text(&app, &query).await.as_deref(), Some("Night shift/US.123"));
    app.end().await;
}

async fn two_processes_on_one_database_do_everything_once_and_in_order(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's
    }
    let open = [("ANDON_CHAT_ACCESS", "open")];
    let app = TestApp::with(backend, &open).await;
    let other = app.process_beside(&open).await;
    let phones: Vec<String> = (0..12).map(|n| format!("+1202555{:04}", 1000 + n)).collect();
    for (round, text) in ["hi", "3", "MACH-001", "Bearing", "High"].into_iter().enumerate() {
        let posts = phones.iter().enumerate().map(|(n, phone)| {
            let form = Form::message(&format!("SM{round:016}{n:016}"), phone, text);
            let (app, other) = (&app, other.address);
            async move {
                // Both processes get every message: at once, or the one a moment before the other.
                let (one, two) = tokio::join!(form.post_for_status(app), form.post_to(app, other));
                assert_eq!((one, two), (reqwest::StatusCode::OK, reqwest::StatusCode::OK));
            }
        });
        futures_util::future::join_all(posts).await;
        let (one, two) = tokio::join!(app.server.dispatcher.drain(), other.dispatcher.drain());
        one.and(two).expect("both can send");
    }
    app.settle().await;
    for phone in &phones {
        let texts: Vec<String> = app.bubbles(phone).into_iter().map(|bubble| bubble.text).collect();
        assert_eq!(texts.len(), 5, "{phone}: {texts:#?}");
        assert!(texts[0].starts_with("👋") && texts[4].contains("Maintenance Ticket Created"), "{texts:#?}");
    }
    let made = "SELECT CAST(COUNT(DISTINCT reference) AS CHAR(10)) FROM tickets WHERE reference LIKE 'MAINT-2026%'";
    assert_eq!(text(&app, made).await.map(|n| n.trim().to_owned()).as_deref(), Some("12"));
    assert_eq!(app.count("messages").await, 60);
    other.stop().await.expect("it stops");
    app.end().await;
}
