//! What changed, told to those who look at the desk: each hears of what they may see, and of nothing else.
//!
//! Nothing of it is stored and a change may be lost, as a poke may: the page shows it when it is next read. Whoever
//! lost a ticket hears that tickets changed, without which.

use super::super::store::live as store;
use super::Live;
use crate::bus::{Changes, Poke};
use crate::kit::Result;
use crate::people::Role;
use crate::tickets::{self, Viewer, Visibility, may_see};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// However much changes, people hear of it at most so often.
const BREATH: Duration = Duration::from_millis(50);
/// With nothing to tell it looks this often whether it is to stop.
const IDLE: Duration = Duration::from_mins(1);

impl Live {
    /// Tells of changes until told to stop.
    pub(super) async fn follow_changes(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let next = async {
                self.0.app.bus.wait(Poke::Desk, IDLE).await;
                if let Err(error) = self.tell_changes().await {
                    tracing::warn!(cause = error.private(), "who has the desk open hears of no changes: {error}");
                }
                tokio::time::sleep(BREATH).await;
            };
            tokio::select! {
                () = next => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Tells those who want to hear of it what changed since the last time. Three statements at most.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tell_changes(&self) -> Result<()> {
        let hub = &self.0;
        let changes = hub.app.bus.changes();
        let people: Vec<i64> = hub.desks.hearing_changes().into_iter().collect();
        if changes.is_empty() || people.is_empty() {
            return Ok(());
        }
        let conn = hub.app.db.read();
        let viewers = store::viewers(conn, &people).await?;
        let ids: Vec<i64> = changes.tickets.iter().copied().collect();
        let seen_by = if ids.is_empty() { HashMap::new() } else { tickets::visibilities(conn, &ids).await? };
        let told: BTreeMap<i64, Arc<str>> = viewers
            .iter()
            .filter_map(|viewer| {
                let topics = topics(viewer, &changes, &seen_by)?;
                Some((viewer.person_id, json!({"type": "changed", "topics": topics}).to_string().into()))
            })
            .collect();
        hub.desks.tell_changes(&told);
        Ok(())
    }
}

/// What somebody is told that it changed; none where it is nothing of theirs. Where more changed than is known, an empty
/// list: it may be anything.
fn topics(viewer: &Viewer, changes: &Changes, seen_by: &HashMap<i64, Visibility>) -> Option<Vec<String>> {
    if changes.overflowed {
        return Some(Vec::new());
    }
    let mut topics = Vec::new();
    let is_seen = |id: &&i64| seen_by.get(id).is_some_and(|ticket| may_see(viewer, ticket));
    topics.extend(changes.tickets.iter().filter(is_seen).map(|id| format!("ticket-{id}")));
    if !topics.is_empty() || changes.taken_from.contains(&viewer.person_id) {
        topics.push("tickets".to_owned());
    }
    if changes.orders && matches!(viewer.role, Some(Role::Admin | Role::Supervisor)) {
        topics.push("orders".to_owned());
    }
    if changes.deliveries && viewer.role == Some(Role::Admin) {
        topics.push("deliveries".to_owned());
    }
    (!topics.is_empty()).then_some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::Kind;

    #[test]
    fn everybody_hears_of_what_they_may_see_and_of_nothing_else() {
        let viewer = |person_id, role| Viewer { person_id, role: Some(role), department: None, open_access: false };
        let visibility = |kind, assigned: &[i64]| Visibility {
            kind,
            requester_id: Some(4),
            department: None,
            assigned: assigned.to_vec(),
        };
        let seen_by = HashMap::from([(7, visibility(Kind::Incident, &[3])), (8, visibility(Kind::Maintenance, &[]))]);
        let changes = Changes {
            tickets: [7, 8, 9].into(),
            taken_from: [6].into(),
            orders: true,
            deliveries: true,
            overflowed: false,
        };
        for (id, role, expected) in [
            (1, Role::Admin, "ticket-7 ticket-8 tickets orders deliveries"),
            (2, Role::Supervisor, "ticket-8 tickets orders"),
            (3, Role::Support, "ticket-7 tickets"),
            (4, Role::Client, "ticket-7 ticket-8 tickets"),
            (5, Role::Client, ""),
            (6, Role::Support, "tickets"),
        ] {
            let topics = topics(&viewer(id, role), &changes, &seen_by).unwrap_or_default();
            assert_eq!(topics.join(" "), expected, "{role:?}");
        }
        let many = Changes { overflowed: true, ..Changes::default() };
        assert_eq!(super::topics(&viewer(5, Role::Client), &many, &seen_by), Some(Vec::new()));
    }
}
