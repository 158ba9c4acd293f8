//! What is put right in pages: what a ticket says, what is attached, who is there, and refusals that anybody can read.

use super::Stage;
use crate::facts;
use crate::inbox::Desk;
use crate::support::databases::Backend;
use crate::support::window::Window;
use andon::people::Role;
use andon::simulator::{Faults, Rule, SendFault};
use reqwest::StatusCode;
use serde_json::json;

facts!["pages::mended":
    what_a_ticket_says_is_changed_by_those_who_may,
    an_attachment_is_offered_to_be_taken_away_to_those_who_may,
    who_left_no_trace_is_deleted_and_who_did_is_deactivated,
    what_went_wrong_with_a_message_is_told_in_the_readers_language,
    a_refusal_is_told_in_the_readers_language,
];

async fn what_a_ticket_says_is_changed_by_those_who_may(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (window, path) = (&stage.client.1, format!("/tickets/{}", stage.ticket));
    let page = window.get(&path).await;
    assert!(page.html.contains(&format!("action=\"{path}/edit\"")), "{}", page.text());
    let fields = |title: &'static str, description: &'static str| {
        [
            ("version", "0"),
            ("title", title),
            ("description", description),
            ("project_name", "Web shop"),
            ("category", "BUG"),
            ("priority", "HIGH"),
        ]
    };
    let refused = window.post(&format!("{path}/edit"), &fields("", "It fails.")).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.text().contains("Please fill this in."));
    assert!(refused.html.contains("It fails."), "what was typed is still there");
    // A browser sends line breaks as two signs: what is as it was is no change.
    let same =
        window.post(&format!("{path}/edit"), &fields("The checkout shows an error", "After paying by card.")).await;
    assert_eq!(same.leads_to(), format!("{path}?done=edit"), "{}", same.text());
    let (_, ticket) = stage.client.0.get(&format!("/api{path}/")).await;
    assert_eq!(ticket["history"].as_array().map(Vec::len), Some(1), "{ticket}");
    let two_lines = window.post(&format!("{path}/edit"), &fields("It shows nothing", "One.\r\nTwo.")).await;
    assert_eq!(two_lines.leads_to(), format!("{path}?done=edit"));
    let (_, ticket) = stage.client.0.get(&format!("/api{path}/")).await;
    assert_eq!((&ticket["title"], &ticket["description"]), (&json!("It shows nothing"), &json!("One.\nTwo.")));
    let late = window.post(&format!("{path}/edit"), &fields("Another", "Text")).await;
    assert!(late.text().contains("Somebody changed this ticket meanwhile") && late.html.contains("Another"));
    let support = stage.support.0.id;
    stage.admin.0.post(&format!("/api{path}/assign/"), json!({"assigned_to": support})).await;
    assert!(!window.get(&path).await.html.contains(&format!("action=\"{path}/edit\"")), "only while it is new");
    let seen = window.post(&format!("{path}/edit"), &fields("Mine", "Still mine")).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.text());
    stage.app.end().await;
}

async fn an_attachment_is_offered_to_be_taken_away_to_those_who_may(backend: Backend) {
    let stage = Stage::set(backend).await;
    let path = format!("/tickets/{}", stage.ticket);
    let support = stage.support.0.id;
    stage.admin.0.post(&format!("/api{path}/assign/"), json!({"assigned_to": support})).await;
    let mut files = Vec::new();
    for user in [&stage.client.0, &stage.support.0, &stage.admin.0] {
        let file = json!({"file_data": "SGVsbG8h", "filename": "note.txt"});
        let (_, added) = user.post(&format!("/api{path}/add_attachment/"), file).await;
        files.push(added["attachment_id"].as_i64().expect("a file"));
    }
    for (who, window, may) in [
        ("the client", &stage.client.1, [true, false, false]),
        ("support", &stage.support.1, [false, true, false]),
        ("the admin", &stage.admin.1, [false, true, true]),
    ] {
        let page = window.get(&path).await;
        let offered = files.iter().map(|id| page.html.contains(&format!("{path}/attachments/{id}/delete")));
        assert_eq!(offered.collect::<Vec<_>>(), may, "{who}");
    }
    let seen = stage.admin.1.post(&format!("{path}/attachments/{}/delete", files[1]), &[]).await;
    assert_eq!(seen.leads_to(), format!("{path}?done=detached&undo={}", files[1]), "{}", seen.text());
    let seen = stage.admin.1.post(&format!("{path}/attachments/{}/delete", files[0]), &[]).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    stage.app.end().await;
}

