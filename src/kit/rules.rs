//! What a value of the plant's records must be, wherever it stands: in a cell of a file or in a field of a request.
//!
//! Each rule reads one text without its outer white space. A reason is the end of a sentence that begins with the
//! value, or with the name of its field, and says what to write instead.

use super::decimal::{NotDecimal, millionths};
use super::earth::{MOST_LATITUDE, MOST_LONGITUDE};
use super::{E164, Instant, reference};
use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The longest key, in characters: what its column holds.
pub const LONGEST_KEY: usize = 255;
/// The longest text, in characters.
pub const LONGEST_TEXT: usize = 20_000;
/// The most pieces of anything: what every program that reads JSON keeps to the piece.
pub const MOST_PIECES: i64 = 1_000_000_000_000;

/// A number or reference by which a record is known: folded, never blank.
pub fn key(typed: &str) -> Result<String, String> {
    match reference::fold(typed) {
        key if key.is_empty() => Err("is empty; every record needs one".to_owned()),
        key if key.chars().count() > LONGEST_KEY => Err(format!("has more than {LONGEST_KEY} characters")),
        key => Ok(key),
    }
}

/// Text of any sort, in one line or several.
pub fn text(typed: &str) -> Result<String, String> {
    let text = typed.replace("\r\n", "\n");
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err("holds a character that cannot be shown; delete it".to_owned());
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("has more than {LONGEST_TEXT} characters; shorten it"));
    }
    Ok(text)
}

/// A short text that is looked up and compared, such as a department.
pub fn name(typed: &str) -> Result<String, String> {
    if typed.chars().count() > LONGEST_KEY {
        return Err(format!("has more than {LONGEST_KEY} characters; shorten it"));
    }
    text(typed)
}

/// What fits the rule and is not blank.
pub fn filled(rule: fn(&str) -> Result<String, String>) -> impl Fn(&str) -> Result<String, String> {
    move |typed| if typed.is_empty() { Err("is empty; write something".to_owned()) } else { rule(typed) }
}

/// How many pieces: a whole number, 0 or more, written in digits.
pub fn pieces(typed: &str) -> Result<i64, String> {
    let is_number = !typed.is_empty() && typed.bytes().all(|b| b.is_ascii_digit());
    let number = is_number.then(|| typed.parse().ok()).flatten().filter(|number| *number <= MOST_PIECES);
    number.ok_or_else(|| "is not a whole number; write digits only, 0 for none".to_owned())
}

/// A number with up to six decimals, in millionths, that fits `rule`; else the rule's words.
pub fn decimal(typed: &str, rule: fn(i64) -> Result<(), &'static str>) -> Result<i64, String> {
    if typed.split_once(',').is_some_and(|(_, decimals)| decimals.len() == 3) {
        return Err("can be read in two ways; write it with a point, 1000 or 1.0".to_owned());
    }
    let number = millionths(typed).map_err(|why| match why {
        NotDecimal::NotANumber => "is not a number; write it as 12.50".to_owned(),
        other => other.to_string(),
    })?;
    rule(number).map_err(str::to_owned)?;
    Ok(number)
}

/// Degrees north, in millionths.
pub fn latitude(typed: &str) -> Result<i64, String> {
    let rule = |millionths: i64| match millionths.abs() {
        0..=MOST_LATITUDE => Ok(()),
        _ => Err("is no latitude; write degrees from -90 to 90, such as 50.1109"),
    };
    decimal(typed, rule)
}

/// Degrees east, in millionths.
pub fn longitude(typed: &str) -> Result<i64, String> {
    let rule = |millionths: i64| match millionths.abs() {
        0..=MOST_LONGITUDE => Ok(()),
        _ => Err("is no longitude; write degrees from -180 to 180, such as 8.6821"),
    };
    decimal(typed, rule)
}

/// A day, `2026-01-25`.
pub fn day(typed: &str) -> Result<NaiveDate, String> {
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok();
    let day = day.filter(|day| day.to_string() == typed && (1900..=9999).contains(&day.year()));
    day.ok_or_else(|| "is not a date; write YYYY-MM-DD".to_owned())
}

/// A point in time: RFC 3339, or a day and a time in the plant's time zone.
pub fn moment(typed: &str, tz: Tz) -> Result<Instant, String> {
    let at = instant(typed, tz).filter(|at| (1900..=9998).contains(&at.year()));
    at.ok_or_else(|| {
        "is not a point in time; write 2026-01-19T06:00:00Z, or 2026-01-19 06:00 as the plant's clock says".to_owned()
    })
}

/// A point in time that has passed: RFC 3339, or a day and a time in the plant's time zone.
pub fn past(typed: &str, now: Instant, tz: Tz) -> Result<Instant, String> {
    let at = instant(typed, tz)
        .ok_or("is not a point in time; write 2026-01-17T09:05:00Z, or 2026-01-17 09:05 as the plant's clock says")?;
    if at > now { Err("is in the future".to_owned()) } else { Ok(at) }
}

/// One of a few words, in any case; `_`, `-` and space are alike.
pub fn choice<T: Copy>(typed: &str, choices: &[(&'static str, T)]) -> Result<T, String> {
    let word = typed.to_uppercase().replace(['-', ' '], "_");
    let found = choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice);
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("is none of {}", names()))
}

/// A phone number.
pub fn phone(typed: &str) -> Result<String, String> {
    let number = E164::parse(typed.trim_start_matches("whatsapp:"));
    number.map(|number| number.to_string()).map_err(|wrong| {
        let hint = wrong.probable.map(|number| format!("; did you mean {number}?")).unwrap_or_default();
        format!("is not a phone number in E.164 form (+, country code, number){hint}")
    })
}

fn instant(typed: &str, tz: Tz) -> Option<Instant> {
    use chrono::SubsecRound as _;
    if let Ok(at) = DateTime::parse_from_rfc3339(typed) {
        return Some(at.with_timezone(&Utc).trunc_subsecs(6));
    }
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(typed, format).ok())?;
    match tz.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    }
}
