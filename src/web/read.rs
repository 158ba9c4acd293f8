//! How a field's value is read: from JSON or from a query, by one rule, with words that say what is allowed.
//!
//! A reader answers with the value, or with the end of a sentence that begins with the field's name. What it takes
//! never holds a NUL character, which PostgreSQL could not keep.

use crate::kit::{E164, EmailAddress, Instant};
use chrono::{DateTime, Datelike as _, FixedOffset, SubsecRound as _, Timelike as _, Utc};
use serde_json::Value;
use std::ops::RangeInclusive;

/// The longest name to sign in with.
const MAX_USERNAME: usize = 150;
/// The most numbers in one list.
const MAX_LISTED: usize = 100;
/// The years an instant may lie in: what every database keeps.
const YEARS: RangeInclusive<i32> = 1900..=9998;

/// A value as it came.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// From a JSON body.
    Json(&'a Value),
    /// From a query.
    Text(&'a str),
}

impl<'a> Raw<'a> {
    fn text(self) -> Result<&'a str, String> {
        match self {
            Self::Json(Value::String(text)) => Ok(text),
            Self::Text(text) => Ok(text),
            Self::Json(_) => Err("must be text".to_owned()),
        }
    }

    fn integer(self) -> Option<i64> {
        match self {
            // 7.0 is 7 in JSON; beyond what a float holds to the piece it is no number of ours.
            Self::Json(value) => value.as_i64().or_else(|| value.as_f64().and_then(whole_in)),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// The whole number that a float is, if it is one.
fn whole_in(float: f64) -> Option<i64> {
    const MOST: f64 = 9_007_199_254_740_991.0; // 2^53 - 1: RFC 8259, 6
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within what an i64 holds")]
    (float.fract() == 0.0 && float.abs() <= MOST).then_some(float as i64)
}

/// Text of so many characters, outer white space taken off.
pub fn text(chars: RangeInclusive<usize>) -> impl Fn(Raw<'_>) -> Result<String, String> {
    move |raw| {
        let text = raw.text()?.trim();
        if text.contains('\0') {
            return Err("must not hold a NUL character".to_owned());
        }
        let count = text.chars().count();
        match count {
            0 if *chars.start() > 0 => Err("must not be empty".to_owned()),
            count if !chars.contains(&count) => {
                Err(format!("must have {} to {} characters; these are {count}", chars.start(), chars.end()))
            }
            _ => Ok(text.to_owned()),
        }
    }
}

/// What fits a rule of `kit/rules.rs`, which files of records go by too.
pub fn ruled<T>(rule: impl Fn(&str) -> Result<T, String>) -> impl Fn(Raw<'_>) -> Result<T, String> {
    move |raw| rule(raw.text()?.trim())
}

/// The same in one line: no line breaks, no other control characters.
pub fn line(chars: RangeInclusive<usize>) -> impl Fn(Raw<'_>) -> Result<String, String> {
    let text = text(chars);
    move |raw| {
        let line = text(raw)?;
        if line.chars().any(char::is_control) { Err("must be one line".to_owned()) } else { Ok(line) }
    }
}

/// Text exactly as it came, such as a password, but for a NUL, which would be nobody's.
pub fn verbatim(bytes: RangeInclusive<usize>) -> impl Fn(Raw<'_>) -> Result<String, String> {
    move |raw| match raw.text()? {
        "" if *bytes.start() > 0 => Err("must not be empty".to_owned()),
        text if text.contains('\0') => Err("must not hold a NUL character".to_owned()),
        text if !bytes.contains(&text.len()) => Err(format!("must have at most {} bytes", bytes.end())),
        text => Ok(text.to_owned()),
    }
}

/// One of a list, by its stored name.
pub fn one_of<T: Copy>(known: &[T], name: fn(T) -> &'static str) -> impl Fn(Raw<'_>) -> Result<T, String> {
    move |raw| {
        let given = raw.text().unwrap_or_default();
        let found = known.iter().copied().find(|one| name(*one) == given);
        found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|one| name(*one)).collect();
            format!("must be one of {}", names.join(", "))
        })
    }
}

