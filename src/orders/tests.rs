//! Orders on a real database: what a look-up says, and how holds come and go.

use super::*;
use crate::db::{Db, test_db};
use sea_orm::EntityTrait as _;

const TZ: Tz = Tz::UTC;

fn order(number: &str, status: Status) -> NewOrder {
    let day = |text: &str| text.parse().expect("a valid day");
    NewOrder {
        number: number.to_owned(),
        customer: "Northwind".to_owned(),
        product: "Gearbox".to_owned(),
        quantity_ordered: 200,
        quantity_completed: 150,
        quantity_rejected: 2,
        starts_on: day("2026-01-12"),
        due_on: day("2026-01-25"),
        status,
    }
}

async fn with_orders() -> (Db, tempfile::TempDir) {
    let (db, folder) = test_db().await;
    let added = db.write(|tx| {
        Box::pin(async move {
            let orders = [
                order("ORD-12345", Status::InProgress),
                order("ORD-12346", Status::Completed),
                order("ORD-20000", Status::OnHold),
            ];
            add(tx, &orders).await
        })
    });
    assert_eq!(added.await.expect("orders are added"), 3);
    // Holds refer to tickets.
    let rest = "'DEFECT', 'NEW', 'HIGH', '', '', '[]', 0, '2026-01-18 00:00:00', '2026-01-18 00:00:00'";
    let tickets = format!(
        "INSERT INTO tickets (id, reference, kind, status, priority, title, description, media, version, created_at, \
         updated_at) VALUES (1, 'DEF-1', {rest}), (2, 'DEF-2', {rest}), (3, 'DEF-3', {rest})"
    );
    db.write(move |tx| {
        let tickets = tickets.clone();
        Box::pin(async move {
            tx.conn().execute_unprepared(&tickets).await?;
            Ok(())
        })
    })
    .await
    .expect("tickets are made");
    (db, folder)
}

async fn order_now(db: &Db, number: &str) -> row::Model {
    let all = store::by_numbers(db.read(), &[number.to_owned()]).await.expect("a read");
    all.into_iter().next().expect("the order exists")
}

async fn lay(db: &Db, holds: Vec<(&str, i64)>) {
    let mut laid = Vec::new();
    for (number, ticket_id) in holds {
        let order_id = order_now(db, number).await.id;
        let order = number.to_owned();
        laid.push(Hold { order_id, order, ticket_id: Some(ticket_id), reason: "Scratches".to_owned(), held_by: None });
    }
    db.write_with(laid, move |tx, laid| Box::pin(hold(tx, laid))).await.expect("holds are laid");
}

async fn release(db: &Db, tickets: &'static [i64]) {
    db.write(move |tx| Box::pin(async move { release_for_tickets(tx, tickets).await }))
        .await
        .expect("holds are released");
}

async fn events(db: &Db) -> Vec<crate::outbox::row::Model> {
    crate::outbox::row::Entity::find().all(db.read()).await.expect("a read")
}

async fn event_names(db: &Db) -> Vec<String> {
    events(db).await.into_iter().map(|event| event.name).collect()
}

#[tokio::test]
async fn an_order_is_found_with_its_facts_and_a_wrong_number_gets_the_nearest() {
    let (db, _folder) = with_orders().await;
    let keys = ["ORD-12345", "ORD-12354", "ORD12345", "12346", "ORD-99999", "A"].map(str::to_owned);
    let looked_up = look_up(db.read(), &keys, db.now(), TZ).await.expect("a look-up");
    assert_eq!(
        looked_up.found["ORD-12345"].0,
        json!({"number": "ORD-12345", "customer": "Northwind", "product": "Gearbox", "status": "IN_PROGRESS",
            "progress": 75, "expected": "2026-01-25", "sla": "ON_TRACK"})
    );
    let near = |key: &str| looked_up.near[key].iter().map(|(number, ())| number.as_str()).collect::<Vec<_>>();
    assert_eq!(near("ORD-12354"), ["ORD-12345"]);
    assert_eq!(near("ORD12345"), ["ORD-12345", "ORD-12346"]);
    assert_eq!(near("12346"), ["ORD-12346", "ORD-12345"]);
    assert_eq!(near("ORD-99999"), ["ORD-20000"], "with no slip to mend, its neighbour in order");
    assert_eq!(near("A"), ["ORD-12345"]);
}

#[tokio::test]
async fn many_wrong_numbers_at_once_all_get_the_nearest() {
    let (db, _folder) = with_orders().await;
    let keys: Vec<String> = (70_000..70_501).map(|number| format!("ORD-{number}")).collect();
    let looked_up = look_up(db.read(), &keys, db.now(), TZ).await.expect("a look-up");
    assert_eq!(looked_up.near.len(), keys.len());
    assert!(looked_up.near.values().all(|near| near.first().is_some_and(|(number, ())| number == "ORD-20000")));
}

#[tokio::test]
async fn adding_an_order_that_exists_changes_nothing() {
    let (db, _folder) = with_orders().await;
    let added = db.write(|tx| Box::pin(async move { add(tx, &[order("ORD-12345", Status::Cancelled)]).await }));
    assert_eq!(added.await.expect("adding again is no error"), 0);
    assert_eq!(order_now(&db, "ORD-12345").await.status, Status::InProgress);
}

#[tokio::test]
async fn an_order_gets_its_status_back_with_its_last_hold() {
    let (db, _folder) = with_orders().await;
    lay(&db, vec![("ORD-12345", 1), ("ORD-12345", 2), ("ORD-12346", 3)]).await;
    let held = order_now(&db, "ORD-12345").await;
    assert_eq!((held.status, held.status_before_hold), (Status::OnHold, Some(Status::InProgress)));
    let told = events(&db).await.into_iter().map(|event| {
        let payload: Value = serde_json::from_str(&event.payload).expect("JSON");
        (payload["order"].as_str().unwrap_or_default().to_owned(), event.ticket_id)
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [("ORD-12345", 1), ("ORD-12345", 2), ("ORD-12346", 3)].map(|(o, t)| (o.to_owned(), Some(t))));

    release(&db, &[1, 3]).await;
    assert_eq!(order_now(&db, "ORD-12345").await.status, Status::OnHold, "the second ticket still holds it");
    assert_eq!(order_now(&db, "ORD-12346").await.status, Status::Completed);

    release(&db, &[2]).await;
    let free = order_now(&db, "ORD-12345").await;
    assert_eq!((free.status, free.status_before_hold), (Status::InProgress, None));

    release(&db, &[1, 2, 3]).await;
    let names = event_names(&db).await;
    assert_eq!(names, ["order.held", "order.held", "order.held", "order.released", "order.released"]);
}

#[tokio::test]
async fn an_order_held_by_hand_stays_on_hold_when_a_ticket_lets_go() {
    let (db, _folder) = with_orders().await;
    lay(&db, vec![("ORD-20000", 1)]).await;
    release(&db, &[1]).await;
    assert_eq!(order_now(&db, "ORD-20000").await.status, Status::OnHold);
    assert_eq!(event_names(&db).await, ["order.held"]);
}

#[tokio::test]
async fn empty_sets_are_no_error() {
    let (db, _folder) = with_orders().await;
    release(&db, &[]).await;
    lay(&db, vec![]).await;
    let nothing = look_up(db.read(), &[], db.now(), TZ).await.expect("a look-up");
    assert!(nothing.found.is_empty() && nothing.near.is_empty());
}
