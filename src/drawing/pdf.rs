//! Sheets as PDF: text that can be searched and copied, of fonts cut down to the glyphs that are there.

use super::picture::{Kind, Picture};
use super::text::Face;
use super::{Mark, Sheet};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::BTreeMap;
use std::io::Write as _;
use subsetter::GlyphRemapper;

const NO_CMAP: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The glyphs of one face that the sheets show.
#[derive(Default)]
struct Used {
    remapper: GlyphRemapper,
    /// What each stands for, by its new number.
    texts: BTreeMap<u16, String>,
}

/// Numbers for the parts of a file, from 1.
#[derive(Default)]
struct Refs(i32);

impl Refs {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// Draws sheets as the pages of a file with this title, in this language (`en`).
pub fn pdf(sheets: &[Sheet], title: &str, language: &str) -> Vec<u8> {
    let mut refs = Refs::default();
    let (catalog, tree, info) = (refs.next(), refs.next(), refs.next());
    let mut used = [Used::default(), Used::default()];
    let mut pdf = Pdf::new();
    let fonts = Face::ALL.map(|_| refs.next());
    let mut pages = Vec::new();
    for sheet in sheets {
        let (page, contents) = (refs.next(), refs.next());
        let (drawn, pictures) = draw(sheet, &mut used);
        let pictures: Vec<Ref> = pictures.into_iter().map(|picture| put(&mut pdf, &mut refs, picture)).collect();
        let packed = packed([drawn.finish().as_slice()]);
        pdf.stream(contents, &packed).filter(Filter::FlateDecode);
        let mut written = pdf.page(page);
        written.media_box(Rect::new(0.0, 0.0, sheet.width, sheet.height)).parent(tree).contents(contents);
        let mut resources = written.resources();
        let mut named = resources.fonts();
        for (place, font) in fonts.iter().enumerate() {
            named.pair(Name(font_name(place).as_bytes()), font);
        }
        named.finish();
        let mut named = resources.x_objects();
        for (place, picture) in pictures.iter().enumerate() {
            named.pair(Name(picture_name(place).as_bytes()), picture);
        }
        named.finish();
        resources.finish();
        written.finish();
        pages.push(page);
    }
    for ((face, used), font) in Face::ALL.into_iter().zip(&used).zip(fonts) {
        embed(&mut pdf, &mut refs, face, used, font);
    }
    pdf.catalog(catalog).pages(tree).lang(TextStr(language));
    pdf.pages(tree).count(i32::try_from(pages.len()).unwrap_or(i32::MAX)).kids(pages);
    pdf.document_info(info).title(TextStr(title)).producer(TextStr("Andon"));
    pdf.finish()
}

fn font_name(place: usize) -> String {
    format!("F{place}")
}

fn picture_name(place: usize) -> String {
    format!("P{place}")
}

/// A sheet as a page's content; PDF measures from the lower left corner.
fn draw<'a>(sheet: &'a Sheet, used: &mut [Used; 2]) -> (Content, Vec<&'a Picture>) {
    let mut content = Content::new();
    let mut pictures = Vec::new();
    for mark in &sheet.marks {
        match mark {
            Mark::Box { x, y, width, height, colour } => {
                let [red, green, blue] = shares(*colour);
                content.set_fill_rgb(red, green, blue).rect(*x, sheet.height - y - height, *width, *height);
                content.fill_nonzero();
            }
            Mark::Text { x, y, line, colour } => {
                let place = usize::from(line.face == Face::Bold);
                let [red, green, blue] = shares(*colour);
                content.begin_text().set_fill_rgb(red, green, blue);
                content.set_font(Name(font_name(place).as_bytes()), line.size);
                for glyph in &line.glyphs {
                    let number = used[place].remapper.remap(glyph.id);
                    if !glyph.text.is_empty() {
                        used[place].texts.entry(number).or_insert_with(|| glyph.text.clone());
                    }
                    let upright = [1.0, 0.0, 0.0, 1.0, x + glyph.x, sheet.height - y + glyph.y];
                    content.set_text_matrix(upright).show(Str(&number.to_be_bytes()));
                }
                content.end_text();
            }
            Mark::Picture { x, y, width, height, picture } => {
                content.save_state().transform([*width, 0.0, 0.0, *height, *x, sheet.height - y - height]);
                content.x_object(Name(picture_name(pictures.len()).as_bytes())).restore_state();
                pictures.push(picture);
            }
        }
    }
    (content, pictures)
}

