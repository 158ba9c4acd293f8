//! One line's cells, read as what they mean by the rules of `kit/rules.rs`; what is wrong is gathered, so that a line
//! is told all its faults.
//!
//! A column that the file lacks is `None`: what is stored stays. Spreadsheets compute what begins with `=`, `+`, `-`
//! or `@`; [`harmless`] puts an apostrophe before such a cell and [`plain`] takes it away again, so that what goes
//! out comes back the same.

use super::BadLine;
use crate::kit::earth::Spot;
use crate::kit::records::Wrong;
use crate::kit::{Instant, rules};
use crate::machines::records::Position;
use chrono::{NaiveDate, SecondsFormat};
use chrono_tz::Tz;
use std::borrow::Cow;
use std::collections::HashMap;

/// The longest value that a message repeats, in characters.
const LONGEST_SHOWN: usize = 60;

/// A cell that no spreadsheet computes.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if is_touchy(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// A cell as it was before [`harmless`].
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_touchy(rest)).unwrap_or(cell)
}

fn is_touchy(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\'', '\t', '\r'])
}

/// An instant as it is written out, `2026-01-17T09:05:00Z`.
pub(super) fn written(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// One line of a file.
pub(super) struct Cells {
    line: u64,
    by_column: HashMap<&'static str, String>,
    wrong: Vec<BadLine>,
}

impl Cells {
    pub(super) fn new(line: u64, by_column: HashMap<&'static str, String>) -> Self {
        Self { line, by_column, wrong: Vec::new() }
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many bytes the line has.
    pub(super) fn size(&self) -> usize {
        self.by_column.values().map(String::len).sum()
    }

    /// Whether nothing stands in a cell, or the file has no such column.
    pub(super) fn is_blank(&self, column: &str) -> bool {
        self.by_column.get(column).is_none_or(|cell| plain(cell.trim()).trim().is_empty())
    }

    /// What is wrong with the line, as far as it was read.
    pub(super) fn wrong(self) -> Vec<BadLine> {
        self.wrong
    }

    /// A number or reference by which a record is known: folded, never blank.
    pub(super) fn key(&mut self, column: &'static str) -> String {
        self.read(column, rules::key).unwrap_or_default()
    }

    /// The same where the cell may be blank.
    pub(super) fn key_or_blank(&mut self, column: &'static str) -> Option<String> {
        self.read(column, |cell| if cell.is_empty() { Ok(String::new()) } else { rules::key(cell) })
    }

    /// Text that may not be blank.
    pub(super) fn text(&mut self, column: &'static str) -> Option<String> {
        self.read(column, rules::filled(rules::text))
    }

    /// Text that may be blank.
    pub(super) fn text_or_blank(&mut self, column: &'static str) -> Option<String> {
        self.read(column, rules::text)
    }

    /// A short text that is looked up and compared, such as a department; may not be blank.
    pub(super) fn name(&mut self, column: &'static str) -> Option<String> {
        self.read(column, rules::filled(rules::name))
    }

    /// A short text that may be blank.
    pub(super) fn name_or_blank(&mut self, column: &'static str) -> Option<String> {
        self.read(column, rules::name)
    }

    /// A whole number, 0 or more.
    pub(super) fn whole(&mut self, column: &'static str) -> Option<i64> {
        self.read(column, rules::pieces)
    }

    /// A spot on the earth in two columns of degrees, which are both blank where it is not known.
    pub(super) fn spot(&mut self, latitude: &'static str, longitude: &'static str) -> Option<Position> {
        let north = self.read(latitude, |cell| degrees(cell, rules::latitude));
        let east = self.read(longitude, |cell| degrees(cell, rules::longitude));
        match (north, east) {
            (Some(Some(latitude)), Some(Some(longitude))) => Some(Position::At(Spot { latitude, longitude })),
            (Some(None), Some(None)) => Some(Position::Unknown),
            (Some(Some(_)), _) => self.lacks(longitude, latitude),
            (_, Some(Some(_))) => self.lacks(latitude, longitude),
            _ => None,
        }
    }

    fn lacks<T>(&mut self, column: &'static str, other: &str) -> Option<T> {
        if !self.wrong.iter().any(|wrong| wrong.column == Some(column)) {
            let wrong = Wrong::new(column, "", format!("is missing; it goes with the {other}"));
            self.wrong.push(BadLine::of(self.line, wrong));
        }
        None
    }

    /// A day.
    pub(super) fn day(&mut self, column: &'static str) -> Option<NaiveDate> {
        self.read(column, rules::day)
    }

    /// A point in time that has passed: RFC 3339, or a day and a time in the plant's time zone.
    pub(super) fn past(&mut self, column: &'static str, now: Instant, tz: Tz) -> Option<Instant> {
        self.read(column, |cell| rules::past(cell, now, tz))
    }

    /// One of a few words, in any case; `_`, `-` and space are alike.
    pub(super) fn choice<T: Copy>(&mut self, column: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        self.read(column, |cell| rules::choice(cell, choices))
    }

    /// A phone number.
    pub(super) fn phone(&mut self, column: &'static str) -> Option<String> {
        self.read(column, rules::phone)
    }

    /// A phone number that may be blank.
    pub(super) fn phone_or_blank(&mut self, column: &'static str) -> Option<String> {
        self.read(column, |cell| if cell.is_empty() { Ok(String::new()) } else { rules::phone(cell) })
    }

    /// A cell's reading; none where the file has no such column or the cell is wrong, which is noted.
    pub(super) fn read<T>(
        &mut self,
        column: &'static str,
        reading: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let cell = plain(self.by_column.get(column)?.trim()).trim();
        match reading(cell) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong.push(BadLine::of(self.line, Wrong::new(column, cell, reason)));
                None
            }
        }
    }
}

