//! What a message by Meta costs: its statuses name the category, the operator's table the price.
//!
//! **Source**: Meta's page "Pricing": a message is billed by its category and the country of its recipient, once it is
//! delivered. Read in November 2026.

use crate::channels::{NOT_BILLED, Price, Taken};
use crate::config::MetaPrices;
use crate::kit::Handle;

/// By the table. Without a category there was no news yet that says one; what did not arrive is not billed.
pub(super) fn of(prices: &MetaPrices, message: &Taken<'_>) -> Price {
    let category = match (message.category, message.arrived) {
        (Some(category), Some(true)) => category,
        (_, Some(false)) => return Price::Unknown,
        _ => return Price::NotYet,
    };
    if category == NOT_BILLED {
        return Price::Estimated { money: prices.nothing(), free: 0 };
    }
    let country = Handle::parse(message.to).and_then(|to| to.region());
    match prices.of(category, country.as_deref()) {
        Some(money) => Price::Estimated { money, free: prices.free(category) },
        None => Price::Unknown,
    }
}
