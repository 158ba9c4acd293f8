//! How a language writes dates, times, durations and decimals: the filters `date`, `when`, `span` and `number`.
//!
//! What a text is given comes in one form, whoever reads it: `2026-01-25`, `2026-01-20 14:30 UTC`, `44h 32m`, `-10.00`.
//! The filters bring it into the form that `wording/<language>/formats.toml` describes. What is none of these stays as it
//! is, so that nothing is lost on the way. Digits are western ones in every language, as in references and keycaps.

use super::{Entry, Tables, home, language_of, text_of};
use minijinja::{Environment, Error, State, Value as Jinja};
use std::sync::Arc;

/// Adds the filters.
pub(super) fn add_filters(environment: &mut Environment<'static>, tables: &Arc<Tables>) {
    type Form = fn(&Formats<'_>, &str) -> Option<String>;
    let forms: [(&'static str, Form); 4] = [("date", date), ("when", when), ("span", span), ("number", number)];
    for (name, form) in forms {
        let tables = Arc::clone(tables);
        environment.add_filter(name, move |state: &State<'_, '_>, value: Jinja| -> Result<String, Error> {
            let text = text_of(state, &value)?;
            let formats = Formats { tables: &tables, language: language_of(state) };
            Ok(form(&formats, &text).unwrap_or(text))
        });
    }
}

/// An instant, a date or a duration in its one form as this language writes it; anything else as it is.
pub(super) fn written(tables: &Tables, language: &str, text: &str) -> String {
    let formats = Formats { tables, language };
    let forms = [when, date, span];
    forms.iter().find_map(|form| form(&formats, text)).unwrap_or_else(|| text.to_owned())
}

/// A number with decimals as this language writes it; anything else as it is.
pub(super) fn decimal(tables: &Tables, language: &str, text: &str) -> String {
    number(&Formats { tables, language }, text).unwrap_or_else(|| text.to_owned())
}

/// The forms of one language.
struct Formats<'a> {
    tables: &'a Tables,
    language: &'a str,
}

impl Formats<'_> {
    fn form(&self, name: &str) -> Option<&str> {
        let key = format!("formats.{name}");
        match self.tables.get(home(self.tables, self.language, &key)?)?.get(&key)? {
            Entry::Text(form) => Some(form),
            Entry::List(_) => None,
        }
    }
}

/// `2026-01-25`.
fn date(formats: &Formats<'_>, text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let is_date = (year.len(), month.len(), day.len()) == (4, 2, 2) && parts.iter().all(|part| is_digits(part));
    let form = formats.form("date").filter(|_| is_date)?;
    Some(filled(form, &[("year", year), ("month", month), ("day", day)]))
}

/// `2026-01-20 14:30 UTC`, the zone left out or not.
fn when(formats: &Formats<'_>, text: &str) -> Option<String> {
    let (day, rest) = text.split_once(' ')?;
    let (time, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let day = date(formats, day)?;
    let form = filled(formats.form("when")?, &[("date", &day), ("time", time), ("zone", zone)]);
    Some(form.trim().to_owned())
}

/// `44h 32m`, also below zero.
fn span(formats: &Formats<'_>, text: &str) -> Option<String> {
    let (hours, minutes) = text.strip_suffix('m')?.split_once("h ")?;
    let (sign, hours) = hours.strip_prefix('-').map_or(("", hours), |hours| ("-", hours));
    let form = formats.form("span").filter(|_| is_digits(hours) && is_digits(minutes))?;
    Some(filled(form, &[("sign", sign), ("hours", hours), ("minutes", minutes)]))
}

/// `-10.00`.
fn number(formats: &Formats<'_>, text: &str) -> Option<String> {
    let (whole, decimals) = text.strip_prefix(['-', '+']).unwrap_or(text).split_once('.')?;
    let separator = formats.form("decimal").filter(|_| is_digits(whole) && is_digits(decimals))?;
    Some(text.replace('.', separator))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A form with its parts filled in.
fn filled(form: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(form.to_owned(), |form, (name, part)| form.replace(&format!("{{{name}}}"), part))
}

#[cfg(test)]
mod tests {
    use crate::wording::Wording;
    use serde_json::json;

    #[test]
    fn each_language_writes_them_its_way() {
        let folder = tempfile::tempdir().expect("a folder");
        for language in ["en", "es", "fr", "pt", "ar"] {
            std::fs::create_dir_all(folder.path().join(language)).expect("a folder");
            let text = "a = \"{{ d|date }} | {{ w|when }} | {{ s|span }} | {{ o|span }} | {{ n|number }}\"";
            std::fs::write(folder.path().join(language).join("x.toml"), text).expect("written");
        }
        let wording = Wording::load(Some(folder.path())).expect("right");
        let vars =
            json!({"d": "2026-01-25", "w": "2026-01-20 14:30 UTC", "s": "44h 32m", "o": "-1h 05m", "n": "-10.50"});
        for (language, expected) in [
            ("en", "2026-01-25 | 2026-01-20 14:30 UTC | 44h 32m | -1h 05m | -10.50"),
            ("es", "25/01/2026 | 25/01/2026 14:30 UTC | 44 h 32 min | -1 h 05 min | -10,50"),
            ("fr", "25/01/2026 | 25/01/2026 à 14:30 UTC | 44 h 32 min | -1 h 05 min | -10,50"),
            ("pt", "25/01/2026 | 25/01/2026 14:30 UTC | 44 h 32 min | -1 h 05 min | -10,50"),
            ("ar", "25/01/2026 | 25/01/2026 14:30 UTC | 44 س 32 د | -1 س 05 د | -10.50"),
        ] {
            let expected = expected.replacen("| 25/01", "| 20/01", 1);
            let filled = wording.render(language, "x.a", &vars).replace(['\u{2068}', '\u{2069}'], "");
            assert_eq!(filled, expected, "{language}");
        }
    }

    #[test]
    fn what_is_none_of_these_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("es")).expect("a folder");
        let text = "a = \"{{ v|date }}{{ v|when }}{{ v|span }}{{ v|number }}\"";
        std::fs::write(folder.path().join("es/x.toml"), text).expect("written");
        let wording = Wording::load(Some(folder.path())).expect("right");
        for text in ["", "–", "tomorrow", "12", "1.2.3", "h m", "2026-1-2"] {
            assert_eq!(wording.render("es", "x.a", &json!({"v": text})), text.repeat(4), "{text}");
        }
        assert_eq!(wording.render("es", "x.a", &json!({"v": null})), "");
    }
}