fn degrees(cell: &str, rule: fn(&str) -> Result<i64, String>) -> Result<Option<i64>, String> {
    if cell.is_empty() { Ok(None) } else { rule(cell).map(Some) }
}

impl BadLine {
    pub(super) fn of(line: u64, wrong: Wrong) -> Self {
        let mut value: String = wrong.value.chars().take(LONGEST_SHOWN).collect();
        if value.len() < wrong.value.len() {
            value.push('…');
        }
        Self { line, column: Some(wrong.column), value, reason: wrong.reason }
    }

    pub(super) fn whole(line: u64, reason: impl Into<String>) -> Self {
        Self { line, column: None, value: String::new(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One cell's reading: what it means, or why it means nothing.
    fn reading<T>(cell: &str, read: impl FnOnce(&mut Cells) -> Option<T>) -> Result<Option<T>, String> {
        let mut cells = Cells::new(17, HashMap::from([("cell", cell.to_owned())]));
        let value = read(&mut cells);
        cells.wrong().first().map_or(Ok(value), |bad| Err(bad.to_string()))
    }

    fn refusal<T: std::fmt::Debug>(cell: &str, read: impl FnOnce(&mut Cells) -> Option<T>) -> String {
        reading(cell, read).expect_err("a bad cell")
    }

    #[test]
    fn a_bad_cell_is_told_with_its_line_its_column_and_the_mend() {
        let now = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        let positive = |number| if number > 0 { Ok(()) } else { Err("is not more than 0") };
        for (told, expected) in [
            (refusal("31.02.2026", |c| c.day("cell")), "\"31.02.2026\" is not a date; write YYYY-MM-DD"),
            (refusal("2026-2-1", |c| c.day("cell")), "\"2026-2-1\" is not a date; write YYYY-MM-DD"),
            (refusal("0026-02-01", |c| c.day("cell")), "\"0026-02-01\" is not a date; write YYYY-MM-DD"),
            (refusal("1.5", |c| c.whole("cell")), "\"1.5\" is not a whole number; write digits only, 0 for none"),
            (refusal("-1", |c| c.whole("cell")), "\"-1\" is not a whole number; write digits only, 0 for none"),
            (refusal("", |c| c.whole("cell")), "\"\" is not a whole number; write digits only, 0 for none"),
            (
                refusal("1,000", |c| c.read("cell", |cell| rules::decimal(cell, positive))),
                "\"1,000\" can be read in two ways; write it with a point, 1000 or 1.0",
            ),
            (
                refusal("two", |c| c.read("cell", |cell| rules::decimal(cell, positive))),
                "\"two\" is not a number; write it as 12.50",
            ),
            (
                refusal("0.0000001", |c| c.read("cell", |cell| rules::decimal(cell, positive))),
                "\"0.0000001\" has more than six decimals",
            ),
            (refusal("0", |c| c.read("cell", |cell| rules::decimal(cell, positive))), "\"0\" is not more than 0"),
            (refusal("done", |c| c.choice("cell", &[("NEW", 1), ("CLOSED", 2)])), "\"done\" is none of NEW, CLOSED"),
            (refusal(" ", |c| c.text("cell")), "\"\" is empty; write something"),
            (refusal("", |c| Some(c.key("cell"))), "\"\" is empty; every record needs one"),
            (refusal("a\0b", |c| c.text("cell")), "\"a\\0b\" holds a character that cannot be shown; delete it"),
            (
                refusal("2027-01-01T00:00:00Z", |c| c.past("cell", now, Tz::UTC)),
                "\"2027-01-01T00:00:00Z\" is in the future",
            ),
            (
                refusal("442079460018", |c| c.phone("cell")),
                "\"442079460018\" is not a phone number in E.164 form (+, country code, number); did you mean +442079460018?",
            ),
        ] {
            assert_eq!(told, format!("line 17, cell: {expected}"));
        }
        let long = refusal(&"x".repeat(300), |c| c.name("cell"));
        assert_eq!(long, format!("line 17, cell: \"{}…\" has more than 255 characters; shorten it", "x".repeat(60)));
    }

    #[test]
    fn a_time_without_a_zone_is_the_plants() {
        let now = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        for (cell, utc) in [
            ("2026-01-17 09:05", "2026-01-17T08:05:00Z"),
            ("2026-01-17T09:05:30", "2026-01-17T08:05:30Z"),
            ("2026-01-17T09:05:30.123456789+02:00", "2026-01-17T07:05:30.123456Z"),
        ] {
            let read = reading(cell, |c| c.past("cell", now, chrono_tz::Europe::Berlin));
            assert_eq!(read.map(|at| at.map(written)), Ok(Some(utc.to_owned())), "{cell}");
        }
    }

    #[test]
    fn a_column_that_the_file_lacks_says_nothing() {
        assert_eq!(reading("x", |c| c.text("other")), Ok(None));
    }

    proptest! {
        #[test]
        fn what_is_made_harmless_comes_back_the_same(text in "['=+@\\-\t a]{0,4}") {
            let harmless = harmless(&text);
            prop_assert!(!harmless.starts_with(['=', '+', '-', '@']));
            prop_assert_eq!(plain(&harmless), text.as_str());
        }
    }
}
