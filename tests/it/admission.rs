//! Who is let in and kept out: deactivating, deleting, new passwords, and the admin who is always left.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use crate::users::{dev, login, makes};
use andon::people::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

facts!["admission":
    who_is_deactivated_is_out_at_once,
    a_new_password_ends_the_other_sign_ins,
    one_admin_who_can_sign_in_is_always_left,
    two_admins_cannot_take_each_other_away,
    who_has_a_history_is_deactivated_not_deleted,
    the_first_admin_is_made_by_a_link_once,
];

async fn who_is_deactivated_is_out_at_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, dev) = (app.user("boss", Role::Admin).await, app.user("dev", Role::Support).await);
    let (_, token) = dev.post("/api/tokens/", json!({"name": "Export", "scope": "read"})).await;
    let path = format!("/api/users/{}", dev.id);
    let (status, answer) = admin.post(&format!("{path}/deactivate/"), json!({})).await;
    assert_eq!((status, &answer["message"]), (StatusCode::OK, &json!("dev is deactivated.")));
    assert_eq!(dev.get("/api/profiles/").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "dev", PASSWORD).await, StatusCode::UNAUTHORIZED);
    let refreshed = app.anybody(Method::POST, "/api/auth/refresh", Some(json!({"refresh": dev.refresh}))).await;
    assert_eq!(refreshed.0, StatusCode::UNAUTHORIZED);
    let token = token["token"].as_str().expect("a token");
    let by_token = app.http.get(app.url("/api/profiles")).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(by_token.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(admin.post(&format!("{path}/activate/"), json!({})).await.0, StatusCode::OK);
    assert_eq!(dev.get("/api/profiles/").await.0, StatusCode::UNAUTHORIZED, "the sign-in from before stays ended");
    assert_eq!(login(&app, "dev", PASSWORD).await, StatusCode::OK);
    app.end().await;
}

async fn a_new_password_ends_the_other_sign_ins(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, dev) = (app.user("boss", Role::Admin).await, app.user("dev", Role::Support).await);
    let body = json!({"username": "dev", "password": PASSWORD});
    let (_, beside) = app.anybody(Method::POST, "/api/auth/login", Some(body)).await;
    let new = "another good password";
    let twice = json!({"password": new, "password_confirm": new});
    let (status, wrong) = dev.patch("/api/profile/update/", json!({"password": new})).await;
    assert_eq!((status, &wrong["errors"]["password_confirm"]), (StatusCode::BAD_REQUEST, &json!(["is missing"])));
    assert_eq!(dev.patch("/api/profile/update/", twice.clone()).await.0, StatusCode::OK);
    assert_eq!(dev.get("/api/profiles").await.0, StatusCode::OK, "the one that changed it goes on");
    let beside = app.http.get(app.url("/api/profiles")).bearer_auth(beside["access"].as_str().expect("a token"));
    assert_eq!(beside.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "dev", PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "dev", new).await, StatusCode::OK);
    let own = json!({"password": "dev@example.com", "password_confirm": "dev@example.com"});
    assert_eq!(dev.patch("/api/profile/update/", own).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(admin.patch(&format!("/api/users/{}", dev.id), twice).await.0, StatusCode::OK);
    assert_eq!(dev.get("/api/profiles").await.0, StatusCode::UNAUTHORIZED, "an admin's change ends all");
    app.end().await;
}

async fn one_admin_who_can_sign_in_is_always_left(backend: Backend) {
    let app = TestApp::start(backend).await; // with a demo admin who only chats
    let (admin, second) = (app.user("boss", Role::Admin).await, app.user("second", Role::Admin).await);
    let (own, other) = (format!("/api/users/{}", admin.id), format!("/api/users/{}", second.id));
    assert_eq!(admin.post(&format!("{own}/deactivate"), json!({})).await.0, StatusCode::FORBIDDEN, "not oneself");
    assert_eq!(admin.delete(&own).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.post(&format!("{other}/deactivate"), json!({})).await.0, StatusCode::OK);
    let (status, refused) = admin.patch(&own, json!({"role": "SUPPORT"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["error"].as_str().is_some_and(|says| says.contains("last active admin")), "{refused}");
    assert_eq!(admin.post(&format!("{other}/activate"), json!({})).await.0, StatusCode::OK);
    assert_eq!(admin.patch(&own, json!({"role": "SUPPORT"})).await.0, StatusCode::OK, "now there is another");
    assert_eq!(admin.get("/api/users").await.1["results"].as_array().map(Vec::len), Some(1), "and it counts at once");
    app.end().await;
}

async fn two_admins_cannot_take_each_other_away(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (one, two) = (app.user("one", Role::Admin).await, app.user("two", Role::Admin).await);
    let (of_one, of_two) = (format!("/api/users/{}", one.id), format!("/api/users/{}", two.id));
    let (first, second) =
        tokio::join!(one.patch(&of_two, json!({"role": "CLIENT"})), two.patch(&of_one, json!({"role": "CLIENT"})),);
    let left = app.rows("SELECT id FROM people WHERE role = 'ADMIN' AND username IS NOT NULL").await.len();
    assert_eq!(left, 1, "{first:?} {second:?}");
    app.end().await;
}

async fn who_has_a_history_is_deactivated_not_deleted(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let fresh = makes(&admin, dev()).await;
    let path = format!("/api/users/{fresh}");
    assert_eq!(admin.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&path).await.0, StatusCode::NOT_FOUND);
    let writes = makes(&admin, dev()).await;
    app.says("+12025550142", "hi").await;
    let (status, answer) = admin.delete(&format!("/api/users/{writes}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer["message"].as_str().is_some_and(|says| says.contains("deactivated, not deleted")), "{answer}");
    assert_eq!(admin.get(&format!("/api/users/{writes}")).await.1["is_active"], json!(false));
    app.end().await;
}

async fn the_first_admin_is_made_by_a_link_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let code = app.server.app.proof.setup.open(app.clock.now());
    let get = async |code: &str| {
        let page = app.http.get(app.url(&format!("/setup?code={code}"))).send().await.expect("an answer");
        (page.status(), page.text().await.expect("a page"))
    };
    let post = async |username: &str, password: &str| {
        let form = [("code", &*code), ("username", username), ("password", password), ("password_confirm", password)];
        let page = app.http.post(app.url("/setup")).form(&form).send().await.expect("an answer");
        (page.status(), page.text().await.expect("a page"))
    };
    assert_eq!(get("wrong").await.0, StatusCode::FORBIDDEN);
    let (status, page) = get(&code).await;
    assert!(status == StatusCode::OK && page.contains("first admin") && !page.contains("<script"), "{page}");
    let (status, page) = post("<b>", "short").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("8 to 128") && page.contains("&lt;b&gt;") && !page.contains("<b>"), "{page}");
    assert_eq!(post("boss", PASSWORD).await.0, StatusCode::CREATED);
    assert_eq!(login(&app, "boss", PASSWORD).await, StatusCode::OK);
    assert_eq!(post("other", PASSWORD).await.0, StatusCode::FORBIDDEN, "once");
    assert_eq!(get(&code).await.0, StatusCode::FORBIDDEN);
    let late = app.server.app.proof.setup.open(app.clock.now());
    assert_eq!(get(&late).await.0, StatusCode::FORBIDDEN, "there is an admin");
    app.end().await;
}
