//! What every database must do alike, and what a write promises.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::db::Db;
use andon::kit::{Clock, Error, Instant, Result};
use andon::orders::{self, model::Status};
use chrono::TimeDelta;
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, Statement};

facts!["database":
    instants_keep_their_microseconds,
    text_is_equal_only_to_itself_and_ordered_by_code_point,
    a_refused_write_leaves_nothing_and_its_neighbours_alone,
    writes_that_collide_are_each_done_once,
    a_deadlock_inside_a_savepoint_loses_nothing,
    a_caller_that_goes_away_does_not_undo_its_write,
    two_processes_may_bring_one_database_up_at_once,
    a_migration_that_was_cut_short_is_picked_up,
];

async fn add_orders(db: &Db, numbers: Vec<String>) -> Result<usize> {
    db.write(move |tx| {
        let numbers = numbers.clone();
        Box::pin(async move {
            let today = tx.now().date_naive();
            let new = numbers.iter().map(|number| orders::NewOrder {
                number: number.clone(),
                customer: "A customer".to_owned(),
                product: "A product".to_owned(),
                quantity_ordered: 1,
                quantity_completed: 0,
                quantity_rejected: 0,
                starts_on: today,
                due_on: today,
                status: Status::Pending,
            });
            orders::add(tx, &new.collect::<Vec<_>>()).await
        })
    })
    .await
}

async fn set_customer(db: &Db, number: &'static str, customer: String, fail: bool) -> Result<()> {
    use orders::row;
    db.write(move |tx| {
        let customer = customer.clone();
        Box::pin(async move {
            row::Entity::update_many()
                .col_expr(row::Column::Customer, customer.into())
                .filter(row::Column::Number.eq(number))
                .exec(tx.conn())
                .await?;
            if fail { Err(Error::bad_request("changed my mind")) } else { Ok(()) }
        })
    })
    .await
}

async fn customer(db: &Db, number: &str) -> String {
    let row = orders::row::Entity::find().filter(orders::row::Column::Number.eq(number)).one(db.read()).await;
    row.expect("it can be read").expect("it is there").customer
}

async fn instants_keep_their_microseconds(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.clock.advance(TimeDelta::microseconds(123_456));
    let now: Instant = app.clock.now();
    add_orders(&app.server.app.db, vec!["ORD-90001".to_owned()]).await.expect("added");
    let row = orders::row::Entity::find()
        .filter(orders::row::Column::CreatedAt.eq(now))
        .one(app.server.app.db.read())
        .await
        .expect("it can be read");
    assert_eq!(row.map(|row| (row.number, row.created_at)), Some(("ORD-90001".to_owned(), now)));
    app.end().await;
}

async fn text_is_equal_only_to_itself_and_ordered_by_code_point(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut numbers: Vec<String> = [
        "Z-a",
        "Z-A",
        "Z-b",
        "Z-B",
        "Z-ä",
        "Z-a\u{308}",
        "Z-é",
        "Z-e",
        "Z-ß",
        "Z-ss",
        "Z-9",
        "Z-_",
        "Z-🦀",
        "Z-ﬁ",
        "Z-人",
    ]
    .map(str::to_owned)
    .into();
    let added = add_orders(&app.server.app.db, numbers.clone()).await.expect("none of them is another's equal");
    assert_eq!(added, numbers.len());
    let stored: Vec<String> = orders::row::Entity::find()
        .filter(orders::row::Column::Number.starts_with("Z-"))
        .order_by_asc(orders::row::Column::Number)
        .all(app.server.app.db.read())
        .await
        .expect("they can be read")
        .into_iter()
        .map(|row| row.number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(stored, numbers);
    app.end().await;
}

async fn a_refused_write_leaves_nothing_and_its_neighbours_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let writes = (0..20).map(|n| set_customer(db, "ORD-12345", format!("Customer {n}"), n % 2 == 1));
    let outcomes = futures_util::future::join_all(writes).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    let last: usize = customer(db, "ORD-12345").await.trim_start_matches("Customer ").parse().expect("one of ours");
    assert_eq!(last % 2, 0, "what was refused is not there");
    app.end().await;
}

async fn writes_that_collide_are_each_done_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let before = app.count("orders").await;
    // Opposite orders of locking: on PostgreSQL and MariaDB some of these meet in a deadlock and are run again.
    let swap = |first: &'static str, second: &'static str| {
        db.write(move |tx| {
            Box::pin(async move {
                one_more(tx, first).await?;
                one_more(tx, second).await
            })
        })
    };
    let start: i64 = rejected(&app, "ORD-12345").await;
    let writes =
        (0..6).map(|n| if n % 2 == 0 { swap("ORD-12345", "ORD-12346") } else { swap("ORD-12346", "ORD-12345") });
    for outcome in futures_util::future::join_all(writes).await {
        outcome.expect("done, if need be on a later try");
    }
    assert_eq!(rejected(&app, "ORD-12345").await, start + 6);
    assert_eq!(app.count("orders").await, before);
    app.end().await;
}

