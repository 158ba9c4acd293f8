//! JSON that is read although a part of it is broken: half of a character, or bytes that are no UTF-8.
//!
//! One such text among a thousand messages must not cost the others, and Meta would bring the whole request again for
//! days.

use serde_json::Value;

/// What the body says; `None` where it is no JSON at all.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| serde_json::from_str(&repaired(&String::from_utf8_lossy(body))).ok())
}

/// The same with U+FFFD for every escaped half of a character (`\ud83d` without what belongs to it).
fn repaired(json: &str) -> String {
    let mut repaired = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        repaired.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match (half(rest), rest.get(6..).and_then(half)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                repaired.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // Any other escape is two characters, of which the second may be of several bytes where it is none.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        repaired.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    repaired.push_str(rest);
    repaired
}

/// The number in `\uXXXX` at the beginning of the text.
fn half(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_costs_itself_alone() {
        for (body, text) in [
            (br#"["\u00fc\/ \ud83d\ude00"]"#.as_slice(), "ü/ 😀"),
            (br#"["a\ud83db"]"#, "a\u{fffd}b"),
            (br#"["a\ude00"]"#, "a\u{fffd}"),
            (br#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}😀"),
            (br#"["\\ud83d \ud83d"]"#, "\\ud83d \u{fffd}"),
            (br#"["\ud83d\n\"\\"]"#, "\u{fffd}\n\"\\"),
            (b"[\"a\xff\xfeb \\ud83d\"]", "a\u{fffd}\u{fffd}b \u{fffd}"),
        ] {
            assert_eq!(read(body), Some(serde_json::json!([text])), "{}", String::from_utf8_lossy(body));
        }
        for body in [b"".as_slice(), b"{", b"\\", b"[\"\\", b"[\"\\u12", "[\"\\ü".as_bytes(), b"MessageSid=SM1"] {
            assert_eq!(read(body), None, "{}", String::from_utf8_lossy(body));
        }
    }
}
