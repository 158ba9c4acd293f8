//! References: the given one, or the next free one of the second in which a ticket is made.

use super::{NewTicket, store};
use crate::db::Tx;
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result, reference};
use std::collections::HashMap;

/// A reference for each: the given one, or the next free one of this second. One statement a kind, and one where
/// references are given.
pub(super) async fn references(tx: &Tx, new: &[NewTicket]) -> Result<Vec<String>> {
    let given: Vec<Option<String>> = new.iter().map(given_reference).collect::<Result<_>>()?;
    let asked: Vec<&str> = given.iter().flatten().map(String::as_str).collect();
    let mut taken = store::taken(tx, &asked).await?;
    for reference in given.iter().flatten() {
        if !taken.insert(reference.clone()) {
            return Err(Error::new(Failure::Conflict, format!("The reference {reference} is taken already.")));
        }
    }
    let mut last: HashMap<&str, u32> = HashMap::new();
    for (new, _) in new.iter().zip(&given).filter(|(_, given)| given.is_none()) {
        let prefix = new.kind.prefix();
        if !last.contains_key(prefix) {
            let base = reference::base(prefix, tx.now());
            let among_given = highest(&base, &taken).unwrap_or(0);
            last.insert(prefix, stored(tx, &base).await?.max(among_given));
        }
    }
    let references = new.iter().zip(given).map(|(new, given)| {
        given.unwrap_or_else(|| {
            let prefix = new.kind.prefix();
            let nth = last.entry(prefix).or_default();
            *nth += 1;
            reference::numbered(prefix, tx.now(), *nth)
        })
    });
    Ok(references.collect())
}

/// The highest number that a stored reference with this base has. Where the longest is no number of ours but was given
/// with a record, all are looked at.
async fn stored(tx: &Tx, base: &str) -> Result<u32> {
    let longest = store::with_base(tx, base, Some(1)).await?;
    if longest.is_empty() {
        return Ok(0);
    }
    match highest(base, &longest) {
        Some(highest) => Ok(highest),
        None => Ok(highest(base, &store::with_base(tx, base, None).await?).unwrap_or(0)),
    }
}

fn given_reference(new: &NewTicket) -> Result<Option<String>> {
    let Some(given) = new.given.reference.as_deref().map(reference::fold) else { return Ok(None) };
    let number = given.strip_prefix(new.kind.prefix()).and_then(|rest| rest.strip_prefix('-'));
    match number {
        Some(number) if !number.is_empty() => Ok(Some(given)),
        _ => Err(Error::bad_request(format!("The reference {given} must begin with {}-.", new.kind.prefix()))),
    }
}

/// The highest number that one of these references has: the base itself is number 1.
fn highest<'a>(base: &str, references: impl IntoIterator<Item = &'a String>) -> Option<u32> {
    let number = |reference: &String| match reference.strip_prefix(base)? {
        "" => Some(1),
        suffix => suffix.strip_prefix('-')?.parse().ok(),
    };
    references.into_iter().filter_map(number).max()
}
