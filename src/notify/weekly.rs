//! Who wants the weekly summary: a letter each Monday at seven by the plant's clock.
//!
//! Beside each who wants it stands the last Monday whose summary they had, or on whose week they asked for it. So one is
//! due where a later Monday's morning has come, whatever the clocks did and however long Andon was away, and of several
//! that were missed only the newest. See docs/adr/0041.

use super::store::weekly as store;
use crate::app::App;
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::people::Role;
use crate::people::store::lock;
use crate::people::store::users::User;
use chrono::{Datelike as _, Days, NaiveDate, Timelike as _};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;

/// The hour on the plant's wall from which on it is sent.
const HOUR: u32 = 7;

/// What somebody lacks to be sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// They may not see reports.
    Right,
    /// No e-mail address is known of them.
    Address,
    /// Nothing here sends e-mails.
    Mail,
}

impl Lack {
    /// What this user lacks; none where they can be sent it.
    pub fn of(app: &App, user: &User) -> Option<Self> {
        if !may_have(user) {
            Some(Self::Right)
        } else if user.email.is_none() {
            Some(Self::Address)
        } else {
            app.carrier(Medium::Email).is_none().then_some(Self::Mail)
        }
    }

    fn refusal(self) -> Error {
        let (kind, says) = match self {
            Self::Right => (Kind::Forbidden, "The weekly summary is for those who see reports: ADMIN and SUPERVISOR."),
            Self::Address => {
                (Kind::Conflict, "The weekly summary goes by e-mail, and there is no e-mail address. An ADMIN sets it.")
            }
            Self::Mail => (
                Kind::Conflict,
                "The weekly summary goes by e-mail, and no e-mails are sent here. The operator sets SMTP_URL and EMAIL_FROM.",
            ),
        };
        Error::new(kind, says)
    }
}

/// Whether somebody may be sent what reports say.
pub fn may_have(user: &User) -> bool {
    user.is_active && matches!(user.role, Role::Admin | Role::Supervisor)
}

/// The latest Monday whose morning has come at the plant.
pub fn latest_monday(now: Instant, tz: Tz) -> NaiveDate {
    let wall = now.with_timezone(&tz);
    let since = u64::from(wall.weekday().num_days_from_monday());
    let is_early = since == 0 && wall.hour() < HOUR;
    let back = if is_early { 7 } else { since };
    wall.date_naive().checked_sub_days(Days::new(back)).unwrap_or(NaiveDate::MIN)
}

/// Whether somebody wants it.
///
/// # Errors
/// When the database is away.
pub async fn is_wanted(conn: &impl ConnectionTrait, person_id: i64) -> Result<bool> {
    store::is_wanted(conn, person_id).await
}

/// Has it sent to this user from the next Monday on, or no longer.
///
/// # Errors
/// [`Kind::Forbidden`] and [`Kind::Conflict`], with what they lack.
pub async fn choose(app: &App, tx: &Tx, user: &User, is_wanted: bool) -> Result<()> {
    if !is_wanted {
        return store::give_up(tx, user.id).await;
    }
    if let Some(lack) = Lack::of(app, user) {
        return Err(lack.refusal());
    }
    lock(tx, vec![user.id]).await?;
    store::ask(tx, user.id, latest_monday(tx.now(), app.settings.timezone)).await
}

/// Those who want it and have not had that of this Monday, at most so many.
///
/// # Errors
/// When the database is away.
pub async fn due(conn: &impl ConnectionTrait, monday: NaiveDate, most: u64) -> Result<Vec<i64>> {
    store::due(conn, monday, most).await
}

/// Notes that these have had that of this Monday; answers with those of them who had not, each once, whoever else does
/// the same.
///
/// # Errors
/// When the database is away.
pub async fn take(tx: &Tx, monday: NaiveDate, people: &[i64]) -> Result<Vec<i64>> {
    store::take(tx, monday, people).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monday_counts_from_seven_by_the_plants_clock() {
        for (now, tz, monday) in [
            ("2026-01-18T14:30:00Z", Tz::UTC, "2026-01-12"), // a Sunday
            ("2026-01-19T06:59:59Z", Tz::UTC, "2026-01-12"),
            ("2026-01-19T07:00:00Z", Tz::UTC, "2026-01-19"),
            ("2026-01-25T23:59:59Z", Tz::UTC, "2026-01-19"),
            // The clocks went forward, and back, the night before.
            ("2026-03-30T04:59:59Z", Tz::Europe__Berlin, "2026-03-23"),
            ("2026-03-30T05:00:00Z", Tz::Europe__Berlin, "2026-03-30"),
            ("2026-10-26T05:59:59Z", Tz::Europe__Berlin, "2026-10-19"),
            ("2026-10-26T06:00:00Z", Tz::Europe__Berlin, "2026-10-26"),
            ("2026-01-18T22:00:00Z", Tz::Asia__Tokyo, "2026-01-19"),
        ] {
            let now: Instant = now.parse().expect("an instant");
            assert_eq!(latest_monday(now, tz).to_string(), monday, "{now} in {tz}");
        }
    }
}
