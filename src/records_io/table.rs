//! A CSV file as lines with named cells.
//!
//! UTF-8 with or without a byte order mark; commas, semicolons or tabs, whichever the header has most of; any line
//! end; cells in quotes. Columns are known by their names, in any order and case.

use super::BadLine;
use super::cells::Cells;
use super::lines::Lines;
use crate::kit::{Error, Result, nearest};
use csv::ByteRecord;
use std::io::{BufRead, Chain, Cursor, Read as _};

/// The longest header, in bytes; what is longer is no table.
const LONGEST_HEADER: u64 = 64 * 1024;
/// A column's name this many slips away is a guess worth telling.
const SLIPS: usize = 3;

type Whole<R> = Chain<Cursor<Vec<u8>>, Lines<R>>;

/// The columns of a kind of record.
pub(super) struct Columns {
    /// Those without which a line cannot be read.
    pub(super) needed: &'static [&'static str],
    /// All of them, in the order in which they are written out.
    pub(super) all: &'static [&'static str],
}

/// A file that is being read.
pub(super) struct Table<R> {
    reader: csv::Reader<Whole<R>>,
    /// What each place in a line is; none where Andon knows no such column.
    places: Vec<Option<&'static str>>,
    record: ByteRecord,
    /// The bytes of the byte order mark, which the reader does not see.
    before: u64,
    /// What the header has that Andon does not know, in words.
    pub(super) warnings: Vec<String>,
}

impl<R: BufRead> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// A file that cannot be read, is no UTF-8, or whose header lacks what is needed; all of it is told at once.
    pub(super) fn open(file: R, columns: &Columns) -> Result<Self> {
        let mut lines = Lines::new(file);
        let header = header(&mut lines)?;
        let before = lines.given().0 - header.len() as u64;
        if header.trim().is_empty() {
            return Err(Error::bad_request(format!(
                "The file is empty. Its first line names its columns: {}",
                columns.all.join(",")
            )));
        }
        let delimiter = delimiter(&header);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(Cursor::new(header.into_bytes()).chain(lines));
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(unreadable)?;
        let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let (places, warnings) = places(&names, columns)?;
        Ok(Self { reader, places, record, before, warnings })
    }

    /// How many bytes of the file were read.
    pub(super) fn taken(&self) -> u64 {
        self.reader.get_ref().get_ref().1.taken()
    }

    /// The next line that is not blank; none at the end. A line that is no line of this table is a bad one.
    pub(super) fn next(&mut self) -> Result<Option<Result<Cells, BadLine>>> {
        while self.reader.read_byte_record(&mut self.record).map_err(unreadable)? {
            let inside = self.record.iter().flatten().filter(|byte| **byte == b'\n').count();
            let is_open = self.ends_in_an_open_quote();
            // The reader stands behind the line; only an open quote took the last line's end for text.
            let line = self.reader.position().line() - inside as u64 - u64::from(!is_open);
            if is_open {
                return Ok(Some(Err(BadLine::whole(line, "a quote is opened here and never closed"))));
            }
            let Ok(cells) = self.record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>() else {
                let reason = "holds bytes that are no UTF-8; save the file as \"CSV UTF-8\"";
                return Ok(Some(Err(BadLine::whole(line, reason))));
            };
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if cells.len() != self.places.len() {
                let (here, there) = (cells.len(), self.places.len());
                let reason =
                    format!("has {here} cells where the header has {there}; put text with separators in quotes");
                return Ok(Some(Err(BadLine::whole(line, reason))));
            }
            let named = self.places.iter().zip(cells).filter_map(|(place, cell)| Some(((*place)?, cell.to_owned())));
            return Ok(Some(Ok(Cells::new(line, named.collect()))));
        }
        Ok(None)
    }

    /// Whether the line just read is the file's last and a quote in it is not closed: its text then ends with the
    /// file's last line end, which otherwise only a text can that ends with one before its quote.
    fn ends_in_an_open_quote(&self) -> bool {
        let (given, tail) = self.reader.get_ref().get_ref().1.given();
        let is_last = self.reader.position().byte() + self.before == given;
        let has_line_end = self.record.iter().next_back().is_some_and(|cell| cell.ends_with(b"\n"));
        is_last && has_line_end && tail != *b"\n\"\n"
    }
}

/// The first line, without the byte order mark.
fn header<R: BufRead>(lines: &mut Lines<R>) -> Result<String> {
    let mut header = Vec::new();
    let mut byte = [0];
    let mut is_quoted = false;
    while header.len() as u64 <= LONGEST_HEADER && lines.read(&mut byte).map_err(unreadable)? > 0 {
        header.push(byte[0]);
        is_quoted ^= byte[0] == b'"';
        if byte[0] == b'\n' && !is_quoted {
            break;
        }
    }
    if header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]) {
        return Err(Error::bad_request("The file is UTF-16. Save it as \"CSV UTF-8\"."));
    }
    let header = header.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&header);
    if header.len() as u64 > LONGEST_HEADER || header.contains(&0) {
        return Err(Error::bad_request("This is no CSV file: its first line does not name columns."));
    }
    String::from_utf8(header.to_vec())
        .map_err(|_| Error::bad_request("The header holds bytes that are no UTF-8. Save the file as \"CSV UTF-8\"."))
}

