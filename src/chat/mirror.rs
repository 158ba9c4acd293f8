//! Live sessions, copied to Redis: what `GET /api/whatsapp/sessions` lists, with the answers, for other tools to read.
//!
//! Whoever changes a session says so after the commit: `app.bus.changed([person_id])`.
//!
//! **Shape**: `<prefix>session:whatsapp:+12025550101` holds `{"state": "create_defect.severity", "data": {"order":
//! "ORD-12345", …}, "created_at": …, "updated_at": …}` and goes by itself when the session becomes dormant.

use super::session::Session;
use super::store::{self, Live};
use crate::app::App;
use crate::bus::{Copied, Source};
use crate::channels::Medium;
use crate::kit::{Instant, Result};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

/// What a session's key begins with, after the prefix.
const KEY: &str = "session:";

/// Keeps the copies, and the pokes that travel with them, until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    let sessions = Sessions(app.clone());
    tokio::select! {
        () = app.bus.run(&sessions) => {}
        () = stop.cancelled() => {}
    }
}

/// The live sessions of the database.
struct Sessions(App);

#[async_trait::async_trait]
impl Source for Sessions {
    /// A person's session is held on the number last written from, so the others of theirs have none.
    async fn of(&self, people: &[i64]) -> Result<Vec<Copied>> {
        let live = store::live_of(self.0.db.read(), self.since(), people).await?;
        let held: HashSet<&str> = live.iter().map(|live| live.value.as_str()).collect();
        let numbers = store::numbers(self.0.db.read(), people).await?;
        let others = numbers.iter().filter(|number| !held.contains(number.as_str()));
        let gone = others.map(|number| Copied { key: key(Medium::Whatsapp.as_str(), number), value: None, life_ms: 0 });
        Ok(live.iter().map(|live| self.copy(live)).chain(gone).collect())
    }

    async fn after(&self, place: i64, most: usize) -> Result<(Vec<Copied>, Option<i64>)> {
        let live = store::live_after(self.0.db.read(), self.since(), place, most as u64).await?;
        let next = live.last().filter(|_| live.len() == most).map(|live| live.id);
        Ok((live.iter().map(|live| self.copy(live)).collect(), next))
    }
}

impl Sessions {
    /// What changed before this is dormant.
    fn since(&self) -> Instant {
        self.0.clock.now() - self.0.settings.session_timeout
    }

    fn copy(&self, live: &Live) -> Copied {
        let session: Session = serde_json::from_str(&live.session).unwrap_or_default();
        let data: Map<String, Value> =
            session.answers.into_iter().map(|(question, answer)| (question, Value::String(answer.value))).collect();
        let value = json!({
            "state": live.state,
            "data": data,
            "created_at": live.created_at,
            "updated_at": live.updated_at,
        });
        Copied {
            key: key(&live.medium, &live.value),
            value: Some(value.to_string()),
            life_ms: u64::try_from((live.updated_at - self.since()).num_milliseconds()).unwrap_or(0),
        }
    }
}

fn key(medium: &str, number: &str) -> String {
    format!("{KEY}{medium}:{number}")
}
