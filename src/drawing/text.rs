//! Text: parted into lines, put in order, and shaped into glyphs of the fonts that the program holds.
//!
//! A character that no font has is left out where it is a symbol, and stands as an empty box where it is a letter or a
//! figure, so that nobody reads a name that is not whole.

use rustybuzz::{Face as Shaper, UnicodeBuffer, ttf_parser};
use std::sync::OnceLock;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// Which font. **Source**: `DejaVu` 2.37, which has Latin, Arabic, Greek and Cyrillic letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// For running text.
    Regular,
    /// For what stands out.
    Bold,
}

/// Which way the paragraph runs that a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the left.
    Ltr,
    /// From the right.
    Rtl,
}

impl Direction {
    /// Which way a text runs by its first letter; none where it has no letter.
    pub fn of(text: &str) -> Option<Self> {
        text.chars().find_map(|c| match bidi_class(c) {
            BidiClass::L => Some(Self::Ltr),
            BidiClass::R | BidiClass::AL => Some(Self::Rtl),
            _ => None,
        })
    }
}

/// A shaped line.
#[derive(Clone, Debug)]
pub struct Line {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) glyphs: Vec<Glyph>,
    width: f32,
}

/// One glyph where it stands. **Units**: points.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub(super) id: u16,
    /// From the line's left end.
    pub(super) x: f32,
    /// Up from its base line.
    pub(super) y: f32,
    /// The characters it stands for; none where another glyph stands for them already.
    pub(super) text: String,
}

impl Face {
    pub(super) const ALL: [Self; 2] = [Self::Regular, Self::Bold];

    pub(super) fn data(self) -> &'static [u8] {
        match self {
            Self::Regular => dejavu::sans::regular(),
            Self::Bold => dejavu::sans::bold(),
        }
    }

    pub(super) fn font(self) -> Option<&'static Shaper<'static>> {
        static FONTS: [OnceLock<Option<Shaper<'static>>>; 2] = [OnceLock::new(), OnceLock::new()];
        let place = usize::from(self == Self::Bold);
        FONTS[place].get_or_init(|| Shaper::from_slice(self.data(), 0)).as_ref()
    }

    /// How many of the font's units are one point at this size.
    pub(super) fn scale(font: &ttf_parser::Face<'_>, size: f32) -> f32 {
        size / f32::from(font.units_per_em().max(1))
    }
}

impl Line {
    /// Shapes one line; what is no line break in it stands where it does in `text`.
    pub fn new(text: &str, face: Face, size: f32, direction: Direction) -> Self {
        let mut line = Self { face, size, glyphs: Vec::new(), width: 0.0 };
        let Some(font) = face.font() else { return line };
        let text: String = text.chars().filter_map(|c| drawn(font, c)).collect();
        let base = if direction == Direction::Rtl { Level::rtl() } else { Level::ltr() };
        let bidi = BidiInfo::new(&text, Some(base));
        let Some(paragraph) = bidi.paragraphs.first() else { return line };
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let is_rtl = levels.get(run.start).is_some_and(Level::is_rtl);
            line.add(font, &text[run], is_rtl);
        }
        line
    }

    /// How wide it is, in points.
    pub fn width(&self) -> f32 {
        self.width
    }

    fn add(&mut self, font: &Shaper<'_>, run: &str, is_rtl: bool) {
        let run: String = run.chars().filter(|c| !is_order(*c)).collect();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&run);
        buffer.set_direction(if is_rtl {
            rustybuzz::Direction::RightToLeft
        } else {
            rustybuzz::Direction::LeftToRight
        });
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(font, &[], buffer);
        let scale = Face::scale(font, self.size);
        let starts = starts(shaped.glyph_infos(), run.len());
        let mut said = None;
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let [x, y, advance] =
                [position.x_offset, position.y_offset, position.x_advance].map(|units| points(units, scale));
            let text =
                starts.iter().find(|(start, _)| *start == info.cluster as usize).filter(|_| said != Some(info.cluster));
            said = Some(info.cluster);
            self.glyphs.push(Glyph {
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                x: self.width + x,
                y,
                text: text.and_then(|(start, end)| run.get(*start..*end)).unwrap_or_default().to_owned(),
            });
            self.width += advance;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a glyph is some thousand units wide")]
fn points(units: i32, scale: f32) -> f32 {
    units as f32 * scale
}

/// Where each cluster of characters begins and ends.
fn starts(infos: &[rustybuzz::GlyphInfo], end: usize) -> Vec<(usize, usize)> {
    let mut starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([end]).collect::<Vec<_>>();
    starts.into_iter().zip(ends).collect()
}

/// The character as it is drawn. What turns its neighbours around, whatever they are, is none.
fn drawn(font: &Shaper<'_>, c: char) -> Option<char> {
    if c.is_whitespace() {
        return Some(' ');
    }
    if matches!(c, '\u{202A}'..='\u{202E}') {
        return None;
    }
    (font.glyph_index(c).is_some() || c.is_alphanumeric() || is_order(c)).then_some(c)
}

/// Whether a character only says which way its neighbours run.
fn is_order(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2066}'..='\u{2069}')
}

/// Parts a text into lines of at most `width` points, at line breaks and between words, in long words where need be; at
/// most so many, the last one cut.
pub fn lines(text: &str, (face, size): (Face, f32), direction: Direction, width: f32, most: usize) -> Vec<Line> {
    let fits = |text: &str| Line::new(text, face, size, direction).width() <= width;
    let mut parted: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                parted.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    parted.push(std::mem::replace(&mut line, c.to_string()));
                }
                if parted.len() > most {
                    break;
                }
            }
        }
        parted.push(line);
        if parted.len() > most {
            break;
        }
    }
    if parted.len() > most {
        parted.truncate(most);
        if let Some(last) = parted.last_mut() {
            last.push('…');
            while !fits(last) && last.chars().count() > 1 {
                last.truncate(last.char_indices().rev().nth(1).map_or(0, |(at, _)| at));
                last.push('…');
            }
        }
    }
    parted.iter().map(|text| Line::new(text, face, size, direction)).collect()
}