async fn rejected(app: &TestApp, number: &str) -> i64 {
    let row =
        orders::row::Entity::find().filter(orders::row::Column::Number.eq(number)).one(app.server.app.db.read()).await;
    row.expect("it can be read").expect("it is there").quantity_rejected
}

async fn a_caller_that_goes_away_does_not_undo_its_write(backend: Backend) {
    let app = TestApp::start(backend).await;
    let db = app.server.app.db.clone();
    let mut write = Box::pin(set_customer(&db, "ORD-12345", "Left early".to_owned(), false));
    drop((futures_util::poll!(&mut write), write)); // it has begun, and nobody waits for it
    let mut looks = 0;
    while customer(&db, "ORD-12345").await != "Left early" {
        looks += 1;
        assert!(looks < 1000, "the write of the caller that went away is not there");
    }
    app.end().await;
}

async fn two_processes_may_bring_one_database_up_at_once(backend: Backend) {
    if backend == Backend::Sqlite {
        return; // its file is one process's: see admin::a_second_server_on_the_same_file_refuses_to_start
    }
    let database = crate::support::databases::Database::create(backend).await;
    let bring_up = || async {
        let db = Db::open(&database.url().into(), Clock::System).await?;
        andon::db::migrations::run(&db).await?;
        db.close().await
    };
    let (one, other, third) = tokio::join!(bring_up(), bring_up(), bring_up());
    for outcome in [one, other, third] {
        outcome.expect("each finds the tables or makes them");
    }
    database.destroy().await;
}

/// The shape of the message step: something written, then a savepoint that meets a deadlock, then something more.
async fn a_deadlock_inside_a_savepoint_loses_nothing(backend: Backend) {
    const OWN: [&str; 6] = ["ORD-12347", "ORD-12348", "ORD-12349", "ORD-12350", "ORD-12351", "ORD-12352"];
    let app = TestApp::start(backend).await;
    let db = &app.server.app.db;
    let step = |own: &'static str, first: &'static str, second: &'static str| {
        db.write(move |tx| {
            Box::pin(async move {
                one_more(tx, own).await?;
                let set = tx.savepoint(|tx| {
                    Box::pin(async move {
                        one_more(tx, first).await?;
                        one_more(tx, second).await
                    })
                });
                match set.await {
                    Err(error) if andon::db::is_transient(&error) => return Err(error),
                    outcome => outcome?,
                }
                one_more(tx, own).await
            })
        })
    };
    let mut before = Vec::new();
    for number in OWN {
        before.push(rejected(&app, number).await);
    }
    let steps = OWN.iter().enumerate().map(|(n, own)| {
        let (first, second) = if n % 2 == 0 { ("ORD-12345", "ORD-12346") } else { ("ORD-12346", "ORD-12345") };
        step(own, first, second)
    });
    for outcome in futures_util::future::join_all(steps).await {
        outcome.expect("done, if need be on a later try");
    }
    for (number, before) in OWN.iter().zip(before) {
        assert_eq!(rejected(&app, number).await, before + 2, "{number}: both of its writes, or none");
    }
    app.end().await;
}

async fn one_more(tx: &andon::db::Tx, number: &str) -> Result<()> {
    let add = format!("UPDATE orders SET quantity_rejected = quantity_rejected + 1 WHERE number = '{number}'");
    tx.conn().execute_raw(Statement::from_string(tx.conn().get_database_backend(), add)).await?;
    Ok(())
}

async fn a_migration_that_was_cut_short_is_picked_up(backend: Backend) {
    let database = crate::support::databases::Database::create(backend).await;
    let db = Db::open(&database.url().into(), Clock::System).await.expect("it opens");
    andon::db::migrations::run(&db).await.expect("the tables are made");
    let drop_index = match backend {
        Backend::MariaDb => "DROP INDEX ix_tickets_reference ON tickets",
        Backend::Sqlite | Backend::Postgres => "DROP INDEX ix_tickets_reference",
    };
    // As the crash left it: its tables and most of its indexes are there, and nothing says that it was done.
    for statement in [drop_index, "DELETE FROM seaql_migrations WHERE version = 'm03_tickets'"] {
        execute(&db, statement).await;
    }
    andon::db::migrations::run(&db).await.expect("what is there is left alone");
    execute(&db, drop_index).await; // so it was made again
    db.close().await.expect("it closes");
    database.destroy().await;
}

async fn execute(db: &Db, statement: &'static str) {
    let done = db.write(move |tx| {
        Box::pin(async move {
            tx.conn().execute_unprepared(statement).await?;
            Ok(())
        })
    });
    done.await.expect(statement);
}
