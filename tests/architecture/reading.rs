//! Reads Rust source as text, well enough for the rules of the house: comments and the insides of literals are
//! blanked (line and column stay where they were), module paths are found, also in groups.
//!
//! It refuses to be a parser: what it cannot see is a path that a macro puts together.

/// One source file, as the rules read it.
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// As it was written.
    pub(crate) text: String,
    /// The same length, without comments and without the insides of literals.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: blank_prose(text) }
    }

    /// The line of a byte offset, counted from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.text[..at].split('\n').count()
    }

    /// The code with the bodies of `#[cfg(test)] mod … { }` blanked.
    pub(crate) fn code_without_tests(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        let mut from = 0;
        while let Some(found) = self.code[from..].find("#[cfg(test)]") {
            let at = from + found + "#[cfg(test)]".len();
            from = at;
            let rest = self.code[at..].trim_start();
            let body = self.code.len() - rest.len();
            if !(rest.starts_with("mod ") || rest.starts_with("pub mod ") || rest.starts_with("pub(crate) mod ")) {
                continue;
            }
            let Some(open) = self.code[body..].find(['{', ';']).map(|open| body + open) else { continue };
            if self.code.as_bytes()[open] == b'{' {
                let close = closing(&self.code, open);
                blank(&mut code[open + 1..close]);
                from = close;
            }
        }
        String::from_utf8(code).expect("whole characters were replaced by spaces")
    }

    /// Every top-level module this file names, by `crate::…` or by climbing with `super::`, with its offset.
    pub(crate) fn modules_named(&self) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        for at in words(&self.code, "crate") {
            if let Some(rest) = self.code[at + "crate".len()..].strip_prefix("::") {
                named.extend(first_names(rest).into_iter().map(|name| (at, name)));
            }
        }
        let mut past = 0;
        for at in words(&self.code, "super") {
            if at < past {
                continue;
            }
            let rest = self.code[at..].trim_start_matches("super::");
            past = self.code.len() - rest.len();
            if past > at && (past - at) / "super::".len() == self.depth(at) {
                named.extend(first_names(rest).into_iter().map(|name| (at, name)));
            }
        }
        named
    }

    /// How many modules lie between the crate's root and the code at `at`.
    fn depth(&self, at: usize) -> usize {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let files = if inside == "lib" { 0 } else { inside.split('/').count() };
        let inline = words(&self.code, "mod").into_iter().take_while(|start| *start < at).filter(|start| {
            let head = self.code[*start..].find(['{', ';']).map(|open| start + open);
            head.is_some_and(|open| self.code.as_bytes()[open] == b'{' && open < at && at < closing(&self.code, open))
        });
        files + inline.count()
    }
}

/// Offsets at which `word` stands alone, not as part of a longer name.
pub(crate) fn words(code: &str, word: &str) -> Vec<usize> {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    let starts = code.match_indices(word).map(|(at, _)| at);
    starts.filter(|at| !code[..*at].ends_with(of_a_name) && !code[at + word.len()..].starts_with(of_a_name)).collect()
}

/// The offset of the bracket that closes the one at `open`, or the end of the text.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The first names of a path or of a group of paths: `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn first_names(path: &str) -> Vec<String> {
    let name = |path: &str| -> String {
        let path = path.trim_start().trim_start_matches("r#");
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len());
        if end == 0 { path.chars().take(1).collect() } else { path[..end].to_owned() }
    };
    if !path.starts_with('{') {
        return vec![name(path)];
    }
    let mut depth = 0_usize;
    let parts = path[1..closing(path, 0)].split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).map(name).collect()
}

