//! The form of each rule, and what was typed into it, read by the readers of the settings.

use super::HERE;
use crate::config::{QuietHours, Rule, RuleName, Rules};
use crate::kit::{Error, Result};
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Typed;
use crate::pages::words::Words;
use crate::sla::policy::{MAX_RESOLUTION_HOURS, MAX_RESPONSE_MINUTES, Policy, Priority, Span, Unfit};
use crate::web::{Fields, Form, read};

/// The fields of first answers, as [`Priority`] counts.
const ANSWER: [&str; 3] = ["answer_low", "answer_medium", "answer_high"];
/// The same of solutions.
const SOLUTION: [&str; 3] = ["solution_low", "solution_medium", "solution_high"];
/// The longest figure, in characters.
const MAX_FIGURE: usize = 6;
/// The longest sum.
const MAX_SUM: usize = 40;
/// What the rule said when the page was opened.
pub(super) const SEEN: &str = "seen";
/// What the box says that is ticked.
const HOLDS_BACK: &str = "true";

/// The form of a rule, with what holds now.
pub(super) fn form(words: &Words, name: RuleName, rules: &Rules) -> FormShown {
    let form = FormShown::new(name.as_str(), format!("{HERE}/{}", name.as_str()), words.w("save"));
    let form = form.hidden(SEEN, rules.get(name).stored().to_string());
    let form = if name.is_of_deadlines() { form } else { form.intro(words.w(format!("rules.{}", name.as_str()))) };
    match rules.get(name) {
        Rule::Deadlines(policy) => deadlines(words, name, policy, form),
        Rule::QuietHours(hours) => {
            let at =
                |time: Option<chrono::NaiveTime>| time.map(|at| at.format("%H:%M").to_string()).unwrap_or_default();
            let from = Field::new(words, "time", "quiet_from", 0).value(at(hours.map(|hours| hours.from)));
            let until = Field::new(words, "time", "quiet_until", 0).value(at(hours.map(|hours| hours.until)));
            form.field(from.optional()).field(until.optional())
        }
        Rule::Time(time) => {
            let minutes = time.map_or(0, |time| time.num_minutes()).to_string();
            form.field(Field::new(words, "text", "minutes", MAX_FIGURE).value(minutes))
        }
        Rule::Budget(budget) => {
            let holds_back = budget.as_ref().is_some_and(|budget| budget.holds_back);
            let sum = budget.map(|budget| budget.sum.to_string()).unwrap_or_default();
            let chosen = if holds_back { HOLDS_BACK } else { "" };
            form.field(Field::new(words, "text", "sum", MAX_SUM).optional().value(sum)).field(
                Field::new(words, "checks", "holds_back", 0)
                    .value(chosen)
                    .choices([(HOLDS_BACK.to_owned(), words.w("rules.holds_back"))]),
            )
        }
    }
}

fn deadlines(words: &Words, name: RuleName, policy: Policy, mut form: FormShown) -> FormShown {
    let falling = || Priority::ALL.into_iter().rev();
    for priority in falling() {
        let figure = policy.response_minutes(priority).map(|figure| figure.to_string()).unwrap_or_default();
        let field = Field::new(words, "text", ANSWER[priority as usize], MAX_FIGURE);
        form = form.field(field.optional().value(figure));
    }
    for priority in falling() {
        let figure = policy.resolution_hours(priority).map(|figure| figure.to_string()).unwrap_or_default();
        let field = Field::new(words, "text", SOLUTION[priority as usize], MAX_FIGURE).value(figure);
        form = form.field(if name.may_be_agreed() { field.optional() } else { field });
    }
    form
}

/// What was typed for a rule.
///
/// # Errors
/// What is wrong with it, by field.
pub(super) fn read(name: RuleName, typed: &Typed) -> Result<Rule> {
    match name {
        RuleName::QuietHours => {
            let [from, until] = ["quiet_from", "quiet_until"].map(|field| typed.get(field).trim());
            match (from, until) {
                ("", "") => Ok(Rule::QuietHours(None)),
                ("", _) => Err(Error::field("quiet_from", "is missing")),
                (_, "") => Err(Error::field("quiet_until", "is missing")),
                (from, until) => {
                    let hours = format!("{from}-{until}");
                    let parsed = QuietHours::parse(&hours).map_err(|why| wrong("quiet_until", &hours, &why))?;
                    Ok(Rule::QuietHours(Some(parsed)))
                }
            }
        }
        RuleName::PatienceUrgent | RuleName::PatienceNormal | RuleName::Digest => {
            let minutes = typed.get("minutes").trim();
            Rule::minutes(minutes).map_err(|why| wrong("minutes", minutes, &why))
        }
        RuleName::Budget => {
            let sum = typed.get("sum").trim();
            let given = (!sum.is_empty()).then_some(sum);
            Rule::budget(given, typed.get("holds_back") == HOLDS_BACK).map_err(|why| wrong("sum", sum, &why))
        }
        name => policy(name, typed).map(Rule::Deadlines),
    }
}

/// What a reader says, without what it says it of.
fn wrong(field: &'static str, typed: &str, why: &str) -> Error {
    let why = why.strip_prefix(&format!("{typed:?} ")).unwrap_or(why);
    Error::field(field, why.replacen("is no whole number of minutes from", "must be a whole number from", 1))
}

/// Figures as they were typed, as [`Priority`] counts.
struct Figures {
    answer: [Option<i64>; 3],
    solution: [Option<i64>; 3],
}

impl Form for Figures {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            answer: ANSWER.map(|field| fields.optional(field, read::whole(1..=MAX_RESPONSE_MINUTES))),
            solution: SOLUTION.map(|field| fields.optional(field, read::whole(1..=MAX_RESOLUTION_HOURS))),
        })
    }
}

fn policy(name: RuleName, typed: &Typed) -> Result<Policy> {
    let Figures { answer, solution } = typed.read()?;
    let answer = all_or_none(answer, ANSWER)?;
    let solution = all_or_none(solution, SOLUTION)?;
    if solution.is_none() && !name.may_be_agreed() {
        return Err(Error::field(SOLUTION[Priority::High as usize], "is missing"));
    }
    Policy::of(answer, solution).map_err(|unfit| {
        let field = match unfit {
            Unfit::OutOfBounds(span, priority) | Unfit::Reversed(span, priority) => {
                (if span == Span::Response { ANSWER } else { SOLUTION })[priority as usize]
            }
            Unfit::AnswerLate(priority) => ANSWER[priority as usize],
        };
        Error::field(field, unfit.to_string())
    })
}

/// A promise holds for every priority, or there is none.
fn all_or_none(figures: [Option<i64>; 3], fields: [&'static str; 3]) -> Result<Option<[i64; 3]>> {
    match figures {
        [None, None, None] => Ok(None),
        [Some(low), Some(medium), Some(high)] => Ok(Some([low, medium, high])),
        figures => {
            let missing = figures.iter().zip(fields).find(|(figure, _)| figure.is_none());
            Err(Error::field(missing.map_or(fields[0], |(_, field)| field), "is missing"))
        }
    }
}
