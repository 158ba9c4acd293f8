//! BOMs on a real database: what a look-up says, and what submitting a change writes.

use super::*;
use crate::db::{Db, test_db};
use sea_orm::{EntityTrait as _, QueryOrder as _};

fn line(number: &str, quantity: i64, unit_cost: i64) -> Component {
    Component { number: number.to_owned(), name: format!("Part {number}"), quantity, unit_cost }
}

async fn with_bom() -> (Db, tempfile::TempDir) {
    let (db, folder) = test_db().await;
    let added = db.write(|tx| {
        Box::pin(async move {
            let person = "INSERT INTO people (id, token, language, created_at, updated_at) \
                VALUES (1, 'a', 'en', '2026-01-18 00:00:00', '2026-01-18 00:00:00')";
            let empty = "INSERT INTO boms (id, number, product, created_at, updated_at) \
                VALUES (99, 'BOM-900', 'Pump', '2026-01-18 00:00:00', '2026-01-18 00:00:00')";
            tx.conn().execute_unprepared(person).await?;
            tx.conn().execute_unprepared(empty).await?;
            let components = vec![line("BRG-6204", 4_000_000, 12_500_000), line("SEAL-9", 1_500_000, 250_000)];
            add(tx, &[NewBom { number: "BOM-888".to_owned(), product: "Gearbox".to_owned(), components }]).await
        })
    });
    assert_eq!(added.await.expect("a BOM is added"), 1);
    (db, folder)
}

fn update(bom: &str, component: &str, change: Change) -> Update {
    let (bom, component) = (bom.to_owned(), component.to_owned());
    Update { bom, component, change, reason: "Wear".to_owned(), submitted_by: 1 }
}

async fn submitted(db: &Db, updates: Vec<Update>) -> Vec<Result<Submitted, Refusal>> {
    db.write_with(updates, move |tx, updates| Box::pin(submit(tx, updates))).await.expect("a submission")
}

#[tokio::test]
async fn a_bom_is_found_with_its_approved_components() {
    let (db, _folder) = with_bom().await;
    submitted(&db, vec![update("BOM-888", "SEAL-9", Change::Remove)]).await;
    let keys = ["BOM-888", "BOM-900", "BOM-88"].map(str::to_owned);
    let looked_up = look_up(db.read(), &keys).await.expect("a look-up");
    assert_eq!(
        looked_up.found["BOM-888"].0,
        json!({"number": "BOM-888", "product": "Gearbox", "revision": 1, "components": [
            {"number": "BRG-6204", "name": "Part BRG-6204", "quantity": "4", "unit_cost": "12.50"},
            {"number": "SEAL-9", "name": "Part SEAL-9", "quantity": "1.5", "unit_cost": "0.25"},
        ]}),
        "a change that waits for review is not in force"
    );
    let nothing_approved = json!({"number": "BOM-900", "product": "Pump", "revision": null, "components": []});
    assert_eq!(looked_up.found["BOM-900"].0, nothing_approved);
    assert_eq!(looked_up.near["BOM-88"][0].0, "BOM-888");
}

#[tokio::test]
async fn a_set_of_updates_is_answered_one_by_one_and_each_gets_its_own_revision() {
    let (db, _folder) = with_bom().await;
    let replace = Change::Replace { number: "seal-10".to_owned(), unit_cost: 500_000 };
    let outcomes = submitted(
        &db,
        vec![
            update("bom-888 ", "BRG-6204", Change::Quantity(5_000_000)),
            update("BOM-1", "BRG-6204", Change::Remove),
            update("BOM-888", "seal-9", replace),
            update("BOM-900", "SEAL-9", Change::Remove),
            update("BOM-888", "NUT-1", Change::Remove),
        ],
    )
    .await;
    let made = |revision, cost: &str| Ok(Submitted { revision, cost_change: cost.to_owned() });
    assert_eq!(
        outcomes,
        [
            made(2, "+12.50"),
            Err(Refusal::UnknownBom("BOM-1".to_owned())),
            made(3, "+0.375"),
            Err(Refusal::NoApprovedRevision("BOM-900".to_owned())),
            Err(Refusal::UnknownComponent { bom: "BOM-888".to_owned(), component: "NUT-1".to_owned() }),
        ]
    );
    assert_eq!(submitted(&db, vec![update("BOM-888", "BRG-6204", Change::Remove)]).await, [made(4, "-50.00")]);

    let revisions = revision_row::Entity::find().order_by_asc(revision_row::Column::Number).all(db.read()).await;
    let revisions = revisions.expect("a read");
    assert_eq!(revisions.len(), 4, "a refused update writes nothing");
    assert_eq!(revisions[1].status, Status::PendingReview);
    let change: Change = serde_json::from_str(revisions[2].change.as_deref().expect("its change")).expect("JSON");
    assert_eq!(change, Change::Replace { number: "SEAL-10".to_owned(), unit_cost: 500_000 });
    let components = store::components(db.read(), &[revisions[2].id]).await.expect("a read");
    let numbers: Vec<&str> = components[&revisions[2].id].iter().map(|line| line.number.as_str()).collect();
    assert_eq!(numbers, ["BRG-6204", "SEAL-10"]);
    let events = outbox::row::Entity::find().all(db.read()).await.expect("a read");
    assert_eq!(events.len(), 3);
    assert_eq!((events[0].name.as_str(), events[0].actor_id), ("bom.revision_submitted", Some(1)));
}

#[tokio::test]
async fn adding_a_bom_that_exists_changes_nothing() {
    let (db, _folder) = with_bom().await;
    let again = db.write(|tx| {
        Box::pin(async move {
            let bom = NewBom { number: "BOM-888".to_owned(), product: "Other".to_owned(), components: vec![] };
            add(tx, &[bom]).await
        })
    });
    assert_eq!(again.await.expect("adding again is no error"), 0);
    let looked_up = look_up(db.read(), &["BOM-888".to_owned()]).await.expect("a look-up");
    assert_eq!(looked_up.found["BOM-888"].0["product"], "Gearbox");
    assert!(submitted(&db, vec![]).await.is_empty());
}
