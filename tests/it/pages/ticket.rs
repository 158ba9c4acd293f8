//! A ticket walked through by its people, in pages.

use super::Stage;
use crate::facts;
use crate::support::app::OPERATOR;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::ticket":
    a_ticket_goes_from_its_raising_to_its_approval,
    who_acts_on_an_old_page_sees_what_changed_and_keeps_their_words,
    what_is_not_possible_any_more_keeps_what_was_typed,
    the_list_is_filtered_sorted_searched_and_paged_by_links,
    a_page_says_who_was_told_and_whether_it_arrived,
    a_ticket_from_the_floor_leads_to_its_chat_and_is_found_by_who_wrote,
];

/// In whose window which action is sent with what, and the status that the client then reads.
type Step<'a> = (&'a Window, &'a str, &'a [(&'a str, &'a str)], &'a str);

async fn a_ticket_goes_from_its_raising_to_its_approval(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, client, support) = (&stage.admin.1, &stage.client.1, &stage.support.1);
    let refused = client.post("/tickets/new", &[("title", "Payments fail")]).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.value("title") == Some("Payments fail"));
    assert!(refused.text().contains("Please fill this in."), "{}", refused.text());
    let fields = [
        ("title", "Payments fail"),
        ("description", "Since noon.\nEvery card."),
        ("project_name", "Shop"),
        ("priority", "HIGH"),
        ("category", "SERVICE_DOWN"),
    ];
    let raised = client.post("/tickets/new", &fields).await;
    let path = raised.leads_to().split('?').next().expect("a path").to_owned();
    assert!(raised.leads_to().ends_with("?done=raised"), "{}", raised.text());
    let page = client.get(raised.leads_to()).await;
    for says in
        ["Your ticket is there. The admins are told.", "Payments fail", "Service down", "New", "On time · 0h 30m"]
    {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }

    let worker = stage.support.0.id.to_string();
    let page = admin.get(&path).await;
    assert_eq!(page.value("version"), Some("0"));
    let due = [("assigned_to", worker.as_str()), ("resolution_due_at", "2026-01-19T12:00"), ("version", "0")];
    let seen = admin.post(&format!("{path}/assign"), &due).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=assign"), "{}", seen.text());
    let steps: [Step<'_>; 6] = [
        (support, "start_work", &[], "In progress"),
        (support, "hold", &[("reason", "A part is missing")], "On hold"),
        (support, "resume", &[], "In progress"),
        (support, "finish_work", &[("comment", "It runs again")], "Waiting for approval"),
        (client, "reject", &[("comment", "Not for every card")], "In progress"),
        (support, "finish_work", &[("comment", "For every card")], "Waiting for approval"),
    ];
    for (window, action, fields, status) in steps {
        window.get(&path).await;
        let seen = window.post(&format!("{path}/{action}"), fields).await;
        assert_eq!(seen.leads_to(), format!("{path}?done={action}"), "{}", seen.text());
        let page = client.get(&path).await;
        assert!(page.html.contains(&format!(">{status}</span>")), "{action}: {}", page.text());
    }
    client.get(&path).await;
    let seen = client.post(&format!("{path}/approve"), &[("comment", "Thank you")]).await;
    let page = client.get(seen.leads_to()).await;
    for says in ["The ticket is closed. Thank you.", "Closed", "It runs again", "Not for every card", "Thank you"] {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    let came = stage.app.rows("SELECT door FROM events WHERE name = 'ticket.approved'").await;
    assert_eq!(came[0].try_get::<String>("", "door").expect("a door"), "PAGE");
    stage.app.end().await;
}

async fn who_acts_on_an_old_page_sees_what_changed_and_keeps_their_words(backend: Backend) {
    let stage = Stage::set(backend).await;
    let path = format!("/tickets/{}", stage.ticket);
    let window = &stage.admin.1;
    window.get(&path).await;
    stage
        .client
        .0
        .post(&format!("/api/tickets/{}/add_comment/", stage.ticket), json!({"comment": "It is worse now"}))
        .await;
    let old = [("comment", "What I wanted to say"), ("version", "0")];
    let seen = window.post(&format!("{path}/add_comment"), &old).await;
    assert_eq!(seen.status, StatusCode::PRECONDITION_FAILED);
    for says in ["Somebody changed this ticket meanwhile.", "It is worse now", "What I wanted to say"] {
        assert!(seen.text().contains(says), "{says}: {}", seen.text());
    }
    let version = seen.value("version").expect("the present version").to_owned();
    assert_eq!(version, "1");
    let again = window
        .post(&format!("{path}/add_comment"), &[("comment", "What I wanted to say"), ("version", &version)])
        .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    stage.app.end().await;
}

async fn what_is_not_possible_any_more_keeps_what_was_typed(backend: Backend) {
    let stage = Stage::set(backend).await;
    let path = format!("/tickets/{}", stage.ticket);
    stage.client.1.get(&path).await;
    stage.admin.0.post(&format!("/api/tickets/{}/cancel/", stage.ticket), json!({"reason": "Raised twice"})).await;
    let seen = stage.client.1.post(&format!("{path}/cancel"), &[("reason", "A long story"), ("version", "0")]).await;
    assert_eq!(seen.status, StatusCode::CONFLICT);
    assert!(seen.text().contains("This is what you wrote: A long story"), "{}", seen.text());
    stage.app.end().await;
}

