//! E-mail addresses: something, an @, and a domain of at least two parts; in small letters.

use std::fmt;

/// The longest address. **Source**: RFC 5321, 4.5.3.1.3, without the angle brackets.
const MAX_CHARS: usize = 254;

/// An e-mail address, in small letters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, like name@example.com")]
pub struct NotEmail;

impl EmailAddress {
    /// Reads an address; outer white space is forgiven.
    pub fn parse(typed: &str) -> Result<Self, NotEmail> {
        let text = typed.trim().to_lowercase();
        let is_one = text
            .rsplit_once('@')
            .is_some_and(|(name, domain)| is_atom(name) && domain.contains('.') && domain.split('.').all(is_label));
        if is_one && text.chars().count() <= MAX_CHARS { Ok(Self(text)) } else { Err(NotEmail) }
    }

    /// What stands behind the @.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The first letter and the domain, for logs.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().map(String::from).unwrap_or_default();
        format!("{first}…@{}", self.domain())
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_atom(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | ',' | ';' | '<' | '>' | '"');
    !name.is_empty() && !name.chars().any(is_odd)
}

fn is_label(part: &str) -> bool {
    let hyphens = part.starts_with('-') || part.ends_with('-');
    !part.is_empty() && !hyphens && part.chars().all(|c| c.is_alphanumeric() || c == '-')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Debug output is masked, so that an address cannot slip into a log by `{:?}`.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_small_letters_and_masked_for_logs() {
        let address = EmailAddress::parse(" Dev1@Example.COM ").expect("an address");
        assert_eq!((address.as_str(), address.domain()), ("dev1@example.com", "example.com"));
        assert_eq!(format!("{address:?}"), "d…@example.com");
        for wrong in ["", "dev1", "dev1@localhost", "@example.com", "a b@example.com", "a<b@example.com", "a@-x.com"] {
            assert_eq!(EmailAddress::parse(wrong), Err(NotEmail), "{wrong}");
        }
        assert_eq!(EmailAddress::parse(&format!("{}@example.com", "x".repeat(250))), Err(NotEmail));
    }
}
