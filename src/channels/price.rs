//! What a message of ours costs: what its provider bills, or what the operator's table says of it.

use crate::kit::Money;

/// The category of a message that its provider bills nothing for.
pub const NOT_BILLED: &str = "free";

/// A message of ours that the provider took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    /// The provider's id of the message.
    pub provider_id: &'a str,
    /// Where it went: an address on its medium, as it is kept.
    pub to: &'a str,
    /// As what the provider bills it, where a receipt said so; [`NOT_BILLED`] where it bills nothing.
    pub category: Option<&'a str>,
    /// Whether it is on the person's phone; `None` while that is not decided.
    pub arrived: Option<bool>,
}

/// What is known of a message's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Price {
    /// The provider bills this.
    Billed(Money),
    /// The provider says no amount; this is what its category costs by the operator's table.
    Estimated {
        /// How much.
        money: Money,
        /// So many messages of its category a month cost nothing instead.
        free: u64,
    },
    /// It is not known yet.
    NotYet,
    /// Nobody will ever say.
    Unknown,
}
