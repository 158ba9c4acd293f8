//! Labels: printed, read by a decoder, and sent as the message that they type in.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::support::app::{OPERATOR, PLANT, TestApp};
use crate::support::codes;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::labels":
    a_printed_label_is_scanned_and_its_message_opens_the_flow_with_the_machine_filled_in,
    a_label_works_whatever_numbers_a_plant_has,
    a_label_scanned_in_the_middle_of_a_form_means_what_it_says,
    labels_are_for_those_who_keep_the_records,
    the_page_says_what_is_printed_and_what_is_not,
    names_on_labels_do_nothing_in_the_page,
];

/// The message that a scanned code types in, for this plant.
fn message(code: &str) -> String {
    let url = url::Url::parse(code).expect("an address");
    assert_eq!((url.scheme(), url.host_str()), ("https", Some("wa.me")));
    assert_eq!(url.path(), format!("/{}", PLANT.trim_start_matches('+')));
    let said = url.query_pairs().find(|(name, _)| name == "text").expect("a text");
    said.1.into_owned()
}

async fn scanned(window: &Window, query: &str) -> Vec<String> {
    let request = window.request(reqwest::Method::GET, &format!("/floor/labels/sheet.pdf?{query}"));
    let response = window.sends(request).await;
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    assert_eq!(response.headers()["content-type"], "application/pdf");
    let file = response.bytes().await.expect("a file");
    codes::on(&file).iter().map(|code| message(code)).collect()
}

async fn a_printed_label_is_scanned_and_its_message_opens_the_flow_with_the_machine_filled_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("shift1", Role::Supervisor).await;
    let window = Window::of(&app, "shift1").await;
    let seen = window.get("/floor/labels?kind=machines").await;
    assert!(seen.text().contains("MACH-001 CNC lathe") && seen.text().contains(PLANT), "{}", seen.text());
    assert!(seen.html.contains("/floor/labels/sheet.pdf?kind=machines"), "the way to the file");
    for sheet in ["l7160", "l7163", "l7159", "5160"] {
        let all = scanned(&window, &format!("kind=machines&sheet={sheet}&start=3")).await;
        assert!(all.starts_with(&["MACH-001".to_owned(), "MACH-002".to_owned()]), "{sheet}: {all:?}");
    }
    let typed = scanned(&window, "kind=machines&numbers=mach+2,+001").await;
    assert_eq!(typed, ["MACH-002", "MACH-001"], "in the order in which they were typed");
    let said = app.says(OPERATOR, &typed[1]).await;
    assert!(said.concat().contains("✅ Machine found: MACH-001"), "{said:?}");
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("report_maintenance.issue_type"));
    app.says(OPERATOR, "Hydraulic").await;
    let said = app.says(OPERATOR, "High").await;
    assert!(said.concat().contains("Maintenance Ticket Created"), "{said:?}");
    let order = scanned(&window, "kind=orders&numbers=12345").await;
    let said = app.says(OPERATOR, &order[0]).await;
    assert!(said.concat().contains("Order Status: ORD-12345"), "{said:?}");
    app.end().await;
}

async fn a_label_works_whatever_numbers_a_plant_has(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    let numbers = ["PRESS-7", "4711", "LATHE", "MACH7", "MACH-A", "(7)", "A+B/3", "مكبس-٧", "É-5"];
    for number in numbers {
        let body = json!({"number": number, "name": format!("Machine {number}"), "department": "Machining"});
        let (status, told) = boss.post("/api/machines/", body).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
    }
    let list =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("numbers", &numbers.join("\n")).finish();
    let codes = scanned(&window, &list).await;
    assert_eq!(codes.len(), numbers.len());
    for (number, code) in numbers.into_iter().zip(codes) {
        let said = app.says(OPERATOR, &code).await.concat();
        assert!(said.contains(number), "{code} -> {said}");
        assert_eq!(app.state(OPERATOR).await.as_deref(), Some("report_maintenance.issue_type"), "{code}");
        app.says(OPERATOR, "cancel").await;
        app.pass(chrono::TimeDelta::minutes(1)).await; // nobody scans so fast
    }
    let order = json!({"number": "2026/118", "customer": "Customer", "product": "Gearbox", "quantity_ordered": 10,
        "starts_on": "2026-01-10", "due_on": "2026-01-30"});
    let (status, told) = boss.post("/api/orders/", order).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");
    let code = scanned(&window, "kind=orders&numbers=2026/118").await;
    let said = app.says(OPERATOR, &code[0]).await.concat();
    assert!(said.contains("Order Status: 2026/118"), "{said}");
    app.end().await;
}

