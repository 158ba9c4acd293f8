//! Labels to stick on machines and to put with orders: a code that opens WhatsApp to the plant with the reference typed in,
//! and beside it number and name.

use super::sheets::Format;
use super::{off_thread, room};
use crate::app::App;
use crate::drawing::{Colour, Direction, Face, Line, Sheet, lines, pdf};
use crate::kit::{E164, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode, bits};

/// The most labels of one file: ten sheets of 24.
pub const MOST: usize = 240;
/// The white around a code, in modules. **Source**: ISO/IEC 18004, 6.3.8.
const QUIET: usize = 4;
/// The smallest module that every printer and phone of a plant copes with. **Units**: points (0.34 mm). **Source**: DENSO
/// Wave's page "Cell size": four dots of a printer with 300 dots an inch.
const SMALLEST_MODULE: f32 = 0.96;
/// How much of a code may be lost: what its size depends on beside its text.
const LEVEL: EcLevel = EcLevel::M;
/// What a label keeps free at its edges: printers and punches are out by a millimetre. **Units**: points (1.5 mm).
const PAD: f32 = 4.25;
/// How much of a label's width its code takes at most.
const MOST_OF_WIDTH: f32 = 0.5;
/// The sizes in which a number is tried, and that of names. **Units**: points.
const NUMBER: [f32; 5] = [18.0, 15.0, 12.0, 10.0, 8.0];
const NAME: f32 = 9.0;
const LEADING: f32 = 1.3;
/// What stands in an address as it is. **Source**: RFC 3986, 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const INK: Colour = Colour(0, 0, 0);

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The number of the machine or order.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// What its code says; none where it gets none.
    pub address: Option<String>,
}

/// What a code says: it opens WhatsApp to this number with this text typed in. **Source**: WhatsApp's help page "How to use
/// click to chat".
pub fn address(plant: &E164, reference: &str) -> String {
    let digits = plant.as_str().trim_start_matches('+');
    format!("https://wa.me/{digits}?text={}", utf8_percent_encode(reference, ESCAPED))
}

/// Whether an address fits on a label of this size as a code that can be printed and read.
pub fn fits(format: &Format, address: &str) -> bool {
    width(address).is_some_and(|width| module(format, width) >= SMALLEST_MODULE)
}

/// How many modules wide the code of an address is, without drawing it.
fn width(address: &str) -> Option<usize> {
    let bits = bits::encode_auto(address.as_bytes(), LEVEL).ok()?;
    usize::try_from(bits.version().width()).ok()
}

/// Draws labels, the first at a place (from 0) of its sheet, as PDF.
///
/// # Errors
/// [`crate::kit::error::Kind::Unavailable`] where too much is drawn already.
pub async fn draw(
    app: &App,
    format: &'static Format,
    start: usize,
    labels: Vec<Label>,
    (title, language): (String, String),
) -> Result<Vec<u8>> {
    let room = room().await?;
    off_thread(app, room, move |_| pdf(&sheets(format, start, &labels), &title, &language)).await
}

/// The sheets with these labels.
pub(super) fn sheets(format: &Format, start: usize, labels: &[Label]) -> Vec<Sheet> {
    let (width, height) = format.size();
    let places = format.places();
    let start = start % places;
    let count = (start + labels.len()).div_ceil(places).max(1);
    let mut sheets: Vec<Sheet> = (0..count).map(|_| Sheet::new(width, height)).collect();
    for (nth, label) in labels.iter().enumerate() {
        let place = start + nth;
        if let Some(sheet) = sheets.get_mut(place / places) {
            put(sheet, format, place % places, label);
        }
    }
    sheets
}

fn put(sheet: &mut Sheet, format: &Format, place: usize, label: &Label) {
    let (left, top, width, height) = format.place(place);
    let code =
        label.address.as_deref().and_then(encoded).filter(|code| module(format, code.width()) >= SMALLEST_MODULE);
    let mut x = left + PAD;
    if let Some(code) = code {
        let side = side(format);
        draw_code(sheet, &code, (x, top + (height - side) / 2.0), module(format, code.width()));
        x += side + PAD / 2.0;
    }
    let room = left + width - PAD - x;
    let number = number(&label.number, room);
    let number_high: f32 = number.iter().map(|(_, size)| size * LEADING).sum();
    let direction = Direction::of(&label.name).unwrap_or(Direction::Ltr);
    let name: Vec<Line> = match lines_in(height - 2.0 * PAD - number_high) {
        0 => Vec::new(),
        most => lines(&label.name, (Face::Regular, NAME), direction, room, most),
    };
    let name = name.into_iter().map(|line| (line, NAME, direction));
    let way = Direction::of(&label.number).unwrap_or(Direction::Ltr);
    let all: Vec<(Line, f32, Direction)> =
        number.into_iter().map(|(line, size)| (line, size, way)).chain(name).collect();
    let high: f32 = all.iter().map(|(_, size, _)| size * LEADING).sum();
    let mut y = top + (height - high) / 2.0;
    for (line, size, way) in all {
        let at = if way == Direction::Rtl { x + room - line.width() } else { x };
        sheet.write(at, y + size, line, INK);
        y += size * LEADING;
    }
}

