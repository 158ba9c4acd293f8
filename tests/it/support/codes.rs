//! The codes on printed sheets, read as a phone reads them: the PDF's own boxes are painted, and a decoder looks at that.

use flate2::read::ZlibDecoder;
use std::io::Read as _;

/// Pixels a point: a code's smallest module is about a point wide.
const SCALE: f32 = 4.0;

/// The white that is seen around a code.
const AROUND: f32 = 6.0;

/// A painted code.
struct Canvas {
    width: usize,
    height: usize,
    is_dark: Vec<bool>,
}

/// What all codes of all pages say, in the order in which they were put there.
pub(crate) fn on(file: &[u8]) -> Vec<String> {
    assert!(file.starts_with(b"%PDF-"), "this is no PDF");
    let text = String::from_utf8_lossy(file);
    let paper = text.split("/MediaBox [").nth(1).and_then(|rest| rest.split(']').next()).expect("pages have a size");
    let sides: Vec<f32> = paper.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let mut said = Vec::new();
    for content in contents(file) {
        // A label's code is painted before its text is written: so each is looked at by itself, as through a phone.
        for code in content.split("BT\n").filter(|part| part.contains(" re\n")) {
            let canvas = painted(code, (sides[2], sides[3]));
            let grey = |x: usize, y: usize| if canvas.is_dark[y * canvas.width + x] { 0 } else { 255 };
            let mut page = rqrr::PreparedImage::prepare_from_greyscale(canvas.width, canvas.height, grey);
            let codes = page.detect_grids();
            assert_eq!(codes.len(), 1, "one code is seen");
            said.push(codes[0].decode().expect("a code that can be read").1);
        }
    }
    said
}

/// The pages' contents: those streams that paint.
fn contents(file: &[u8]) -> Vec<String> {
    let mut contents = Vec::new();
    let mut rest = file;
    while let Some(at) = find(rest, b"stream\n") {
        rest = &rest[at + 7..];
        let end = find(rest, b"\nendstream").expect("a stream ends");
        let mut unpacked = Vec::new();
        if ZlibDecoder::new(&rest[..end]).read_to_end(&mut unpacked).is_ok() {
            let text = String::from_utf8_lossy(&unpacked).into_owned();
            if text.contains(" re\n") {
                contents.push(text);
            }
        }
        rest = &rest[end + 10..];
    }
    contents
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}

/// Paints the boxes of one code: `x y width height re`, from the lower left corner. What lies around them stays white.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page's points")]
fn painted(content: &str, (wide, high): (f32, f32)) -> Canvas {
    let boxes = content.lines().filter_map(|line| line.strip_suffix(" re")).map(|line| {
        let numbers: Vec<f32> = line.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        let [x, y, width, height] = <[_; 4]>::try_from(numbers).expect("a box has four numbers");
        assert!(x >= 0.0 && y >= 0.0 && x + width <= wide && y + height <= high, "it lies on the paper: {line}");
        (x, high - y - height, width, height)
    });
    let boxes: Vec<(f32, f32, f32, f32)> = boxes.collect();
    let left = boxes.iter().map(|one| one.0).fold(f32::MAX, f32::min) - AROUND;
    let top = boxes.iter().map(|one| one.1).fold(f32::MAX, f32::min) - AROUND;
    let pixels = |points: f32| (points * SCALE).round() as usize;
    let width = boxes.iter().map(|one| pixels(one.0 + one.2 - left + AROUND)).max().unwrap_or_default();
    let height = boxes.iter().map(|one| pixels(one.1 + one.3 - top + AROUND)).max().unwrap_or_default();
    let mut canvas = Canvas { width, height, is_dark: vec![false; width * height] };
    for (x, y, wide, high) in boxes {
        for row in pixels(y - top)..pixels(y - top + high) {
            for column in pixels(x - left)..pixels(x - left + wide) {
                canvas.is_dark[row * width + column] = true;
            }
        }
    }
    canvas
}
