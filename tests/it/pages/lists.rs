//! The list of tickets as a place to work: views that are kept, several tickets given away at once, what is unread.

use super::Stage;
use crate::facts;
use crate::support::databases::Backend;
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::lists":
    a_view_is_kept_renamed_and_deleted_by_its_owner_alone,
    what_a_view_cannot_be_is_said_beside_its_field,
    several_tickets_are_given_away_at_once_and_refusals_are_said_line_by_line,
    what_was_said_is_unread_until_it_is_looked_at,
    overdue_and_due_soon_are_counted_of_all,
    pages_are_small_with_a_plants_worth_of_tickets,
];

async fn a_view_is_kept_renamed_and_deleted_by_its_owner_alone(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, client) = (&stage.admin.1, &stage.client.1);
    let query = "overdue=true&sort=-priority";
    let seen = admin.post("/tickets/views", &[("name", "Late <first>"), ("query", &format!("{query}&cursor=x"))]).await;
    assert_eq!(seen.leads_to(), format!("/tickets?{query}&done=view_kept"), "{}", seen.text());
    let list = admin.get("/tickets").await;
    let link = format!("href=\"/tickets?{}\"", query.replace('&', "&amp;").replace("&amp;", "&#38;"));
    assert!(list.html.contains("Late &#60;first&#62;") && list.html.contains(&link), "{}", list.html);
    let here = admin.get(&format!("/tickets?{query}")).await;
    assert!(here.text().contains("Change this view") && !here.text().contains("Keep this as a view"));
    let id =
        here.html.split("/tickets/views/").nth(1).and_then(|rest| rest.split('/').next()).expect("an id").to_owned();
    assert!(!client.get("/tickets").await.html.contains("Late "), "it is nobody else's");
    for act in ["rename", "delete"] {
        let seen = client.post(&format!("/tickets/views/{id}/{act}"), &[("name", "Mine now")]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{act}");
    }
    let seen = admin.post(&format!("/tickets/views/{id}/rename"), &[("name", "Late")]).await;
    assert_eq!(seen.leads_to(), format!("/tickets?{query}&done=view_renamed"), "{}", seen.text());
    let (_, views) = stage.admin.0.get("/api/ticket_views/").await;
    assert_eq!((&views[0]["name"], &views[0]["query"]), (&json!("Late"), &json!(query)), "the API knows it: {views}");
    let seen = admin.post(&format!("/tickets/views/{id}/delete"), &[]).await;
    let after = admin.get(seen.leads_to()).await;
    assert!(after.text().contains("What it showed is still here"), "{}", after.text());
    assert!(after.text().contains("Keep this as a view"), "{}", after.text());
    assert_eq!(stage.admin.0.get("/api/ticket_views/").await.1, json!([]));
    stage.app.end().await;
}

