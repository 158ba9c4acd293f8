//! Receipts on their busy path: whatever gathered is taken in as one set.

use super::store;
use crate::app::App;
use crate::channels::Receipt;
use crate::db::Batch;
use std::sync::Arc;

/// The most receipts in one set.
const MOST: usize = 512;

/// The queue in front of the receipts' table work.
pub fn start(app: &App) -> Batch<Receipt, ()> {
    let app = app.clone();
    Batch::start(MOST, move |receipts: Arc<Vec<Receipt>>| {
        let app = app.clone();
        Box::pin(async move {
            let count = receipts.len();
            let explainer = app.clone();
            app.db
                .write(move |tx| {
                    let (receipts, app) = (Arc::clone(&receipts), explainer.clone());
                    Box::pin(async move {
                        let explain = |receipt: &Receipt| app.channel(receipt.channel)?.explain(receipt.error_code?);
                        store::receive(tx, &receipts, explain).await
                    })
                })
                .await?;
            Ok(vec![(); count])
        })
    })
}
