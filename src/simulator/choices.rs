//! Choices under a message, as Meta and Twilio check them before a phone shows them to be tapped.
//!
//! **Source** providers.md 5.2, 7.1 and 7.2; Twilio's OpenAPI `twilio_content_v1`, `CreateContent`.

use crate::channels::Choice;
use crate::channels::taps::Shown;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Limits of WhatsApp's: the text above, buttons and their titles, rows, their titles, ids and descriptions.
const MAX_TEXT: usize = 1_024;
const MAX_BUTTONS: usize = 3;
const MAX_BUTTON: usize = 20;
const MAX_ROWS: usize = 10;
const MAX_ROW: usize = 24;
const MAX_BUTTON_ID: usize = 256;
const MAX_ROW_ID: usize = 200;
const MAX_DESCRIPTION: usize = 72;

/// A button or a row that was tapped.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// What it says.
    pub text: String,
    /// What it means.
    pub payload: String,
    /// Whether it is a row of a list.
    #[serde(default)]
    pub is_row: bool,
}

/// What Meta's `interactive` shows; none where Meta would refuse it (131009).
pub(super) fn of_meta(interactive: &Value) -> Option<Shown> {
    let text = interactive["body"]["text"].as_str()?.to_owned();
    let action = &interactive["action"];
    let text_of = |value: &Value| value.as_str().map(str::to_owned);
    let shown = match interactive["type"].as_str()? {
        "button" => {
            let button = |button: &Value| {
                let reply = &button["reply"];
                let is_reply = button["type"] == "reply";
                is_reply.then_some(Choice {
                    id: text_of(&reply["id"])?,
                    title: text_of(&reply["title"])?,
                    ..Choice::default()
                })
            };
            let options = action["buttons"].as_array()?.iter().map(button).collect::<Option<_>>()?;
            Shown { text, opens: None, options }
        }
        "list" => {
            let sections = action["sections"].as_array()?;
            let is_titled = |section: &Value| section["title"].as_str().is_some_and(|title| !title.is_empty());
            if sections.len() > 1 && !sections.iter().all(is_titled) {
                return None;
            }
            let row = |row: &Value| {
                let description = text_of(&row["description"]);
                Some(Choice { id: text_of(&row["id"])?, title: text_of(&row["title"])?, description })
            };
            let rows = sections.iter().flat_map(|section| section["rows"].as_array().into_iter().flatten());
            let options = rows.map(row).collect::<Option<_>>()?;
            Shown { text, opens: Some(text_of(&action["button"])?), options }
        }
        _ => return None,
    };
    fits(&shown).then_some(shown)
}

/// Whether Twilio makes this content: it is one of the two kinds that hold choices.
pub(super) fn is_content(content: &Value) -> bool {
    let has_language = content["language"].as_str().is_some_and(|language| !language.is_empty());
    let types = content["types"].as_object();
    has_language && types.is_some_and(|types| types.len() == 1) && filled(&content["types"], &Map::new()).is_some()
}

/// Whether these values may fill a content in (21656).
pub(super) fn may_fill(variables: &Map<String, Value>) -> bool {
    variables.values().all(|value| {
        value.as_str().is_some_and(|text| {
            !text.is_empty() && text.chars().count() <= 255 && !text.contains(['\n', '\t']) && !text.contains("     ")
        })
    })
}

/// What a content shows, filled in; none where it is none of the two kinds.
pub(super) fn filled(types: &Value, variables: &Map<String, Value>) -> Option<Shown> {
    let fill = |value: &Value| {
        let mut text = value.as_str()?.to_owned();
        for (name, value) in variables {
            text = text.replace(&format!("{{{{{name}}}}}"), value.as_str().unwrap_or_default());
        }
        Some(text)
    };
    if let Some(quick) = types.get("twilio/quick-reply") {
        let button = |action: &Value| {
            Some(Choice { id: fill(&action["id"])?, title: fill(&action["title"])?, ..Choice::default() })
        };
        let options = quick["actions"].as_array()?.iter().map(button).collect::<Option<_>>()?;
        return Some(Shown { text: fill(&quick["body"])?, opens: None, options });
    }
    let list = types.get("twilio/list-picker")?;
    let row = |item: &Value| {
        let description = item.get("description").and_then(fill);
        Some(Choice { id: fill(&item["id"])?, title: fill(&item["item"])?, description })
    };
    let options = list["items"].as_array()?.iter().map(row).collect::<Option<_>>()?;
    Some(Shown { text: fill(&list["body"])?, opens: Some(fill(&list["button"])?), options })
}

