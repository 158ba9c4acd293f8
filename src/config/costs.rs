//! What messages may cost a month.

use super::given;
use super::read::{Problems, boolean, optional};
use crate::kit::Money;

/// What messages may cost a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How much; more than nothing.
    pub sum: Money,
    /// Whether notices that are not urgent wait once it is spent.
    pub holds_back: bool,
}

/// The budget, if there is one; none where something is wrong with it, which is noted.
pub(super) fn budget(given: given::Costs, wrong: &mut Problems) -> Option<Budget> {
    let sum = wrong.note("ANDON_MESSAGE_BUDGET", optional(given.message_budget, sum));
    let holds_back = wrong.note("ANDON_MESSAGE_BUDGET_HOLD", boolean(&given.message_budget_hold));
    match (sum?, holds_back?) {
        (Some(sum), holds_back) => Some(Budget { sum, holds_back }),
        (None, true) => {
            wrong.add("ANDON_MESSAGE_BUDGET_HOLD", "true needs a budget; set ANDON_MESSAGE_BUDGET, like 100 USD");
            None
        }
        (None, false) => None,
    }
}

/// Reads a sum; more than nothing.
pub(super) fn sum(text: &str) -> Result<Money, String> {
    let sum = Money::read(text).map_err(|why| format!("{text:?} {why}"))?;
    if sum.micros > 0 { Ok(sum) } else { Err(format!("{text:?} is nothing; leave it out for no budget")) }
}