/// A whole number.
pub fn whole(range: RangeInclusive<i64>) -> impl Fn(Raw<'_>) -> Result<i64, String> {
    move |raw| {
        let number = raw.integer().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// The number of a row.
pub fn id(raw: Raw<'_>) -> Result<i64, String> {
    raw.integer().filter(|id| *id > 0).ok_or_else(|| "must be the number of one".to_owned())
}

/// The numbers of rows: one number or a list of them, in a query parted by commas; none twice.
pub fn ids(raw: Raw<'_>) -> Result<Vec<i64>, String> {
    let read: Option<Vec<i64>> = match raw {
        Raw::Json(Value::Array(list)) => list.iter().map(|one| id(Raw::Json(one)).ok()).collect(),
        Raw::Json(one) => id(Raw::Json(one)).ok().map(|id| vec![id]),
        Raw::Text(text) => text.split(',').map(|one| id(Raw::Text(one.trim())).ok()).collect(),
    };
    let mut ids = read.ok_or("must be a number or a list of numbers")?;
    if ids.len() > MAX_LISTED {
        return Err(format!("must list at most {MAX_LISTED}"));
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// Yes or no: `true` or `false`.
pub fn boolean(raw: Raw<'_>) -> Result<bool, String> {
    match raw {
        Raw::Json(Value::Bool(is)) => Ok(*is),
        Raw::Text("true" | "True" | "1") => Ok(true),
        Raw::Text("false" | "False" | "0") => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// An instant in RFC 3339, to the microsecond. A leap second counts as the one before: no database keeps one.
pub fn instant(raw: Raw<'_>) -> Result<Instant, String> {
    // A plus that was not encoded arrives in a query as a space.
    let read = raw.text().ok().and_then(|text| DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok());
    let whole = |at: DateTime<FixedOffset>| at.with_nanosecond(at.nanosecond().min(999_999_999)).unwrap_or(at);
    let instant = read.map(|at| whole(at).with_timezone(&Utc).trunc_subsecs(6)).filter(|at| YEARS.contains(&at.year()));
    instant.ok_or_else(|| "must be an instant in RFC 3339, like 2026-01-18T14:30:00Z".to_owned())
}

/// A phone number of E.164's shape.
pub fn phone(raw: Raw<'_>) -> Result<E164, String> {
    E164::parse(raw.text()?).map_err(|wrong| wrong.to_string())
}

/// A name to sign in with, in small letters.
pub fn username(raw: Raw<'_>) -> Result<String, String> {
    let name = line(1..=MAX_USERNAME)(raw)?.to_lowercase();
    let is_one = name.chars().all(|c| c.is_alphanumeric() || "@.+-_".contains(c));
    if is_one { Ok(name) } else { Err("may hold letters, digits and @.+-_ only".to_owned()) }
}

/// An e-mail address, in small letters: something, an @, and a domain of at least two parts.
pub fn email(raw: Raw<'_>) -> Result<String, String> {
    EmailAddress::parse(raw.text()?).map(|address| address.to_string()).map_err(|wrong| wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_second_is_the_one_before() {
        let read = instant(Raw::Text("2016-12-31T23:59:60.5Z")).expect("an instant");
        assert_eq!(read.to_rfc3339(), "2016-12-31T23:59:59.999999+00:00");
    }
    use serde_json::json;

    #[test]
    fn a_reader_says_what_is_allowed() {
        let refused = |wrong: Result<String, String>| wrong.expect_err("it is wrong");
        assert_eq!(refused(text(1..=3)(Raw::Text(" "))), "must not be empty");
        assert_eq!(refused(text(1..=3)(Raw::Text("abcd"))), "must have 1 to 3 characters; these are 4");
        assert_eq!(refused(text(1..=3)(Raw::Json(&json!(7)))), "must be text");
        assert_eq!(refused(text(1..=3)(Raw::Json(&json!("a\0")))), "must not hold a NUL character");
        assert_eq!(refused(line(1..=3)(Raw::Json(&json!("a\nb")))), "must be one line");
        assert_eq!(refused(verbatim(1..=3)(Raw::Json(&json!("a\0")))), "must not hold a NUL character");
        assert_eq!(text(0..=3)(Raw::Text(" äöü ")), Ok("äöü".to_owned()));
    }

    #[test]
    fn numbers_are_whole_and_in_bounds_and_no_text_in_json() {
        for (raw, read) in [
            (Raw::Json(&json!(7)), Ok(7)),
            (Raw::Text("7"), Ok(7)),
            (Raw::Json(&json!("7")), Err(())),
            (Raw::Json(&json!(7.5)), Err(())),
            (Raw::Json(&json!(7.0)), Ok(7)),
            (Raw::Json(&json!(9_007_199_254_740_993.0)), Err(())),
            (Raw::Json(&json!(1e30)), Err(())),
            (Raw::Json(&json!(0)), Err(())),
            (Raw::Text("99999999999999999999"), Err(())),
        ] {
            assert_eq!(id(raw).map_err(drop), read, "{raw:?}");
        }
        assert_eq!(ids(Raw::Json(&json!([3, 2, 3]))), Ok(vec![3, 2]));
        assert_eq!(ids(Raw::Json(&json!(3))), Ok(vec![3]));
        assert_eq!(ids(Raw::Text("3,2")), Ok(vec![3, 2]));
        assert!(ids(Raw::Json(&json!([3, "2"]))).is_err() && ids(Raw::Text("")).is_err());
    }

    #[test]
    fn instants_have_a_zone() {
        let read = |text: &str| instant(Raw::Text(text)).map(|at| at.to_rfc3339()).map_err(drop);
        assert_eq!(read("2026-01-18T14:30:00.123456789Z"), Ok("2026-01-18T14:30:00.123456+00:00".to_owned()));
        assert_eq!(read("2026-01-18T14:30:00+01:00"), Ok("2026-01-18T13:30:00+00:00".to_owned()));
        assert_eq!(read("2026-01-18T14:30:00 01:00"), Ok("2026-01-18T13:30:00+00:00".to_owned()));
        for wrong in ["2026-01-18", "2026-01-18T14:30:00", "0001-01-01T00:00:00Z", "soon"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for good in ["name@example.com", " Name.Last+tag@sub.example.co ", "ü@exämple.com"] {
            assert_eq!(email(Raw::Text(good)), Ok(good.trim().to_lowercase()));
        }
        for wrong in
            ["", "name", "@example.com", "name@", "name@example", "a b@example.com", "a@b@example.com", "a@-b.com"]
        {
            assert!(email(Raw::Text(wrong)).is_err(), "{wrong}");
        }
    }
}
