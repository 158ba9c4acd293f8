//! The settings of what people are told: when another medium is taken, when nobody is woken, what may go together, and
//! the templates for whoever has not written lately.

use super::given;
use super::read::{Problems, optional, whole};
use chrono::{NaiveTime, TimeDelta};
use serde::Deserialize;
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
    pub content_sid: String,
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
                "cannot be read: {}; each template is a [[template]] with words, language, content_sid and variables",
                error.message()
            )
        })?;
        let mut templates = HashMap::new();
        for template in file.template {
            let TemplateOf { words, language, content_sid, variables } = &template;
            if !is_content_sid(content_sid) {
                return Err(format!(
                    "content_sid {content_sid:?} of {words} is none; it is HX and 32 hexadecimal digits"
                ));
            }
            if variables.len() > MAX_VARIABLES {
                return Err(format!("{words} has over {MAX_VARIABLES} variables"));
            }
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

/// How people are told; none where something is wrong with it, which is noted.
pub(super) fn read(given: given::Notices, wrong: &mut Problems) -> Option<Notices> {
    let mut minutes = |name: &str, text: &str| {
        let minutes = wrong.note(name, whole(text, "minutes", 0, MAX_MINUTES));
        minutes.map(|minutes| (minutes > 0).then(|| TimeDelta::minutes(minutes)))
    };
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
        for (wrong, says) in [
            (one.replace("HX", "MG"), "HX and 32"),
            (format!("{one}{one}"), "there twice in en"),
            (one.replace("words", "word"), "cannot be read"),
            ("template = 1".to_owned(), "cannot be read"),
        ] {
            let why = Templates::read(&wrong).expect_err("a bad file");
            assert!(why.contains(says), "{wrong}: {why}");
        }
    }
}
