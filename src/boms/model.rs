//! What a BOM update does to the components, and what that costs. Pure; exact to the millionth.

use crate::kit::decimal::ONE;
use crate::kit::stored_enum;
use serde::{Deserialize, Serialize};

/// The longest component number, in characters: what its column holds.
const LONGEST_NUMBER: usize = 255;

stored_enum! {
    /// Where a revision stands.
    #[schema(as = RevisionStatus)]
    pub enum Status {
        /// Being written.
        Draft = "DRAFT",
        /// Submitted, waiting for a decision.
        PendingReview = "PENDING_REVIEW",
        /// What is built from; the approved revision with the highest number counts.
        Approved = "APPROVED",
        /// Turned down.
        Rejected = "REJECTED",
    }
}

/// One line of a BOM.
///
/// **Units**: quantity and unit cost in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its number.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// How much of it one product takes.
    pub quantity: i64,
    /// What one of it costs.
    pub unit_cost: i64,
}

/// What an update changes about one component.
///
/// **Units**: quantities and costs in millionths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// How much of it is taken.
    Quantity(i64),
    /// What one of it costs.
    UnitCost(i64),
    /// Another component takes its place, in the same quantity.
    Replace {
        /// The other component's number.
        number: String,
        /// What one of the other costs.
        unit_cost: i64,
    },
    /// It is left out.
    Remove,
}

/// Why an update was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such BOM.
    #[error("There is no BOM {0}. Please check its number.")]
    UnknownBom(String),
    /// Nobody has approved any revision of the BOM, so there is nothing to change.
    #[error("{0} has no approved revision yet, so it cannot be updated.")]
    NoApprovedRevision(String),
    /// The BOM has no such component.
    #[error("{bom} has no component {component}. Please check its number.")]
    UnknownComponent {
        /// The BOM.
        bom: String,
        /// The component asked for.
        component: String,
    },
    /// The component that should come in is there already.
    #[error("{0} is in this BOM already. Change its quantity instead.")]
    AlreadyThere(String),
    /// A component number that cannot be one.
    #[error("A component number has 1 to 255 characters.")]
    NotANumber,
    /// A quantity of nothing or less.
    #[error("A quantity must be more than 0. To leave the component out, choose remove.")]
    NoQuantity,
    /// A cost below nothing.
    #[error("A cost cannot be less than 0.")]
    NegativeCost,
    /// The total is beyond what can be computed exactly.
    #[error("That makes a total too large to compute. Please check the value.")]
    TooLarge,
}

impl Refusal {
    /// The answer to blame, as the chat flow names its questions; none where no other answer would do.
    pub fn question(&self) -> Option<&'static str> {
        match self {
            Self::UnknownBom(_) | Self::NoApprovedRevision(_) => Some("bom"),
            Self::UnknownComponent { .. } => Some("component"),
            Self::AlreadyThere(_) | Self::NotANumber | Self::NoQuantity | Self::NegativeCost | Self::TooLarge => {
                Some("change")
            }
        }
    }

    /// The key of its words, `chat.refused.…`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::UnknownBom(_) => "chat.refused.bom_unknown",
            Self::NoApprovedRevision(_) => "chat.refused.bom_not_approved",
            Self::UnknownComponent { .. } => "chat.refused.component_unknown",
            Self::AlreadyThere(_) => "chat.refused.component_already_there",
            Self::NotANumber => "chat.refused.component_number",
            Self::NoQuantity => "chat.refused.no_quantity",
            Self::NegativeCost => "chat.refused.negative_cost",
            Self::TooLarge => "chat.refused.too_large",
        }
    }
}

/// The components of `bom` after a change to `component`, and the cost change.
///
/// **Units**: the cost change in millionths; a half millionth is rounded away from zero.
pub fn revise(
    bom: &str,
    components: &[Component],
    component: &str,
    change: &Change,
) -> Result<(Vec<Component>, i64), Refusal> {
    let at = components
        .iter()
        .position(|line| line.number == component)
        .ok_or_else(|| Refusal::UnknownComponent { bom: bom.to_owned(), component: component.to_owned() })?;
    check(change)?;
    let mut revised = components.to_vec();
    match change {
        Change::Quantity(quantity) => revised[at].quantity = *quantity,
        Change::UnitCost(unit_cost) => revised[at].unit_cost = *unit_cost,
        Change::Replace { number, .. } if components.iter().any(|line| line.number == *number) => {
            return Err(Refusal::AlreadyThere(number.clone()));
        }
        Change::Replace { number, unit_cost } => {
            // Only its number is known of what comes in; whoever approves may give it a name.
            revised[at] = Component {
                number: number.clone(),
                name: number.clone(),
                quantity: components[at].quantity,
                unit_cost: *unit_cost,
            };
        }
        Change::Remove => {
            revised.remove(at);
        }
    }
    let change = cost_change(components, &revised)?;
    Ok((revised, change))
}

/// What `new` costs more than `old`.
///
/// **Units**: millionths; a half millionth is rounded away from zero.
pub fn cost_change(old: &[Component], new: &[Component]) -> Result<i64, Refusal> {
    let change = total(new)?.checked_sub(total(old)?).ok_or(Refusal::TooLarge)?;
    to_millionths(change)
}

