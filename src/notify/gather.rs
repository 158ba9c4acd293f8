//! What waited goes: one notice as it is, several to one address as one message.

use super::TURN;
use super::words::{MAX_SMS_PARTS, MAX_SUBJECT};
use crate::app::App;
use crate::channels::Medium;
use crate::db::{Tx, marks};
use crate::delivery::store::held::{self, Gathered, Held};
use crate::delivery::store::windows;
use crate::kit::{Result, sms};
use crate::wording::{plain, shortened};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};

/// The most notices in one set.
const MOST: u64 = 500;
/// The file of the words around several notices.
pub const GATHERED: &str = "notices.gathered";

/// Lets go what has waited long enough. Answers with how many notices that were.
pub(super) async fn once(app: &App) -> Result<usize> {
    let mut total = 0;
    while held::is_anything_due(app.db.read(), app.clock.now()).await? {
        let let_go = app.db.write_with(app.clone(), |tx, app| Box::pin(let_go(app, tx))).await?;
        if let_go == 0 {
            break; // another process was quicker
        }
        total += let_go;
    }
    Ok(total)
}

async fn let_go(app: &App, tx: &Tx) -> Result<usize> {
    marks::hold(tx, TURN).await?;
    let due = held::due(tx, MOST).await?;
    let count = due.len();
    let addresses: Vec<i64> = due.iter().map(|one| one.address_id).collect();
    let mut groups: BTreeMap<i64, Vec<Held>> = BTreeMap::new();
    for one in due {
        groups.entry(one.address_id).or_default().push(one);
    }
    // Outside the window each goes by a template of its own.
    let carriers = app.carriers(Medium::Whatsapp).into_iter();
    let senders: Vec<String> = carriers.filter_map(|channel| channel.sender(Medium::Whatsapp)).collect();
    let shut: HashSet<i64> = if senders.is_empty() {
        HashSet::new()
    } else {
        windows::shut_for(tx, &senders, groups.keys().copied()).await?
    };
    let is_together = |(address_id, group): &(i64, Vec<Held>)| group.len() > 1 && !shut.contains(address_id);
    let (together, alone): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_together);
    let alone: Vec<Held> = alone.into_iter().flat_map(|(_, group)| group).collect();
    let together: Vec<Gathered> = together.into_iter().filter_map(|(_, group)| gathered(app, group)).collect();
    held::release(tx, &alone).await?;
    held::gather(tx, &together).await?;
    held::note_low(tx, &addresses).await?;
    Ok(count)
}

/// Several notices to one address, in the words of one message.
fn gathered(app: &App, members: Vec<Held>) -> Option<Gathered> {
    let first = members.first()?;
    let (medium, language) = (Medium::named(&first.medium)?, first.language.clone());
    let subjects: Vec<&str> = members.iter().filter_map(|one| one.subject.as_deref()).collect();
    let vars = json!({ "count": members.len(), "notices": subjects, "company": app.settings.company });
    let wording = app.wording();
    let part = |part: &str| wording.render(&language, &format!("notice.{GATHERED}.{part}"), &vars);
    let body = match medium {
        Medium::Whatsapp => shortened(&part("text"), app.max_chars()),
        Medium::Email => part("text"),
        Medium::Sms => sms::within(&sms::folded(&plain(&part("sms"))), MAX_SMS_PARTS),
    };
    let subject = shortened(&plain(&part("subject")), MAX_SUBJECT);
    Some(Gathered { members, medium, subject, body })
}