async fn a_label_scanned_in_the_middle_of_a_form_means_what_it_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    for text in ["hi", "1", "ORD-12345", "Other"] {
        app.says(OPERATOR, text).await;
    }
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.severity"));
    let said = app.says(OPERATOR, "ORD-12346").await.concat();
    assert!(said.contains("Order Status: ORD-12346") && said.contains("Severity"), "shown, and asked again: {said}");
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.severity"));
    let said = app.says(OPERATOR, "MACH-001").await.concat();
    assert!(said.contains("Machine found: MACH-001") && said.contains("resume"), "{said}");
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("report_maintenance.issue_type"));
    let said = app.says(OPERATOR, "MACH-001").await.concat();
    assert!(said.contains("Issue Type") && !said.contains("resume"), "scanned twice, it is asked once more: {said}");
    app.says(OPERATOR, "Bearing").await;
    app.says(OPERATOR, "Low").await;
    let said = app.says(OPERATOR, "resume").await.concat();
    assert!(said.contains("Severity"), "what was put aside goes on: {said}");
    app.says(OPERATOR, "High").await;
    assert_eq!(app.state(OPERATOR).await.as_deref(), Some("create_defect.description"));
    let said = app.says(OPERATOR, "MACH-001").await.concat();
    assert!(said.contains("Defect Report Created"), "where words are asked for, it is words: {said}");
    app.end().await;
}

async fn labels_are_for_those_who_keep_the_records(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (name, role, status) in [
        ("boss", Role::Admin, 200),
        ("shift1", Role::Supervisor, 200),
        ("worker1", Role::Operator, 403),
        ("dev1", Role::Support, 403),
        ("client1", Role::Client, 403),
    ] {
        app.user(name, role).await;
        let window = Window::of(&app, name).await;
        for path in ["/floor/labels", "/floor/labels/sheet.pdf?kind=machines"] {
            let request = window.request(reqwest::Method::GET, path);
            assert_eq!(window.sends(request).await.status().as_u16(), status, "{path} for {name}");
        }
    }
    let guest = Window::new(&app);
    assert!(guest.get("/floor/labels/sheet.pdf").await.leads_to().starts_with("/sign-in"));
    app.end().await;
}

async fn the_page_says_what_is_printed_and_what_is_not(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    let seen = window.get("/floor/labels?numbers=MACH-001+MACH-999").await;
    assert!(seen.text().contains("Not found: MACH-999."), "{}", seen.text());
    assert!(seen.text().contains("Labels: 1, on sheets: 1."), "{}", seen.text());
    let seen = window.get("/floor/labels?q=nothing+at+all").await;
    assert!(seen.text().contains("Nothing fits") && !seen.html.contains("sheet.pdf"), "{}", seen.text());
    assert_eq!(window.get("/floor/labels/sheet.pdf?q=nothing+at+all").await.status, StatusCode::BAD_REQUEST);
    let seen = window.get("/floor/labels?start=22&numbers=MACH-001&q=press").await;
    assert_eq!(
        (seen.status, seen.value("start"), seen.value("q")),
        (StatusCode::BAD_REQUEST, Some("22"), Some("press"))
    );
    assert!(seen.html.contains("aria-invalid") && seen.text().contains("MACH-001"), "nothing typed is lost");
    let long = format!("PRESS-{}", "9".repeat(58));
    boss.post("/api/machines/", json!({"number": long, "name": "Long", "department": "Machining"})).await;
    let seen = window.get(&format!("/floor/labels?sheet=5160&numbers={long}")).await;
    assert!(!seen.text().contains("Not found") && seen.text().contains(&long), "{}", seen.text());
    app.end().await;

    let app = TestApp::with(backend, &[("TWILIO_WHATSAPP_NUMBER", ""), ("ANDON_SIMULATOR", "false")]).await;
    let (_, window) = app.at_a_window("boss", Role::Admin).await;
    let seen = window.get("/floor/labels").await;
    assert!(seen.text().contains("WhatsApp number yet, so labels get no code"), "{}", seen.text());
    let to = PLANT.replace('+', "%2B");
    assert!(scanned(&window, &format!("to={to}")).await.contains(&"MACH-001".to_owned()), "it can be typed");
    app.end().await;
}

async fn names_on_labels_do_nothing_in_the_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (boss, window) = app.at_a_window("boss", Role::Admin).await;
    for (nth, attack) in ATTACKS.into_iter().enumerate() {
        let body = json!({"number": format!("{nth}{attack}"), "name": attack, "department": "Machining"});
        assert_eq!(boss.post("/api/machines/", body).await.0, StatusCode::CREATED);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("numbers", attack)
            .append_pair("start", attack)
            .append_pair("q", attack)
            .finish();
        is_harmless("/floor/labels", &window.get(&format!("/floor/labels?{query}")).await);
    }
    let seen = window.get("/floor/labels").await;
    is_harmless("/floor/labels", &seen);
    assert!(seen.html.contains("alert(1)"), "they stand there as text");
    scanned(&window, "q=alert").await;
    app.end().await;
}
