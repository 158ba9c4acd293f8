//! How far the month's budget for messages reaches.

use super::Report;
use crate::app::Used;
use crate::config::Settings;
use crate::db::Db;
use crate::delivery::budget::standing;
use crate::kit::Result;
use crate::rules::in_force;

const AREA: &str = "Budget";
const MEND: &str = "GET /api/notifications/stats/ says what the messages were. Raise the budget (Settings > Rules, or ANDON_MESSAGE_BUDGET where the desk says nothing), or send fewer.";

pub(super) async fn examine(settings: &Settings, db: &Db, report: &mut Report) -> Result<()> {
    let Some(budget) = &in_force(db.read(), settings).await?.0.budget else { return Ok(()) };
    let standing = standing(db.read(), budget, db.now(), settings.timezone).await?;
    match standing.used() {
        Used::Little => report.fine(AREA, standing.says()),
        Used::Much => report.look(AREA, standing.says(), MEND),
        Used::All => report.wrong(AREA, standing.says(), MEND),
    }
    Ok(())
}
