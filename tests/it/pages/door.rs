//! Signing in and out with a browser.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use crate::support::window::Window;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::json;

facts!["pages::door":
    a_name_and_a_password_lead_to_the_first_page,
    what_is_wrong_is_told_beside_what_was_typed,
    the_cookie_is_of_no_use_to_a_script_another_site_or_the_api,
    behind_tls_the_cookie_keeps_to_it,
    who_signs_out_is_out,
    a_new_password_and_deactivation_end_a_browsers_sign_in,
    a_sign_in_holds_for_a_week_after_it_was_used_and_a_month_at_most,
    who_tries_passwords_at_the_page_waits,
    one_comes_back_to_where_one_wanted_to_go,
];

async fn a_name_and_a_password_lead_to_the_first_page(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let window = Window::new(&app);
    assert_eq!(window.get("/").await.leads_to(), "/sign-in");
    let seen = window.signs_in(" DEV1@Example.com ", PASSWORD).await;
    assert_eq!((seen.status, seen.leads_to()), (StatusCode::SEE_OTHER, "/now"));
    let list = window.get("/tickets").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text());
    assert!(list.text().contains("Nothing is open. Well done."), "{}", list.text());
    assert_eq!(window.get("/").await.leads_to(), "/now");
    assert_eq!(window.get("/sign-in").await.leads_to(), "/now");
    app.end().await;
}

async fn what_is_wrong_is_told_beside_what_was_typed(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let window = Window::new(&app);
    let seen = window.signs_in("dev1", "not the password").await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert_eq!(seen.value("username"), Some("dev1"));
    assert!(seen.text().contains("No active account has this username and this password."), "{}", seen.text());
    assert!(!seen.html.contains("not the password"), "a password is never shown again");
    let unknown = window.signs_in("nobody", "not the password").await;
    assert_eq!(seen.text(), unknown.text(), "an account that is not there is answered alike");
    app.end().await;
}

async fn the_cookie_is_of_no_use_to_a_script_another_site_or_the_api(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Admin).await;
    let window = Window::new(&app);
    let seen = window.signs_in("dev1", PASSWORD).await;
    let cookie = seen.headers["set-cookie"].to_str().expect("a cookie").to_owned();
    for part in ["andon=andon_", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "on a plain connection it could not come back: {cookie}");
    let value = window.jar()["andon"].clone();
    let asked = app.http.get(app.url("/api/users/")).header("cookie", format!("andon={value}")).send().await;
    assert_eq!(asked.expect("an answer").status(), StatusCode::UNAUTHORIZED, "the API knows no cookies");
    let asked = app.http.get(app.url("/api/users/")).bearer_auth(&value).send().await;
    assert_eq!(asked.expect("an answer").status(), StatusCode::UNAUTHORIZED, "nor is it a token");
    let kept = app.rows("SELECT cookie_hash FROM sign_ins WHERE cookie_hash IS NOT NULL").await;
    let kept: String = kept[0].try_get("", "cookie_hash").expect("a hash");
    assert!(kept.len() == 64 && !value.contains(&kept), "only its hash is kept");
    app.end().await;
}

async fn behind_tls_the_cookie_keeps_to_it(backend: Backend) {
    let app = TestApp::with(backend, &[("ANDON_PUBLIC_URL", "https://desk.example")]).await;
    app.user("dev1", Role::Support).await;
    let window = Window::new(&app);
    let seen = window.signs_in("dev1", PASSWORD).await;
    let cookie = seen.headers["set-cookie"].to_str().expect("a cookie");
    assert!(cookie.starts_with("__Host-andon=") && cookie.contains("; Secure"), "{cookie}");
    let value = window.jar().remove("__Host-andon").expect("the cookie");
    window.jar().insert("andon".to_owned(), value);
    assert!(window.get("/tickets").await.leads_to().starts_with("/sign-in"), "a plain one does not count there");
    app.end().await;
}

async fn who_signs_out_is_out(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let (here, there) = (Window::of(&app, "dev1").await, Window::of(&app, "dev1").await);
    let kept = here.jar()["andon"].clone();
    let seen = here.post("/sign-out", &[]).await;
    assert_eq!(seen.leads_to(), "/sign-in?done=signed_out");
    assert!(here.get(seen.leads_to()).await.text().contains("You are signed out."));
    here.jar().insert("andon".to_owned(), kept);
    assert_eq!(here.get("/profile").await.leads_to(), "/sign-in?next=%2Fprofile", "the cookie is worth nothing now");
    assert_eq!(there.get("/profile").await.status, StatusCode::OK, "another browser goes on");
    app.end().await;
}

async fn a_new_password_and_deactivation_end_a_browsers_sign_in(backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.user("boss", Role::Admin).await;
    let user = app.user("dev1", Role::Support).await;
    let (here, there) = (Window::of(&app, "dev1").await, Window::of(&app, "dev1").await);
    let new = "a longer horse battery";
    let seen = here.post("/profile/password", &[("password", new), ("password_confirm", new)]).await;
    assert_eq!(seen.leads_to(), "/profile?done=password", "{}", seen.text());
    assert_eq!(here.get("/profile").await.status, StatusCode::OK, "the one it was changed with stays");
    assert_eq!(there.get("/profile").await.status, StatusCode::SEE_OTHER);
    assert_eq!(user.get("/api/tickets/").await.0, StatusCode::UNAUTHORIZED, "the API's sign-ins end too");
    let (status, _) = admin.post(&format!("/api/users/{}/deactivate/", user.id), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(here.get("/profile").await.status, StatusCode::SEE_OTHER);
    app.end().await;
}

async fn a_sign_in_holds_for_a_week_after_it_was_used_and_a_month_at_most(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let (used, left) = (Window::of(&app, "dev1").await, Window::of(&app, "dev1").await);
    for _ in 0..4 {
        app.clock.advance(TimeDelta::days(6));
        assert_eq!(used.get("/profile").await.status, StatusCode::OK);
    }
    assert_eq!(left.get("/profile").await.status, StatusCode::SEE_OTHER);
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(used.get("/profile").await.status, StatusCode::SEE_OTHER, "a month is over");
    app.end().await;
}

async fn who_tries_passwords_at_the_page_waits(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let window = Window::new(&app);
    for _ in 0..10 {
        assert_eq!(window.signs_in("dev1", "not the password").await.status, StatusCode::UNAUTHORIZED);
    }
    let seen = window.signs_in("dev1", PASSWORD).await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(seen.text().contains("That was too often."), "{}", seen.text());
    let body = json!({"username": "dev1", "password": PASSWORD});
    let (status, _) = app.anybody(Method::POST, "/api/auth/login/", Some(body)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "the API counts the same");
    app.end().await;
}

async fn one_comes_back_to_where_one_wanted_to_go(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.user("dev1", Role::Support).await;
    let window = Window::new(&app);
    let seen = window.get("/tickets/board").await;
    assert_eq!((seen.status, seen.leads_to()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Ftickets%2Fboard"));
    let page = window.get(seen.leads_to()).await;
    assert_eq!(page.value("next"), Some("/tickets/board"));
    for (next, to) in [("/tickets/board", "/tickets/board"), ("//elsewhere.example", "/now")] {
        let fields = [("username", "dev1"), ("password", PASSWORD), ("next", next)];
        let window = Window::new(&app);
        window.get("/sign-in").await;
        assert_eq!(window.post("/sign-in", &fields).await.leads_to(), to);
    }
    app.end().await;
}
