//! What Andon goes by and the desk may change while it runs: as the settings say, until the desk says otherwise. Pure.
//!
//! **Shape** of a rule's value, in its row and in the log: quiet hours `"22:00-06:00"` or null; minutes `5`, 0 for none;
//! the budget `{"sum": "100.00 USD", "holds_back": true}` or null; deadlines `{"answer_minutes": {"HIGH": 30, "MEDIUM":
//! 120, "LOW": 1440}, "solution_hours": null}`. They are read by the readers of the settings.

use super::notices::{Notices, minutes};
use super::{Budget, QuietHours, Settings, costs};
use crate::kit::stored_enum;
use crate::sla::{Policies, Policy, Priority};
use chrono::TimeDelta;
use serde_json::{Value, json};

stored_enum! {
    /// What a rule is about.
    pub enum RuleName {
        /// How long incidents may take.
        Incident = "deadlines_incident",
        /// How long defects may take.
        Defect = "deadlines_defect",
        /// How long broken machines may take.
        Maintenance = "deadlines_maintenance",
        /// How long SOP failures may take.
        SopFailure = "deadlines_sop_failure",
        /// When nobody is told what is not urgent.
        QuietHours = "quiet_hours",
        /// How long an urgent notice may take to arrive before the next medium is taken.
        PatienceUrgent = "patience_urgent",
        /// The same for one that is neither urgent nor low.
        PatienceNormal = "patience_normal",
        /// For how long low notices are gathered.
        Digest = "digest",
        /// What messages may cost a month.
        Budget = "budget",
    }
}

impl RuleName {
    /// The settings that say it where the desk does not; none of what comes with Andon.
    pub fn settings(self) -> Option<&'static str> {
        match self {
            Self::Incident | Self::Defect | Self::Maintenance | Self::SopFailure => None,
            Self::QuietHours => Some("ANDON_QUIET_HOURS"),
            Self::PatienceUrgent => Some("ANDON_PATIENCE_URGENT"),
            Self::PatienceNormal => Some("ANDON_PATIENCE_NORMAL"),
            Self::Digest => Some("ANDON_DIGEST_MINUTES"),
            Self::Budget => Some("ANDON_MESSAGE_BUDGET"),
        }
    }

    /// Whether it is about deadlines.
    pub fn is_of_deadlines(self) -> bool {
        matches!(self, Self::Incident | Self::Defect | Self::Maintenance | Self::SopFailure)
    }

    /// Whether a solution may be agreed each time: people on the floor are told at once how long it takes.
    pub fn may_be_agreed(self) -> bool {
        self == Self::Incident
    }
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// How long something may take.
    Deadlines(Policy),
    /// Quiet hours.
    QuietHours(Option<QuietHours>),
    /// A time; none for never.
    Time(Option<TimeDelta>),
    /// The budget.
    Budget(Option<Budget>),
}

impl Rule {
    /// As it is stored.
    pub fn stored(&self) -> Value {
        match self {
            Self::Deadlines(policy) => json!({
                "answer_minutes": by_priority(|priority| policy.response_minutes(priority)),
                "solution_hours": by_priority(|priority| policy.resolution_hours(priority)),
            }),
            Self::QuietHours(hours) => json!(hours.map(|hours| hours.to_string())),
            Self::Time(time) => json!(time.map_or(0, |time| time.num_minutes())),
            Self::Budget(budget) => budget.as_ref().map_or(
                Value::Null,
                |Budget { sum, holds_back }| json!({"sum": sum.to_string(), "holds_back": holds_back}),
            ),
        }
    }

    /// Reads what was [`Self::stored`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(name: RuleName, stored: &Value) -> Result<Self, String> {
        match name {
            RuleName::QuietHours => match stored {
                Value::Null => Ok(Self::QuietHours(None)),
                stored => QuietHours::parse(stored.as_str().unwrap_or_default()).map(Some).map(Self::QuietHours),
            },
            RuleName::PatienceUrgent | RuleName::PatienceNormal | RuleName::Digest => {
                Self::minutes(&stored.to_string())
            }
            RuleName::Budget => match stored {
                Value::Null => Ok(Self::Budget(None)),
                stored => {
                    let holds_back = stored["holds_back"].as_bool().ok_or("does not say whether it holds back")?;
                    Self::budget(Some(stored["sum"].as_str().unwrap_or_default()), holds_back)
                }
            },
            name if !stored.is_object() => Err(format!("is no {}", name.as_str())),
            name => {
                let answer = figures(&stored["answer_minutes"])?;
                let solution = figures(&stored["solution_hours"])?;
                if solution.is_none() && !name.may_be_agreed() {
                    return Err("has no time for the solution".to_owned());
                }
                Policy::of(answer, solution).map(Self::Deadlines).map_err(|unfit| unfit.to_string())
            }
        }
    }

    /// Minutes as a setting has them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn minutes(text: &str) -> Result<Self, String> {
        minutes(text).map(Self::Time)
    }

    /// A budget as the settings have it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn budget(sum: Option<&str>, holds_back: bool) -> Result<Self, String> {
        match (sum.map(costs::sum).transpose()?, holds_back) {
            (Some(sum), holds_back) => Ok(Self::Budget(Some(Budget { sum, holds_back }))),
            (None, true) => Err("is needed where it is to hold back".to_owned()),
            (None, false) => Ok(Self::Budget(None)),
        }
    }
}

fn by_priority(figure: impl Fn(Priority) -> Option<i64>) -> Value {
    let figures: Option<serde_json::Map<String, Value>> =
        Priority::ALL.into_iter().map(|one| Some((one.as_str().to_owned(), json!(figure(one)?)))).collect();
    json!(figures)
}

