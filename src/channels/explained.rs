//! What a provider's code means, said by its channel.

/// What a provider's code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its stable short name, for logs, filters and words in other languages.
    pub name: &'static str,
    /// One or two sentences for the operator: what is wrong and what to do.
    pub advice: &'static str,
}
