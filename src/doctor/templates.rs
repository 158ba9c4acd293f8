//! The approved templates: whether each is known, fits and was approved, and which words lack one.

use super::{PATIENCE, Report};
use crate::catalog::{self, NOTICES};
use crate::config::{Named, Settings, TemplateOf};
use crate::kit::nearest;
use crate::notify::sample::names;
use crate::outbox::Told;
use std::collections::BTreeSet;

const AREA: &str = "Templates";
/// So many words without a template are named.
const MOST_NAMED: usize = 5;

pub(super) async fn examine(settings: &Settings, http: &reqwest::Client, report: &mut Report) {
    let templates = settings.notices.templates.all();
    if templates.is_empty() {
        let says = "None: who has not written for 24 hours is told by the next medium (ANDON_TEMPLATES is not set).";
        return report.fine(AREA, says);
    }
    let files: BTreeSet<&str> = NOTICES.iter().flat_map(|notice| notice.tells).flat_map(Told::files).collect();
    let known = names();
    let mut sound = 0;
    for template in &templates {
        let mistakes = mistakes(template, &files, &known);
        let is_sound = mistakes.is_empty() && (settings.simulator || ask(settings, http, template, report).await);
        sound += usize::from(is_sound);
        for (says, mend) in mistakes {
            report.wrong(AREA, format!("{}, {}: {says}", template.words, template.language), mend);
        }
    }
    if sound == templates.len() {
        report.fine(AREA, format!("{sound} templates are as the file of ANDON_TEMPLATES says."));
    }
    let lacking: Vec<&str> =
        files.into_iter().filter(|words| !templates.iter().any(|template| template.words == *words)).collect();
    if !lacking.is_empty() {
        let named = lacking.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if lacking.len() > MOST_NAMED { " and others" } else { "" };
        let says = format!("{} words have no template: {named}{more}.", lacking.len());
        report.look(AREA, says, "Who has not written for 24 hours is told of these by the next medium.");
    }
}

/// What can be seen to be wrong without asking anybody, with the mend.
fn mistakes(template: &TemplateOf, files: &BTreeSet<&str>, known: &BTreeSet<String>) -> Vec<(String, String)> {
    let near =
        |name: &str, of: &mut dyn Iterator<Item = &str>| nearest::slip(name, of).map(|(_, near)| near.to_owned());
    let mut mistakes = Vec::new();
    if !files.contains(template.words.as_str()) {
        let mend = near(&template.words, &mut files.iter().copied())
            .map_or_else(|| "andon wording show lists them.".to_owned(), |near| format!("Did you mean {near}?"));
        mistakes.push(("no event has these words.".to_owned(), mend));
    }
    for name in template.variables.iter().filter(|name| !known.contains(*name)) {
        let mend = near(name, &mut known.iter().map(String::as_str)).map_or_else(
            || format!("There are {}.", known.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
            |near| format!("Did you mean {near}?"),
        );
        mistakes.push((format!("no notice has the value {name}."), mend));
    }
    mistakes
}

/// What the providers say of it. Answers whether it may be used as it is.
async fn ask(settings: &Settings, http: &reqwest::Client, template: &TemplateOf, report: &mut Report) -> bool {
    let mut is_sound = true;
    if let Some(content_sid) = &template.content_sid {
        is_sound &= ask_twilio(settings, http, template, content_sid, report).await;
    }
    if let Some(named) = template.named() {
        is_sound &= ask_meta(settings, http, template, &named, report).await;
    }
    is_sound
}

/// What Meta says of it.
async fn ask_meta(
    settings: &Settings,
    http: &reqwest::Client,
    template: &TemplateOf,
    named: &Named,
    report: &mut Report,
) -> bool {
    let what = format!("{}, {} ({}/{})", template.words, template.language, named.name, named.language);
    let found = match catalog::meta(settings, http.clone()).template(named, PATIENCE).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let mend = "Copy its name and the code of its language from WhatsApp Manager.";
            report.wrong(AREA, format!("{what}: Meta has no such template."), mend);
            return false;
        }
        Err(error) => {
            report.look(AREA, format!("{what}: {}", error.name.replace('_', " ")), error.advice);
            return false;
        }
    };
    let mut is_sound = true;
    if found.status != "APPROVED" {
        let mend = "See WhatsApp Manager; until it is approved the next medium is taken.";
        report.wrong(AREA, format!("{what}: Meta has it as {}.", found.status), mend);
        is_sound = false;
    }
    if found.variables != template.variables.len() {
        let given = template.variables.len();
        let says = format!("{what}: it has {} variables, and the file gives {given}.", found.variables);
        report.wrong(AREA, says, VARIABLES);
        is_sound = false;
    }
    is_sound
}

const VARIABLES: &str = "List under `variables` what fills {{1}}, {{2}} and so on, in order.";

/// What Twilio says of it.
async fn ask_twilio(
    settings: &Settings,
    http: &reqwest::Client,
    template: &TemplateOf,
    content_sid: &str,
    report: &mut Report,
) -> bool {
    let TemplateOf { words, language, variables, .. } = template;
    let what = format!("{words}, {language} ({content_sid})");
    let content = match catalog::twilio(settings, http.clone()).content(content_sid, PATIENCE).await {
        Ok(content) => content,
        Err(error) if error.code == Some(20404) => {
            report.wrong(
                AREA,
                format!("{what}: Twilio has no such template."),
                "Copy its SID from the Content Template Builder.",
            );
            return false;
        }
        Err(error) => {
            report.look(AREA, format!("{what}: {}", error.name.replace('_', " ")), error.advice);
            return false;
        }
    };
    let mut is_sound = true;
    if content.approval != "approved" {
        let why = if content.rejection.is_empty() { String::new() } else { format!(": {}", content.rejection) };
        let mend =
            "Submit it for WhatsApp approval in the Content Template Builder; until then the next medium is taken.";
        report.wrong(AREA, format!("{what}: WhatsApp has it as {}{why}.", content.approval), mend);
        is_sound = false;
    }
    if content.variables != variables.len() {
        let says = format!("{what}: it has {} variables, and the file gives {}.", content.variables, variables.len());
        report.wrong(AREA, says, VARIABLES);
        is_sound = false;
    }
    if content.language != *language {
        let says = format!("{what}: at Twilio it is in {}.", content.language);
        report.look(AREA, says, "Name the template of that language, or mend the language.");
    }
    is_sound
}
