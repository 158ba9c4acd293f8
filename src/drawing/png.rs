//! A sheet as PNG.

use super::text::{Face, Glyph, Line};
use super::{Colour, Mark, Sheet};
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Transform};

/// Draws a sheet, `scale` pixels a point; none where it is larger than any picture can be. Pictures on it are left out.
pub fn png(sheet: &Sheet, scale: f32) -> Option<Vec<u8>> {
    let mut pixels = Pixmap::new(pixels(sheet.width * scale), pixels(sheet.height * scale))?;
    pixels.fill(tiny_skia::Color::WHITE);
    let scaled = Transform::from_scale(scale, scale);
    for mark in &sheet.marks {
        match mark {
            Mark::Box { x, y, width, height, colour } => {
                if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                    pixels.fill_rect(area, &paint(*colour), scaled, None);
                }
            }
            Mark::Text { x, y, line, colour } => {
                for path in line.glyphs.iter().filter_map(|glyph| outline(line, glyph)) {
                    let placed = scaled.pre_translate(*x, *y);
                    pixels.fill_path(&path, &paint(*colour), FillRule::Winding, placed, None);
                }
            }
            Mark::Picture { .. } => {}
        }
    }
    pixels.encode_png().ok()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sheet's side is small; saturates")]
fn pixels(side: f32) -> u32 {
    side.ceil() as u32
}

fn paint(Colour(red, green, blue): Colour) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}

fn outline(line: &Line, glyph: &Glyph) -> Option<Path> {
    let font = line.face.font()?;
    let scale = Face::scale(font, line.size);
    let mut pen = Pen { path: PathBuilder::new(), scale, x: glyph.x, y: glyph.y };
    font.outline_glyph(GlyphId(glyph.id), &mut pen)?;
    pen.path.finish()
}

/// Turns a glyph's outline, which goes up, into a path, which goes down.
struct Pen {
    path: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -(self.y + y * self.scale))
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
