//! Texts that were changed at the desk: whether each still has its place.

use super::Report;
use crate::config::Settings;
use crate::db::Db;
use crate::kit::Result;
use crate::texts;
use crate::wording::Wording;
use crate::wording::desk::Untaken;

const AREA: &str = "Texts";
/// So many are named.
const MOST_NAMED: usize = 5;

pub(super) async fn examine(settings: &Settings, db: &Db, report: &mut Report) -> Result<()> {
    // Where the files themselves are wrong, Andon does not start and says so.
    let Ok(files) = Wording::load(settings.wording_dir.as_deref()) else { return Ok(()) };
    let (count, untaken) = texts::examined(db.read(), &files).await?;
    for (text, why) in untaken.iter().take(MOST_NAMED) {
        let says = format!("{} in {} was changed at the desk and is left out: {why}.", text.key, text.language);
        if matches!(why, Untaken::NoText | Untaken::NoLanguage) {
            report.look(AREA, says, "It holds again where the files have such a text again.");
        } else {
            report.wrong(AREA, says, "People read what the files say. Mend it at the desk under Messages.");
        }
    }
    if untaken.len() > MOST_NAMED {
        let says = format!("{} more texts of the desk are left out.", untaken.len() - MOST_NAMED);
        report.wrong(AREA, says, "The log names each when Andon starts.");
    }
    if count > untaken.len() {
        report.fine(AREA, format!("{} texts are as they were changed at the desk.", count - untaken.len()));
    }
    Ok(())
}
