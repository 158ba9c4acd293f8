//! What changed, told to those who look at the desk: each hears of what they may see, and of nothing else.
//!
//! Nothing of it is stored and a change may be lost, as a poke may: the page shows it when it is next read. Whoever
//! lost a ticket hears that tickets changed, without which.

use super::super::store::live as store;
use super::Live;
use crate::bus::{Changes, Poke, Typing};
use crate::db::Topic;
use crate::kit::Result;
use crate::people::Role;
use crate::people::model::Sight;
use crate::pulse::Job;
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
                self.0.app.ran(Job::Changes, self.tell_changes().await);
                tokio::time::sleep(BREATH).await;
            };
            tokio::select! {
                () = next => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Tells those who want to hear of it what changed since the last time. Four statements at most.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tell_changes(&self) -> Result<()> {
        let hub = &self.0;
        let changes = hub.app.bus.changes();
        if changes.topics.contains(&Topic::Orders) || changes.overflowed || !changes.tickets.is_empty() {
            hub.stirs.stir();
        }
        let people: Vec<i64> = hub.desks.hearing_changes().into_iter().collect();
        if changes.is_empty() || people.is_empty() {
            return Ok(());
        }
        let conn = hub.app.db.read();
        let viewers = store::viewers(conn, &people).await?;
        let ids: Vec<i64> = changes.tickets.iter().copied().collect();
        let seen_by = if ids.is_empty() { HashMap::new() } else { tickets::visibilities(conn, &ids).await? };
        let speak: Vec<i64> = changes.talked_of().collect();
        let spoken_by = if speak.is_empty() { HashMap::new() } else { store::about(conn, &speak).await? };
        let seen = Seen { tickets: seen_by, people: spoken_by };
        let mut told: BTreeMap<i64, Vec<Arc<str>>> = BTreeMap::new();
        for viewer in &viewers {
            let topics = topics(viewer, &changes, &seen);
            let hears = topics.map(|topics| json!({"type": "changed", "topics": topics}));
            let typing = changes.typing.iter().filter(|typing| seen.lets_read(viewer, typing.person_id));
            let typing = typing.map(|Typing { person_id, by, name }| {
                json!({"type": "typing", "conversation": person_id, "by": by, "name": name})
            });
            let texts: Vec<Arc<str>> = hears.into_iter().chain(typing).map(|said| said.to_string().into()).collect();
            told.insert(viewer.person_id, texts);
        }
        hub.desks.tell_changes(&told);
        Ok(())
    }
}

/// What decides who may see what changed.
#[derive(Default)]
struct Seen {
    /// Of tickets.
    tickets: HashMap<i64, Visibility>,
    /// Of people's conversations: their role and department.
    people: HashMap<i64, (Option<Role>, Option<String>)>,
}

impl Seen {
    /// Whether somebody may read this person's conversation.
    fn lets_read(&self, viewer: &Viewer, person_id: i64) -> bool {
        let Some(role) = viewer.role.filter(|role| role.sees_conversations()) else { return false };
        let Some((theirs, department)) = self.people.get(&person_id) else { return false };
        let sight = Sight::of(viewer.person_id, role, viewer.department.as_deref());
        sight.reaches_conversation(person_id, *theirs, department.as_deref())
    }
}

/// What somebody is told that it changed; none where it is nothing of theirs. Where more changed than is known, an empty
/// list: it may be anything.
fn topics(viewer: &Viewer, changes: &Changes, seen: &Seen) -> Option<Vec<String>> {
    if changes.overflowed {
        return Some(Vec::new());
    }
    let mut topics = Vec::new();
    let is_seen = |id: &&i64| seen.tickets.get(id).is_some_and(|ticket| may_see(viewer, ticket));
    topics.extend(changes.tickets.iter().filter(is_seen).map(|id| format!("ticket-{id}")));
    if !topics.is_empty() || changes.taken_from.contains(&viewer.person_id) {
        topics.push("tickets".to_owned());
    }
    let talks = changes.conversations.iter().filter(|id| seen.lets_read(viewer, **id));
    let talks: Vec<String> = talks.map(|id| format!("conversation-{id}")).collect();
    if !talks.is_empty() {
        topics.extend(talks);
        topics.push("conversations".to_owned());
    }
    let hears = |topic: &Topic| match viewer.role {
        Some(Role::Admin) => true,
        Some(Role::Supervisor) => topic.is_of_the_floor(),
        _ => false,
    };
    topics.extend(changes.topics.iter().filter(|topic| hears(topic)).map(|topic| topic.as_str().to_owned()));
    (!topics.is_empty()).then_some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::Kind;

    #[test]
    fn everybody_hears_of_what_they_may_see_and_of_nothing_else() {
        let viewer = |person_id, role| Viewer {
            person_id,
            role: Some(role),
            department: Some("Machining".to_owned()),
            open_access: false,
        };
        let visibility = |kind, assigned: &[i64]| Visibility {
            kind,
            requester_id: Some(4),
            department: Some("Machining".to_owned()),
            assigned: assigned.to_vec(),
        };
        let operator_of = |department: &str| (Some(Role::Operator), Some(department.to_owned()));
        let seen = Seen {
            tickets: HashMap::from([(7, visibility(Kind::Incident, &[3])), (8, visibility(Kind::Maintenance, &[]))]),
            people: HashMap::from([(20, operator_of("Machining")), (21, operator_of("Paint")), (22, (None, None))]),
        };
        let changes = Changes {
            tickets: [7, 8, 9].into(),
            taken_from: [6].into(),
            conversations: [20, 21, 22, 23].into(),
            typing: [].into(),
            topics: Topic::ALL.into(),
            overflowed: false,
        };
        for (id, role, expected) in [
            (
                1,
                Role::Admin,
                "ticket-7 ticket-8 tickets conversation-20 conversation-21 conversation-22 conversations orders machines boms shifts plans deliveries chores webhooks rules",
            ),
            (2, Role::Supervisor, "ticket-8 tickets conversation-20 conversations orders machines boms shifts plans"),
            (3, Role::Support, "ticket-7 tickets"),
            (4, Role::Client, "ticket-7 ticket-8 tickets"),
            (5, Role::Client, ""),
            (6, Role::Support, "tickets"),
        ] {
            let topics = topics(&viewer(id, role), &changes, &seen).unwrap_or_default();
            assert_eq!(topics.join(" "), expected, "{role:?}");
        }
        let many = Changes { overflowed: true, ..Changes::default() };
        assert_eq!(super::topics(&viewer(5, Role::Client), &many, &seen), Some(Vec::new()));
    }
}
