//! The log on a real database: what a late commit does, and who did what by which door.

use super::*;
use crate::db::test_db;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;

#[derive(Serialize)]
struct Painted {
    order_id: i64,
}

impl Event for Painted {
    const NAME: &'static str = "order.painted";

    fn subject(&self) -> Subject {
        Subject::new("order", self.order_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(7)
    }
}

async fn paint(db: &Db, orders: &'static [i64]) {
    db.write(move |tx| {
        Box::pin(async move {
            let events: Vec<Painted> = orders.iter().map(|&order_id| Painted { order_id }).collect();
            append(tx, &events).await
        })
    })
    .await
    .expect("events are appended");
}

async fn subjects(db: &Db, from: Option<i64>) -> (Vec<i64>, Option<i64>) {
    number(db).await.expect("positions are given out");
    let stretch = Stretch { from, is_rising: true, most: 100 };
    let events = read(db.read(), &Filter::default(), stretch).await.expect("the log can be read");
    let last = events.last().and_then(|event| event.position);
    (events.into_iter().filter_map(|event| event.subject_id).collect(), last)
}

#[tokio::test]
async fn who_follows_the_log_misses_no_event_whose_id_was_committed_late() {
    let (db, _folder) = test_db().await;
    paint(&db, &[1, 2, 3]).await;
    // A writer that began before them and commits after they were read.
    let late = row::Entity::find().all(db.read()).await.expect("a read")[0].clone();
    row::Entity::delete_by_id(late.id).exec(&db.write_for_tests()).await.expect("it is taken away");
    let (seen, last) = subjects(&db, None).await;
    assert_eq!(seen, [2, 3]);
    let late = row::ActiveModel { id: Set(late.id), ..late.into() };
    row::Entity::insert(late).exec_without_returning(&db.write_for_tests()).await.expect("it commits");
    paint(&db, &[4]).await;
    let (seen, last) = subjects(&db, last).await;
    assert_eq!(seen, [1, 4]);
    assert_eq!(subjects(&db, last).await.0, Vec::<i64>::new());
    assert_eq!(subjects(&db, None).await.0, [2, 3, 1, 4], "once each, in the order in which they appeared");
}

#[tokio::test]
async fn an_event_knows_the_door_of_its_write() {
    let (db, _folder) = test_db().await;
    paint(&db.through(Door::Cli), &[1]).await;
    paint(&db, &[2]).await;
    let doors = row::Entity::find().all(db.read()).await.expect("a read").into_iter().map(|event| event.door);
    assert_eq!(doors.collect::<Vec<_>>(), [Some(Door::Cli), Some(Door::Job)]);
}
