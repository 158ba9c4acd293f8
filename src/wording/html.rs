//! WhatsApp's markup as HTML: the same wording for those who read it in an e-mail.
//!
//! `*bold*`, `_italic_`, `~struck~` and `` `code` `` count where they hug their words on one line, as they do on a
//! phone; a sign that was made harmless is shown as it is. Everything else is escaped, so that no text becomes markup.

use super::bidi;
use super::markup::HARMLESS;

/// The signs that may follow an address in a sentence and are none of it.
const AFTER_A_LINK: &[char] = &['.', ',', ';', ':', '!', '?', ')', ']', '\'', '"', '*', '_', '~'];
/// How deep one sign may stand within another.
const MAX_DEPTH: usize = 6;

/// The text as paragraphs.
pub fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        html.push_str(if bidi::has_right_to_left(paragraph) { "<p dir=\"auto\">" } else { "<p>" });
        for (number, line) in paragraph.trim_matches('\n').lines().enumerate() {
            if number > 0 {
                html.push_str("<br>\n");
            }
            let line: Vec<char> = line.chars().collect();
            inline(&line, 0, &mut html);
        }
        html.push_str("</p>\n");
    }
    html
}

/// Text as HTML shows it.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        push(c, &mut html);
    }
    html
}

fn inline(line: &[char], depth: usize, html: &mut String) {
    let mut at = 0;
    while at < line.len() {
        let c = line[at];
        if is_sign(c) && line.get(at + 1) == Some(&HARMLESS) {
            push(c, html);
            at += 2;
        } else if let Some(end) = link_end(line, at) {
            let address: String = line[at..end].iter().collect();
            let address = escaped(&address);
            html.extend(["<a href=\"", address.as_str(), "\">", address.as_str(), "</a>"]);
            at = end;
        } else if let Some((tag, end)) = tag(c).zip(closing(line, at)).filter(|_| depth < MAX_DEPTH) {
            html.extend(["<", tag, ">"]);
            inline(&line[at + 1..end], depth + 1, html);
            html.extend(["</", tag, ">"]);
            at = end + 1;
        } else {
            push(c, html);
            at += 1;
        }
    }
}

fn push(c: char, html: &mut String) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        c => html.push(c),
    }
}

fn is_sign(c: char) -> bool {
    tag(c).is_some()
}

fn tag(sign: char) -> Option<&'static str> {
    match sign {
        '*' => Some("strong"),
        '_' => Some("em"),
        '~' => Some("s"),
        '`' => Some("code"),
        _ => None,
    }
}

/// Where the sign that opens at `at` closes, if it opens at all: it stands before its words and not within one.
fn closing(line: &[char], at: usize) -> Option<usize> {
    let sign = line[at];
    let follows_a_word = at > 0 && (line[at - 1].is_alphanumeric() || line[at - 1] == sign);
    let hugs = line.get(at + 1).is_some_and(|next| !next.is_whitespace() && *next != sign);
    if follows_a_word || !hugs {
        return None;
    }
    (at + 2..line.len()).find(|end| {
        let is_harmless = line.get(end + 1) == Some(&HARMLESS);
        let goes_on = line.get(end + 1).is_some_and(|next| next.is_alphanumeric() || *next == sign);
        line[*end] == sign && !is_harmless && !goes_on && !line[end - 1].is_whitespace()
    })
}

/// Where the web address that begins at `at` ends, if one does.
fn link_end(line: &[char], at: usize) -> Option<usize> {
    let begins = |scheme: &str| line[at..].iter().copied().take(scheme.len()).eq(scheme.chars());
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme))?;
    let is_over = |c: &char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
    let mut end = line[at..].iter().position(is_over).map_or(line.len(), |length| at + length);
    while line[..end].last().is_some_and(|last| AFTER_A_LINK.contains(last)) {
        end -= 1;
    }
    (end > at + scheme.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::{harmless_line, harmless_lines};
    use proptest::prelude::*;

    #[test]
    fn markup_becomes_html_where_a_phone_shows_it_and_all_else_is_escaped() {
        for (text, html) in [
            (
                "✅ *Done*\n\n*Ticket:* A & B\n_Support Team_",
                "<p>✅ <strong>Done</strong></p>\n<p><strong>Ticket:</strong> A &amp; B<br>\n<em>Support Team</em></p>\n",
            ),
            ("~old~ `x<1` *_both_*", "<p><s>old</s> <code>x&lt;1</code> <strong><em>both</em></strong></p>\n"),
            ("2*3*4 snake_case_name * no* *no *", "<p>2*3*4 snake_case_name * no* *no *</p>\n"),
            ("*one\ntwo*", "<p>*one<br>\ntwo*</p>\n"),
            ("*الطلب:* ORD-1", "<p dir=\"auto\"><strong>الطلب:</strong> ORD-1</p>\n"),
            (
                "<script>alert('x')</script> \"q\"",
                "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;q&quot;</p>\n",
            ),
            (
                "See https://plant.example/t/7?a=1&b_c_d=2. Bye",
                "<p>See <a href=\"https://plant.example/t/7?a=1&amp;b_c_d=2\">https://plant.example/t/7?a=1&amp;b_c_d=2</a>. Bye</p>\n",
            ),
            ("https:// http://x", "<p>https:// <a href=\"http://x\">http://x</a></p>\n"),
            ("a\n\n\n\nb\n", "<p>a</p>\n<p>b</p>\n"),
            ("", ""),
        ] {
            assert_eq!(paragraphs(text), html, "{text}");
        }
    }

    #[test]
    fn what_was_made_harmless_is_shown_and_forges_nothing() {
        let title = harmless_line("*Priority:* Low _x_");
        assert_eq!(paragraphs(&format!("*Title:* {title}")), "<p><strong>Title:</strong> *Priority:* Low _x_</p>\n");
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_tag(text in "[a<>\"'&*_~`/: \\n]{0,60}") {
            let html = paragraphs(&harmless_lines(&text));
            let bare = html.replace("<p>", "").replace("</p>", "").replace("<br>", "");
            prop_assert!(!bare.contains(['<', '>', '"']), "{}", html);
        }
    }
}
