//! Users and profiles: who sees whom, who changes what, and what is told together.

use crate::facts;
use crate::support::app::{OPERATOR, TestApp};
use crate::support::databases::Backend;
use crate::support::user::{PASSWORD, User};
use andon::people::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

facts!["users":
    an_admin_makes_a_user_who_can_sign_in,
    all_that_is_wrong_with_a_new_user_is_told_together,
    what_is_somebody_elses_is_refused,
    who_sees_and_changes_whom,
    the_list_goes_by_pages_and_filters,
    a_user_is_changed_by_what_is_named_only,
    a_number_moves_with_its_history_and_leaves_a_stranger,
    a_number_that_no_plan_has_needs_the_operators_leave,
    profiles_are_ones_own,
    changes_are_in_the_log_with_who_made_them,
    who_is_deactivated_many_times_at_once_is_so_once,
    ids_that_are_no_numbers_are_not_found,
];

pub(crate) fn dev() -> Value {
    json!({
        "username": "Dev1", "email": "Dev1@Example.com", "first_name": "Dev", "last_name": "One", "role": "SUPPORT",
        "phone_number": "+442079460018", "whatsapp_number": "+12025550142", "department": "IT",
        "password": PASSWORD, "password_confirm": PASSWORD,
    })
}

pub(crate) fn with(mut value: Value, name: &str, other: Value) -> Value {
    value[name] = other;
    value
}

pub(crate) async fn makes(admin: &User, asked: Value) -> i64 {
    let (status, made) = admin.post("/api/users/", asked).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_i64().expect("an id")
}

pub(crate) async fn login(app: &TestApp, username: &str, password: &str) -> StatusCode {
    let body = json!({"username": username, "password": password});
    app.anybody(Method::POST, "/api/auth/login/", Some(body)).await.0
}

async fn an_admin_makes_a_user_who_can_sign_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let (status, made) = admin.post("/api/users/", dev()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        made,
        json!({
            "id": made["id"], "username": "dev1", "email": "dev1@example.com", "first_name": "Dev", "last_name": "One",
            "full_name": "Dev One", "role": "SUPPORT", "phone_number": "+442079460018",
            "whatsapp_number": "+12025550142", "department": "IT", "language": "en", "is_active": true,
            "date_joined": "2026-01-18T14:30:22Z",
        })
    );
    assert_eq!(admin.get(&format!("/api/users/{}/", made["id"])).await, (StatusCode::OK, made.clone()));
    assert_eq!(login(&app, "dev1", PASSWORD).await, StatusCode::OK);
    let (_, support) = admin.get("/api/users/by_role/?role=SUPPORT").await;
    let names: Vec<&Value> = support.as_array().expect("a list").iter().map(|user| &user["full_name"]).collect();
    assert!(names.contains(&&json!("Dev One")), "{support}");
    app.end().await;
}

async fn all_that_is_wrong_with_a_new_user_is_told_together(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let asked = json!({
        "username": "no spaces", "email": "nobody", "role": "CHIEF", "whatsapp_number": "0049 20 7946 0018",
        "password": "password", "password_confirm": "other", "department": 7, "nickname": "x",
    });
    let (status, problem) = admin.post("/api/users/", asked).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let wrong: Vec<&String> = problem["errors"].as_object().expect("fields").keys().collect();
    assert_eq!(
        wrong,
        ["department", "email", "nickname", "password", "password_confirm", "role", "username", "whatsapp_number"]
    );
    assert_eq!(problem["errors"]["role"], json!(["must be one of ADMIN, SUPPORT, CLIENT, OPERATOR, SUPERVISOR"]));
    let (_, problem) = admin.post("/api/users/", json!({})).await;
    let missing = json!(["is missing"]);
    assert_eq!(
        problem["errors"],
        json!({"username": missing, "role": missing, "password": missing, "password_confirm": missing})
    );
    app.end().await;
}

async fn what_is_somebody_elses_is_refused(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    makes(&admin, dev()).await;
    let (status, problem) = admin.post("/api/users/", with(dev(), "whatsapp_number", json!(OPERATOR))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let wrong = &problem["errors"];
    assert_eq!(wrong["username"], json!(["is somebody else's already"]));
    assert_eq!(wrong["email"], json!(["is somebody else's already"]));
    assert!(wrong["whatsapp_number"][0].as_str().is_some_and(|why| why.starts_with("belongs to ")), "{problem}");
    let as_address = with(with(dev(), "username", json!("dev1@example.com")), "email", Value::Null);
    let (_, problem) = admin.post("/api/users/", with(as_address, "whatsapp_number", Value::Null)).await;
    assert_eq!(problem["errors"], json!({"username": ["is somebody else's already"]}), "people sign in with either");
    let other = app.user("dev2", Role::Support).await;
    let (status, problem) =
        admin.patch(&format!("/api/users/{}", other.id), json!({"email": "DEV1@example.com"})).await;
    assert_eq!(
        (status, &problem["errors"]["email"]),
        (StatusCode::BAD_REQUEST, &json!(["is somebody else's already"]))
    );
    let taken = futures_util::future::join_all((0..4).map(|n| {
        let same = with(with(dev(), "username", json!("same")), "email", json!(format!("same{n}@example.com")));
        admin.post("/api/users/", with(same, "whatsapp_number", Value::Null))
    }));
    let mut statuses: Vec<u16> = taken.await.into_iter().map(|(status, _)| status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400], "at once, too");
    app.end().await;
}

