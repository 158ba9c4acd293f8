//! What a file is, by its content and never by its name; what is taken in; and what its name may be. Pure.

/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// What is taken in beside text, by content: the type, how its names end, and whether a browser may show it in place.
const TYPES: [(&str, &str, bool); 33] = [
    ("image/jpeg", "jpg", true),
    ("image/png", "png", true),
    ("image/gif", "gif", true),
    ("image/webp", "webp", true),
    ("image/avif", "avif", true),
    ("image/heif", "heif", false),
    ("image/tiff", "tif", false),
    ("image/bmp", "bmp", false),
    ("application/pdf", "pdf", true),
    ("audio/mpeg", "mp3", true),
    ("audio/m4a", "m4a", true),
    ("audio/ogg", "ogg", true),
    ("audio/opus", "opus", true),
    ("audio/aac", "aac", true),
    ("audio/amr", "amr", false),
    ("audio/x-wav", "wav", true),
    ("audio/x-flac", "flac", true),
    ("video/mp4", "mp4", true),
    ("video/x-m4v", "m4v", true),
    ("video/webm", "webm", true),
    ("video/quicktime", "mov", false),
    ("video/3gpp", "3gp", false),
    ("video/mpeg", "mpg", false),
    ("application/msword", "doc", false),
    ("application/vnd.ms-excel", "xls", false),
    ("application/vnd.ms-powerpoint", "ppt", false),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", false),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", false),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", false),
    ("application/vnd.oasis.opendocument.text", "odt", false),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods", false),
    ("application/vnd.oasis.opendocument.presentation", "odp", false),
    ("application/rtf", "rtf", false),
];
/// Any text in UTF-8, also HTML, SVG and scripts: none of it is ever run or drawn by whoever opens it.
const TEXT: FileType = FileType { content_type: "text/plain", ending: "txt", is_shown: false };

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileType {
    /// The media type.
    pub content_type: &'static str,
    /// How its names end.
    pub ending: &'static str,
    /// Whether a browser may show it in place; the others are for download only.
    pub is_shown: bool,
}

/// What this content is; else what is wrong with it, the end of a sentence that begins with the file.
pub fn type_of(bytes: &[u8]) -> Result<FileType, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    let found = infer::get(bytes).map(|kind| kind.mime_type());
    if let Some(known) = found.and_then(stored_type) {
        return Ok(known);
    }
    if is_text(bytes) {
        return Ok(TEXT);
    }
    let is = found.map(|kind| format!(" ({kind})")).unwrap_or_default();
    Err(format!(
        "is of a type that is not taken in{is}; there are images, PDF, audio, video, office files and text in UTF-8"
    ))
}

/// The type with this stored name.
pub fn stored_type(name: &str) -> Option<FileType> {
    let known = TYPES.iter().find(|(content_type, ..)| *content_type == name);
    let known = known.map(|&(content_type, ending, is_shown)| FileType { content_type, ending, is_shown });
    known.or_else(|| (name == TEXT.content_type).then_some(TEXT))
}

/// UTF-8 to its end, without control characters but tabs, line and page breaks.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| byte == 0x7f || (byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c));
    // U+0080 to U+009F
    let is_late_control = |two: &[u8]| two[0] == 0xc2 && two[1] < 0xa0;
    !bytes.iter().any(|byte| is_control(*byte))
        && std::str::from_utf8(bytes).is_ok()
        && !bytes.windows(2).any(is_late_control)
}

/// The name that a file is shown under: the last part of what was given, without what cannot be shown; its own where
/// nothing is left.
pub fn name(given: Option<&str>, kind: FileType) -> String {
    let last = given.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden =
        |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let name: String = last.chars().filter(|c| !c.is_control() && !is_hidden(*c)).collect();
    let name = name.trim().trim_start_matches('.');
    if name.is_empty() {
        return format!("attachment.{}", kind.ending);
    }
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    // The end says what it is.
    let (stem, ending) = name.rsplit_once('.').filter(|(_, ending)| ending.chars().count() <= 10).unwrap_or((name, ""));
    let room = MAX_NAME - ending.chars().count() - 1;
    let stem: String = stem.chars().take(room).collect();
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_says() {
        let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 20]].concat();
        for (content, expected) in [
            (png.as_slice(), Ok(("image/png", true))),
            (b"\xff\xd8\xff\xe0 photo", Ok(("image/jpeg", true))),
            (b"%PDF-1.7 x", Ok(("application/pdf", true))),
            (b"just text, \xc3\xbc", Ok(("text/plain", false))),
            (b"<html><script>alert(1)</script>", Ok(("text/plain", false))),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Ok(("text/plain", false))),
            (b"<?xml version='1.0'?><svg/>", Ok(("text/plain", false))),
            (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", Err(())),
            (b"MZ\x90\x00\x03\x00\x00\x00", Err(())),
            (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", Err(())),
            (b"\x00\x01\x02", Err(())),
            (b"\xff\xfe\xfd", Err(())),
            (b"", Err(())),
        ] {
            let is = type_of(content).map(|kind| (kind.content_type, kind.is_shown)).map_err(drop);
            assert_eq!(is, expected, "{content:?}");
        }
    }

    #[test]
    fn text_is_text_to_its_end() {
        let long = "a line of \u{fc}\u{20ac}\u{a0}\u{1f50c} text\twith a tab,\r\nand a page\u{c}".repeat(2_000);
        for (tail, is_taken) in [
            (&b""[..], true),
            ("\u{fc}".as_bytes(), true),
            (b"\0", false),
            (b"\x7fELF\x02\x01\x01", false),
            (b"\xff\xd8\xff", false),
            (b"\xc3", false),
            (b"\x1b[2J", false),
            ("\u{9b}2J".as_bytes(), false),
        ] {
            let content = [long.as_bytes(), tail].concat();
            assert_eq!(type_of(&content).is_ok(), is_taken, "{tail:?}");
        }
    }

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        let jpg = stored_type("image/jpeg").expect("a known type");
        for (given, shown) in [
            (Some("../../etc/passwd"), "passwd"),
            (Some("C:\\Users\\x\\photo.jpg"), "photo.jpg"),
            (Some("a\r\nb\u{202e}gpj.exe"), "abgpj.exe"),
            (Some(" .hidden "), "hidden"),
            (Some(".."), "attachment.jpg"),
            (None, "attachment.jpg"),
        ] {
            assert_eq!(name(given, jpg), shown);
        }
        let long = name(Some(&format!("{}.pdf", "x".repeat(500))), jpg);
        assert!(
            long.chars().count() <= MAX_NAME && long.rsplit_once('.').is_some_and(|(_, ending)| ending == "pdf"),
            "{long}"
        );
    }
}
