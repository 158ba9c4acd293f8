//! The month's budget for messages: how far it reaches, who is told, and what waits because of it.
//!
//! What is known is what the provider has billed so far; a price comes a minute or more after its message. Only what is
//! billed in the budget's own currency counts: nothing is converted. A month is one at the plant.

use super::prices::model::{month, month_ends};
use super::store::costs::{self, Spent};
use super::store::over_budget;
use crate::app::{self, App, Used};
use crate::bus::Poke;
use crate::config;
use crate::kit::{Currency, Instant, Money, Result};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;

/// From this share on the budget is told of, in percent.
const MUCH: i128 = 80;

/// How the budget stands in the month that it is.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The month at the plant, `2026-01`.
    pub month: String,
    /// What counts against it.
    pub spent: Money,
    /// How much of that is estimated, in millionths.
    pub estimated: i64,
    /// What it may be.
    pub sum: Money,
    /// Whether notices wait once it is spent.
    pub holds_back: bool,
    /// What was billed in other currencies, which does not count.
    pub beside: Vec<Money>,
}

impl Standing {
    /// How much of it is used up, in whole percent, rounded down.
    pub fn percent(&self) -> i64 {
        let percent = i128::from(self.spent.micros.max(0)) * 100 / i128::from(self.sum.micros.max(1));
        i64::try_from(percent).unwrap_or(i64::MAX)
    }

    /// How far it is used up.
    pub fn used(&self) -> Used {
        match i128::from(self.percent()) {
            100.. => Used::All,
            MUCH.. => Used::Much,
            _ => Used::Little,
        }
    }

    /// The same for a person, with what to do.
    pub fn says(&self) -> String {
        let Self { month, spent, estimated, sum, holds_back, beside } = self;
        let mut says = match (self.used(), holds_back) {
            (Used::All, true) => format!(
                "The budget for messages of {month} is spent ({spent} of {sum}). Notices that are not urgent and would \
                 cost wait until the month ends, or until the budget is raised."
            ),
            (Used::All, false) => format!(
                "The budget for messages of {month} is spent ({spent} of {sum}). Nothing is held back; \
                 the rule of the budget could hold back what is not urgent."
            ),
            (Used::Much | Used::Little, _) => {
                format!("{} % of the budget for messages of {month} are spent ({spent} of {sum}).", self.percent())
            }
        };
        if *estimated > 0 {
            let estimated = Money { micros: *estimated, currency: spent.currency.clone() };
            says = format!("{says} Of what is spent {estimated} are an estimate by ANDON_META_PRICES.");
        }
        if !beside.is_empty() {
            let beside: Vec<String> = beside.iter().map(ToString::to_string).collect();
            says = format!("{says} Not counted, for its currency is another: {}.", beside.join(", "));
        }
        says
    }
}

/// How this budget stands now.
///
/// # Errors
/// When the database is away.
pub async fn standing(conn: &impl ConnectionTrait, budget: &config::Budget, now: Instant, tz: Tz) -> Result<Standing> {
    let (month, config::Budget { sum, holds_back }) = (month(now, tz), budget.clone());
    let mut billed = costs::spent(conn, &month).await?;
    let Spent { micros, estimated } = billed.remove(sum.currency.as_str()).unwrap_or_default();
    let spent = Money { micros, currency: sum.currency.clone() };
    let money = |(code, spent): (String, Spent)| Some(Money { micros: spent.micros, currency: Currency::read(&code)? });
    Ok(Standing { month, spent, estimated, sum, holds_back, beside: billed.into_iter().filter_map(money).collect() })
}

/// Looks how far the budget reaches, and tells the log where that is worth a word: once a month for each step. What was
/// held back goes once there is a budget again, or nothing is to be held back any more.
///
/// # Errors
/// When the database is away.
pub async fn look(app: &App) -> Result<()> {
    let (now, tz) = (app.clock.now(), app.settings.timezone);
    let standing = match &app.rules().budget {
        Some(budget) => Some(standing(app.db.read(), budget, now, tz).await?),
        None => None,
    };
    let used = standing.as_ref().map_or(Used::Little, Standing::used);
    let holds_back = used == Used::All && standing.as_ref().is_some_and(|standing| standing.holds_back);
    let says = standing.map(|standing| standing.says()).unwrap_or_default();
    let ends_at = month_ends(now, tz);
    let new = app::Budget { used, ends_at, holds_back, says: says.clone() };
    let before = app.health.note_budget(new);
    let held_back = before.as_ref().is_none_or(|before| before.holds_back);
    if held_back && !holds_back {
        release(app).await?;
    }
    let is_news = before.as_ref().is_none_or(|before| before.used < used || before.ends_at != ends_at);
    match used {
        Used::Much if is_news => tracing::warn!("{says}"),
        Used::All if is_news => tracing::error!("{says}"),
        Used::Little | Used::Much | Used::All => {}
    }
    Ok(())
}

/// What was held back goes now.
async fn release(app: &App) -> Result<()> {
    let mut released = 0;
    loop {
        let some = app.db.write(|tx| Box::pin(over_budget::release(tx))).await?;
        released += some;
        if some == 0 {
            break;
        }
    }
    if released > 0 {
        tracing::info!(deliveries = released, "what the budget held back goes now");
        app.bus.poke(Poke::Dispatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(spent: &str, sum: &str, holds_back: bool) -> Standing {
        let money = |text: &str| Money::read(text).expect("a sum");
        Standing {
            month: "2026-01".to_owned(),
            spent: money(spent),
            estimated: 0,
            sum: money(sum),
            holds_back,
            beside: Vec::new(),
        }
    }

    #[test]
    fn it_is_told_from_80_percent_on_and_spent_at_100() {
        for (spent, percent, used) in [
            ("0 USD", 0, Used::Little),
            ("-3 USD", 0, Used::Little),
            ("79.999999 USD", 79, Used::Little),
            ("80 USD", 80, Used::Much),
            ("99.999999 USD", 99, Used::Much),
            ("100 USD", 100, Used::All),
            ("9000000000000 USD", 9_000_000_000_000, Used::All),
        ] {
            let standing = standing(spent, "100 USD", true);
            assert_eq!((standing.percent(), standing.used()), (percent, used), "{spent}");
        }
    }

    #[test]
    fn an_operator_reads_what_waits_and_what_does_not_count() {
        let euros = Money::read("3.20 EUR").expect("a sum");
        let spent = Standing { beside: vec![euros], ..standing("101.5 USD", "100 USD", true) };
        assert_eq!(
            spent.says(),
            "The budget for messages of 2026-01 is spent (101.50 USD of 100.00 USD). Notices that are not urgent and \
             would cost wait until the month ends, or until the budget is raised. Not counted, for its currency \
             is another: 3.20 EUR."
        );
        let guessed = Standing { estimated: 2_400_000, ..standing("82.4 USD", "100 USD", false) }.says();
        assert!(guessed.ends_with("Of what is spent 2.40 USD are an estimate by ANDON_META_PRICES."), "{guessed}");
        let near = standing("82.4 USD", "100 USD", false).says();
        assert_eq!(near, "82 % of the budget for messages of 2026-01 are spent (82.40 USD of 100.00 USD).");
    }
}
