//! Pictures and papers: boxes, pictures and text in any direction on a sheet, drawn as PNG or PDF.
//!
//! Pure and without markup: a text is shaped letter by letter, so nothing that somebody wrote is ever read as more than
//! a text. Right-to-left text is joined and ordered as Unicode's bidirectional algorithm says. What takes long (a few
//! milliseconds) is the caller's to keep off the threads that serve.

mod pdf;
mod picture;
mod png;
mod text;

pub use pdf::pdf;
pub use picture::Picture;
pub use png::png;
pub use text::{Direction, Face, Line, lines};

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// One thing on a sheet.
#[derive(Clone, Debug)]
enum Mark {
    Box { x: f32, y: f32, width: f32, height: f32, colour: Colour },
    Text { x: f32, y: f32, line: Line, colour: Colour },
    Picture { x: f32, y: f32, width: f32, height: f32, picture: Picture },
}

/// A sheet to draw on, white. **Units**: points, from its upper left corner down and to the right.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// How wide it is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
    marks: Vec<Mark>,
}

impl Sheet {
    /// An empty sheet.
    pub fn new(width: f32, height: f32) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    /// Fills a box.
    pub fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.marks.push(Mark::Box { x, y, width, height, colour });
    }

    /// Writes a line, its left end at `x` and its base line at `y`.
    pub fn write(&mut self, x: f32, y: f32, line: Line, colour: Colour) {
        self.marks.push(Mark::Text { x, y, line, colour });
    }

    /// Whether everything on it lies in this box: its upper left corner and its sides.
    #[cfg(test)]
    pub(crate) fn lies_within(&self, (left, top, wide, high): (f32, f32, f32, f32)) -> bool {
        let holds = |x: f32, y: f32, width: f32, up: f32, down: f32| {
            x >= left && x + width <= left + wide && y - up >= top && y + down <= top + high
        };
        self.marks.iter().all(|mark| match mark {
            Mark::Box { x, y, width, height, .. } | Mark::Picture { x, y, width, height, .. } => {
                holds(*x, *y, *width, 0.0, *height)
            }
            Mark::Text { x, y, line, .. } => holds(*x, *y, line.width(), line.size, line.size * 0.25),
        })
    }

    /// Puts a picture into a box, as large as its sides allow. Answers with how high it is there.
    pub fn show(&mut self, x: f32, y: f32, (width, height): (f32, f32), picture: Picture) -> f32 {
        let (wide, high) = picture.size();
        let scale = (width / wide).min(height / high);
        let (width, height) = (wide * scale, high * scale);
        self.marks.push(Mark::Picture { x, y, width, height, picture });
        height
    }
}

#[cfg(test)]
mod tests;
