//! The settings of what people are told: when another medium is taken, when nobody is woken, what may go together, and
//! the templates for whoever has not written lately.

use super::given;
use super::read::{Problems, optional, whole};
use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The longest wait, a week: longer is a slip, for 0 means for ever.
const MAX_MINUTES: i64 = 7 * 24 * 60;
/// A template has at most so many variables. Source: Twilio's Content template builder.
const MAX_VARIABLES: usize = 100;

/// How people are told.
#[derive(Clone, Debug)]
pub struct Notices {
    /// How long an urgent notice may take to arrive before the next medium is taken; none for ever.
    pub patience_urgent: Option<TimeDelta>,
    /// The same for one that is neither urgent nor low.
    pub patience_normal: Option<TimeDelta>,
    /// After a low notice, the next ones to the same person wait for so long and go together; none: each goes at once.
    pub digest: Option<TimeDelta>,
    /// When nobody is told what is not urgent, unless they want it otherwise.
    pub quiet_hours: Option<QuietHours>,
    /// What goes to whoever has not written lately.
    pub templates: Arc<Templates>,
}

/// Hours of the plant's day, the first included; past midnight where they end before they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: NaiveTime,
    /// When they end.
    pub until: NaiveTime,
}

impl QuietHours {
    /// Reads `22:00-06:00`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let hours = text.split_once('-').and_then(|(from, until)| {
            let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
            Some(Self { from: time(from)?, until: time(until)? })
        });
        let hours = hours.ok_or_else(|| format!("{text:?} are no hours; write them like 22:00-06:00"))?;
        if hours.from == hours.until {
            return Err(format!("{text:?} begin and end at the same time; write them like 22:00-06:00"));
        }
        Ok(hours)
    }

    /// Whether this time of the day is one of them.
    pub fn hold(self, time: NaiveTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.until.format("%H:%M"))
    }
}

/// The approved templates, by the file of the words and the language.
#[derive(Debug, Default)]
pub struct Templates(HashMap<(String, String), TemplateOf>);

/// A template that stands for the words of one file in one language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateOf {
    /// The file of the words, `ticket.created`.
    pub words: String,
    /// The language, `en`.
    pub language: String,
    /// Twilio's id of it, `HX…`.
    #[serde(default)]
    pub content_sid: Option<String>,
    /// Its name at Meta, `ticket_created`.
    #[serde(default)]
    pub name: Option<String>,
    /// The code of its language at Meta, `en_US`; as the language where nothing else is said.
    #[serde(default)]
    pub name_language: Option<String>,
    /// What fills `{{1}}`, `{{2}}` and so on: the names that the words know it by.
    #[serde(default)]
    pub variables: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    template: Vec<TemplateOf>,
}

/// What Meta knows a template by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its name, `ticket_created`.
    pub name: String,
    /// The code of its language, `en_US`.
    pub language: String,
}

impl TemplateOf {
    /// What Meta knows it by, where it is there.
    pub fn named(&self) -> Option<Named> {
        let language = self.name_language.as_ref().unwrap_or(&self.language).clone();
        Some(Named { name: self.name.clone()?, language })
    }

    fn check(&self) -> Result<(), String> {
        let Self { words, content_sid, name, name_language, variables, .. } = self;
        if let Some(sid) = content_sid.as_ref().filter(|sid| !is_content_sid(sid)) {
            return Err(format!("content_sid {sid:?} of {words} is none; it is HX and 32 hexadecimal digits"));
        }
        if let Some(name) = name.as_ref().filter(|name| !is_word(name)) {
            return Err(format!(
                "name {name:?} of {words} is none; Meta's are lower-case letters, digits and underscores"
            ));
        }
        if let Some(code) = name_language.as_ref().filter(|code| !is_language_code(code)) {
            return Err(format!("name_language {code:?} of {words} is none; write it like en or en_US"));
        }
        if content_sid.is_none() && name.is_none() {
            return Err(format!("{words} has neither a content_sid (Twilio's) nor a name (Meta's)"));
        }
        if variables.len() > MAX_VARIABLES {
            return Err(format!("{words} has over {MAX_VARIABLES} variables"));
        }
        Ok(())
    }
}

impl Templates {
    /// The one for the words of this file in this language.
    pub fn of(&self, words: &str, language: &str) -> Option<&TemplateOf> {
        self.0.get(&(words.to_owned(), language.to_owned()))
    }

    /// All, in order.
    pub fn all(&self) -> Vec<&TemplateOf> {
        let mut all: Vec<&TemplateOf> = self.0.values().collect();
        all.sort_by_key(|template| (&template.words, &template.language));
        all
    }

    /// Reads what the file says.
    fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| {
            format!(
                "cannot be read: {}; each template is a [[template]] with words, language, content_sid or name, and \
                 variables",
                error.message()
            )
        })?;
        let mut templates = HashMap::new();
        for template in file.template {
            template.check()?;
            let TemplateOf { words, language, .. } = &template;
            let key = (words.clone(), language.clone());
            if templates.insert(key, template.clone()).is_some() {
                return Err(format!("{words} is there twice in {language}; keep one"));
            }
        }
        Ok(Self(templates))
    }
}

