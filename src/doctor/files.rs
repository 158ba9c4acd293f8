//! Where attachments are kept: whether it takes a file, gives it back and lets it go.

use super::Report;
use crate::config::Settings;
use crate::vault::{self, Trouble, Vault};

const AREA: &str = "Files";

pub(super) async fn examine(settings: &Settings, report: &mut Report) {
    let folder = vault::folder_of(settings);
    if settings.bucket.is_none() && !folder.exists() {
        let says = format!("There is no folder {} yet.", folder.display());
        return report.look(AREA, says, "`andon serve` makes it.");
    }
    let vault = match Vault::of(settings) {
        Ok(vault) => vault,
        Err(error) => {
            let mend = "Give it to the user that runs Andon, and see that it is a folder.";
            return report.wrong(AREA, error.public().to_owned(), mend);
        }
    };
    match vault.try_out().await {
        Ok(()) => report.fine(AREA, format!("Files can be written, read and deleted in {}.", vault.words())),
        Err(Trouble { says, mend }) => report.wrong(AREA, says, mend),
    }
}
