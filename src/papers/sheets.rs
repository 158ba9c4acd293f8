//! Sheets of labels as shops sell them: where each label lies.
//!
//! **Source**: the makers' product pages (Avery L7160, L7163, L7159; Avery 5160): number, size and paper of the labels.
//! Where a page gives no margin, the labels lie in the middle of the paper with the gap between columns that it gives.

/// **Units**: points a millimetre.
const MM: f32 = 72.0 / 25.4;

/// A sheet of labels. **Units**: millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    /// Its name in addresses.
    pub name: &'static str,
    /// What shops call it.
    pub called: &'static str,
    /// The paper, wide and high.
    pub paper: (f32, f32),
    /// One label, wide and high.
    pub label: (f32, f32),
    /// How many beside one another, and how many below.
    pub count: (usize, usize),
    /// Where the first one's upper left corner is.
    pub corner: (f32, f32),
    /// From one's left side to the next one's.
    pub step: f32,
}

const A4: (f32, f32) = (210.0, 297.0);
const LETTER: (f32, f32) = (215.9, 279.4);

/// Every sheet that can be printed; the first is the usual one.
pub const FORMATS: [Format; 4] = [
    Format {
        name: "l7160",
        called: "Avery L7160",
        paper: A4,
        label: (63.5, 38.1),
        count: (3, 7),
        corner: (7.25, 15.15),
        step: 66.0,
    },
    Format {
        name: "l7163",
        called: "Avery L7163",
        paper: A4,
        label: (99.1, 38.1),
        count: (2, 7),
        corner: (4.65, 15.15),
        step: 101.6,
    },
    Format {
        name: "l7159",
        called: "Avery L7159",
        paper: A4,
        label: (63.5, 33.9),
        count: (3, 8),
        corner: (7.25, 12.9),
        step: 66.0,
    },
    Format {
        name: "5160",
        called: "Avery 5160",
        paper: LETTER,
        label: (66.675, 25.4),
        count: (3, 10),
        corner: (4.7625, 12.7),
        step: 69.85,
    },
];

impl Format {
    /// The sheet with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// How many labels it has.
    pub fn places(&self) -> usize {
        self.count.0 * self.count.1
    }

    /// The paper's sides. **Units**: points.
    pub fn size(&self) -> (f32, f32) {
        (self.paper.0 * MM, self.paper.1 * MM)
    }

    /// Where the label at a place lies, from 0, row by row: its upper left corner and its sides. **Units**: points.
    #[expect(clippy::cast_precision_loss, reason = "a sheet has some dozen labels")]
    pub fn place(&self, place: usize) -> (f32, f32, f32, f32) {
        let (column, row) = ((place % self.count.0) as f32, (place / self.count.0) as f32);
        let (x, y) = (self.corner.0 + column * self.step, self.corner.1 + row * self.label.1);
        (x * MM, y * MM, self.label.0 * MM, self.label.1 * MM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_on_their_paper_beside_one_another() {
        for format in FORMATS {
            let (width, height) = format.size();
            let (x, y, ..) = format.place(0);
            let (last_x, last_y, wide, high) = format.place(format.places() - 1);
            // Printers feed paper through the middle: what is left over is the same at both sides.
            assert!((x - (width - last_x - wide)).abs() < 2.0, "{}: {x}", format.name);
            assert!((y - (height - last_y - high)).abs() < 2.0, "{}: {y}", format.name);
            let (next, ..) = format.place(1);
            assert!(next >= x + wide, "{}: they do not overlap", format.name);
        }
        assert_eq!(FORMATS.map(|format| format.places()), [21, 14, 24, 30]);
        assert!(Format::named("l7163").is_some() && Format::named("x").is_none());
    }
}