/// What a product costs that is made of these.
///
/// **Units**: millionths; a half millionth is rounded away from zero.
pub fn cost(components: &[Component]) -> Result<i64, Refusal> {
    to_millionths(total(components)?)
}

fn check(change: &Change) -> Result<(), Refusal> {
    match change {
        Change::Quantity(quantity) if *quantity <= 0 => Err(Refusal::NoQuantity),
        Change::UnitCost(cost) | Change::Replace { unit_cost: cost, .. } if *cost < 0 => Err(Refusal::NegativeCost),
        Change::Replace { number, .. } if !(1..=LONGEST_NUMBER).contains(&number.chars().count()) => {
            Err(Refusal::NotANumber)
        }
        _ => Ok(()),
    }
}

/// **Units**: millionths of a millionth, exact.
fn total(components: &[Component]) -> Result<i128, Refusal> {
    components.iter().try_fold(0_i128, |sum, line| {
        let cost = i128::from(line.quantity).checked_mul(i128::from(line.unit_cost));
        cost.and_then(|cost| sum.checked_add(cost)).ok_or(Refusal::TooLarge)
    })
}

fn to_millionths(exact: i128) -> Result<i64, Refusal> {
    let one = i128::from(ONE);
    let (whole, rest) = (exact / one, exact % one);
    let rounded = if rest.abs() * 2 >= one { whole + rest.signum() } else { whole };
    i64::try_from(rounded).map_err(|_| Refusal::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::decimal::signed;
    use proptest::prelude::*;

    fn line(number: &str, quantity: i64, unit_cost: i64) -> Component {
        Component { number: number.to_owned(), name: format!("Part {number}"), quantity, unit_cost }
    }

    fn bom() -> Vec<Component> {
        vec![line("A", 2_000_000, 10_000_000), line("B", 500_000, 3_500_000), line("C", 333_333, 1)]
    }

    fn replace(number: &str, unit_cost: i64) -> Change {
        Change::Replace { number: number.to_owned(), unit_cost }
    }

    #[test]
    fn each_change_costs_what_it_changes() {
        for (component, change, cost) in [
            ("A", Change::Quantity(3_250_000), "+12.50"),
            ("A", Change::Quantity(2_000_000), "0.00"),
            ("A", Change::UnitCost(8_500_000), "-3.00"),
            ("B", replace("D", 4_000_000), "+0.25"),
            ("A", Change::Remove, "-20.00"),
            ("C", Change::Quantity(1_500_000), "+0.000001"), // 1.166667 millionths
        ] {
            let (_, change) = revise("BOM-1", &bom(), component, &change).expect("a good change");
            assert_eq!(signed(change), cost, "{component}");
        }
    }

    #[test]
    fn only_the_component_in_question_is_changed() {
        let (revised, _) = revise("BOM-1", &bom(), "B", &replace("D", 1)).expect("a good change");
        let numbers: Vec<&str> = revised.iter().map(|line| line.number.as_str()).collect();
        assert_eq!(numbers, ["A", "D", "C"]);
        assert_eq!((&revised[0], revised[1].quantity), (&bom()[0], 500_000));
    }

    #[test]
    fn a_change_that_makes_no_sense_is_refused() {
        let unknown = Refusal::UnknownComponent { bom: "BOM-1".to_owned(), component: "Z".to_owned() };
        for (component, change, refusal) in [
            ("Z", Change::Remove, unknown),
            ("A", replace("B", 1), Refusal::AlreadyThere("B".to_owned())),
            ("A", replace("A", 1), Refusal::AlreadyThere("A".to_owned())),
            ("A", replace("", 1), Refusal::NotANumber),
            ("A", replace(&"X".repeat(256), 1), Refusal::NotANumber),
            ("A", Change::Quantity(0), Refusal::NoQuantity),
            ("A", Change::UnitCost(-1), Refusal::NegativeCost),
            ("A", Change::Quantity(i64::MAX), Refusal::TooLarge),
        ] {
            assert_eq!(revise("BOM-1", &bom(), component, &change), Err(refusal));
        }
    }

    #[test]
    fn totals_beyond_all_bounds_are_refused_and_do_not_panic() {
        let vast = vec![line("A", i64::MAX, i64::MAX), line("B", i64::MAX, i64::MAX), line("C", i64::MAX, i64::MAX)];
        assert_eq!(revise("BOM-1", &vast, "A", &Change::UnitCost(0)), Err(Refusal::TooLarge));
    }

    proptest! {
        #[test]
        fn removing_costs_minus_what_the_component_cost(quantity in 1..i64::from(i32::MAX), cost in 0..i64::from(i32::MAX)) {
            let components = [line("A", quantity, cost), line("B", 1, 1)];
            let (_, removed) = revise("BOM-1", &components, "A", &Change::Remove).expect("a good change");
            let exact = i128::from(quantity) * i128::from(cost);
            prop_assert!((i128::from(removed) * 1_000_000 + exact).abs() * 2 <= 1_000_000);
            prop_assert!(removed <= 0);
        }
    }
}
