//! What people would read: a text filled in with likely values, as each medium shows it.

use super::model::{notice_of, samples};
use crate::channels::Medium;
use crate::config::TemplateOf;
use crate::delivery::store::Way;
use crate::kit::sms;
use crate::notify::words::Telling;
use crate::wording::Wording;
use serde_json::{Map, Value, json};

/// So many ways of saying one text are shown.
const MOST: usize = 3;
/// The most characters of one message.
const MAX_CHARS: usize = 1600;

/// One message as it would be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Where; none is the desk.
    pub medium: Option<Medium>,
    /// In one line, where the medium has one.
    pub subject: Option<String>,
    /// In full: in WhatsApp's markup on WhatsApp and in an e-mail, plain elsewhere.
    pub text: String,
    /// In how many parts a text message goes.
    pub parts: Option<usize>,
}

/// How the text with this key reads, once for each way in which it can be said; none where nobody knows likely values.
pub fn previews(wording: &Wording, company: &str, language: &str, key: &str) -> Vec<Vec<Preview>> {
    let mut shown: Vec<Vec<Preview>> = Vec::new();
    for vars in samples(wording, company, language, key) {
        let one = match notice_of(key) {
            Some((file, _)) => of_notice(Telling { wording, language, file, vars: &vars }),
            None => vec![on_whatsapp(wording.render(language, key, &vars))],
        };
        if !shown.contains(&one) && shown.len() < MOST {
            shown.push(one);
        }
    }
    shown
}

fn on_whatsapp(text: String) -> Preview {
    Preview { medium: Some(Medium::Whatsapp), subject: None, text, parts: None }
}

fn of_notice(telling: Telling<'_>) -> Vec<Preview> {
    let body = |medium| telling.body(Way::Carried(medium), MAX_CHARS);
    let text_message = body(Medium::Sms);
    vec![
        on_whatsapp(body(Medium::Whatsapp)),
        Preview {
            medium: Some(Medium::Sms),
            subject: None,
            parts: Some(sms::parts(&text_message)),
            text: text_message,
        },
        Preview {
            medium: Some(Medium::Email),
            subject: Some(telling.subject()),
            text: body(Medium::Email),
            parts: None,
        },
        Preview {
            medium: None,
            subject: Some(telling.subject()),
            text: telling.body(Way::Desk, MAX_CHARS),
            parts: None,
        },
    ]
}

/// What fills a template of these words, each with its name; and how it reads, as far as its words are those of the notice.
pub fn as_template(telling: Telling<'_>, template: &TemplateOf) -> (Vec<(String, String)>, String) {
    let values: Vec<(String, String)> =
        template.variables.iter().map(|name| (name.clone(), telling.filled_in(name))).collect();
    // What the template does not speak of stands in none of its words.
    let vars: Map<String, Value> = values.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let key = format!("notice.{}.text", telling.file);
    let text = telling.wording.render(telling.language, &key, &Value::Object(vars));
    (values, text)
}