/// **Source**: Twilio's OpenAPI, `^HX[0-9a-fA-F]{32}$`.
fn is_content_sid(text: &str) -> bool {
    let digits = text.strip_prefix("HX");
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// **Source**: Meta's page "Templates": up to 512 lower-case letters, digits and underscores.
fn is_word(text: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=512).contains(&text.len()) && text.bytes().all(is_of_one)
}

/// `en`, `en_US`, `zh_CN`.
fn is_language_code(text: &str) -> bool {
    (2..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// How people are told; none where something is wrong with it, which is noted.
pub(super) fn read(given: given::Notices, wrong: &mut Problems) -> Option<Notices> {
    let mut minutes = |name: &str, text: &str| wrong.note(name, minutes(text));
    let patience_urgent = minutes("ANDON_PATIENCE_URGENT", &given.patience_urgent);
    let patience_normal = minutes("ANDON_PATIENCE_NORMAL", &given.patience_normal);
    let digest = minutes("ANDON_DIGEST_MINUTES", &given.digest_minutes);
    let quiet_hours = wrong.note("ANDON_QUIET_HOURS", optional(given.quiet_hours, QuietHours::parse));
    let templates = wrong.note("ANDON_TEMPLATES", optional(given.templates, templates));
    Some(Notices {
        patience_urgent: patience_urgent?,
        patience_normal: patience_normal?,
        digest: digest?,
        quiet_hours: quiet_hours?,
        templates: Arc::new(templates?.unwrap_or_default()),
    })
}

/// Reads minutes; none for 0.
pub(super) fn minutes(text: &str) -> Result<Option<TimeDelta>, String> {
    let minutes = whole(text, "minutes", 0, MAX_MINUTES)?;
    Ok((minutes > 0).then(|| TimeDelta::minutes(minutes)))
}

fn templates(path: &str) -> Result<Templates, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    Templates::read(&text).map_err(|why| format!("{path} {why}"))
}

/// The demo's: what is set when nothing is.
pub(super) fn usual() -> Notices {
    Notices {
        patience_urgent: Some(TimeDelta::minutes(5)),
        patience_normal: Some(TimeDelta::minutes(60)),
        digest: Some(TimeDelta::minutes(5)),
        quiet_hours: None,
        templates: Arc::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
        let night = QuietHours::parse("22:00 - 06:00").expect("hours");
        for (at, is_quiet) in [("21:59", false), ("22:00", true), ("23:59", true), ("00:00", true), ("06:00", false)] {
            assert_eq!(night.hold(time(at)), is_quiet, "{at}");
        }
        let noon = QuietHours::parse("12:00-12:30").expect("hours");
        assert!(noon.hold(time("12:29")) && !noon.hold(time("12:30")) && !noon.hold(time("00:00")));
        for wrong in ["22:00", "22-6", "22:00-25:00", "06:00-06:00", ""] {
            assert!(QuietHours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_set_when_nothing_is_is_also_the_demos() {
        let Notices { patience_urgent, patience_normal, digest, quiet_hours, templates } = usual();
        let read = Settings::from_variables::<&str, &str>([]).expect("good settings").notices;
        assert_eq!((read.patience_urgent, read.patience_normal), (patience_urgent, patience_normal));
        assert_eq!((read.digest, read.quiet_hours), (digest, quiet_hours));
        assert!(read.templates.all().is_empty() && templates.all().is_empty());
    }

    #[test]
    fn a_file_of_templates_is_whole_or_refused() {
        let sid = format!("HX{}", "0a".repeat(16));
        let one = format!(
            "[[template]]\nwords = \"ticket.created\"\nlanguage = \"en\"\ncontent_sid = \"{sid}\"\nvariables = [\"title\"]\n"
        );
        let templates = Templates::read(&one).expect("a good file");
        assert_eq!(templates.of("ticket.created", "en").map(|it| it.variables.clone()), Some(vec!["title".to_owned()]));
        assert!(templates.of("ticket.created", "de").is_none());
        let metas =
            one.replace(&format!("content_sid = \"{sid}\""), "name = \"ticket_created\"\nname_language = \"en_US\"");
        let templates = Templates::read(&metas).expect("a good file");
        let named = templates.of("ticket.created", "en").and_then(TemplateOf::named);
        assert_eq!(named, Some(Named { name: "ticket_created".to_owned(), language: "en_US".to_owned() }));
        let named = Templates::read(&metas.replace("name_language = \"en_US\"", "")).expect("a good file");
        let named = named.of("ticket.created", "en").and_then(TemplateOf::named).map(|named| named.language);
        assert_eq!(named.as_deref(), Some("en"));
        for (wrong, says) in [
            (one.replace("HX", "MG"), "HX and 32"),
            (format!("{one}{one}"), "there twice in en"),
            (one.replace("words", "word"), "cannot be read"),
            (metas.replace("ticket_created", "Ticket created"), "lower-case letters"),
            (metas.replace("en_US", "en-US!"), "like en or en_US"),
            (metas.replace("name = \"ticket_created\"", ""), "neither a content_sid"),
            ("template = 1".to_owned(), "cannot be read"),
        ] {
            let why = Templates::read(&wrong).expect_err("a bad file");
            assert!(why.contains(says), "{wrong}: {why}");
        }
    }
}
