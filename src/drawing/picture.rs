//! Pictures that somebody sent, as far as a paper shows them: JPEG as it is, PNG by its pixels.
//!
//! Whatever is broken, too large or of another kind is no picture here. Nothing is unpacked before its size is known.

use super::pdf::packed;
use std::sync::Arc;
use tiny_skia::{Pixmap, PremultipliedColorU8};

/// The longest side, in pixels: no phone's camera makes a longer one.
const MAX_SIDE: u32 = 8_000;
/// The most pixels of a PNG, which is unpacked, one at a time: 48 MB.
const MAX_PIXELS: u64 = 12_000_000;
/// What begins a PNG, and where its sides stand. **Source**: PNG (third edition), 5.2 and 11.2.2.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const PNG_SIDES: usize = 16;

/// A picture to put on a sheet.
#[derive(Clone, Debug)]
pub struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// As it came; with one channel of grey or three of colour.
    Jpeg { bytes: Arc<Vec<u8>>, is_grey: bool },
    /// Red, green and blue of every pixel, packed again.
    Pixels(Arc<Vec<u8>>),
}

impl Picture {
    /// The picture that these bytes are, if they are one.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        if bytes.starts_with(PNG) { read_png(&bytes) } else { read_jpeg(bytes) }
    }

    /// Its sides, in pixels.
    #[expect(clippy::cast_precision_loss, reason = "sides are at most MAX_SIDE")]
    pub fn size(&self) -> (f32, f32) {
        (self.width as f32, self.height as f32)
    }
}

fn read_png(bytes: &[u8]) -> Option<Picture> {
    let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (width, height) = (side(PNG_SIDES)?, side(PNG_SIDES + 4)?);
    if !(are_sides(width, height) && u64::from(width) * u64::from(height) <= MAX_PIXELS) {
        return None;
    }
    let pixels = Pixmap::decode_png(bytes).ok()?;
    // On white, for a paper is white; the colours are multiplied by how opaque they are.
    let on_white = |pixel: &PremultipliedColorU8| {
        let white = 255 - pixel.alpha();
        [pixel.red(), pixel.green(), pixel.blue()].map(|share| share.saturating_add(white))
    };
    let rows = pixels.pixels().chunks(usize::try_from(width).ok()?);
    let packed = packed(rows.map(|row| row.iter().flat_map(on_white).collect::<Vec<u8>>()));
    Some(Picture { width, height, kind: Kind::Pixels(Arc::new(packed)) })
}

/// **Source**: ITU-T T.81, B.1.1 and B.2.2: segments, of which a frame's begins with its precision and sides.
fn read_jpeg(bytes: Vec<u8>) -> Option<Picture> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let start = rest.iter().position(|byte| *byte != 0xff).filter(|fills| *fills > 0)?;
        let (marker, after) = rest[start..].split_first()?;
        let length = usize::from(u16::from_be_bytes(after.get(..2)?.try_into().ok()?));
        let segment = after.get(2..length)?;
        // The frames of baseline and progressive pictures; the others are rare, and no viewer of papers must know them.
        if matches!(marker, 0xc0..=0xc2) {
            let &[precision, h1, h2, w1, w2, channels, ..] = segment else { return None };
            let (width, height) = (u32::from(u16::from_be_bytes([w1, w2])), u32::from(u16::from_be_bytes([h1, h2])));
            let is_shown = are_sides(width, height) && precision == 8 && matches!(channels, 1 | 3);
            let kind = Kind::Jpeg { is_grey: channels == 1, bytes: Arc::new(bytes) };
            return is_shown.then_some(Picture { width, height, kind });
        }
        if matches!(marker, 0xda | 0xd9) {
            return None;
        }
        rest = after.get(length..)?;
    }
}

fn are_sides(width: u32, height: u32) -> bool {
    (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height)
}
