//! What is asked for at the same moment: nothing gets lost, no bound is passed, nothing is two people's.
//!
//! A transaction of the test's own holds a row until those who ask wait for it, so that they meet each time.

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::people::{self, Role};
use sea_orm::ConnectionTrait as _;

facts!["at_once":
    what_refers_to_somebody_held_is_written_meanwhile,
];

async fn what_refers_to_somebody_held_is_written_meanwhile(backend: Backend) {
    if backend != Backend::Postgres {
        return; // the others have no such lock
    }
    let app = TestApp::start(backend).await;
    let id = app.user("dev1", Role::Support).await.id;
    let other = app.connection().await;
    let written = app.server.app.db.write(move |tx| {
        let other = other.clone();
        Box::pin(async move {
            people::store::lock(tx, vec![id]).await?;
            // What PostgreSQL does for a row that refers to this one.
            let refer = format!("SELECT id FROM people WHERE id = {id} FOR KEY SHARE NOWAIT");
            other.execute_unprepared(&refer).await?;
            Ok(())
        })
    });
    written.await.expect("nobody waits");
    app.end().await;
}
