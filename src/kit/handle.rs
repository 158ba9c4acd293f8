//! What somebody who writes is known by: a phone number, or Meta's id of somebody who hides theirs.
//!
//! **Source**: Meta's page "Business-scoped user IDs", read in November 2026: two letters of a country, a dot, up to 128
//! letters and digits (`US.13491208655302741918`, with linked portfolios `US.ENT.…`).

use super::phone::E164;
use std::fmt;

/// The longest id after its country.
const MAX_CHARS: usize = 132;

/// Meta's business-scoped id of a person, `US.13491208655302741918`: the same at all numbers of one business.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

impl UserId {
    /// Reads an id; `None` for whatever has not its form.
    pub fn parse(text: &str) -> Option<Self> {
        let (country, rest) = text.split_once('.')?;
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_rest = (1..=MAX_CHARS).contains(&rest.len())
            && rest.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        (is_country && is_rest).then(|| Self(text.to_owned()))
    }

    /// As Meta writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Handle::UserId(self.clone()).masked())
    }
}

/// What somebody who writes is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Handle {
    /// A number.
    Number(E164),
    /// Meta's id of somebody whose number it does not tell.
    UserId(UserId),
}

impl Handle {
    /// Reads either.
    pub fn parse(text: &str) -> Option<Self> {
        E164::parse(text).map(Self::Number).ok().or_else(|| UserId::parse(text).map(Self::UserId))
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::UserId(id) => id.as_str(),
        }
    }

    /// The number, where it is one.
    pub fn number(&self) -> Option<&E164> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// With all but its beginning and its end hidden, for logs.
    pub fn masked(&self) -> String {
        match self {
            Self::Number(number) => number.masked(),
            Self::UserId(UserId(id)) => format!("{}…{}", &id[..3], &id[id.len() - 1..]),
        }
    }
}

impl From<E164> for Handle {
    fn from(number: E164) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_an_id_are_told_apart() {
        for (text, is_number) in [
            ("+447700900123", Some(true)),
            ("US.13491208655302741918", Some(false)),
            ("US.ENT.11815799212886844830", Some(false)),
            ("US.", None),
            ("us.134", None),
            ("USA.134", None),
            ("US.13 4", None),
            ("US..134", None),
            ("447700900123", None),
            ("", None),
        ] {
            let read = Handle::parse(text);
            assert_eq!(read.as_ref().map(|handle| handle.number().is_some()), is_number, "{text}");
            assert!(read.is_none_or(|handle| handle.as_str() == text && handle.masked() != text), "{text}");
        }
        assert!(UserId::parse(&format!("US.{}", "1".repeat(200))).is_none());
        assert_eq!(format!("{:?}", UserId::parse("US.13491208655302741918").expect("an id")), "US.…8");
    }
}
