//! Real inputs with a few edits: what a slip, a broken line or ill will makes of them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fmt;
use std::path::Path;

/// The most edits of one input.
const MOST_EDITS: usize = 6;
/// The longest piece that is cut, moved or repeated.
const LONGEST_PIECE: usize = 60;
/// How often a piece may be repeated: enough to find what grows too fast or goes too deep.
const MOST_TIMES: usize = 3_000;

/// Bytes that are printed as text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Insert { at: Index, what: Vec<u8> },
    Cut { at: Index, length: usize },
    Move { from: Index, length: usize, to: Index },
    Repeat { at: Index, length: usize, times: usize },
}

/// One of the `seeds`, edited; `words` are what is most likely to mean something where it does not belong.
pub(crate) fn edited(seeds: Vec<Vec<u8>>, words: &'static [&'static str]) -> impl Strategy<Value = Bytes> + use<> {
    (select(seeds), vec(any_edit(words), 0..=MOST_EDITS))
        .prop_map(|(seed, edits)| Bytes(edits.into_iter().fold(seed, |bytes, edit| edit.of(bytes))))
}

fn any_edit(words: &'static [&'static str]) -> impl Strategy<Value = Edit> {
    let what = prop_oneof![
        3 => select(words).prop_map(|word| word.as_bytes().to_vec()),
        2 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        1 => vec(any::<u8>(), 1..4),
    ];
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), what).prop_map(|(at, what)| Edit::Insert { at, what }),
        3 => (at(), 1..LONGEST_PIECE).prop_map(|(at, length)| Edit::Cut { at, length }),
        3 => (at(), 1..LONGEST_PIECE, at()).prop_map(|(from, length, to)| Edit::Move { from, length, to }),
        1 => (at(), 1..LONGEST_PIECE, 2..MOST_TIMES).prop_map(|(at, length, times)| Edit::Repeat { at, length, times }),
    ]
}

impl Edit {
    fn of(self, mut bytes: Vec<u8>) -> Vec<u8> {
        let place = |at: Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Insert { at, what } => {
                let at = place(at, &bytes);
                bytes.splice(at..at, what);
            }
            Self::Cut { at, length } => {
                let at = place(at, &bytes);
                bytes.drain(at..bytes.len().min(at + length));
            }
            Self::Move { from, length, to } => {
                let from = place(from, &bytes);
                let piece: Vec<u8> = bytes.drain(from..bytes.len().min(from + length)).collect();
                let to = place(to, &bytes);
                bytes.splice(to..to, piece);
            }
            Self::Repeat { at, length, times } => {
                let at = place(at, &bytes);
                let piece = bytes[at..bytes.len().min(at + length)].repeat(times);
                bytes.splice(at..at, piece);
            }
        }
        bytes
    }
}

/// The files of a folder of this repository, by name; those below it too.
pub(crate) fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("a seed can be read")));
            }
        }
    }
    files.sort();
    files
}
