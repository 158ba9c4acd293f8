//! Webhooks out: a set of events costs the same, however many are in it, and next to nothing without a webhook.

use super::{Fact, Statements, are_level};
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::receiver::HERE;
use crate::webhooks_out::{machines_change, webhook};
use andon::people::Role;
use andon::webhooks_out::follow;

/// How many events there are at once.
const SIZES: [usize; 3] = [1, 8, 64];
/// How many webhooks are told of each.
const WEBHOOKS: usize = 3;
/// What it costs to give events their places and to make the calls about them.
const A_SET_OF_EVENTS: usize = 24;

pub(super) const FACTS: [Fact; 1] =
    [("statements::following_8_events_costs_what_following_64_costs", |backend, statements| {
        Box::pin(following(backend, statements))
    })];

async fn following(backend: Backend, statements: Statements) {
    let app = TestApp::with(backend, &[HERE]).await;
    let admin = app.user("admin", Role::Admin).await;
    machines_change(&admin, 1).await;
    let (cost, followed) = statements.of(follow(&app.server.app)).await;
    assert_eq!((cost, followed.expect("the database answers")), (1, 0), "nobody is to be told");
    for _ in 0..WEBHOOKS {
        webhook(&admin, "http://127.0.0.1:9/", &["machine.changed"]).await;
    }
    follow(&app.server.app).await.expect("the database answers");
    let mut costs = Vec::new();
    for size in SIZES {
        machines_change(&admin, size).await;
        let (cost, followed) = statements.of(follow(&app.server.app)).await;
        assert_eq!(followed.expect("the database answers"), size);
        costs.push(cost);
    }
    assert_eq!(app.count("webhook_calls").await, i64::try_from(SIZES.iter().sum::<usize>() * WEBHOOKS).expect("few"));
    are_level(&format!("following on {backend}"), &costs, A_SET_OF_EVENTS);
    app.end().await;
}