async fn who_sees_and_changes_whom(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let supervisor = app.user_of("super", Role::Supervisor, Some("Assembly")).await;
    let (support, client) = (app.user("dev", Role::Support).await, app.user("client", Role::Client).await);
    let worker = app.user_of("worker", Role::Operator, Some("Assembly")).await;
    // Who asks, and what they are answered: about the support person, the worker, the client, themselves.
    for (asker, sees) in [
        (&admin, [200, 200, 200, 200]),
        (&supervisor, [200, 200, 404, 200]),
        (&support, [200, 404, 404, 200]),
        (&client, [404, 404, 200, 200]),
        (&worker, [404, 200, 404, 200]),
    ] {
        for (other, status) in [&support, &worker, &client, asker].into_iter().zip(sees) {
            let path = format!("/api/users/{}", other.id);
            assert_eq!(asker.get(&path).await.0.as_u16(), status, "{} sees {}", asker.id, other.id);
            if asker.id == admin.id {
                continue;
            }
            let others = if status == 404 { 404 } else { 403 };
            for action in ["activate", "deactivate"] {
                assert_eq!(asker.post(&format!("{path}/{action}/"), json!({})).await.0.as_u16(), others);
            }
            assert_eq!(asker.delete(&path).await.0.as_u16(), others);
            assert_eq!(asker.patch(&path, json!({"role": "ADMIN"})).await.0.as_u16(), others);
        }
    }
    assert_eq!(client.post("/api/users", dev()).await.0, StatusCode::FORBIDDEN);
    let (status, refused) = client.patch(&format!("/api/users/{}", client.id), json!({"role": "ADMIN"})).await;
    assert_eq!((status, &refused["error"]), (StatusCode::FORBIDDEN, &json!("Only an admin may change role.")));
    let (status, changed) = client.patch(&format!("/api/users/{}", client.id), json!({"first_name": "Cleo"})).await;
    assert_eq!((status, &changed["full_name"]), (StatusCode::OK, &json!("Cleo")));
    for (method, path) in [(Method::GET, "/api/users"), (Method::GET, "/api/profiles"), (Method::POST, "/api/users")] {
        assert_eq!(app.anybody(method, path, None).await.0, StatusCode::UNAUTHORIZED);
    }
    app.end().await;
}