fn shares(super::Colour(red, green, blue): super::Colour) -> [f32; 3] {
    [red, green, blue].map(|share| f32::from(share) / 255.0)
}

fn put(pdf: &mut Pdf, refs: &mut Refs, picture: &Picture) -> Ref {
    let id = refs.next();
    let sides = [picture.width, picture.height].map(|side| i32::try_from(side).unwrap_or(i32::MAX));
    let (bytes, filter, is_grey) = match &picture.kind {
        Kind::Jpeg { bytes, is_grey } => (bytes.to_vec(), Filter::DctDecode, *is_grey),
        Kind::Pixels(packed) => (packed.to_vec(), Filter::FlateDecode, false),
    };
    let mut image = pdf.image_xobject(id, &bytes);
    image.filter(filter);
    image.width(sides[0]).height(sides[1]).bits_per_component(8);
    if is_grey {
        image.color_space().device_gray();
    } else {
        image.color_space().device_rgb();
    }
    image.finish();
    id
}

/// A font of the glyphs that are shown. **Source**: ISO 32000-1, 9.7.
fn embed(pdf: &mut Pdf, refs: &mut Refs, face: Face, used: &Used, id: Ref) {
    let Some(font) = face.font() else { return };
    let (cid, descriptor, cmap, file) = (refs.next(), refs.next(), refs.next(), refs.next());
    let name = if face == Face::Bold { "ANDONB+DejaVuSans-Bold" } else { "ANDONA+DejaVuSans" };
    let per_em = Face::scale(font, 1_000.0);
    let units = |units: i16| f32::from(units) * per_em;
    pdf.type0_font(id)
        .base_font(Name(name.as_bytes()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(cmap);
    let mut written = pdf.cid_font(cid);
    written.subtype(CidFontType::Type2).base_font(Name(name.as_bytes())).system_info(NO_CMAP);
    written.font_descriptor(descriptor).default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let advance = |old: u16| font.glyph_hor_advance(rustybuzz::ttf_parser::GlyphId(old)).unwrap_or(0);
    let widths = used.remapper.remapped_gids().map(|old| f32::from(advance(old)) * per_em);
    written.widths().consecutive(0, widths);
    written.finish();
    let around = font.global_bounding_box();
    pdf.font_descriptor(descriptor)
        .name(Name(name.as_bytes()))
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(units(around.x_min), units(around.y_min), units(around.x_max), units(around.y_max)))
        .italic_angle(0.0)
        .ascent(units(font.ascender()))
        .descent(units(font.descender()))
        .cap_height(units(font.capital_height().unwrap_or(0)))
        .stem_v(80.0)
        .font_file2(file);
    let mut texts = UnicodeCmap::new(Name(b"Andon"), NO_CMAP);
    for (number, text) in &used.texts {
        texts.pair_with_multiple(*number, text.chars());
    }
    let texts = packed([texts.finish().as_slice()]);
    pdf.cmap(cmap, &texts).filter(Filter::FlateDecode);
    // A font that cannot be cut down, which none of ours is, stays out; the text is still there to be read.
    let cut = subsetter::subset(face.data(), 0, &used.remapper).unwrap_or_default();
    let packed = packed([&cut]);
    pdf.stream(file, &packed).filter(Filter::FlateDecode).pair(Name(b"Length1"), i32::try_from(cut.len()).unwrap_or(0));
}

/// Packs one part after the other, so that they are not all in memory at once. Writing there does not fail.
pub(super) fn packed(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut parts = parts.into_iter();
    let written = parts.try_for_each(|part| encoder.write_all(part.as_ref())).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
