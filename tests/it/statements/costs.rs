//! What messages cost: asking for a set of prices, counting and adding up cost the same, however many there are.

use super::{Fact, Statements, are_level, message};
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use andon::delivery::prices;
use andon::people::Role;
use chrono::TimeDelta;
use reqwest::StatusCode;

/// How many prices are asked for at once.
const SIZES: [usize; 3] = [1, 8, 20];
/// What it costs to ask for a set of prices and to keep them, beside the questions.
const A_SET_OF_PRICES: usize = 16;
/// What it costs to count notifications and to add up what messages cost: who asks, the counts, the costs, the budget.
const STATS: usize = 6;

pub(super) const FACTS: [Fact; 1] =
    [("statements::asking_for_1_price_costs_what_asking_for_20_costs", |backend, counts| {
        Box::pin(asking(backend, counts))
    })];

async fn asking(backend: Backend, statements: Statements) {
    let settings = [("ANDON_CHAT_ACCESS", "open"), ("ANDON_MESSAGE_BUDGET", "100 USD")];
    let app = TestApp::with(backend, &settings).await;
    let admin = app.user("boss", Role::Admin).await;
    let mut costs = [const { Vec::new() }; 2];
    for size in SIZES {
        let hellos = (0..size).map(|nth| message(size, nth, "hi".to_owned())).collect();
        app.server.door.take_messages(hellos).await;
        app.settle().await;
        app.clock.advance(TimeDelta::minutes(1));
        let (cost, asked) = statements.of(prices::once(&app.server.app)).await;
        assert_eq!(asked.expect("the database answers"), size);
        costs[0].push(cost);
        let (cost, (code, stats)) = statements.of(admin.get("/api/notifications/stats/")).await;
        assert_eq!(code, StatusCode::OK, "{stats}");
        costs[1].push(cost);
    }
    assert_eq!(app.count("attempts WHERE price_micros IS NOT NULL").await, 29);
    are_level(&format!("asking for prices on {backend}"), &costs[0], A_SET_OF_PRICES);
    are_level(&format!("stats on {backend}"), &costs[1], STATS);
    app.end().await;
}
