//! The form of a notice's file: a head, an empty line, the text.

/// What the head may say.
const HEAD: [&str; 2] = ["subject", "sms"];
/// What it must say.
const NEEDED: [&str; 1] = ["subject"];

/// A mistake: its line, what is wrong, what to write instead.
pub(super) type Mistake = (usize, String, String);

/// Whether a file with this stem is a notice: it is named by an event, and events have a dot in their names.
pub(super) fn is_notice(stem: &str) -> bool {
    stem.contains('.')
}

/// The file that a notice's key comes from, `ticket.opened` of `notice.ticket.opened.text`.
pub(super) fn file_of(key: &str) -> Option<&str> {
    key.strip_prefix("notice.")?.rsplit_once('.').map(|(file, _)| file)
}

/// The parts of a notice by their names: those of the head, and `text`.
pub(super) fn parts(notice: &str) -> Result<Vec<(&'static str, &str)>, Mistake> {
    let mut parts = Vec::with_capacity(HEAD.len() + 1);
    let mut rest = notice;
    for number in 1.. {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let named = line.split_once(':').and_then(|(name, value)| {
            let name = HEAD.into_iter().find(|known| name.trim() == *known)?;
            Some((name, value.trim())).filter(|(_, value)| !value.is_empty())
        });
        parts.push(named.ok_or_else(|| {
            let instead = "Begin the file with a line such as subject: Your ticket has been opened, and an empty one.";
            (number, "this line is none of a notice's head".to_owned(), instead.to_owned())
        })?);
    }
    if let Some(missing) = NEEDED.into_iter().find(|name| !parts.iter().any(|(part, _)| part == name)) {
        let instead = format!("Write {missing}: … above the text, and an empty line between them.");
        return Err((1, format!("the head has no {missing}"), instead));
    }
    if rest.trim().is_empty() {
        return Err((1, "there is no text".to_owned(), "Write it below the head, after an empty line.".to_owned()));
    }
    parts.push(("text", rest.trim()));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_a_head_and_a_text() {
        let notice = "subject: One: two\r\n\r\n*Bold*\n\nLast\n";
        assert_eq!(parts(notice), Ok(vec![("subject", "One: two"), ("text", "*Bold*\n\nLast")]));
        let short = "subject: One\nsms: In short: one\n\nText";
        assert_eq!(parts(short), Ok(vec![("subject", "One"), ("sms", "In short: one"), ("text", "Text")]));
        for (bad, line) in [
            ("*Bold*\n\ntext", 1),
            ("subject: x\nnonsense\n\ntext", 2),
            ("subject: x\nsms:\n\ntext", 2),
            ("sms: x\n\ntext", 1),
            ("\ntext", 1),
            ("subject: x\n\n", 1),
            ("", 1),
        ] {
            assert_eq!(parts(bad).expect_err("a mistake").0, line, "{bad}");
        }
    }
}
