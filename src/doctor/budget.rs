//! How far the month's budget for messages reaches.

use super::Report;
use crate::app::Used;
use crate::config::Settings;
use crate::db::Db;
use crate::delivery::budget::standing;
use crate::kit::Result;

const AREA: &str = "Budget";
const MEND: &str =
    "GET /api/notifications/stats/ says what the messages were. Raise ANDON_MESSAGE_BUDGET, or send fewer.";

pub(super) async fn examine(settings: &Settings, db: &Db, report: &mut Report) -> Result<()> {
    let Some(budget) = &settings.budget else { return Ok(()) };
    let standing = standing(db.read(), budget, db.now(), settings.timezone).await?;
    match standing.used() {
        Used::Little => report.fine(AREA, standing.says()),
        Used::Much => report.look(AREA, standing.says(), MEND),
        Used::All => report.wrong(AREA, standing.says(), MEND),
    }
    Ok(())
}