/// Replaces comments and the insides of string and character literals by spaces.
fn blank_prose(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end = prose_end(text, at);
        match end {
            Some(end) => {
                blank(&mut code[at..end]);
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(code).expect("whole characters were replaced by spaces")
}

/// Where the comment or literal ends that begins at `at`; `None` when none begins there.
fn prose_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    let within_a_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if rest.starts_with(b"//") {
        return Some(text[at..].find('\n').map_or(text.len(), |line| at + line));
    }
    if rest.starts_with(b"/*") {
        let mut depth = 0_usize;
        let mut end = at;
        while end < bytes.len() {
            let step = if bytes[end..].starts_with(b"/*") {
                depth += 1;
                2
            } else if bytes[end..].starts_with(b"*/") {
                depth -= 1;
                2
            } else {
                1
            };
            end += step;
            if depth == 0 {
                return Some(end);
            }
        }
        return Some(bytes.len());
    }
    let raw = ["br", "cr", "r"].iter().find(|prefix| rest.starts_with(prefix.as_bytes()));
    if let (Some(prefix), false) = (raw, within_a_name) {
        let hashes = rest[prefix.len()..].iter().take_while(|byte| **byte == b'#').count();
        let quote = at + prefix.len() + hashes;
        if bytes.get(quote) == Some(&b'"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return Some(text[quote + 1..].find(&close).map_or(text.len(), |end| quote + 1 + end + close.len()));
        }
    }
    match rest[0] {
        b'"' => Some(quoted_end(bytes, at, b'"')),
        // A lifetime has no closing quote one character (or one escape) later.
        b'\'' => {
            let next = text[at + 1..].chars().next()?;
            let closes = bytes.get(at + 1 + next.len_utf8()) == Some(&b'\'');
            (next == '\\' || closes).then(|| quoted_end(bytes, at, b'\''))
        }
        _ => None,
    }
}

/// The offset after the quote that closes the literal opened at `at`.
fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 2,
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

fn blank(part: &mut [u8]) {
    for byte in part.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

#[test]
fn comments_and_literals_are_not_code() {
    let cases = [
        "// crate::a",
        "/// crate::a",
        "/* /* crate::a */ crate::a */",
        r#"let x = "crate::a \" crate::a";"#,
        "let x = r#\"\" crate::a \"#;",
        "let x = b\"crate::a\";",
        "let x = ('\"', '\\'', \"crate::a\");",
        "let x = \"\u{1f600} crate::a\";",
    ];
    for case in cases {
        let source = Source::new("src/b.rs", case);
        assert_eq!(source.modules_named(), vec![], "{case}");
        assert_eq!(source.code.len(), case.len(), "{case}");
    }
}

#[test]
fn code_after_a_literal_or_a_lifetime_is_still_code() {
    let cases = [
        "\"\\\\\"; crate::a",
        "'\"'; crate::a",
        "fn f<'x>(y: &'x str) { crate::a }",
        "r\"\\\"; crate::a",
        "b'\\''; crate::a",
    ];
    for case in cases {
        assert_eq!(Source::new("src/b.rs", case).modules_named().len(), 1, "{case}");
    }
}

#[test]
fn modules_are_found_in_paths_groups_and_climbs() {
    let cases: [(&str, &str, &[&str]); 9] = [
        ("src/b/mod.rs", "use crate::a::X;", &["a"]),
        ("src/b/mod.rs", "use crate::{a::{X, y::Z}, c, d::E as F,};", &["a", "c", "d"]),
        ("src/b/mod.rs", "let x = crate::a::b(crate::c::d());", &["a", "c"]),
        ("src/b/mod.rs", "use crate::*;", &["*"]),
        ("src/b/mod.rs", "use super::a::X;", &["a"]),
        ("src/b/c.rs", "use super::a::X;", &[]),
        ("src/b/c.rs", "use super::super::{a, d::e};", &["a", "d"]),
        ("src/b/c.rs", "mod tests { use super::super::a; use super::super::super::d; }", &["d"]),
        ("src/b/c.rs", "pub(crate) fn f() {} pub(in crate::b) fn g() {} struct Mycrate;", &["b"]),
    ];
    for (path, text, expected) in cases {
        let found: Vec<String> = Source::new(path, text).modules_named().into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_bodies_of_test_modules_can_be_left_out() {
    let source =
        Source::new("src/b.rs", "fn a() { one }\n#[cfg(test)]\nmod tests {\n fn b() { two } }\nfn c() { three }");
    let code = source.code_without_tests();
    assert_eq!((code.contains("one"), code.contains("two"), code.contains("three")), (true, false, true));
    assert_eq!(source.line(source.code.find("three").expect("it is there")), 5);
}
