//! Words and times of the pages, in one person's language.

use crate::app::App;
use crate::kit::Instant;
use crate::sla::{format_instant, format_left};
use crate::wording::{FALLBACK, Wording, bidi};
use chrono::{NaiveDate, SecondsFormat, TimeDelta};
use minijinja::HtmlEscape;
use serde_json::{Value, json};
use std::sync::Arc;

/// Under which key the words of pages stand.
const FILE: &str = "pages";

/// The words of one language. Cheap to clone.
#[derive(Clone)]
pub(super) struct Words {
    app: App,
    wording: Arc<Wording>,
    language: String,
}

impl Words {
    pub(super) fn new(app: &App, language: &str) -> Self {
        Self { app: app.clone(), wording: app.wording(), language: language.to_owned() }
    }

    /// In the language that a browser asks for, if it is there.
    pub(super) fn accepted(app: &App, header: &str) -> Self {
        let wording = app.wording();
        let known = wording.languages();
        let asked = header.split(',').map(|part| part.split(';').next().unwrap_or_default().trim().to_lowercase());
        let main = asked.map(|tag| tag.split('-').next().unwrap_or_default().to_owned());
        let found = main.into_iter().find(|tag| known.contains(&tag.as_str()));
        Self::new(app, found.as_deref().unwrap_or(FALLBACK))
    }

    pub(super) fn language(&self) -> &str {
        &self.language
    }

    pub(super) fn is_english(&self) -> bool {
        self.language.starts_with(FALLBACK)
    }

    /// For the attribute `dir`.
    pub(super) fn direction(&self) -> &'static str {
        if bidi::is_right_to_left(&self.language) { "rtl" } else { "ltr" }
    }

    /// A text without values.
    pub(super) fn w(&self, key: impl AsRef<str>) -> String {
        self.fill(key, &json!({}))
    }

    /// A text with values.
    pub(super) fn fill(&self, key: impl AsRef<str>, values: &Value) -> String {
        self.wording.render(&self.language, &format!("{FILE}.{}", key.as_ref()), values)
    }

    /// Whether there is such a text.
    pub(super) fn has(&self, key: &str) -> bool {
        self.wording.has(&self.language, &format!("{FILE}.{key}"))
    }

    /// A text of any table, by its whole key; none where there is none.
    pub(super) fn of_table(&self, key: &str) -> Option<String> {
        let wording = &self.wording;
        wording.has(&self.language, key).then(|| wording.render(&self.language, key, &json!({})))
    }

    /// The languages there are, each with its own name for itself.
    pub(super) fn languages(&self) -> Vec<(String, String)> {
        let codes = self.wording.languages();
        let named =
            codes.iter().map(|code| ((*code).to_owned(), self.wording.render(code, "pages.language", &json!({}))));
        named.collect()
    }

    /// An instant, as it is written in full.
    pub(super) fn exact(&self, at: Instant) -> String {
        self.wording.written(&self.language, &format_instant(at, self.app.settings.timezone))
    }

    /// The day of an instant, as it is written.
    pub(super) fn day(&self, at: Instant) -> String {
        let day = at.with_timezone(&self.app.settings.timezone).format("%Y-%m-%d").to_string();
        self.wording.written(&self.language, &day)
    }

    /// A day at the plant, as it is written.
    pub(super) fn date(&self, day: NaiveDate) -> String {
        self.wording.written(&self.language, &day.to_string())
    }

    /// The time of day of an instant, and exactly for whoever points at it, as HTML.
    pub(super) fn clock(&self, at: Instant) -> String {
        let exact = self.exact(at);
        let says = at.with_timezone(&self.app.settings.timezone).format("%H:%M").to_string();
        When { says, exact, iso: at.to_rfc3339_opts(SecondsFormat::Secs, true) }.html()
    }

    /// An instant, seen from now.
    pub(super) fn when(&self, at: Instant, now: Instant) -> When {
        let distance = now - at;
        let span = self.span(distance.abs());
        let says = if distance.abs() < TimeDelta::minutes(1) {
            self.w("time.now")
        } else if distance > TimeDelta::zero() {
            self.fill("time.ago", &json!({ "span": span }))
        } else {
            self.fill("time.ahead", &json!({ "span": span }))
        };
        When { says, exact: self.exact(at), iso: at.to_rfc3339_opts(SecondsFormat::Secs, true) }
    }

    /// The time that is left, `44h 32m` as the language writes it.
    pub(super) fn left(&self, left: TimeDelta) -> String {
        self.wording.written(&self.language, &format_left(left))
    }

    /// A day seen from another: how many days ago or ahead, and which day for whoever points at it; as HTML.
    pub(super) fn days_to(&self, day: NaiveDate, today: NaiveDate) -> String {
        let days = (day - today).num_days();
        let count = self.fill("time.days", &json!({ "count": days.abs().to_string() }));
        let says = match days {
            0 => self.w("time.today"),
            1.. => self.fill("time.ahead", &json!({ "span": count })),
            _ => self.fill("time.ago", &json!({ "span": count })),
        };
        When { says, exact: self.date(day), iso: day.to_string() }.html()
    }

    /// A number with decimals, `-10.50`, as it is written.
    pub(super) fn number(&self, text: &str) -> String {
        self.wording.number(&self.language, text)
    }

    fn span(&self, span: TimeDelta) -> String {
        let (key, count) = match span {
            span if span < TimeDelta::hours(1) => ("time.minutes", span.num_minutes()),
            span if span < TimeDelta::hours(48) => ("time.hours", span.num_hours()),
            span => ("time.days", span.num_days()),
        };
        self.fill(key, &json!({ "count": count.to_string() }))
    }
}

