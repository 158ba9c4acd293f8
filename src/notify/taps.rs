//! What may be tapped under a notice: the next step of its ticket, for whoever is asked to take it.
//!
//! A tap does what writing it would, by the same rules: who may not, or comes too late, is told so.

use crate::channels::{Choice, Choices, Rich};
use crate::chat::taps::Tap;
use crate::wording::Wording;
use serde_json::Value;

/// Under which words what may be tapped: the flow that it starts, and the key of what it says.
const UNDER: [(&str, &[(&str, &str)]); 5] = [
    ("ticket.created", &[("open_ticket", "chat.tap.open")]),
    ("ticket.created.floor", &[("open_ticket", "chat.tap.open")]),
    ("ticket.assigned", &[("start_work", "chat.tap.start")]),
    ("ticket.assigned.floor", &[("start_work", "chat.tap.start")]),
    ("ticket.finished", &[("approve_ticket", "chat.tap.approve"), ("reject_ticket", "chat.tap.reject")]),
];

/// What may be tapped under these words about this ticket; none where nothing may.
pub(super) fn under(wording: &Wording, language: &str, file: &str, reference: &str) -> Option<Rich> {
    let (_, acts) = UNDER.iter().find(|(words, _)| *words == file)?;
    let options = acts.iter().map(|(flow, title)| Choice {
        id: Tap::Act { flow: (*flow).to_owned(), key: reference.to_owned() }.payload(),
        title: wording.render(language, title, &Value::Null),
        description: None,
    });
    let button = wording.render(language, "chat.tap.button", &Value::Null);
    let choices = Choices { text: None, button, options: options.collect() };
    Some(Rich { choices: Some(choices), ..Rich::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Flows;

    #[test]
    fn what_may_be_tapped_starts_a_flow_that_is_there_and_fits_a_button() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        let flows = Flows::load(None, &wording).expect("the built-in flows are right");
        for (file, acts) in UNDER {
            assert!(wording.notices("en").contains(file), "{file}");
            assert!(acts.iter().all(|(flow, _)| flows.get(flow).is_some()), "{file}");
            for language in wording.languages() {
                let rich = under(&wording, language, file, "INC-20260118143022").expect("there is something");
                let choices = rich.choices.expect("choices");
                assert!(choices.can_be_shown());
                assert!(choices.options.iter().all(|option| option.title.chars().count() <= 20), "{language}: {file}");
            }
        }
    }
}
