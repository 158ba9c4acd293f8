//! BOMs in the browser: what waits for review, two revisions side by side, and deciding.

use super::harmless::{ATTACKS, is_harmless};
use crate::facts;
use crate::notifications::change;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::User;
use crate::support::window::{Seen, Window};
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["pages::floor_boms":
    what_waits_for_review_is_found_and_approved,
    a_revision_is_rejected_with_a_reason_and_nothing_else,
    a_change_is_shown_as_it_would_be_in_force,
    a_later_revision_in_force_leaves_rejecting_only,
    a_change_is_proposed_at_the_desk,
    two_revisions_stand_side_by_side_in_every_language,
    a_long_bom_is_shown_in_parts,
    boms_are_for_admins_and_supervisors_and_forged_forms_do_nothing,
    what_is_written_in_a_bom_does_nothing_in_a_page,
];

/// A product of three lines, by the API; its id.
async fn bom(admin: &User) -> i64 {
    let body = json!({"number": "BOM-700", "product": "Pump", "components": [
        {"number": "HSG", "name": "Housing", "quantity": "1", "unit_cost": "10"},
        {"number": "BRG", "name": "Bearing", "quantity": "4", "unit_cost": "12.50"},
        {"number": "SEAL", "name": "Seal", "quantity": "2", "unit_cost": "3"},
    ]});
    let (status, made) = admin.post("/api/boms/", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_i64().expect("an id")
}

/// A proposed change; its number.
async fn proposed(by: &User, bom: i64, mut change: Value) -> i64 {
    change["reason"] = json!("It has to be");
    let (status, made) = by.post(&format!("/api/boms/{bom}/revisions/"), change).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["number"].as_i64().expect("a number")
}

/// A row of the comparison, as a person reads it.
fn row(seen: &Seen, number: &str) -> String {
    let text = seen.html.split("<tr").find(|row| row.contains(&format!("<bdi>{number}</bdi>"))).unwrap_or_default();
    Seen { html: format!("<tr{text}"), ..clone(seen) }.text()
}

fn clone(seen: &Seen) -> Seen {
    Seen { status: seen.status, headers: seen.headers.clone(), html: String::new() }
}

async fn what_waits_for_review_is_found_and_approved(backend: Backend) {
    let app = TestApp::start(backend).await;
    let window = app.at_a_window("super1", Role::Supervisor).await.1;
    for text in ["hi", "6", "BOM-888", "BRG-6204", "quantity 6", "Two more per shaft"] {
        app.says(OPERATOR, text).await;
    }
    let list = window.get("/floor/boms?pending=true").await;
    assert!(list.text().contains("1 to review") && !list.text().contains("BOM-889"), "{}", list.text());
    let path = list.html.split("href=\"").find(|rest| rest.starts_with("/floor/boms/")).expect("a link");
    let path = path.split('"').next().expect("a path").to_owned();
    let page = window.get(&path).await;
    for says in ["Revision 1 · Revision 2", "1 changed", "Quantity 6", "Two more per shaft", "+25.00", "Operator"] {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    let bearing = row(&page, "BRG-6204");
    assert!(bearing.contains("4 × 12.50 = 50.00") && bearing.contains("6 × 12.50 = 75.00"), "{bearing}");
    assert!(bearing.contains("changed") && bearing.contains("+25.00"), "{bearing}");
    assert!(!row(&page, "HSG-100").contains("changed"), "{}", page.text());
    let seen = window.post(&format!("{path}/revisions/2/approve"), &[("comment", "Checked")]).await;
    assert_eq!(seen.leads_to(), format!("{path}?revision=2&done=bom_approved"), "{}", seen.text());
    let page = window.get(seen.leads_to()).await;
    assert!(page.text().contains("The revision is in force."), "{}", page.text());
    assert!(!page.html.contains("/approve\""), "nothing is left to decide");
    assert!(row(&page, "BRG-6204").contains("6 × 12.50 = 75.00"), "{}", page.text());
    app.settle().await;
    let told: Vec<String> = app.bubbles(OPERATOR).into_iter().map(|bubble| bubble.text).collect();
    assert!(told.iter().any(|text| text.contains("BOM-888") && text.contains("Checked")), "{told:?}");
    let came = app.rows("SELECT door FROM events WHERE name = 'bom.revision_decided'").await;
    assert_eq!(came[0].try_get::<String>("", "door").expect("a door"), "PAGE");
    assert!(window.get("/floor/boms?pending=true").await.text().contains("No BOM fits."));
    app.end().await;
}

async fn a_revision_is_rejected_with_a_reason_and_nothing_else(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    let number = proposed(&admin, id, json!({"component": "SEAL", "change": "REMOVE"})).await;
    let path = format!("/floor/boms/{id}/revisions/{number}");
    let seen = window.post(&format!("{path}/reject"), &[("reason", "  ")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text().contains("Please fill this in."), "{}", seen.text());
    assert!(row(&seen, "SEAL").contains("taken out"), "{}", seen.text());
    let seen = window.post(&format!("{path}/reject"), &[("reason", "The seal stays")]).await;
    assert_eq!(seen.leads_to(), format!("/floor/boms/{id}?revision={number}&done=bom_rejected"), "{}", seen.text());
    let late = window.post(&format!("{path}/approve"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "it is decided once");
    assert!(late.text().contains("was decided already"), "{}", late.text());
    assert_eq!(window.post(&format!("{path}/explode"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(window.post(&format!("/floor/boms/{id}/revisions/99/approve"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(window.get(&format!("/floor/boms/{id}?revision=99")).await.status, StatusCode::NOT_FOUND);
    let list = window.get(&format!("/floor/boms/{id}")).await;
    assert!(list.text().contains("Rejected") && list.text().contains("Came as a whole"), "{}", list.text());
    app.end().await;
}

async fn a_change_is_shown_as_it_would_be_in_force(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    let first = proposed(&admin, id, json!({"component": "BRG", "change": "QUANTITY", "value": "6"})).await;
    let second = proposed(&admin, id, json!({"component": "HSG", "change": "UNIT_COST", "value": "11"})).await;
    let page = window.get(&format!("/floor/boms/{id}")).await;
    assert!(page.html.contains(&format!("/revisions/{first}/approve")), "the one that waits longest is shown first");
    let page = window.get(&format!("/floor/boms/{id}?revision={second}")).await;
    assert!(page.text().contains("Decide about that one first"), "{}", page.text());
    let seen = window.post(&format!("/floor/boms/{id}/revisions/{first}/approve"), &[]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
    let page = window.get(&format!("/floor/boms/{id}")).await;
    assert!(page.text().contains("Another revision has come into force"), "{}", page.text());
    assert!(row(&page, "BRG").contains("6 × 12.50 = 75.00"), "what is in force stays: {}", page.text());
    assert!(!row(&page, "BRG").contains("changed") && row(&page, "HSG").contains("+1.00"), "{}", page.text());
    window.post(&format!("/floor/boms/{id}/revisions/{second}/approve"), &[]).await;
    let (_, whole) = admin.get(&format!("/api/boms/{id}/")).await;
    assert_eq!(
        (&whole["components"][0]["unit_cost"], &whole["components"][1]["quantity"]),
        (&json!("11.00"), &json!("6"))
    );
    app.end().await;
}

async fn a_later_revision_in_force_leaves_rejecting_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    let first = proposed(&admin, id, json!({"component": "BRG", "change": "QUANTITY", "value": "6"})).await;
    let path = format!("/floor/boms/{id}/revisions/{first}");
    let open = window.get(&format!("/floor/boms/{id}")).await;
    assert!(open.html.contains(&format!("{path}/approve")));
    admin.patch(&format!("/api/boms/{id}/"), json!({"components": [{"number": "HSG"}]})).await;
    let page = window.get(&format!("/floor/boms/{id}")).await;
    assert!(page.text().contains("which is later than revision"), "{}", page.text());
    assert!(!page.html.contains(&format!("{path}/approve")) && page.html.contains(&format!("{path}/reject")));
    let late = window.post(&format!("{path}/approve"), &[("comment", "Still good")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    // A change of a component that is gone meanwhile does not fit any more.
    let gone = proposed(&admin, id, json!({"component": "HSG", "change": "QUANTITY", "value": "2"})).await;
    change(&app, &format!("UPDATE bom_components SET number = 'GONE' WHERE number = 'HSG' AND revision_id = (SELECT id FROM bom_revisions WHERE bom_id = {id} AND number = {})", gone - 1)).await;
    let page = window.get(&format!("/floor/boms/{id}?revision={gone}")).await;
    assert!(page.text().contains("no longer fits"), "{}", page.text());
    app.end().await;
}

async fn a_change_is_proposed_at_the_desk(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    let path = format!("/floor/boms/{id}/propose");
    assert!(window.get(&path).await.text().contains("BRG · Bearing"));
    let typed = [("component", "BRG"), ("change", "QUANTITY"), ("value", "many"), ("reason", "<b>More</b>")];
    let seen = window.post(&path, &typed).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.value("value") == Some("many") && seen.text().contains("a figure like 12.50"), "{}", seen.text());
    let seen =
        window.post(&path, &[("component", "BRG"), ("change", "REPLACE"), ("value", "3"), ("reason", "x")]).await;
    assert!(seen.text().contains("Please fill this in."), "{}", seen.text());
    let typed =
        [("component", "BRG"), ("change", "REPLACE"), ("value", "3"), ("replacement", "brg-2"), ("reason", "Cheaper")];
    let seen = window.post(&path, &typed).await;
    assert_eq!(seen.leads_to(), format!("/floor/boms/{id}?revision=2&done=bom_submitted"), "{}", seen.text());
    let page = window.get(seen.leads_to()).await;
    assert!(row(&page, "BRG-2").contains("added") && row(&page, "BRG").contains("taken out"), "{}", page.text());
    assert!(page.text().contains("BRG-2 takes its place, at 3.00 each"), "{}", page.text());
    app.end().await;
}

async fn two_revisions_stand_side_by_side_in_every_language(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    proposed(&admin, id, json!({"component": "BRG", "change": "QUANTITY", "value": "6"})).await;
    for (language, says, figure) in [
        ("ar", "السارية", "6 × 12.50 = 75.00"),
        ("es", "En vigor", "6 × 12,50 = 75,00"),
        ("fr", "En vigueur", "6 × 12,50 = 75,00"),
        ("pt", "Em vigor", "6 × 12,50 = 75,00"),
        ("en", "In force", "6 × 12.50 = 75.00"),
    ] {
        window.post("/profile", &[("language", language)]).await;
        for path in ["/floor/boms", &format!("/floor/boms/{id}"), &format!("/floor/boms/{id}/propose")] {
            assert!(!window.get(path).await.html.contains("pages."), "{language} {path}");
        }
        let page = window.get(&format!("/floor/boms/{id}")).await;
        assert!(page.text().contains(says) && page.text().contains(figure), "{language}: {}", page.text());
    }
    app.end().await;
}

async fn a_long_bom_is_shown_in_parts(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    let long = "A rather long name of a component that nobody would want to read twice ".repeat(2);
    let lines: Vec<Value> = (0..230)
        .map(|nth| json!({"number": format!("PART-{nth:03}"), "name": long, "quantity": "2", "unit_cost": "1.25"}))
        .collect();
    let (_, made) =
        admin.post("/api/boms/", json!({"number": "BOM-900", "product": "Plant", "components": lines})).await;
    let id = made["id"].as_i64().expect("an id");
    proposed(&admin, id, json!({"component": "PART-229", "change": "QUANTITY", "value": "3"})).await;
    let path = format!("/floor/boms/{id}");
    let page = window.get(&path).await;
    assert!(page.html.len() < 100 * 1024, "{} bytes", page.html.len());
    assert!(row(&page, "PART-229").contains("changed"), "what differs comes first");
    assert!(row(&page, "PART-098").contains("2.50") && row(&page, "PART-099").is_empty(), "a hundred lines");
    assert!(page.html.contains("revision=2&amp;lines=2"), "{}", page.text());
    let last = window.get(&format!("{path}?revision=2&lines=3")).await;
    assert!(row(&last, "PART-228").contains("2.50") && !last.html.contains("lines=4"), "{}", last.text());
    assert!(page.text().contains("575.00") && last.text().contains("576.25"), "the whole is added up on each");
    app.end().await;
}

async fn boms_are_for_admins_and_supervisors_and_forged_forms_do_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, _) = app.at_a_window("boss", Role::Admin).await;
    let id = bom(&admin).await;
    let number = proposed(&admin, id, json!({"component": "SEAL", "change": "REMOVE"})).await;
    let pages = ["/floor/boms".to_owned(), format!("/floor/boms/{id}"), format!("/floor/boms/{id}/propose")];
    let forms = [
        (format!("/floor/boms/{id}/revisions/{number}/approve"), vec![("comment", "Forged")]),
        (format!("/floor/boms/{id}/revisions/{number}/reject"), vec![("reason", "Forged")]),
        (format!("/floor/boms/{id}/propose"), vec![("component", "BRG"), ("change", "REMOVE"), ("reason", "Forged")]),
    ];
    for role in [Role::Operator, Role::Client, Role::Support] {
        let (_, window) = app.at_a_window(&role.as_str().to_lowercase(), role).await;
        for page in &pages {
            assert_eq!(window.get(page).await.status, StatusCode::FORBIDDEN, "{role:?} {page}");
        }
        for (path, fields) in &forms {
            assert_eq!(window.post(path, fields).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    let (_, supervisor) = app.at_a_window("super1", Role::Supervisor).await;
    let guest = Window::new(&app);
    for page in &pages {
        assert_eq!(supervisor.get(page).await.status, StatusCode::OK, "{page}");
        assert_eq!(guest.get(page).await.status, StatusCode::SEE_OTHER, "{page}");
    }
    for (path, fields) in &forms {
        for token in ["", "forged"] {
            let all: Vec<(&str, &str)> = [("token", token)].into_iter().chain(fields.iter().copied()).collect();
            let seen = supervisor.post_just(path, &all).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
            assert!(seen.html.contains("Forged"), "what was typed is still there: {}", seen.text());
        }
    }
    let happened = app.rows("SELECT name FROM events WHERE name LIKE 'bom.%' ORDER BY id").await;
    assert_eq!(happened.len(), 2, "taken in and proposed, and nothing since");
    app.end().await;
}

async fn what_is_written_in_a_bom_does_nothing_in_a_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, window) = app.at_a_window("boss", Role::Admin).await;
    for (nth, attack) in ATTACKS.iter().enumerate() {
        let number = format!("BOM-{attack}-{nth}");
        let lines = json!([{"number": attack, "name": attack, "quantity": "1", "unit_cost": "1"}, {"number": "B", "quantity": "1", "unit_cost": "1"}]);
        let (status, made) =
            admin.post("/api/boms/", json!({"number": number, "product": attack, "components": lines})).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["id"].as_i64().expect("an id");
        let change = json!({"component": attack, "change": "REPLACE", "replacement": format!("{attack}2"), "value": "1", "reason": attack});
        let (status, told) = admin.post(&format!("/api/boms/{id}/revisions/"), change).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
        for path in [format!("/floor/boms/{id}"), format!("/floor/boms/{id}/propose")] {
            let seen = window.get(&path).await;
            assert!(
                seen.status == StatusCode::OK
                    && seen.html.to_lowercase().contains("alert(1)") == attack.contains("alert")
            );
            is_harmless(&path, &seen);
            is_harmless(&path, &Seen { html: seen.html.to_lowercase(), ..clone(&seen) });
        }
        let typed = [("component", *attack), ("change", *attack), ("value", attack), ("replacement", attack)];
        is_harmless("propose", &window.post(&format!("/floor/boms/{id}/propose"), &typed).await);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("q", attack).append_pair("done", attack).finish();
        is_harmless("list", &window.get(&format!("/floor/boms?{query}")).await);
    }
    is_harmless("list", &window.get("/floor/boms").await);
    app.end().await;
}
