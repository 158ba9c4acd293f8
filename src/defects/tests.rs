//! Defects on a real database: what they hold, and when they let go.

use super::*;
use crate::db::{Db, test_db};
use crate::kit::E164;
use crate::orders::NewOrder;
use crate::people::Role;
use crate::people::store::{NewPerson, Registered, register};
use crate::tickets::{Action, Key, Viewer};
use chrono_tz::Tz;
use sea_orm::EntityTrait as _;

async fn plant() -> (Db, i64, tempfile::TempDir) {
    let (db, folder) = test_db().await;
    let reporter = db.write(|tx| {
        Box::pin(async move {
            let orders = [("ORD-1", Status::InProgress), ("ORD-2", Status::Cancelled), ("ORD-3", Status::Scheduled)];
            let orders = orders.map(|(number, status)| NewOrder {
                number: number.to_owned(),
                customer: "Harbour Marine".to_owned(),
                product: "Gearbox".to_owned(),
                quantity_ordered: 10,
                quantity_completed: 5,
                quantity_rejected: 0,
                starts_on: "2026-01-12".parse().expect("a day"),
                due_on: "2026-01-25".parse().expect("a day"),
                status,
            });
            orders::add(tx, &orders).await?;
            let whatsapp = E164::parse("+12025550101").expect("a number");
            let new = NewPerson {
                name: "Operator".to_owned(),
                role: Role::Operator,
                department: None,
                language: None,
                whatsapp,
            };
            register(tx, &[new]).await
        })
    });
    let Registered::New(reporter) = reporter.await.expect("registered")[0] else { panic!("the number is new") };
    (db, reporter, folder)
}

fn a_report(order: &str, severity: &str, reporter: i64) -> Report {
    Report {
        order: order.to_owned(),
        defect_type: "INTERNAL_REJECT".to_owned(),
        severity: severity.to_owned(),
        description: "Scratches 🔧".to_owned(),
        media: vec![Media { url: "https://example.com/1".to_owned(), content_type: "image/jpeg".to_owned() }],
        reporter,
    }
}

async fn hand_in(db: &Db, reports: Vec<Report>) -> Vec<Result<Reported, Refusal>> {
    let reported = db.write_with(reports, move |tx, reports| {
        Box::pin(async move { report(tx, &Policies::default(), reports).await })
    });
    reported.await.expect("a write")
}

async fn status(db: &Db, number: &str) -> String {
    let looked_up = orders::look_up(db.read(), &[number.to_owned()], db.now(), Tz::UTC).await.expect("a look-up");
    looked_up.found[number].0["status"].as_str().expect("a status").to_owned()
}

async fn cancel(db: &Db, reference: &str) {
    let reference = reference.to_owned();
    let cancelled = db.write(move |tx| {
        let reference = reference.clone();
        Box::pin(async move {
            let admin = Viewer { person_id: 1, role: Some(Role::Admin), department: None, open_access: false };
            let action = Action::Cancel { reason: "no defect after all".to_owned() };
            tickets::act(tx, &admin, Key::Reference(&reference), &action, None, &[settle]).await
        })
    });
    cancelled.await.expect("cancelled");
}

#[tokio::test]
async fn a_set_of_reports_is_taken_but_for_those_that_cannot_be() {
    let (db, me, _folder) = plant().await;
    let reports = vec![
        a_report("ORD-9", "HIGH", me),
        a_report(" ord-1", "high", me),
        a_report("ORD-2", "LOW", me),
        a_report("ORD-3", "URGENT", me),
        a_report("ORD-3", "MEDIUM", me),
    ];
    let reported = hand_in(&db, reports).await;
    let summary: Vec<Result<&str, (&str, Option<&str>)>> = reported
        .iter()
        .map(|outcome| match outcome {
            Ok(made) => Ok(made.reference.as_str()),
            Err(no) => Err((no.key(), no.question())),
        })
        .collect();
    let expected = [
        Err(("chat.refused.order_unknown", Some("order"))),
        Ok("DEF-20260118143022"),
        Err(("chat.refused.order_cancelled", Some("order"))),
        Err(("chat.refused.choice_unknown", Some("severity"))),
        Ok("DEF-20260118143022-2"),
    ];
    assert_eq!(summary, expected);
    assert_eq!((status(&db, "ORD-1").await, status(&db, "ORD-2").await), ("ON_HOLD".into(), "CANCELLED".into()));
    assert_eq!(row::Entity::find().all(db.read()).await.expect("a read").len(), 2);
    let made = tickets::by_references(db.read(), &["DEF-20260118143022".to_owned()]).await.expect("a read");
    let made = &made["DEF-20260118143022"];
    assert_eq!((made.title.as_str(), made.priority), ("Defect on ORD-1: Internal reject", Priority::High));
    assert_eq!(made.description, "Scratches 🔧");
    assert_eq!(made.media, r#"[{"content_type":"image/jpeg","url":"https://example.com/1"}]"#);
}

#[tokio::test]
async fn the_order_goes_on_when_its_last_defect_ends() {
    let (db, me, _folder) = plant().await;
    let reported = hand_in(&db, vec![a_report("ORD-1", "HIGH", me), a_report("ORD-1", "LOW", me)]).await;
    let references: Vec<String> = reported.into_iter().map(|made| made.expect("taken").reference).collect();
    for (reference, then) in references.iter().zip(["ON_HOLD", "IN_PROGRESS"]) {
        assert_eq!(status(&db, "ORD-1").await, "ON_HOLD");
        cancel(&db, reference).await;
        assert_eq!(status(&db, "ORD-1").await, then, "after {reference}");
    }
}
