//! What comes of a record that another system hands in: it is new, it changes something, or it is wrong.
//!
//! Every feature that takes records in says so in these words, so that one import can tell of all of them.

use super::Error;
use std::collections::BTreeSet;

/// What taking a record over does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// There was none with its key.
    Created,
    /// The stored one says something else.
    Changed,
    /// The stored one says the same.
    Kept,
}

/// What taking a record over does, and what of it does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it does.
    pub effect: Effect,
    /// What the record says and Andon does not follow, as the end of a sentence that begins with how many.
    pub note: Option<&'static str>,
}

impl Verdict {
    /// Everything in the record counts.
    pub fn plain(effect: Effect) -> Self {
        Self { effect, note: None }
    }
}

/// Why a record cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which of the lines that make up the record, from 0.
    pub at: usize,
    /// The column at fault.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong with it and what to write instead; the end of a sentence that begins with the value.
    pub reason: String,
}

impl Wrong {
    /// Something wrong with the record's first line.
    pub fn new(column: &'static str, value: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { at: 0, column, value: value.into(), reason: reason.into() }
    }

    /// A record whose key is new, but of which too little is known to make one.
    pub fn incomplete(column: &'static str, key: &str, lacking: &[&str]) -> Self {
        Self::new(column, key, format!("is new; to add it, say its {} as well", lacking.join(", ")))
    }
}

/// What records refer to, each once; an empty cell refers to nothing.
pub fn distinct<'a>(values: impl Iterator<Item = &'a String>) -> Vec<String> {
    values.filter(|value| !value.is_empty()).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// A verdict, or what is wrong.
pub type Judged = Result<Verdict, Wrong>;

/// What is wrong with one record is wrong with its field, where somebody hands in one alone.
impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::field(wrong.column, wrong.reason)
    }
}

/// The names of the `wanted` values that are not there.
pub fn lacking(wanted: &[(&'static str, bool)]) -> Vec<&'static str> {
    wanted.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect()
}

/// The names of the values that are so.
pub fn those(named: &[(&'static str, bool)]) -> Vec<&'static str> {
    named.iter().filter(|(_, is_so)| *is_so).map(|(name, _)| *name).collect()
}
