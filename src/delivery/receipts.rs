//! Receipts on their busy path: whatever gathered is taken in as one set.

use super::model::HIGH_TIDE_BREATH;
use super::pace::{Pace, Sender};
use super::store::{self, Verdict};
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Medium, Receipt, Retry};
use crate::db::{Batch, Change};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The most receipts in one set.
const MOST: usize = 512;

/// The queue in front of the receipts' table work. What failed because it was too much slows its sender down.
pub fn start(app: &App, pace: &Pace) -> Batch<Receipt, ()> {
    let (app, pace) = (app.clone(), pace.clone());
    let tide = app.clone();
    let gathers_for = move || if tide.tide.is_high(&tide.clock) { HIGH_TIDE_BREATH } else { Duration::ZERO };
    Batch::start(MOST, gathers_for, move |receipts: Arc<Vec<Receipt>>| {
        let (app, pace) = (app.clone(), pace.clone());
        Box::pin(async move {
            let people = app
                .db
                .write_with((Arc::clone(&receipts), app.clone()), |tx, (receipts, app)| {
                    Box::pin(store::receive(tx, receipts, |receipt| verdict(app, receipt)))
                })
                .await?;
            receipts.iter().for_each(|receipt| app.metrics.receipt(receipt.channel, receipt.status.as_str()));
            slow_down(&app, &pace, &receipts).await;
            app.bus.tell_desk(people.into_iter().map(Change::Conversation));
            app.bus.poke(Poke::Dispatch); // a line may go on, or a delivery again
            Ok(vec![(); receipts.len()])
        })
    })
}

/// Slows down, without a pause, the senders of those that failed because they were too many.
async fn slow_down(app: &App, pace: &Pace, receipts: &[Receipt]) {
    let mut slowed = BTreeSet::new();
    for receipt in receipts.iter().filter(|receipt| receipt.error_code.is_some()) {
        let (Retry::Slower(_), Some((medium, number))) = (verdict(app, receipt).retry, &receipt.from) else { continue };
        let Some(channel) = app.channel(receipt.channel) else { continue };
        let sender = Sender::of(channel.as_ref(), *medium, Some(number));
        if slowed.insert(sender.clone()) {
            pace.was_too_fast(channel.as_ref(), &sender).await;
        }
    }
}

/// What the channel says of the code in a receipt.
pub(super) fn verdict(app: &App, receipt: &Receipt) -> Verdict {
    let known = app.channel(receipt.channel).zip(receipt.error_code);
    let retry = known.map_or(Retry::Never, |(channel, code)| channel.retry(code));
    let is_carried = |medium: &Medium| retry == Retry::Elsewhere && app.is_another_up(receipt.channel, *medium);
    Verdict {
        retry,
        elsewhere: Medium::ALL.into_iter().filter(is_carried).collect(),
        reason: known.and_then(|(channel, code)| Some(channel.explain(code)?.advice.to_owned())),
        is_opt_out: known.is_some_and(|(channel, code)| channel.is_opt_out(code)),
        // The window is WhatsApp's alone.
        shut: known
            .filter(|(channel, code)| channel.is_window_shut(*code))
            .and_then(|(channel, _)| channel.sender(Medium::Whatsapp)),
    }
}
