//! What is drawn is looked at by its pixels and its text.

use super::*;

const BLACK: Colour = Colour(0, 0, 0);

fn glyphs(text: &str, direction: Direction) -> Vec<u16> {
    Line::new(text, Face::Regular, 12.0, direction).glyphs.iter().map(|glyph| glyph.id).collect()
}

#[test]
fn arabic_letters_join_and_run_from_the_right() {
    let alone: Vec<u16> = "عيب".chars().flat_map(|c| glyphs(&c.to_string(), Direction::Rtl)).collect();
    let joined = glyphs("عيب", Direction::Rtl);
    assert_eq!(joined.len(), 3);
    assert!(joined.iter().all(|glyph| !alone.contains(glyph)), "each letter has the form of its place: {joined:?}");
    let texts: Vec<String> =
        Line::new("عيب", Face::Regular, 12.0, Direction::Rtl).glyphs.iter().map(|glyph| glyph.text.clone()).collect();
    assert_eq!(texts, ["ب", "ي", "ع"], "from the left, the last letter comes first");
}

#[test]
fn a_number_in_arabic_runs_from_the_left_at_the_left_of_what_goes_before_it() {
    let line = Line::new("الطلب ORD-12345", Face::Regular, 12.0, Direction::Rtl);
    let text: String = line.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
    assert!(text.starts_with("ORD-12345"), "{text}");
    let line = Line::new("ORD-12345 الطلب", Face::Regular, 12.0, Direction::Rtl);
    let text: String = line.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
    assert!(text.ends_with("ORD-12345"), "{text}");
}

#[test]
fn what_stands_in_an_isolate_keeps_its_own_order() {
    let line = Line::new("حتى \u{2068}2026-01-20\u{2069} الآن", Face::Regular, 12.0, Direction::Rtl);
    let text: String = line.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
    assert!(text.contains("2026-01-20"), "{text}");
}

#[test]
fn lines_keep_their_width_and_their_number() {
    let text = "Cracked along the weld, ".repeat(40) + &"x".repeat(400) + "\n\nلون ".repeat(20).as_str();
    for direction in [Direction::Ltr, Direction::Rtl] {
        let all = lines(&text, (Face::Regular, 10.0), direction, 200.0, 1_000);
        assert!(all.iter().all(|line| line.width() <= 200.0));
        assert_eq!(lines(&text, (Face::Bold, 10.0), direction, 200.0, 5).len(), 5);
        assert_eq!(lines(&text, (Face::Bold, 10.0), direction, 1.0, 5).len(), 5, "narrower than any letter");
    }
    assert!(lines("", (Face::Regular, 10.0), Direction::Ltr, 200.0, 5).is_empty());
}

#[test]
fn what_no_font_has_is_left_out_or_stands_as_a_box() {
    assert_eq!(glyphs("🎫", Direction::Ltr), Vec::<u16>::new());
    assert_eq!(glyphs("機", Direction::Ltr), [0]);
    assert_eq!(glyphs("<svg>&amp;", Direction::Ltr).len(), "<svg>&amp;".len(), "markup is text");
}

#[test]
fn a_sheet_becomes_a_picture_of_its_size() {
    let mut sheet = Sheet::new(40.0, 20.0);
    sheet.fill(0.0, 0.0, 10.0, 20.0, Colour(200, 0, 0));
    sheet.write(15.0, 15.0, Line::new("A", Face::Bold, 12.0, Direction::Ltr), BLACK);
    let drawn = png(&sheet, 2.0).expect("a picture");
    let pixels = tiny_skia::Pixmap::decode_png(&drawn).expect("a PNG");
    assert_eq!((pixels.width(), pixels.height()), (80, 40));
    let colour = |x, y| pixels.pixel(x, y).map(|pixel| (pixel.red(), pixel.green(), pixel.blue()));
    assert_eq!((colour(5, 5), colour(75, 5)), (Some((200, 0, 0)), Some((255, 255, 255))));
    assert!(pixels.pixels().iter().any(|pixel| pixel.red() < 30), "the letter is black");
}

#[test]
fn a_picture_is_shown_as_far_as_it_is_whole_and_not_too_large() {
    let small = png(&Sheet::new(4.0, 2.0), 1.0).expect("a picture");
    let read = Picture::read(small.clone()).expect("a picture");
    assert_eq!(read.size(), (4.0, 2.0));
    let mut huge = small.clone();
    huge[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    for wrong in [&huge[..], &small[..30], b"\xff\xd8\xff\xe0\x00\x10", b"\xff\xd8", b"", b"%PDF"] {
        assert!(Picture::read(wrong.to_vec()).is_none(), "{wrong:?}");
    }
    let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x02\x00\x04\x03abcdefghi\xff\xd9";
    assert_eq!(Picture::read(jpeg.to_vec()).map(|picture| picture.size()), Some((4.0, 2.0)));
}

#[test]
fn sheets_become_pages_whatever_is_on_them() {
    let mut sheet = Sheet::new(200.0, 100.0);
    sheet.write(10.0, 20.0, Line::new("Défaut عيب 12", Face::Regular, 12.0, Direction::Ltr), BLACK);
    let picture = Picture::read(png(&Sheet::new(4.0, 2.0), 1.0).expect("a picture")).expect("a picture");
    assert!((sheet.show(10.0, 30.0, (40.0, 40.0), picture) - 20.0).abs() < 0.01, "as wide as there is room");
    let file = pdf(&[sheet, Sheet::new(200.0, 100.0)], "A report", "en");
    assert!(file.starts_with(b"%PDF-"));
    assert!(file.len() < 40_000, "fonts are cut down: {} bytes", file.len());
    let pages = file.windows(11).filter(|part| part == b"/Type /Page").count();
    assert_eq!(pages, 3, "two pages and their tree");
}
