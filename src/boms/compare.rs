//! Two revisions of a BOM beside each other: what was added, taken out and changed. Pure.

use super::model::Component;
use std::collections::HashMap;

/// What became of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is in the second alone.
    Added,
    /// It is in the first alone.
    Removed,
    /// It is in both, and says something else in the second.
    Changed,
    /// It is in both, and says the same.
    Same,
}

/// One component in both revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What became of it.
    pub mark: Mark,
    /// As the first has it.
    pub before: Option<&'a Component>,
    /// As the second has it.
    pub after: Option<&'a Component>,
}

impl Mark {
    /// Its name, `ADDED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Removed => "REMOVED",
            Self::Changed => "CHANGED",
            Self::Same => "SAME",
        }
    }
}

/// Every component of both once, known by its number: what differs first, then what does not, each in the order in
/// which the first has them and then the second.
pub fn compare<'a>(before: &'a [Component], after: &'a [Component]) -> Vec<Line<'a>> {
    let mut left: HashMap<&str, &Component> = after.iter().map(|line| (line.number.as_str(), line)).collect();
    let mut lines: Vec<Line<'a>> = Vec::with_capacity(before.len());
    for line in before {
        let found = left.remove(line.number.as_str());
        let mark = match found {
            None => Mark::Removed,
            Some(other) if other == line => Mark::Same,
            Some(_) => Mark::Changed,
        };
        lines.push(Line { mark, before: Some(line), after: found });
    }
    let added = after.iter().filter(|line| left.contains_key(line.number.as_str()));
    lines.extend(added.map(|line| Line { mark: Mark::Added, before: None, after: Some(line) }));
    lines.sort_by_key(|line| line.mark == Mark::Same);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: &str, quantity: i64) -> Component {
        Component { number: number.to_owned(), name: number.to_owned(), quantity, unit_cost: 1 }
    }

    #[test]
    fn what_differs_comes_first_and_every_component_once() {
        use Mark::{Added, Changed, Removed, Same};
        let before = [line("A", 1), line("B", 2), line("C", 3), line("D", 4)];
        let renamed = Component { name: "Bolt".to_owned(), ..line("D", 4) };
        let after = [line("E", 5), line("C", 30), line("A", 1), renamed];
        let lines = compare(&before, &after);
        let said: Vec<(&str, Mark)> = lines
            .iter()
            .map(|line| (line.before.or(line.after).map_or("", |line| line.number.as_str()), line.mark))
            .collect();
        assert_eq!(said, [("B", Removed), ("C", Changed), ("D", Changed), ("E", Added), ("A", Same)]);
        assert_eq!(lines[1].after.map(|line| line.quantity), Some(30));
    }

    #[test]
    fn nothing_beside_nothing_is_nothing() {
        assert_eq!(compare(&[], &[]), []);
        assert_eq!(compare(&[], &[line("A", 1)])[0].mark, Mark::Added);
    }
}