async fn the_list_goes_by_pages_and_filters(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    for n in 0..5 {
        app.user_of(&format!("worker_{n}"), Role::Operator, Some("Paint")).await;
    }
    let mut path = "/api/users/?department=Paint&page_size=2&count=true".to_owned();
    let mut names = Vec::new();
    loop {
        let (status, page) = admin.get(&path).await;
        assert_eq!((status, &page["count"]), (StatusCode::OK, &json!(5)), "{page}");
        names.extend(page["results"].as_array().expect("a list").iter().map(|user| user["username"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        next.strip_prefix(&app.url("")).expect("a link to here").clone_into(&mut path);
    }
    assert_eq!(names, ["worker_0", "worker_1", "worker_2", "worker_3", "worker_4"]);
    for (query, found) in [("q=R_3", 1), ("q=%25", 0), ("role=OPERATOR&q=worker", 5), ("is_active=false", 0)] {
        let (_, page) = admin.get(&format!("/api/users?{query}")).await;
        assert_eq!(page["results"].as_array().map(Vec::len), Some(found), "{query}: {page}");
    }
    for query in ["page_size=0", "page_size=1000", "role=chief", "cursor=x", "is_active=perhaps", "q=%00"] {
        assert_eq!(admin.get(&format!("/api/users?{query}")).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
    assert_eq!(admin.get("/api/users/by_role").await.0, StatusCode::BAD_REQUEST);
    app.end().await;
}

async fn a_user_is_changed_by_what_is_named_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let path = format!("/api/users/{}/", makes(&admin, dev()).await);
    for (change, name, now) in [
        (json!({"last_name": "Two"}), "full_name", json!("Dev Two")),
        (json!({"first_name": ""}), "full_name", json!("Two")),
        (json!({"department": null}), "department", json!("")),
        (json!({"email": null}), "email", json!("")),
        (json!({"phone_number": ""}), "phone_number", Value::Null),
        (json!({"role": "CLIENT"}), "role", json!("CLIENT")),
        (json!({"username": "dev9"}), "username", json!("dev9")),
        (json!({"is_active": false}), "is_active", json!(false)),
        (json!({}), "whatsapp_number", json!("+12025550142")),
    ] {
        let (status, changed) = admin.patch(&path, change.clone()).await;
        assert_eq!((status, &changed[name]), (StatusCode::OK, &now), "{change}");
    }
    let (status, problem) = admin.patch(&path, json!({"language": "tlh", "password": "short"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    app.end().await;
}

async fn a_number_moves_with_its_history_and_leaves_a_stranger(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    app.says("+12025550142", "hi").await;
    let people = app.count("people").await;
    let id = makes(&admin, dev()).await;
    assert_eq!(app.count("people").await, people, "whoever wrote from the number is the new user");
    assert!(app.says("+12025550142", "hi").await[0].contains("Welcome"));
    let path = format!("/api/users/{id}");
    let (_, changed) = admin.patch(&path, json!({"whatsapp_number": "+12025550143"})).await;
    assert_eq!(changed["whatsapp_number"], "+12025550143");
    assert!(!app.says("+12025550142", "hi").await[0].contains("Welcome"), "the old number is a stranger's");
    let again = with(with(dev(), "username", json!("dev2")), "email", json!("dev2@example.com"));
    let other = makes(&admin, again).await;
    assert_ne!(other, id);
    let (_, gone) = admin.patch(&path, json!({"whatsapp_number": null})).await;
    assert_eq!(gone["whatsapp_number"], Value::Null);
    app.end().await;
}

async fn a_number_that_no_plan_has_needs_the_operators_leave(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let asked = with(dev(), "whatsapp_number", json!("+15550001111"));
    let (status, problem) = admin.post("/api/users/", asked.clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let why = problem["errors"]["whatsapp_number"][0].as_str().unwrap_or_default();
    assert!(why.contains("no valid number"), "{problem}");
    let app = app.restart(&[("ANDON_ALLOW_NUMBERS", "+1555000, +999")]).await;
    let admin = app.user("chief", Role::Admin).await;
    assert_eq!(admin.post("/api/users/", asked).await.0, StatusCode::CREATED);
    app.end().await;
}

async fn profiles_are_ones_own(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client", Role::Client).await);
    let (status, own) = client.get("/api/profiles/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        own,
        json!([{
            "id": client.id, "username": "client", "email": "client@example.com", "first_name": "", "last_name": "",
            "role": "CLIENT", "phone_number": null, "whatsapp_number": null, "department": "", "language": "en",
            "created_at": "2026-01-18T14:30:22Z", "updated_at": "2026-01-18T14:30:22Z",
        }])
    );
    assert!(admin.get("/api/profiles/").await.1.as_array().is_some_and(|all| all.len() > 2));
    let (status, changed) = client.patch("/api/profile/update/", json!({"first_name": "Cleo"})).await;
    assert_eq!((status, &changed["first_name"]), (StatusCode::OK, &json!("Cleo")));
    assert_eq!(client.patch("/api/profile/update/", json!({"role": "ADMIN"})).await.0, StatusCode::BAD_REQUEST);
    app.end().await;
}

async fn changes_are_in_the_log_with_who_made_them(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let path = format!("/api/users/{}", makes(&admin, dev()).await);
    admin.patch(&path, json!({"role": "CLIENT", "department": "IT"})).await;
    admin.post(&format!("{path}/deactivate"), json!({})).await;
    let query = format!("SELECT name, door, payload FROM events WHERE actor_id = {} ORDER BY id", admin.id);
    let rows = app.rows(&query).await;
    let told = rows.iter().map(|row| {
        let text = |column| row.try_get::<String>("", column).expect("a text");
        let (name, door) = (text("name"), text("door"));
        format!("{name} {door}")
    });
    let told: Vec<String> = told.collect();
    assert_eq!(told, ["person.created API", "person.changed API", "person.deactivated API"]);
    let payload: String = rows[1].try_get("", "payload").expect("a text");
    let payload: Value = serde_json::from_str(&payload).expect("JSON");
    assert_eq!((&payload["fields"], &payload["role"]), (&json!(["role"]), &json!("CLIENT")));
    app.end().await;
}

async fn who_is_deactivated_many_times_at_once_is_so_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let id = makes(&admin, dev()).await;
    for (action, event) in [("deactivate", "person.deactivated"), ("activate", "person.activated")] {
        let path = format!("/api/users/{id}/{action}/");
        let asked = futures_util::future::join_all((0..12).map(|_| admin.post(&path, json!({})))).await;
        assert!(asked.iter().all(|(status, _)| *status == StatusCode::OK), "{action}: {asked:?}");
        assert_eq!(app.count(&format!("events WHERE name = '{event}'")).await, 1, "{action}");
    }
    app.end().await;
}

async fn ids_that_are_no_numbers_are_not_found(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    for id in ["x", "0", "-1", "99999999999999999999", "%ff", "1e3", "424242"] {
        assert_eq!(admin.get(&format!("/api/users/{id}/")).await.0, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(admin.delete(&format!("/api/tokens/{id}/")).await.0, StatusCode::NOT_FOUND, "{id}");
    }
    app.end().await;
}
