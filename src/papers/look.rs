//! How papers look: colours, and the words of a language set from its own side.

use crate::drawing::{Colour, Direction, Face, Line, Sheet, lines};
use crate::orders::Sla;
use crate::wording::Wording;
use crate::wording::bidi::is_right_to_left;
use serde_json::Value;

pub(super) const INK: Colour = Colour(28, 32, 38);
pub(super) const FAINT: Colour = Colour(104, 112, 122);
pub(super) const RULE: Colour = Colour(222, 226, 231);

/// A sheet on which everything is measured from the side where its language begins.
pub(super) struct Page<'a> {
    pub(super) wording: &'a Wording,
    pub(super) language: &'a str,
    pub(super) sheet: Sheet,
    pub(super) direction: Direction,
}

impl<'a> Page<'a> {
    pub(super) fn new(wording: &'a Wording, language: &'a str, (width, height): (f32, f32)) -> Self {
        let direction = if is_right_to_left(language) { Direction::Rtl } else { Direction::Ltr };
        Self { wording, language, sheet: Sheet::new(width, height), direction }
    }

    /// A text of `chat.paper`.
    pub(super) fn word(&self, key: &str) -> String {
        self.words(&format!("chat.paper.{key}"))
    }

    /// Any text without values.
    pub(super) fn words(&self, key: &str) -> String {
        self.wording.render(self.language, key, &Value::Null)
    }

    /// A date or an instant, as the language writes it, in an order of its own.
    pub(super) fn date(&self, text: &str) -> String {
        format!("\u{2068}{}\u{2069}", self.wording.written(self.language, text))
    }

    pub(super) fn line(&self, text: &str, face: Face, size: f32) -> Line {
        Line::new(text, face, size, self.direction)
    }

    pub(super) fn lines(&self, text: &str, face: Face, size: f32, width: f32, most: usize) -> Vec<Line> {
        lines(text, (face, size), self.direction, width, most)
    }

    /// Writes from `x` on.
    pub(super) fn write(&mut self, x: f32, y: f32, line: Line, colour: Colour) {
        let left = if self.direction == Direction::Rtl { self.sheet.width - x - line.width() } else { x };
        self.sheet.write(left, y, line, colour);
    }

    /// Writes so that it ends at `x`.
    pub(super) fn write_to(&mut self, x: f32, y: f32, line: Line, colour: Colour) {
        self.write(x - line.width(), y, line, colour);
    }

    pub(super) fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let left = if self.direction == Direction::Rtl { self.sheet.width - x - width } else { x };
        self.sheet.fill(left, y, width, height, colour);
    }
}

pub(super) fn colour_of(sla: Sla) -> Colour {
    match sla {
        Sla::OnTrack => Colour(31, 138, 82),
        Sla::AtRisk => Colour(214, 137, 16),
        Sla::Overdue => Colour(200, 44, 44),
    }
}