/// What stands between the cells: what the header has most of, outside quotes.
fn delimiter(header: &str) -> u8 {
    let outside: String = header.split('"').step_by(2).collect();
    let count = |delimiter: u8| outside.bytes().filter(|byte| *byte == delimiter).count();
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn places(names: &[String], columns: &Columns) -> Result<(Vec<Option<&'static str>>, Vec<String>)> {
    let mut places: Vec<Option<&'static str>> = Vec::with_capacity(names.len());
    let mut warnings = Vec::new();
    for name in names {
        let folded = name.to_lowercase().replace([' ', '-'], "_");
        let known = columns.all.iter().copied().find(|column| *column == folded);
        if known.is_none() && !name.is_empty() {
            let guess = nearest::closest(&folded, columns.all.iter().map(|column| (*column).to_owned()), 1);
            let guess = guess.first().filter(|guess| strsim::damerau_levenshtein(guess, &folded) <= SLIPS);
            let hint = guess.map(|guess| format!(" Did you mean {guess}?")).unwrap_or_default();
            warnings.push(format!("The column {name:?} is not known and is left out.{hint}"));
        }
        places.push(known);
    }
    let mut faults = Vec::new();
    let missing: Vec<&str> = columns.needed.iter().copied().filter(|needed| !places.contains(&Some(*needed))).collect();
    if !missing.is_empty() {
        faults.push(format!("The header lacks {}.", missing.join(", ")));
    }
    let count = |column: &&str| places.iter().filter(|place| **place == Some(*column)).count();
    let doubled: Vec<&str> = columns.all.iter().copied().filter(|column| count(column) > 1).collect();
    if !doubled.is_empty() {
        faults.push(format!("The header names {} twice.", doubled.join(", ")));
    }
    if faults.is_empty() {
        return Ok((places, warnings));
    }
    if !missing.is_empty() {
        faults.append(&mut warnings);
        faults.push(format!("All columns: {}", columns.all.join(", ")));
    }
    Err(Error::bad_request(faults.join(" ")))
}

fn unreadable(error: impl Into<csv::Error>) -> Error {
    Error::setting(format!("The file cannot be read: {}", error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns { needed: &["number", "name"], all: &["number", "name", "due_on"] };

    /// Each line's number and cells, or what is wrong with it.
    fn lines(file: &[u8]) -> Vec<Result<(u64, String), String>> {
        let mut table = Table::open(file, &COLUMNS).expect("a table");
        let mut lines = Vec::new();
        while let Some(line) = table.next().expect("memory can be read") {
            lines.push(line.map_err(|bad| bad.to_string()).map(|mut cells| {
                let named = COLUMNS.all.iter().filter_map(|column| cells.text_or_blank(column));
                let named: Vec<String> = named.collect();
                (cells.line(), named.join("|"))
            }));
        }
        lines
    }

    fn refused(file: &[u8]) -> String {
        Table::open(file, &COLUMNS).err().expect("no table").to_string()
    }

    #[test]
    fn a_table_is_read_alike_in_every_dress() {
        let expected =
            [Ok((2, "1|A, or \"B\"|".to_owned())), Ok((3, "2|C\nD|x".to_owned())), Ok((6, "3|E|".to_owned()))];
        let plain = "number,name,due_on\n1,\"A, or \"\"B\"\"\",\n2,\"C\nD\",x\n\n3,E,\n";
        let windows = plain.replace('\n', "\r\n");
        let marked = format!("\u{feff}{plain}");
        let semicolons = "Number;NAME;Due on\n1;\"A, or \"\"B\"\"\";\n2;\"C\nD\";x\n;;\n3;E;";
        let tabs = "number\tname\tdue-on\n1\tA, or \"B\"\t\n2\t\"C\nD\"\tx\n\n3\tE\t\n";
        for file in [plain, &windows, &marked, semicolons, tabs] {
            assert_eq!(lines(file.as_bytes()), expected, "{file:?}");
        }
        let other_order = lines(b"due_on,name,number\nx,A,1\n");
        assert_eq!(other_order, [Ok((2, "1|A|x".to_owned()))]);
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number_and_the_rest_goes_on() {
        let file = b"number,name\r\n\r\n1,A\r\n2\r\n3,\xff\r\n4,\"D\r\nE\"\r\n5,F,G\r\n6,\"H\r\n7,I\r\n";
        let told = lines(file);
        let wrong = |line: u64, says: &str| Err(format!("line {line}: {says}"));
        assert_eq!(
            told,
            [
                Ok((3, "1|A".to_owned())),
                wrong(4, "has 1 cells where the header has 2; put text with separators in quotes"),
                wrong(5, "holds bytes that are no UTF-8; save the file as \"CSV UTF-8\""),
                Ok((6, "4|D\nE".to_owned())),
                wrong(8, "has 3 cells where the header has 2; put text with separators in quotes"),
                wrong(9, "a quote is opened here and never closed"),
            ]
        );
    }

    #[test]
    fn a_header_is_told_all_its_faults_at_once() {
        for (file, told) in [
            ("", "The file is empty. Its first line names its columns: number,name,due_on"),
            ("\n\n", "The file is empty. Its first line names its columns: number,name,due_on"),
            (
                "nmae,due_on,due_on\n",
                "The header lacks number, name. The header names due_on twice. The column \"nmae\" is not known and is \
                 left out. Did you mean name? All columns: number, name, due_on",
            ),
            ("\u{0}\u{1}\n", "This is no CSV file: its first line does not name columns."),
        ] {
            assert_eq!(refused(file.as_bytes()), told);
        }
        assert_eq!(refused(b"\xff\xfen\0u\0m\0"), "The file is UTF-16. Save it as \"CSV UTF-8\".");
    }

    #[test]
    fn a_column_that_is_not_known_is_warned_about() {
        let table = Table::open(&b"number,name,due on,dueon,colour\n"[..], &COLUMNS).expect("a table");
        assert_eq!(
            table.warnings,
            [
                "The column \"dueon\" is not known and is left out. Did you mean due_on?",
                "The column \"colour\" is not known and is left out.",
            ]
        );
    }
}
