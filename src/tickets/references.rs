//! References: the given one, or the next free one of the second in which a ticket is made.

use super::{NewTicket, store};
use crate::db::Tx;
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result, reference};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A reference for each: the given one, or the next free one of this second.
pub(super) async fn references(tx: &Tx, new: &[NewTicket]) -> Result<Vec<String>> {
    let given: Vec<Option<String>> = new.iter().map(given_reference).collect::<Result<_>>()?;
    let bases: BTreeSet<String> = new.iter().map(|new| reference::base(new.kind.prefix(), tx.now())).collect();
    let asked: Vec<&str> = given.iter().flatten().map(String::as_str).collect();
    let mut taken = store::taken(tx, &bases, &asked).await?;
    for reference in given.iter().flatten() {
        if !taken.insert(reference.clone()) {
            return Err(Error::new(Failure::Conflict, format!("The reference {reference} is taken already.")));
        }
    }
    let mut last: HashMap<&str, u32> = HashMap::new();
    let mut references = Vec::with_capacity(new.len());
    for (new, given) in new.iter().zip(given) {
        references.push(given.unwrap_or_else(|| {
            let prefix = new.kind.prefix();
            let nth = last.entry(prefix).or_insert_with(|| highest(&reference::base(prefix, tx.now()), &taken));
            *nth += 1;
            reference::numbered(prefix, tx.now(), *nth)
        }));
    }
    Ok(references)
}

fn given_reference(new: &NewTicket) -> Result<Option<String>> {
    let Some(given) = new.given.reference.as_deref().map(reference::fold) else { return Ok(None) };
    let number = given.strip_prefix(new.kind.prefix()).and_then(|rest| rest.strip_prefix('-'));
    match number {
        Some(number) if !number.is_empty() => Ok(Some(given)),
        _ => Err(Error::bad_request(format!("The reference {given} must begin with {}-.", new.kind.prefix()))),
    }
}

/// The highest number that a reference with this base has: the base itself is number 1.
fn highest(base: &str, taken: &HashSet<String>) -> u32 {
    let number = |reference: &String| match reference.strip_prefix(base)? {
        "" => Some(1),
        suffix => suffix.strip_prefix('-')?.parse().ok(),
    };
    taken.iter().filter_map(number).max().unwrap_or(0)
}
