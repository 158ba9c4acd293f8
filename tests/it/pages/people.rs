//! People: seen as far as one may, made and changed by admins.

use super::Stage;
use super::factor;
use crate::facts;
use crate::support::databases::Backend;
use crate::support::user::PASSWORD;
use crate::support::window::Window;
use andon::people::Role;
use reqwest::StatusCode;

facts!["pages::people":
    an_admin_makes_changes_and_deactivates_somebody,
    what_is_wrong_with_somebody_is_told_beside_its_field,
    others_see_whom_they_may_and_change_nobody,
    an_admin_takes_a_lost_second_factor_off,
];

const NEW: [(&str, &str); 6] = [
    ("username", "floor7"),
    ("role", "OPERATOR"),
    ("department", "Assembly"),
    ("language", "es"),
    ("password", PASSWORD),
    ("password_confirm", PASSWORD),
];

async fn an_admin_makes_changes_and_deactivates_somebody(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let seen = window.post("/people/new", &NEW).await;
    let path = seen.leads_to().split('?').next().expect("a path").to_owned();
    assert!(path.starts_with("/people/") && path != "/people/new", "{}", seen.text());
    let list = window.get("/people?q=floor7&role=OPERATOR").await;
    assert!(list.html.contains(&format!("href=\"{path}\"")), "{}", list.text());
    let theirs = Window::of(&stage.app, "floor7").await;
    assert!(theirs.get("/now").await.html.contains("lang=\"es\""));

    let form = window.get(&path).await.form(&path).with("first_name", "Line").with("last_name", "Seven");
    let changed = form.with("role", "SUPERVISOR").with("department", "").with("language", "es");
    let seen = window.sends_form(&changed).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=saved"), "{}", seen.text());
    let page = window.get(&path).await;
    assert!(page.text().contains("Line Seven") && page.text().contains("Supervisor"), "{}", page.text());
    assert!(!page.html.contains("value=\"Assembly\""), "what was emptied is gone");

    let new = [("password", "another long battery"), ("password_confirm", "another long battery")];
    assert_eq!(window.post(&format!("{path}/password"), &new).await.leads_to(), format!("{path}?done=password_of"));
    assert_eq!(theirs.get("/now").await.status, StatusCode::SEE_OTHER, "their sign-ins ended");
    assert_eq!(theirs.signs_in("floor7", "another long battery").await.status, StatusCode::SEE_OTHER);
    assert_eq!(window.post(&format!("{path}/deactivate"), &[]).await.leads_to(), format!("{path}?done=deactivated"));
    assert_eq!(theirs.get("/now").await.status, StatusCode::SEE_OTHER);
    assert!(window.get("/people?is_active=false").await.html.contains(&path));
    assert_eq!(window.post(&format!("{path}/activate"), &[]).await.leads_to(), format!("{path}?done=activated"));
    let came = stage.app.rows("SELECT door FROM events WHERE name = 'person.deactivated'").await;
    assert_eq!(came[0].try_get::<String>("", "door").expect("a door"), "PAGE");
    stage.app.end().await;
}

async fn what_is_wrong_with_somebody_is_told_beside_its_field(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let wrong = [
        ("username", "client1"),
        ("role", "CLIENT"),
        ("whatsapp_number", "12345"),
        ("password", PASSWORD),
        ("password_confirm", PASSWORD),
    ];
    let seen = window.post("/people/new", &wrong).await;
    assert!(
        seen.status == StatusCode::BAD_REQUEST && seen.value("whatsapp_number") == Some("12345"),
        "{}",
        seen.text()
    );
    assert!(seen.text().contains("with a plus and the country code"), "{}", seen.text());
    let taken = [("username", "client1"), ("role", "CLIENT"), ("password", PASSWORD), ("password_confirm", PASSWORD)];
    let seen = window.post("/people/new", &taken).await;
    assert!(seen.text().contains("This belongs to somebody else already."), "{}", seen.text());
    let own = format!("/people/{}", stage.admin.0.id);
    let seen = window.post(&format!("{own}/deactivate"), &[]).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "nobody deactivates themselves");
    assert!(seen.text().contains("Nobody can deactivate themselves."), "{}", seen.text());
    assert_eq!(window.post(&format!("{own}/explode"), &[]).await.status, StatusCode::NOT_FOUND);
    let seen = window.post_just(&own, &[("token", "forged"), ("first_name", "Forged"), ("role", "ADMIN")]).await;
    assert!(seen.status == StatusCode::FORBIDDEN && seen.value("first_name") == Some("Forged"), "{}", seen.text());
    stage.app.end().await;
}

async fn others_see_whom_they_may_and_change_nobody(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (_, supervisor) = stage.app.at_a_window("super1", Role::Supervisor).await;
    let list = supervisor.get("/people").await;
    assert!(list.text().contains("dev1") && !list.text().contains("client1"), "{}", list.text());
    assert!(!list.html.contains("/people/new"), "{}", list.text());
    let (support, client) = (stage.support.0.id, stage.client.0.id);
    let page = supervisor.get(&format!("/people/{support}")).await;
    assert!(page.status == StatusCode::OK && !page.html.contains("action=\"/people/"), "{}", page.text());
    assert_eq!(supervisor.get(&format!("/people/{client}")).await.status, StatusCode::NOT_FOUND);
    for (window, sees) in [(&supervisor, true), (&stage.client.1, false), (&stage.support.1, false)] {
        let expected = if sees { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(window.get("/people").await.status, expected);
        assert_eq!(window.get("/people/new").await.status, StatusCode::FORBIDDEN);
        assert_eq!(window.post("/people/new", &NEW).await.status, StatusCode::FORBIDDEN);
        let path = format!("/people/{}", stage.admin.0.id);
        for path in [path.clone(), format!("{path}/deactivate"), format!("{path}/password")] {
            let status = window.post(&path, &[("role", "CLIENT")]).await.status;
            assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN), "{path}: {status}");
        }
    }
    stage.app.end().await;
}

async fn an_admin_takes_a_lost_second_factor_off(backend: Backend) {
    let stage = Stage::set(backend).await;
    factor::set_up(&stage.app, &stage.support.1, stage.support.0.id).await;
    let path = format!("/people/{}", stage.support.0.id);
    let page = stage.admin.1.get(&path).await;
    assert!(page.text().contains("They have a second factor."), "{}", page.text());
    let seen = stage.admin.1.post(&format!("{path}/second-factor"), &[]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=factor_of"), "{}", seen.text());
    assert_eq!(Window::new(&stage.app).signs_in("dev1", PASSWORD).await.status, StatusCode::SEE_OTHER);
    stage.app.end().await;
}