async fn the_list_is_filtered_sorted_searched_and_paged_by_links(backend: Backend) {
    let stage = Stage::set(backend).await;
    for nth in 0..55 {
        let body = json!({"project_name": "Shop", "title": format!("Number {nth}"), "description": "As it says",
            "priority": if nth % 2 == 0 { "HIGH" } else { "LOW" }, "category": "BUG"});
        stage.client.0.post("/api/tickets/", body).await;
    }
    let window = &stage.client.1;
    let count = |html: &str| html.matches("class=\"title\"").count();
    let first = window.get("/tickets").await;
    assert_eq!(count(&first.html), 50);
    let next = first.html.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let next = next.expect("a link to the next page").replace("&#38;", "&").replace("&amp;", "&");
    let second = window.get(&next).await;
    assert_eq!(count(&second.html), 6, "{}", second.text());
    assert!(second.html.contains("rel=\"prev\""));
    for (path, rows, says) in [
        ("/tickets?q=checkout+error", 1, "The checkout shows an error"),
        ("/tickets?priority=HIGH", 29, "Number 0"),
        ("/tickets?status=CLOSED", 0, "No ticket fits."),
        ("/tickets?status=ALL&sort=-priority", 50, "Number"),
        ("/tickets?assigned_to=me", 0, "Show all that is open"),
        ("/tickets?kind=DEFECT", 0, "No ticket fits."),
    ] {
        let seen = window.get(path).await;
        assert_eq!(count(&seen.html), rows, "{path}: {}", seen.text());
        assert!(seen.text().contains(says), "{path}: {}", seen.text());
    }
    stage.app.clock.advance(TimeDelta::hours(1));
    let seen = window.get("/tickets?overdue=true").await;
    assert!(count(&seen.html) >= 28 && seen.html.contains("aria-current=\"true\">Overdue"), "{}", seen.text());
    stage.app.end().await;
}

async fn a_page_says_who_was_told_and_whether_it_arrived(backend: Backend) {
    let stage = Stage::set(backend).await;
    stage.app.settle().await;
    let path = format!("/tickets/{}", stage.ticket);
    let page = stage.admin.1.get(&path).await;
    assert!(page.text().contains("Who was told") && page.html.contains("class=\"standing "), "{}", page.text());
    let page = stage.client.1.get(&path).await;
    assert!(page.text().contains("What you were told"), "{}", page.text());
    assert!(!page.text().contains("New ticket:"), "what admins are told is theirs: {}", page.text());
    stage.app.end().await;
}

async fn a_ticket_from_the_floor_leads_to_its_chat_and_is_found_by_who_wrote(backend: Backend) {
    let stage = Stage::set(backend).await;
    for text in ["hi", "1", "ORD-12345", "1", "High", "Scratched"] {
        stage.app.says(OPERATOR, text).await;
    }
    let raised = "SELECT t.id, t.requester_id, p.name, p.department FROM tickets t JOIN people p ON p.id = t.requester_id \
        WHERE t.kind = 'DEFECT' ORDER BY t.id DESC LIMIT 1";
    let raised = stage.app.rows(raised).await;
    let (id, writer): (i64, i64) =
        (raised[0].try_get("", "id").expect("an id"), raised[0].try_get("", "requester_id").expect("a person"));
    let name: String = raised[0].try_get("", "name").expect("a name");
    let department: String = raised[0].try_get("", "department").expect("a department");
    stage.app.user_of("keeper", Role::Supervisor, Some(&department)).await;
    let keeper = Window::of(&stage.app, "keeper").await;
    for window in [&stage.admin.1, &keeper] {
        let ticket = window.get(&format!("/tickets/{id}")).await;
        assert!(ticket.html.contains(&format!("href=\"/inbox/{writer}\"")), "{}", ticket.text());
        let chat = window.get(&format!("/inbox/{writer}")).await;
        assert!(chat.text().contains("Scratched"), "{}", chat.text());
        let found = window.get(&format!("/tickets?q={}", name.to_uppercase().replace(' ', "+"))).await;
        assert!(found.html.contains(&format!("href=\"/tickets/{id}\"")), "{}", found.text());
    }
    let client = stage.admin.1.get(&format!("/tickets/{}", stage.ticket)).await;
    assert!(!client.html.contains("href=\"/inbox/"), "who never wrote has no chat: {}", client.text());
    let assigned = json!({"assigned_to": stage.support.0.id});
    stage.admin.0.post(&format!("/api/tickets/{id}/assign/"), assigned).await;
    let theirs = stage.support.1.get(&format!("/tickets/{id}")).await;
    assert!(theirs.status == StatusCode::OK && !theirs.html.contains("href=\"/inbox/"), "{}", theirs.text());
    stage.app.end().await;
}
