//! What messages by Meta cost: by the operator's table, for Meta says a category and no amount.

use crate::costs::{arm, prices, stats, total};
use crate::facts;
use crate::inbox::Desk;
use crate::support::app::OPERATOR;
use crate::support::databases::Backend;
use crate::support::meta::{META, NO_TWILIO, deliver, status, webhook};
use andon::simulator::{Faults, PostFault, Rule};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

facts!["meta_costs":
    what_meta_bills_is_estimated_by_the_operators_table,
    the_first_of_a_month_are_free_where_the_table_says_so,
    without_a_table_nobody_knows_what_meta_bills,
];

const RATES: &str = r#"
    currency = "USD"
    [[price]]
    category = "utility"
    price = "0.0080"
    free = 1
    [[price]]
    category = "utility"
    country = "US"
    price = "0.0040"
    [[price]]
    category = "service"
    price = "0.001"
"#;

/// A desk by Meta whose prices stand in this table.
async fn by_meta(backend: Backend, table: Option<&str>) -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prices.toml");
    let mut settings = [META.as_slice(), &NO_TWILIO, &[("ANDON_MESSAGE_BUDGET", "1 USD")]].concat();
    let shown = path.display().to_string();
    if let Some(table) = table {
        std::fs::write(&path, table).expect("the file is written");
        settings.push(("ANDON_META_PRICES", &shown));
    }
    (Desk::alone(backend, &settings).await, folder)
}

/// What the messages cost, as Meta names their categories: the latest of each, oldest first.
async fn told(desk: &Desk, pricing: &[Value]) {
    let rows = desk.app.rows("SELECT provider_id FROM attempts ORDER BY id").await;
    let ids = rows.iter().map(|row| row.try_get::<String>("", "provider_id").expect("an id"));
    let statuses: Vec<Value> = ids
        .zip(pricing)
        .map(|(id, pricing)| {
            let mut told = status(&id, "", "delivered");
            told["pricing"] = pricing.clone();
            told
        })
        .collect();
    assert_eq!(deliver(&desk.app, &webhook(&[], &statuses)).await, StatusCode::OK);
    desk.app.pass(TimeDelta::minutes(1)).await;
}

/// Has an operator write so often, and nothing said of what the answers cost.
async fn written(desk: &Desk, times: usize) {
    let unheard = Some(Rule { next: 1_000, fault: PostFault::Drop });
    arm(&desk.app, Faults { callbacks: unheard, ..Faults::default() }).await;
    for _ in 0..times {
        desk.app.says(OPERATOR, "hi").await;
    }
}

async fn what_meta_bills_is_estimated_by_the_operators_table(backend: Backend) {
    let (desk, _folder) = by_meta(backend, Some(RATES)).await;
    written(&desk, 4).await;
    let billed = |category: &str| json!({"billable": true, "pricing_model": "PMP", "category": category});
    let unbilled = json!({"billable": false, "category": "service"});
    told(&desk, &[billed("service"), billed("service"), unbilled, billed("marketing")]).await;
    let sort = |cost: &str, by: &str, messages: i64| {
        json!({"month": "2026-01", "channel": "meta", "notification_type": "WHATSAPP", "kind": "REPLY", "event": null,
            "cost": cost, "currency": "USD", "estimated_by": by, "messages": messages})
    };
    let shown = stats(&desk, "").await;
    assert_eq!(shown["costs"], json!([sort("0.00", "free", 1), sort("0.002", "service", 2)]));
    assert_eq!(
        shown["budget"],
        json!({"month": "2026-01", "spent": "0.002", "estimated": "0.002", "budget": "1.00", "currency": "USD",
            "percent": 0, "holds_back": false})
    );
    assert_eq!(prices(&desk.app).await[3], (None, None, 1, false), "a category that the table does not know");
    told(&desk, &vec![billed("service"); 4]).await;
    assert_eq!(total(&desk.app).await, 2_000, "what is said again is counted once");
    desk.app.end().await;
}

async fn the_first_of_a_month_are_free_where_the_table_says_so(backend: Backend) {
    let (desk, _folder) = by_meta(backend, Some(RATES)).await;
    written(&desk, 3).await;
    told(&desk, &vec![json!({"billable": true, "category": "utility"}); 3]).await;
    let cost = |micros: i64| (Some(micros), Some("USD".to_owned()), 0, false);
    assert_eq!(
        prices(&desk.app).await,
        [cost(0), cost(4_000), cost(4_000)],
        "the country's own price, but for the first"
    );
    desk.app.end().await;
}

async fn without_a_table_nobody_knows_what_meta_bills(backend: Backend) {
    let (desk, _folder) = by_meta(backend, None).await;
    desk.app.says(OPERATOR, "hi").await;
    desk.app.pass(TimeDelta::minutes(1)).await;
    assert_eq!(
        (stats(&desk, "").await["costs"].clone(), prices(&desk.app).await),
        (json!([]), vec![(None, None, 0, false)])
    );
    desk.app.end().await;
}