fn figures(stored: &Value) -> Result<Option<[i64; 3]>, String> {
    if stored.is_null() {
        return Ok(None);
    }
    let mut figures = [0; 3];
    for priority in Priority::ALL {
        let figure = stored[priority.as_str()].as_i64();
        figures[priority as usize] = figure.ok_or_else(|| format!("has no whole number for {}", priority.as_str()))?;
    }
    Ok(Some(figures))
}

/// All rules, as they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long tickets may take.
    pub policies: Policies,
    /// When nobody is told what is not urgent, unless they want it otherwise.
    pub quiet_hours: Option<QuietHours>,
    /// How long an urgent notice may take to arrive before the next medium is taken; none for ever.
    pub patience_urgent: Option<TimeDelta>,
    /// The same for one that is neither urgent nor low.
    pub patience_normal: Option<TimeDelta>,
    /// After a low notice, the next ones to the same person wait for so long and go together; none: each goes at once.
    pub digest: Option<TimeDelta>,
    /// What messages may cost a month; none for no bound.
    pub budget: Option<Budget>,
}

impl Default for Rules {
    fn default() -> Self {
        Self::with(&super::notices::usual(), None)
    }
}

impl Rules {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        Self::with(&settings.notices, settings.budget.clone())
    }

    fn with(notices: &Notices, budget: Option<Budget>) -> Self {
        Self {
            policies: Policies::default(),
            quiet_hours: notices.quiet_hours,
            patience_urgent: notices.patience_urgent,
            patience_normal: notices.patience_normal,
            digest: notices.digest,
            budget,
        }
    }

    /// What the rule with this name says.
    pub fn get(&self, name: RuleName) -> Rule {
        match name {
            RuleName::Incident => Rule::Deadlines(self.policies.incident),
            RuleName::Defect => Rule::Deadlines(self.policies.defect),
            RuleName::Maintenance => Rule::Deadlines(self.policies.maintenance),
            RuleName::SopFailure => Rule::Deadlines(self.policies.sop_failure),
            RuleName::QuietHours => Rule::QuietHours(self.quiet_hours),
            RuleName::PatienceUrgent => Rule::Time(self.patience_urgent),
            RuleName::PatienceNormal => Rule::Time(self.patience_normal),
            RuleName::Digest => Rule::Time(self.digest),
            RuleName::Budget => Rule::Budget(self.budget.clone()),
        }
    }

    /// Has this rule say something else; what is no value of its kind changes nothing.
    pub fn put(&mut self, name: RuleName, rule: Rule) {
        match (name, rule) {
            (RuleName::Incident, Rule::Deadlines(policy)) => self.policies.incident = policy,
            (RuleName::Defect, Rule::Deadlines(policy)) => self.policies.defect = policy,
            (RuleName::Maintenance, Rule::Deadlines(policy)) => self.policies.maintenance = policy,
            (RuleName::SopFailure, Rule::Deadlines(policy)) => self.policies.sop_failure = policy,
            (RuleName::QuietHours, Rule::QuietHours(hours)) => self.quiet_hours = hours,
            (RuleName::PatienceUrgent, Rule::Time(time)) => self.patience_urgent = time,
            (RuleName::PatienceNormal, Rule::Time(time)) => self.patience_normal = time,
            (RuleName::Digest, Rule::Time(time)) => self.digest = time,
            (RuleName::Budget, Rule::Budget(budget)) => self.budget = budget,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let settings = [("ANDON_MESSAGE_BUDGET", "100 USD"), ("ANDON_QUIET_HOURS", "22:00-06:00")];
        Rules::of(&Settings::from_variables(settings).expect("the settings are right"))
    }

    #[test]
    fn every_rule_is_stored_and_read_again() {
        let rules = rules();
        for name in RuleName::ALL {
            let rule = rules.get(name);
            assert_eq!(Rule::read(name, &rule.stored()).as_ref(), Ok(&rule), "{name:?}");
            let mut others = Rules { quiet_hours: None, digest: None, budget: None, ..rules.clone() };
            others.put(name, rule.clone());
            assert_eq!(others.get(name), rule, "{name:?}");
        }
        assert_eq!(rules.get(RuleName::QuietHours).stored(), json!("22:00-06:00"));
        assert_eq!(
            rules.get(RuleName::Incident).stored(),
            json!({"answer_minutes": {"HIGH": 30, "MEDIUM": 120, "LOW": 1440}, "solution_hours": null})
        );
    }

    #[test]
    fn what_cannot_be_a_rule_is_refused() {
        let figures = |high: i64| json!({"HIGH": high, "MEDIUM": 48, "LOW": 72});
        for (name, stored) in [
            (RuleName::QuietHours, json!("22:00")),
            (RuleName::QuietHours, json!("22:00-22:00")),
            (RuleName::QuietHours, json!(5)),
            (RuleName::Digest, json!(-1)),
            (RuleName::Digest, json!("soon")),
            (RuleName::Budget, json!({"sum": "100", "holds_back": true})),
            (RuleName::Budget, json!({"sum": "100 USD"})),
            (RuleName::Defect, json!({"answer_minutes": null, "solution_hours": null})),
            (RuleName::Defect, json!({"answer_minutes": null, "solution_hours": figures(49)})),
            (RuleName::Defect, json!({"answer_minutes": null, "solution_hours": {"HIGH": 24}})),
            (RuleName::Incident, json!("soon")),
        ] {
            assert!(Rule::read(name, &stored).is_err(), "{name:?} {stored}");
        }
        assert!(Rule::budget(None, true).is_err());
    }
}
