//! References of tickets, `DEF-20260118143022`: a prefix, the UTC second, and `-2`, `-3` where a second was shared.

use super::clock::Instant;

/// The reference of the `nth` ticket (from 1) with this prefix made in the second of `at`.
pub fn numbered(prefix: &str, at: Instant, nth: u32) -> String {
    let base = base(prefix, at);
    if nth <= 1 { base } else { format!("{base}-{nth}") }
}

/// The part of a reference that all tickets of one prefix and one second share.
pub fn base(prefix: &str, at: Instant) -> String {
    format!("{prefix}-{}", at.format("%Y%m%d%H%M%S"))
}

/// A key as it is stored and compared: trimmed, upper case, inner white space gone.
pub fn fold(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && !c.is_control()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone as _, Utc};

    #[test]
    fn a_shared_second_gets_a_suffix() {
        let at = Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 22).single().expect("a valid instant");
        assert_eq!(numbered("DEF", at, 1), "DEF-20260118143022");
        assert_eq!(numbered("DEF", at, 2), "DEF-20260118143022-2");
        assert_eq!(fold(" ord- 12345\n"), "ORD-12345");
    }
}