/// An instant as it is shown: how long ago, and exactly for whoever points at it.
#[derive(Clone, Debug)]
pub(super) struct When {
    says: String,
    exact: String,
    iso: String,
}

impl When {
    /// As HTML, everything in it escaped.
    pub(super) fn html(&self) -> String {
        let [iso, exact, says] = [&self.iso, &self.exact, &self.says].map(|text| HtmlEscape(text).to_string());
        format!("<time datetime=\"{iso}\" title=\"{exact}\">{says}</time>")
    }
}

#[cfg(test)]
mod tests {
    use crate::wording::Wording;
    use std::path::{Path, PathBuf};

    /// Every file below a folder of the repository.
    fn files(folder: &str) -> Vec<PathBuf> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()) {
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    #[test]
    fn every_word_that_a_page_names_is_there_in_every_language() {
        let wording = Wording::load(None).expect("the built-in texts are right");
        let mut named = 0;
        for file in files("templates").into_iter().chain(files("src/pages")) {
            let text = std::fs::read_to_string(&file).expect("a text");
            for call in [".w(\"", ".fill(\""] {
                for rest in text.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap_or_default();
                    for language in wording.languages() {
                        assert!(
                            wording.has(language, &format!("pages.{key}")),
                            "{}: {key} in {language}",
                            file.display()
                        );
                    }
                    named += 1;
                }
            }
        }
        assert!(named > 100, "only {named} were found");
    }

    #[test]
    fn everything_that_is_stored_by_name_has_a_word() {
        use crate::notify::shown::{Medium, Standing};
        use crate::people::Role;
        use crate::tickets::{Category, Kind, Priority, Status, Verb};
        let wording = Wording::load(None).expect("the built-in texts are right");
        let has = |table: &str, name: &str| {
            assert!(wording.has("en", &format!("pages.{table}.{name}")), "{table}.{name}");
        };
        for one in Role::ALL {
            has("role", one.as_str());
        }
        for one in Status::ALL {
            has("status", one.as_str());
        }
        for one in Kind::ALL {
            has("kind", one.as_str());
        }
        for one in Priority::ALL {
            has("priority", one.as_str());
        }
        for one in Category::ALL {
            has("category", one.as_str());
        }
        for one in crate::orders::Status::ALL {
            has("order.status", one.as_str());
        }
        for one in crate::orders::Sla::ALL {
            has("order.sla", one.as_str());
        }
        for one in crate::records_io::Kind::ALL {
            has("records.kind", &one.as_str().replace('-', "_"));
        }
        for one in Medium::ALL {
            has("medium", one.as_str());
        }
        for one in Standing::ALL {
            has("standing", one.as_str());
        }
        for verb in Verb::ALL {
            has("done", verb.as_str());
            has(&format!("action.{}", verb.as_str()), "title");
            has(&format!("action.{}", verb.as_str()), "submit");
        }
        for state in ["OK", "WARNING", "BREACHED", "PAUSED", "DONE"] {
            has("clock", state);
        }
    }
}