/// A number in the largest size in which it stands in one line, else cut after two.
fn number(number: &str, room: f32) -> Vec<(Line, f32)> {
    let direction = Direction::of(number).unwrap_or(Direction::Ltr);
    let whole = NUMBER.into_iter().map(|size| (Line::new(number, Face::Bold, size, direction), size));
    if let Some(fits) = whole.into_iter().find(|(line, _)| line.width() <= room) {
        return vec![fits];
    }
    let size = NUMBER[NUMBER.len() - 1];
    lines(number, (Face::Bold, size), direction, room, 2).into_iter().map(|line| (line, size)).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a label has a few lines; saturates")]
fn lines_in(height: f32) -> usize {
    (height / (NAME * LEADING)) as usize
}

fn encoded(address: &str) -> Option<QrCode> {
    QrCode::with_error_correction_level(address.as_bytes(), LEVEL).ok()
}

/// The side of a code with the white around it. **Units**: points.
fn side(format: &Format) -> f32 {
    let (_, _, width, height) = format.place(0);
    (height - 2.0 * PAD).min(width * MOST_OF_WIDTH)
}

#[expect(clippy::cast_precision_loss, reason = "a code has 177 modules at most")]
fn module(format: &Format, width: usize) -> f32 {
    side(format) / (width + 2 * QUIET) as f32
}

/// Dark modules that lie beside one another are one box, so that no printer leaves a gap between them.
#[expect(clippy::cast_precision_loss, reason = "a code has 177 modules at most")]
fn draw_code(sheet: &mut Sheet, code: &QrCode, (x, y): (f32, f32), module: f32) {
    let width = code.width();
    for (row, colours) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in colours.chunk_by(|one, other| one == other) {
            if run[0] == Color::Dark {
                let (left, top) = ((column + QUIET) as f32 * module, (row + QUIET) as f32 * module);
                sheet.fill(x + left, y + top, run.len() as f32 * module, module, INK);
            }
            column += run.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheets::FORMATS;
    use super::*;

    fn label(number: &str, name: &str) -> Label {
        let plant = E164::parse("+12025550100").expect("a number");
        Label { number: number.to_owned(), name: name.to_owned(), address: Some(address(&plant, number)) }
    }

    #[test]
    fn an_address_holds_any_reference() {
        let plant = E164::parse("+12025550100").expect("a number");
        assert_eq!(address(&plant, "MACH-001"), "https://wa.me/12025550100?text=MACH-001");
        assert_eq!(address(&plant, "MACH: A&B"), "https://wa.me/12025550100?text=MACH%3A%20A%26B");
    }

    #[test]
    fn a_code_is_as_large_as_phones_need_or_not_there() {
        for format in &FORMATS {
            assert!(fits(format, &label("MACH-001", "").address.expect("an address")), "{}", format.called);
            assert!(!fits(format, &label(&"م".repeat(400), "").address.expect("an address")), "{}", format.called);
        }
    }

    #[test]
    fn a_code_is_as_wide_as_it_is_drawn() {
        for length in [0, 1, 8, 20, 40, 80, 150, 300, 1_000, 2_000] {
            for reference in ["7".repeat(length), "M".repeat(length), "ä7".repeat(length / 2)] {
                let address = label(&reference, "").address.expect("an address");
                assert_eq!(width(&address), encoded(&address).map(|code| code.width()), "{address}");
            }
        }
        assert_eq!(width(&"7".repeat(9_000)), None, "too much for a code");
    }

    #[test]
    fn labels_begin_where_the_sheet_is_still_whole_and_go_on_over_sheets() {
        let labels = vec![label("MACH-001", "Press"); 22];
        assert_eq!(sheets(&FORMATS[0], 0, &labels[..21]).len(), 1);
        assert_eq!(sheets(&FORMATS[0], 1, &labels[..21]).len(), 2);
        assert_eq!(sheets(&FORMATS[0], 20, &labels).len(), 2);
        assert_eq!(sheets(&FORMATS[0], 20, &[]).len(), 1);
    }

    #[test]
    fn nothing_on_a_label_leaves_it() {
        let long = "A very long name of a machine that goes on and on, in the hall behind the other hall ".repeat(5);
        for format in &FORMATS {
            let (.., width, height) = format.place(0);
            for (number, name) in
                [("MACH-001", long.as_str()), (&"MACH-".repeat(12), &long), ("م-٧", "مكبس هيدروليكي كبير")]
            {
                let mut sheet = Sheet::new(width * 4.0, height * 4.0);
                put(&mut sheet, format, 0, &label(number, name));
                let (left, top, ..) = format.place(0);
                assert!(sheet.lies_within((left, top, width, height)), "{number} on {}", format.called);
            }
        }
    }
}