async fn who_left_no_trace_is_deleted_and_who_did_is_deactivated(backend: Backend) {
    let stage = Stage::set(backend).await;
    let window = &stage.admin.1;
    let fresh = stage.app.user("new1", Role::Client).await;
    let (status, _) = fresh.post("/api/ticket_views/", json!({"name": "Late", "query": "overdue=true"})).await;
    assert_eq!(status, StatusCode::CREATED, "what somebody keeps for themselves is no trace");
    let seen = window.post(&format!("/people/{}/delete", fresh.id), &[]).await;
    assert_eq!(seen.leads_to(), "/people?done=deleted", "{}", seen.text());
    assert_eq!(window.get(&format!("/people/{}", fresh.id)).await.status, StatusCode::NOT_FOUND);
    let client = format!("/people/{}", stage.client.0.id);
    let seen = window.post(&format!("{client}/delete"), &[]).await;
    assert_eq!(seen.leads_to(), format!("{client}?done=deactivated_instead"));
    let page = window.get(seen.leads_to()).await;
    assert!(page.text().contains("they are deactivated, not deleted") && page.text().contains("Let them in again"));
    let own = format!("/people/{}", stage.admin.0.id);
    assert!(!window.get(&own).await.html.contains("/delete\""), "nobody deletes themselves");
    let seen = window.post(&format!("{own}/delete"), &[]).await;
    assert!(seen.status == StatusCode::FORBIDDEN && seen.text().contains("Nobody can delete themselves"));
    stage.app.end().await;
}

async fn what_went_wrong_with_a_message_is_told_in_the_readers_language(backend: Backend) {
    let desk = Desk::alone(backend, &[]).await;
    let sends = Some(Rule { next: 1, fault: SendFault::FailLater { code: 63003 } });
    desk.app.simulator().set_faults(Faults { sends, ..Faults::default() }).await.expect("within bounds");
    let ticket = desk.opened("Payments fail").await;
    let window = Window::of(&desk.app, "admin").await;
    let list = window.get("/notifications?status=FAILED").await;
    let mut link = list.html.split("href=\"/notifications/").filter_map(|rest| rest.split('"').next());
    let id: i64 = link.find_map(|id| id.parse().ok()).expect("a failed one");
    for (language, says) in [
        ("en", "The recipient's number is not on WhatsApp."),
        ("es", "El número del destinatario no está en WhatsApp."),
        ("fr", "Le numéro du destinataire n’est pas sur WhatsApp."),
        ("pt", "O número do destinatário não está no WhatsApp."),
        ("ar", "رقم المستلم ليس على واتساب."),
    ] {
        window.post("/profile", &[("language", language)]).await;
        for path in [format!("/notifications/{id}"), format!("/tickets/{ticket}")] {
            let page = window.get(&path).await;
            assert!(page.text().replace("&#39;", "'").contains(says), "{language} {path}: {}", page.text());
        }
        let story = window.get(&format!("/notifications/{id}")).await;
        assert!(!story.html.contains("lang=\"en\">") || language == "en", "{language}: {}", story.html);
    }
    // What nobody translated is marked as what it is.
    crate::notifications::change(
        &desk.app,
        &format!("UPDATE deliveries SET error_code = NULL, error_text = 'odd_error: It is odd.' WHERE id = {id}"),
    )
    .await;
    let story = window.get(&format!("/notifications/{id}")).await;
    assert!(story.html.contains("lang=\"en\">odd_error: It is odd.</p>"), "{}", story.html);
    desk.app.end().await;
}

async fn a_refusal_is_told_in_the_readers_language(backend: Backend) {
    let stage = Stage::set(backend).await;
    let (admin, id) = (&stage.admin.1, stage.ticket);
    let path = format!("/tickets/{id}");
    let support = stage.support.0.id.to_string();
    stage.admin.0.post(&format!("/api{path}/cancel/"), json!({"reason": "A mistake"})).await;
    for (language, status, worker, past) in [
        ("es", "«Cancelado»", "solo a personas de soporte activas", "los próximos diez años"),
        ("fr", "« Annulé »", "personnes du support actives", "les dix prochaines années"),
        ("pt", "«Cancelado»", "pessoas de suporte ativas", "os próximos dez anos"),
        ("ar", "«ملغاة»", "أشخاص دعم نشطين", "السنوات العشر القادمة"),
    ] {
        admin.post("/profile", &[("language", language)]).await;
        let seen = admin.post(&format!("{path}/assign"), &[("assigned_to", &support)]).await;
        assert!(seen.status == StatusCode::CONFLICT && seen.text().contains(status), "{language}: {}", seen.text());
        let (_, other) = stage.client.0.post("/api/tickets/", crate::tickets::incident()).await;
        let other = format!("/tickets/{}", other["id"]);
        let client = stage.client.0.id.to_string();
        let seen = admin.post(&format!("{other}/assign"), &[("assigned_to", &client)]).await;
        assert!(seen.text().contains(worker), "{language}: {}", seen.text());
        let seen = admin.post(&format!("{other}/set_sla"), &[("resolution_due_at", "2019-01-01T10:00")]).await;
        assert!(seen.text().contains(past), "{language}: {}", seen.text());
    }
    stage.app.end().await;
}