async fn what_a_view_cannot_be_is_said_beside_its_field(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.client.1;
    let seen = window.post("/tickets/views", &[("name", ""), ("query", "status=NEW")]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(
        seen.text().contains("Please fill this in.") && seen.value("query") == Some("status=NEW"),
        "{}",
        seen.text()
    );
    let forged =
        window.post_just("/tickets/views", &[("token", "forged"), ("name", "x"), ("query", "status=NEW")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    for query in ["status=LOST", "sort=nothing"] {
        let (status, _) = stage.client.0.post("/api/ticket_views/", json!({"name": "x", "query": query})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
    for nth in 0..50 {
        let (status, _) =
            stage.client.0.post("/api/ticket_views/", json!({"name": format!("{nth}"), "query": ""})).await;
        assert_eq!(status, StatusCode::CREATED, "{nth}");
    }
    let (status, told) = stage.client.0.post("/api/ticket_views/", json!({"name": "51", "query": ""})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{told}");
    stage.app.end().await;
}

async fn several_tickets_are_given_away_at_once_and_refusals_are_said_line_by_line(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, dev) = (&stage.admin.1, stage.support.0.id.to_string());
    let mut ids = vec![stage.ticket];
    for title in ["The printer jams", "The lamp is broken"] {
        let mut body = crate::tickets::incident();
        body["title"] = json!(title);
        let (_, ticket) = stage.client.0.post("/api/tickets/", body).await;
        ids.push(ticket["id"].as_i64().expect("a ticket"));
    }
    let list = admin.get("/tickets?status=NEW").await;
    let chosen: Vec<String> = ids.iter().map(|id| format!("{id}-0")).collect();
    for value in &chosen {
        assert!(list.html.contains(&format!("form=\"bulk\" name=\"ticket\" value=\"{value}\"")), "{value}");
    }
    let none = admin.post("/tickets/assign", &[("assigned_to", &dev)]).await;
    assert!(none.status == StatusCode::BAD_REQUEST && none.text().contains("Choose at least one"), "{}", none.text());

    // One is changed meanwhile, and one is not there.
    stage.admin.0.post(&format!("/api/tickets/{}/cancel/", ids[1]), json!({"reason": "A mistake"})).await;
    let fields = [
        ("ticket", chosen[0].as_str()),
        ("ticket", &chosen[1]),
        ("ticket", "999999-0"),
        ("assigned_to", &dev),
        ("query", "status=NEW"),
    ];
    let seen = admin.post("/tickets/assign", &fields).await;
    assert_eq!(seen.status, StatusCode::OK);
    let text = seen.text();
    assert!(text.contains("The checkout shows an error") && text.contains("Assigned"), "{text}");
    assert!(text.contains("The printer jams") && text.contains("Somebody changed this ticket meanwhile"), "{text}");
    assert!(text.contains("#999999") && text.contains("There is no such ticket"), "{text}");
    assert!(seen.html.contains("href=\"/tickets?status=NEW\""), "back to where one was");
    let (_, first) = stage.admin.0.get(&format!("/api/tickets/{}/", ids[0])).await;
    assert_eq!((&first["status"], &first["assigned_to"]), (&json!("OPENED"), &json!([stage.support.0.id])), "{first}");

    let fields = [("ticket", chosen[2].as_str()), ("assigned_to", &dev), ("query", "status=NEW")];
    let seen = admin.post("/tickets/assign", &fields).await;
    assert_eq!(seen.leads_to(), "/tickets?status=NEW&done=assign_several", "{}", seen.text());
    let now = format!("{}-1", ids[2]);
    let fields = [("ticket", now.as_str()), ("assigned_to", &dev), ("query", "")];
    let seen = stage.client.1.post("/tickets/assign", &fields).await;
    assert!(seen.text().contains("can be assigned only by"), "a client gives no work away: {}", seen.text());
    assert!(!stage.client.1.get("/tickets").await.html.contains("name=\"ticket\""));
    stage.app.end().await;
}

async fn what_was_said_is_unread_until_it_is_looked_at(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (id, client) = (stage.ticket, &stage.client.1);
    let count = |html: &str| {
        let count = html.split("class=\"count\">").nth(1).and_then(|rest| rest.split('<').next());
        count.and_then(|count| count.parse::<u32>().ok())
    };
    stage.app.settle().await;
    assert_eq!(count(&client.get("/now").await.html), None);
    stage.admin.0.post(&format!("/api/tickets/{id}/open_ticket/"), json!({})).await;
    stage.admin.0.post(&format!("/api/tickets/{id}/add_comment/"), json!({"comment": "We look"})).await;
    stage.app.settle().await;
    assert_eq!(count(&client.get("/now").await.html), Some(2));
    let unread = client.get("/notifications?is_read=false").await;
    assert!(unread.html.contains("class=\"unread\""), "{}", unread.text());
    assert_eq!(count(&client.get(&format!("/tickets/{id}")).await.html), None, "who reads the ticket has read it");
    assert_eq!(count(&client.get("/now").await.html), None);
    assert!(!client.get("/notifications").await.html.contains("class=\"unread\""));

    stage.admin.0.post(&format!("/api/tickets/{id}/add_comment/"), json!({"comment": "Still"})).await;
    stage.app.settle().await;
    let list = client.get("/notifications").await;
    let story = list.html.split("class=\"unread\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1));
    let story = story.and_then(|rest| rest.split('"').next()).expect("a link").to_owned();
    assert_eq!(count(&list.html), Some(1));
    assert_eq!(count(&client.get(&story).await.html), None, "who reads the notice has read it");

    stage.admin.0.post(&format!("/api/tickets/{id}/add_comment/"), json!({"comment": "Soon"})).await;
    stage.app.settle().await;
    assert_eq!(count(&client.get("/now").await.html), Some(1));
    let forged = client.post_just("/notifications/read", &[("token", "forged")]).await;
    assert_eq!((forged.status, count(&client.get("/now").await.html)), (StatusCode::FORBIDDEN, Some(1)));
    assert_eq!(client.post("/notifications/read", &[]).await.leads_to(), "/notifications?done=all_read");
    assert_eq!(count(&client.get("/now").await.html), None);
    // An admin sees everybody's, and has read what they were told themselves.
    let admin = stage.admin.1.get("/notifications").await;
    assert!(!admin.html.contains("class=\"unread\""), "others' are not the admin's to read: {}", admin.text());
    stage.app.end().await;
}

async fn overdue_and_due_soon_are_counted_of_all(backend: Backend) {
    let stage = Stage::set(backend).await;
    let dev = stage.support.0.id;
    // More have a near deadline and time enough than a page could show.
    for nth in 0..60 {
        let (_, ticket) = stage.client.0.post("/api/tickets/", crate::tickets::incident()).await;
        let due = if nth < 45 { "2026-01-19T14:30:22Z" } else { "2026-02-18T14:30:22Z" };
        let body = json!({"assigned_to": dev, "resolution_due_at": due});
        let (status, done) = stage.admin.0.post(&format!("/api/tickets/{}/assign/", ticket["id"]), body).await;
        assert!(status.is_success(), "{done}");
    }
    stage.app.clock.advance(TimeDelta::hours(20));
    let now = stage.support.1.get("/now").await;
    let soon =
        |html: &str| html.split("now-soon").nth(2).map(|rest| rest.split("</h2>").next().expect("a head").to_owned());
    assert!(soon(&now.html).is_some_and(|head| head.contains("<small>45</small>")), "{}", now.text());
    assert!(!now.html.contains("now-overdue"), "{}", now.text());
    stage.app.settle().await;
    assert_eq!(soon(&stage.support.1.get("/now").await.html), soon(&now.html), "said or about to be said");
    let dev_again = stage.app.signed_in_again(&stage.support.0).await;
    let (_, list) = dev_again.get("/api/tickets/?due_soon=true&count=true&page_size=1").await;
    assert_eq!(list["count"], 45, "the API says the same: {list}");
    stage.app.clock.advance(TimeDelta::hours(6));
    stage.app.settle().await;
    let now = stage.support.1.get("/now").await;
    let overdue = now.html.split("now-overdue").nth(2).and_then(|rest| rest.split("</h2>").next());
    assert!(overdue.is_some_and(|head| head.contains("<small>45</small>")), "{}", now.text());
    assert!(soon(&now.html).is_none(), "{}", now.text());
    stage.app.end().await;
}

/// The most bytes of a page without pictures. **Source**: the issue of the desk's pages.
const MOST_BYTES: usize = 100 * 1024;

async fn pages_are_small_with_a_plants_worth_of_tickets(backend: Backend) {
    let stage = Stage::set(backend).await;
    let id = stage.ticket;
    for nth in 0..200 {
        stage.app.user(&format!("support.person.number.{nth}"), andon::people::Role::Support).await;
    }
    crate::notifications::raise_many(&stage.app, stage.client.0.id, 300).await;
    for nth in 0..60 {
        let comment = format!("Number {nth}: {}", "a sentence as people write them. ".repeat(6));
        stage.admin.0.post(&format!("/api/tickets/{id}/add_comment/"), json!({ "comment": comment })).await;
        let view = json!({"name": format!("View {}", nth % 50), "query": "status=NEW"});
        stage.admin.0.post("/api/ticket_views/", view).await;
    }
    stage.app.settle().await;
    for path in ["/now", "/tickets", "/tickets/board", "/notifications", "/people", &format!("/tickets/{id}")] {
        let seen = stage.admin.1.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert!(seen.html.len() < MOST_BYTES, "{path} has {} bytes", seen.html.len());
        let asking = stage.admin.1.request(reqwest::Method::GET, path).header("accept-encoding", "gzip");
        let small = stage.admin.1.sends(asking).await;
        assert_eq!(
            small.headers().get("content-encoding").map(reqwest::header::HeaderValue::as_bytes),
            Some(&b"gzip"[..]),
            "{path}"
        );
        let sent = small.bytes().await.expect("a body");
        let mut read = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&sent[..]), &mut read).expect("gzip");
        assert!(read.contains("</html>") && sent.len() * 2 < read.len(), "{path}: {} of {}", sent.len(), read.len());
    }
    stage.app.end().await;
}
