//! How WhatsApp shows choices: as buttons, as a list, or not at all. Pure.
//!
//! **Source**: Meta's OpenAPI `business-messaging-api_v23.0` (interactive messages); Twilio's pages on `twilio/quick-reply`
//! and `twilio/list-picker`, which have the same limits, read in November 2026.

use super::{Choice, Choices, Outbound, Recipient};
use crate::wording::shortened;
use serde::Serialize;
use std::collections::HashSet;

/// How long the text above may be.
const MAX_TEXT_CHARS: usize = 1024;
/// So many choices are shown as buttons, where nothing stands under them.
const MAX_BUTTONS: usize = 3;
/// How long a button's title may be, and that of the button which opens a list.
const MAX_BUTTON_CHARS: usize = 20;
/// How long a row's title may be.
const MAX_ROW_CHARS: usize = 24;
/// How long the line under a row's title may be.
const MAX_DESCRIPTION_CHARS: usize = 72;

/// Choices as they are shown under a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The text above.
    pub text: String,
    /// What opens the list; none where they are buttons.
    pub opens: Option<String>,
    /// They, fitting.
    pub options: Vec<Choice>,
}

/// How this message's choices are shown; none where it has none, and where they do not fit: then the text goes alone, and
/// says them.
pub fn shown(message: &Outbound) -> Option<Shown> {
    let choices = message.rich.choices.as_ref().filter(|_| matches!(message.to, Recipient::Whatsapp(_)))?;
    let text = choices.text.as_ref().unwrap_or(&message.text).trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT_CHARS || !choices.can_be_shown() {
        return None;
    }
    let is_small = |option: &Choice| option.description.is_none() && length(&option.title) <= MAX_BUTTON_CHARS;
    let are_buttons = choices.options.len() <= MAX_BUTTONS && choices.options.iter().all(is_small);
    let options: Vec<Choice> = choices.options.iter().map(row).collect();
    let mut titles = HashSet::new();
    let are_told_apart = options.iter().all(|option| !option.title.is_empty() && titles.insert(option.title.as_str()));
    let opens = (!are_buttons).then(|| shortened(&choices.button, MAX_BUTTON_CHARS));
    are_told_apart.then(|| Shown { text: text.to_owned(), opens, options })
}

/// A choice as a row takes it: what its title cannot say whole stands under it.
fn row(option: &Choice) -> Choice {
    let title = on_one_line(&option.title);
    let whole = (length(&title) > MAX_ROW_CHARS).then_some(title.as_str());
    let described = option.description.as_deref().map(on_one_line).filter(|text| !text.is_empty());
    let under: Vec<&str> = whole.into_iter().chain(described.as_deref()).collect();
    Choice {
        id: option.id.clone(),
        title: shortened(&title, MAX_ROW_CHARS),
        description: (!under.is_empty()).then(|| shortened(&under.join(" · "), MAX_DESCRIPTION_CHARS)),
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

impl Choices {
    /// As many as a message shows.
    pub const MOST: usize = 10;

    /// Whether a message can show them, and their ids can come back.
    pub fn can_be_shown(&self) -> bool {
        let ids: HashSet<&str> = self.options.iter().map(|option| option.id.as_str()).collect();
        let comes_back = |id: &&str| {
            (1..=Choice::MAX_ID_CHARS).contains(&length(id)) && id.trim() == *id && !id.contains(char::is_control)
        };
        let count = self.options.len();
        (1..=Self::MOST).contains(&count) && ids.len() == count && ids.iter().all(comes_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Rich;
    use crate::kit::Handle;
    use proptest::prelude::*;

    fn message(titles: &[&str], description: Option<&str>) -> Outbound {
        let options = titles.iter().enumerate().map(|(nth, title)| Choice {
            id: nth.to_string(),
            title: (*title).to_owned(),
            description: description.map(str::to_owned),
        });
        let choices = Choices { text: None, button: "Choose".to_owned(), options: options.collect() };
        Outbound {
            to: Recipient::Whatsapp(Handle::parse("+447700900123").expect("a number")),
            from: None,
            subject: None,
            text: "Which?".to_owned(),
            rich: Rich { choices: Some(choices), ..Rich::default() },
            token: "t0ken".to_owned(),
            written_at: chrono::DateTime::UNIX_EPOCH,
            template: None,
            made: None,
        }
    }

    #[test]
    fn few_short_ones_are_buttons_more_a_list_and_too_many_nothing() {
        let eleven: Vec<String> = (1..=11).map(|nth| nth.to_string()).collect();
        let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
        for (titles, description, opens) in [
            (&["Low", "Medium", "High"][..], None, Some(None)),
            (&["Low", "Medium"], Some("why"), Some(Some("Choose"))),
            (&["A title of 21 letters"], None, Some(Some("Choose"))),
            (&["1", "2", "3", "4"], None, Some(Some("Choose"))),
            (&eleven[..10], None, Some(Some("Choose"))),
            (&eleven, None, None),
            (&["Same", "Same"], None, None),
            (&[], None, None),
            (&[" "], None, None),
        ] {
            let shown = shown(&message(titles, description));
            assert_eq!(shown.as_ref().map(|shown| shown.opens.as_deref()), opens, "{titles:?}");
        }
        let mut long = message(&["Low"], None);
        long.text = "x".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(shown(&long), None);
    }

    #[test]
    fn what_a_title_cannot_say_whole_stands_under_it() {
        let long = "Report something that is broken";
        let shown = shown(&message(&[long, "Short"], None)).expect("they fit");
        assert_eq!(shown.options[0].title, "Report something that...");
        assert_eq!((shown.options[0].description.as_deref(), &shown.options[1].description), (Some(long), &None));
    }

    proptest! {
        #[test]
        fn whatever_is_shown_keeps_the_limits(titles in proptest::collection::vec("\\PC{0,60}", 0..12),
                                              description in proptest::option::of("\\PC{0,200}")) {
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            if let Some(shown) = shown(&message(&titles, description.as_deref())) {
                let most = if shown.opens.is_some() { MAX_ROW_CHARS } else { MAX_BUTTON_CHARS };
                let many = if shown.opens.is_some() { Choices::MOST } else { MAX_BUTTONS };
                prop_assert!(shown.options.len() <= many);
                for option in shown.options {
                    prop_assert!((1..=most).contains(&length(&option.title)), "{}", option.title);
                    let under = option.description.map_or(1, |text| length(&text));
                    prop_assert!((1..=MAX_DESCRIPTION_CHARS).contains(&under));
                }
            }
        }
    }
}
