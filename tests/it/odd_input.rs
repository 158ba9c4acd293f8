//! What no database could keep, and what JSON writes in more ways than one.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::people::Role;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::json;

facts!["odd_input":
    a_nul_is_refused_and_is_no_outage,
    a_whole_number_may_be_written_with_a_point,
    what_a_change_of_a_bom_does_not_take_is_looked_at,
];

async fn a_nul_is_refused_and_is_no_outage(backend: Backend) {
    let app = TestApp::start(backend).await;
    let login = json!({"username": "a\0b", "password": "correct horse battery"});
    let (status, refused) = app.anybody(Method::POST, "/api/auth/login/", Some(login)).await;
    assert_eq!(
        (status, &refused["errors"]["username"][0]),
        (StatusCode::BAD_REQUEST, &json!("must not hold a NUL character"))
    );
    let admin = app.user("boss", Role::Admin).await;
    let cursor = json!({"o": "number", "s": 0, "k": "a\0", "i": 0, "b": false});
    let cursor = URL_SAFE_NO_PAD.encode(cursor.to_string());
    let (status, refused) = admin.get(&format!("/api/orders/?cursor={cursor}")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    app.end().await;
}

async fn a_whole_number_may_be_written_with_a_point(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    for (written, status) in [("178.0", 201), ("178.5", 400), ("1e30", 400)] {
        let order = json!({"number": "ORD-777", "customer": "Northwind", "product": "Gearbox", "quantity_ordered": 1,
            "starts_on": "2026-01-12", "due_on": "2026-01-25"});
        let body = order.to_string().replace("\"quantity_ordered\":1", &format!("\"quantity_ordered\":{written}"));
        let request = admin.request(Method::POST, "/api/orders/").header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{written}");
    }
    let (_, orders) = admin.get("/api/orders/?number=ORD-777").await;
    assert_eq!(orders["results"][0]["quantity_ordered"], 178);
    app.end().await;
}

async fn what_a_change_of_a_bom_does_not_take_is_looked_at(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let (_, boms) = admin.get("/api/boms/?number=BOM-888").await;
    let path = format!("/api/boms/{}/revisions/", boms["results"][0]["id"]);
    for (change, field, odd) in [("QUANTITY", "replacement", json!("")), ("REMOVE", "value", json!([6]))] {
        let mut body = json!({"component": "BRG-6204", "change": change, "value": "6", "reason": "Wear"});
        body[field] = odd;
        let (status, refused) = admin.post(&path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{change}: {refused}");
        assert!(refused["errors"][field].is_array(), "{change}: {refused}");
    }
    app.end().await;
}
