//! The records that answers refer to, fetched for a whole round: one set a kind of record.
//!
//! What a person may not see is not found for them, and is not suggested to them either.

use super::records::{Lookup, RecordKind, Records};
use crate::app::App;
use crate::db::Tx;
use crate::kit::Result;
use crate::kit::nearest::LookedUp;
use crate::tickets::model::{Viewer, Visibility, may_see};
use crate::{boms, machines, orders, sop_failures, tickets};
use std::collections::{BTreeSet, HashMap};

/// Everything that a round's messages may speak of, before it is known who may see what.
#[derive(Default)]
pub(super) struct Round {
    open: Vec<(RecordKind, LookedUp)>,
    tickets: Vec<(RecordKind, LookedUp<Visibility>)>,
}

/// Fetches what was asked for.
pub(super) async fn look_up(app: &App, tx: &Tx, wants: Vec<Lookup>) -> Result<Round> {
    let mut keys: HashMap<RecordKind, BTreeSet<String>> = HashMap::new();
    for want in wants {
        keys.entry(want.kind).or_default().insert(want.key);
    }
    let (now, tz) = (tx.now(), app.settings.timezone);
    let mut round = Round::default();
    for (kind, keys) in keys {
        let keys: Vec<String> = keys.into_iter().collect();
        match kind {
            RecordKind::Order => round.open.push((kind, orders::look_up(tx.conn(), &keys, now, tz).await?)),
            RecordKind::Machine => round.open.push((kind, machines::look_up(tx.conn(), &keys).await?)),
            RecordKind::Bom => round.open.push((kind, boms::look_up(tx.conn(), &keys).await?)),
            RecordKind::Ticket => round.tickets.push((kind, tickets::look_up(tx.conn(), &keys, now, tz).await?)),
            RecordKind::SopFailure => {
                round.tickets.push((kind, sop_failures::look_up(tx.conn(), &keys, now, tz).await?));
            }
        }
    }
    Ok(round)
}

impl Round {
    /// What this person may see of it.
    pub(super) fn for_viewer(&self, viewer: &Viewer) -> Records {
        let mut records = Records::new();
        for (kind, looked_up) in &self.open {
            show(&mut records, *kind, looked_up, |()| true);
        }
        for (kind, looked_up) in &self.tickets {
            show(&mut records, *kind, looked_up, |visibility| may_see(viewer, visibility));
        }
        records
    }
}

fn show<V>(records: &mut Records, kind: RecordKind, looked_up: &LookedUp<V>, may_see: impl Fn(&V) -> bool) {
    for (key, (facts, visibility)) in &looked_up.found {
        if may_see(visibility) {
            records.found(kind, key.clone(), facts.clone());
        }
    }
    for (key, near) in &looked_up.near {
        let near = near.iter().filter(|(_, visibility)| may_see(visibility)).map(|(key, _)| key.clone()).collect();
        records.nearest(kind, key.clone(), near);
    }
}