/// Whether WhatsApp takes it.
pub(super) fn fits(shown: &Shown) -> bool {
    let is_within = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    let (most, title, id) = match &shown.opens {
        Some(opens) if !is_within(opens, MAX_BUTTON) => return false,
        Some(_) => (MAX_ROWS, MAX_ROW, MAX_ROW_ID),
        None => (MAX_BUTTONS, MAX_BUTTON, MAX_BUTTON_ID),
    };
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    let is_right = |option: &Choice| {
        let under = option.description.as_deref();
        let is_new = ids.insert(option.id.clone()) && titles.insert(option.title.clone());
        let has_ends = option.id.trim() == option.id;
        is_new
            && has_ends
            && is_within(&option.title, title)
            && is_within(&option.id, id)
            && under.is_none_or(|under| shown.opens.is_some() && is_within(under, MAX_DESCRIPTION))
    };
    is_within(&shown.text, MAX_TEXT) && (1..=most).contains(&shown.options.len()) && shown.options.iter().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn meta_takes_what_fits_and_nothing_else() {
        let buttons = |titles: &[&str]| {
            let buttons: Vec<Value> = titles
                .iter()
                .enumerate()
                .map(|(nth, title)| json!({"type": "reply", "reply": {"id": nth.to_string(), "title": title}}))
                .collect();
            json!({"type": "button", "body": {"text": "Which?"}, "action": {"buttons": buttons}})
        };
        let rows = |count: usize, title: &str| {
            let rows: Vec<Value> =
                (0..count).map(|nth| json!({"id": nth.to_string(), "title": format!("{title}{nth}")})).collect();
            json!({"type": "list", "body": {"text": "Which?"}, "action": {"button": "Choose", "sections": [{"rows": rows}]}})
        };
        for (interactive, is_taken) in [
            (buttons(&["Low", "Medium", "High"]), true),
            (buttons(&["1", "2", "3", "4"]), false),
            (buttons(&["Same", "Same"]), false),
            (buttons(&["A title of 21 letters"]), false),
            (rows(10, "Row "), true),
            (rows(11, "Row "), false),
            (rows(1, "A title that is far too long "), false),
            (rows(0, ""), false),
            (json!({"type": "list"}), false),
        ] {
            assert_eq!(of_meta(&interactive).is_some(), is_taken, "{interactive}");
        }
    }

    #[test]
    fn a_content_is_filled_in_with_values_of_one_line() {
        let types =
            json!({"twilio/quick-reply": {"body": "{{1}}\n\n{{2}}", "actions": [{"title": "{{3}}", "id": "{{4}}"}]}});
        assert!(is_content(&json!({"language": "en", "types": types})));
        assert!(!is_content(&json!({"types": types})) && !is_content(&json!({"language": "en", "types": {}})));
        let variables = json!({"1": "Hello", "2": "Which?", "3": "High", "4": "answer:1"});
        let variables = variables.as_object().expect("an object");
        let shown = filled(&types, variables).expect("it is one of the two kinds");
        assert_eq!((shown.text.as_str(), shown.options[0].title.as_str()), ("Hello\n\nWhich?", "High"));
        for (value, may) in
            [("fine", true), ("", false), ("two\nlines", false), ("a\ttab", false), ("far     apart", false)]
        {
            assert_eq!(may_fill(json!({"1": value}).as_object().expect("an object")), may, "{value}");
        }
    }
}
