//! The records that answers refer to, fetched for a whole round: one set a kind of record.
//!
//! What a person may not see is not found for them, and is not suggested to them either. What is resolved waits for
//! approval to its requester, who has the word, and is resolved to everybody else.

use super::offers::{self, Offer};
use super::records::{Lookup, RecordKind, Records};
use crate::app::App;
use crate::db::Tx;
use crate::kit::Result;
use crate::kit::earth::Spot;
use crate::kit::nearest::LookedUp;
use crate::machines::Near;
use crate::people::Role;
use crate::tickets::Side;
use crate::tickets::model::{Status, Viewer, Visibility, WAITING_APPROVAL, may_see};
use crate::{boms, machines, orders, sop_failures, tickets};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many machines are offered at most.
const MOST_MACHINES: usize = 5;

/// Everything that a round's messages may speak of, before it is known who may see what.
#[derive(Default)]
pub(super) struct Round {
    open: Vec<(RecordKind, LookedUp)>,
    tickets: Vec<(RecordKind, LookedUp<Visibility>)>,
}

/// Fetches what was asked for.
pub(super) async fn look_up(app: &App, tx: &Tx, wants: impl Iterator<Item = &Lookup>) -> Result<Round> {
    let mut keys: HashMap<RecordKind, BTreeSet<String>> = HashMap::new();
    for want in wants {
        keys.entry(want.kind).or_default().insert(want.key.clone());
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

/// The tickets that these people want to be offered, by person: one statement a kind of offer.
///
/// **Shape**: `{reference, title, status}`, the newest first, at most [`offers::MOST`].
pub(super) async fn offered(tx: &Tx, asked: Vec<(Viewer, Offer)>) -> Result<HashMap<i64, Vec<Value>>> {
    let mut kinds: BTreeMap<(Offer, bool), Vec<i64>> = BTreeMap::new();
    for (viewer, offer) in asked {
        let does_the_work = viewer.role == Some(Role::Support);
        kinds.entry((offer, does_the_work)).or_default().push(viewer.person_id);
    }
    let mut offered: HashMap<i64, Vec<Value>> = HashMap::new();
    for ((offer, does_the_work), people) in kinds {
        let side = if does_the_work { Side::Assigned } else { Side::Raised };
        for on_hand in tickets::on_hand(tx.conn(), side, &people, &offer.statuses(), offers::MOST).await? {
            let waits = side == Side::Raised && on_hand.status == Status::Resolved;
            let status = if waits { WAITING_APPROVAL } else { on_hand.status.as_str() };
            let ticket = json!({"reference": on_hand.reference, "title": on_hand.title, "status": status});
            offered.entry(on_hand.person_id).or_default().push(ticket);
        }
    }
    Ok(offered)
}

/// The machines near these people's places, by person, the nearest first: one statement.
///
/// **Shape**: `{reference, title, metres}`.
pub(super) async fn machines_near(tx: &Tx, asked: Vec<(i64, Spot)>) -> Result<HashMap<i64, Vec<Value>>> {
    let (people, spots): (Vec<i64>, Vec<Spot>) = asked.into_iter().unzip();
    let near = machines::near(tx.conn(), &spots, MOST_MACHINES).await?;
    let shown = |one: Near| json!({"reference": one.number, "title": one.name, "metres": one.metres});
    Ok(people.into_iter().zip(near).map(|(person, near)| (person, near.into_iter().map(shown).collect())).collect())
}

impl Round {
    /// What this person may see of what their message wants to know.
    pub(super) fn for_viewer(&self, viewer: &Viewer, wants: &[Lookup]) -> Records {
        let mut records = Records::new();
        for want in wants {
            if let Some((_, looked_up)) = self.open.iter().find(|(kind, _)| *kind == want.kind) {
                show(&mut records, want, looked_up, |()| true, |(), facts| facts.clone());
            }
            if let Some((_, looked_up)) = self.tickets.iter().find(|(kind, _)| *kind == want.kind) {
                let facts_for = |ticket: &Visibility, facts: &Value| facts_for(viewer, ticket, facts);
                show(&mut records, want, looked_up, |ticket| may_see(viewer, ticket), facts_for);
            }
        }
        records
    }
}

fn facts_for(viewer: &Viewer, ticket: &Visibility, facts: &Value) -> Value {
    let mut facts = facts.clone();
    if ticket.requester_id == Some(viewer.person_id) && facts["status"] == Status::Resolved.as_str() {
        facts["status"] = WAITING_APPROVAL.into();
    }
    facts
}

fn show<V>(
    records: &mut Records,
    want: &Lookup,
    looked_up: &LookedUp<V>,
    may_see: impl Fn(&V) -> bool,
    facts_for: impl Fn(&V, &Value) -> Value,
) {
    let found = looked_up.found.get(&want.key);
    if let Some((facts, visibility)) = found.filter(|(_, visibility)| may_see(visibility)) {
        records.found(want.kind, want.key.clone(), facts_for(visibility, facts));
    }
    if let Some(near) = looked_up.near.get(&want.key) {
        let near = near.iter().filter(|(_, visibility)| may_see(visibility)).map(|(key, _)| key.clone()).collect();
        records.nearest(want.kind, want.key.clone(), near);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::Kind;
    use crate::wording::Wording;

    const REQUESTER: i64 = 7;

    fn sop_failure(status: Status) -> Round {
        let visibility = Visibility {
            kind: Kind::SopFailure,
            requester_id: Some(REQUESTER),
            department: None,
            assigned: Vec::new(),
        };
        let facts = json!({"number": "SOP-999", "status": status.as_str()});
        let found = HashMap::from([("SOP-999".to_owned(), (facts, visibility))]);
        let looked_up = LookedUp { found, near: HashMap::new() };
        Round { open: Vec::new(), tickets: vec![(RecordKind::SopFailure, looked_up)] }
    }

    #[test]
    fn what_is_resolved_waits_for_approval_to_its_requester_only() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        for (person_id, status, word) in [
            (REQUESTER, Status::Resolved, "Waiting for approval"),
            (REQUESTER, Status::InProgress, "In Progress"),
            (REQUESTER, Status::Closed, "Closed"),
            (8, Status::Resolved, "Resolved"),
        ] {
            let viewer = Viewer { person_id, role: Some(Role::Operator), department: None, open_access: false };
            let wants = [Lookup { kind: RecordKind::SopFailure, key: "SOP-999".to_owned() }];
            let records = sop_failure(status).for_viewer(&viewer, &wants);
            let facts = records.get(RecordKind::SopFailure, "SOP-999").expect("operators see the floor's tickets");
            let key = format!("chat.ticket.status.{}", facts["status"].as_str().expect("a text"));
            assert_eq!(wording.render("en", &key, &Value::Null), word, "{person_id} {status:?}");
        }
    }

    #[test]
    fn every_status_of_a_ticket_has_a_word() {
        let wording = Wording::load(None).expect("the built-in wording is right");
        for status in Status::ALL.map(Status::as_str).into_iter().chain([WAITING_APPROVAL]) {
            let key = format!("chat.ticket.status.{status}");
            assert_ne!(wording.render("en", &key, &Value::Null), key);
        }
    }
}
