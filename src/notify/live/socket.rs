//! One connection: greeting, what was missed, what is new, ping and pong, farewell.

use super::super::store::live as store;
use super::Live;
use super::desks::{End, Line, Queued, Who};
use super::entry::{Entry, PATIENCE, Resume};
use crate::kit::{Instant, Result};
use crate::web::{Fields, serve};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::Waiting;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant as Moment, interval_at, timeout};

/// How often the server asks whether somebody is still there.
const PING: Duration = Duration::from_secs(25);
/// Who says nothing for so long, not even a pong, is gone.
const SILENCE: Duration = Duration::from_secs(75);
/// How long a client may take to take one message.
const SEND: Duration = Duration::from_secs(10);
/// The longest message from a client, in bytes.
pub(super) const MOST_BYTES: usize = 8 * 1024;
/// What happened so long before the instant that a client names is sent again: clocks differ.
const OVERLAP: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// Why a connection came to its end.
enum Over {
    /// It is broken, or the client closed it.
    Gone,
    /// We end it.
    Ended(End),
}

/// Talks until the connection ends. `places` are its own here and among the listener's connections.
pub(super) async fn talk(
    mut socket: WebSocket,
    live: Live,
    who: Option<Who>,
    (resume, hears_changes): (Resume, bool),
    places: (OwnedSemaphorePermit, Option<serve::Held>),
) {
    let over = match converse(&mut socket, &live, who, resume, hears_changes).await {
        Ok(over) => over,
        Err(error) => {
            tracing::warn!(cause = error.private(), "a live connection is ended: {error}");
            Over::Ended(End::Stop)
        }
    };
    if let Over::Ended(end) = over {
        let (code, reason) = end.code();
        let farewell = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // Whoever is gone by now needs no farewell.
        let _gone = timeout(SEND, socket.send(farewell)).await;
    }
    drop(places);
}

async fn converse(
    socket: &mut WebSocket,
    live: &Live,
    who: Option<Who>,
    resume: Resume,
    hears_changes: bool,
) -> Result<Over> {
    let (who, resume, hears_changes) = match who {
        Some(who) => (who, resume, hears_changes),
        None => match introduced(socket, live).await? {
            Some((who, said)) => {
                let resume = if said.resume.is_asked() { said.resume } else { resume };
                (who, resume, hears_changes || said.changes)
            }
            None => return Ok(Over::Ended(End::SignedOut)),
        },
    };
    let person_id = who.person_id;
    let Some(mut wire) = live.open(who, hears_changes).await? else { return Ok(Over::Ended(End::TooMany)) };
    let greeting = json!({
        "type": "connection_established",
        "message": "Connected to the live notifications.",
        "user_id": person_id,
    });
    if !send(socket, greeting.to_string()).await {
        return Ok(Over::Gone);
    }
    let Some(last) = replay(socket, live, person_id, resume).await? else { return Ok(Over::Gone) };
    Ok(follow(socket, &mut wire, last).await)
}

/// Waits for the first message to say who it is.
async fn introduced(socket: &mut WebSocket, live: &Live) -> Result<Option<(Who, Entry)>> {
    let deadline = Moment::now() + PATIENCE;
    loop {
        let Ok(Some(Ok(message))) = tokio::time::timeout_at(deadline, socket.recv()).await else { return Ok(None) };
        let Message::Text(text) = message else { continue };
        let Some(entry) = entry(&text) else { return Ok(None) };
        return match entry.who(&live.0.app).await {
            Ok(who) => Ok(who.map(|who| (who, entry))),
            Err(refused) if refused.kind() == crate::kit::error::Kind::Unauthorized => Ok(None),
            Err(away) => Err(away),
        };
    }
}

/// **Shape**: `{"type": "authenticate", "token": "…", "last_id": 71}`, of which `type` may be left out.
fn entry(text: &str) -> Option<Entry> {
    let Ok(Value::Object(mut object)) = serde_json::from_str::<Value>(text) else { return None };
    object.remove("type");
    Fields::of_object(object).into_form().ok()
}

/// Sends what was missed; answers with the last notice that was sent, or none where the client is gone.
async fn replay(socket: &mut WebSocket, live: &Live, person_id: i64, resume: Resume) -> Result<Option<i64>> {
    if !resume.is_asked() {
        return Ok(Some(0));
    }
    let app = &live.0.app;
    let since: Option<Instant> = resume.since.map(|since| since - OVERLAP);
    let missed = store::missed(app.db.read(), person_id, resume.last_id, since).await?;
    let Some(missed) = missed else {
        let says = "More was missed than is sent again. Read it: GET /api/notifications/.";
        let sent = send(socket, json!({"type": "resync", "message": says}).to_string()).await;
        return Ok(sent.then_some(0));
    };
    let mut last = resume.last_id.unwrap_or(0);
    for Waiting { id, text, .. } in store::written(app.db.read(), live.0.notices, missed).await? {
        if !send(socket, text.to_string()).await {
            return Ok(None);
        }
        last = last.max(id);
    }
    Ok(Some(last))
}

/// Sends what is new, and answers the client, until either ends it.
async fn follow(socket: &mut WebSocket, line: &mut Line, last: i64) -> Over {
    let mut ping = interval_at(Moment::now() + PING, PING);
    let mut heard = Moment::now();
    loop {
        tokio::select! {
            biased;
            ended = async { line.end.wait_for(Option::is_some).await.ok().and_then(|end| *end) } => {
                return Over::Ended(ended.unwrap_or(End::Stop));
            }
            message = socket.recv() => {
                heard = Moment::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(answer) = answer(&text) && !send(socket, answer).await {
                            return Over::Gone;
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Over::Gone,
                    Some(Ok(_)) => {}
                }
            }
            notice = line.queue.recv() => match notice {
                Some(Queued::Notice(id, _)) if id <= last => {} // it was among what was missed
                Some(Queued::Notice(_, text) | Queued::Change(text)) => {
                    if !send(socket, text.to_string()).await {
                        return Over::Ended(End::Slow);
                    }
                }
                None => return Over::Ended(End::Stop),
            },
            _ = ping.tick() => {
                if heard.elapsed() >= SILENCE || !sent(socket, Message::Ping(Vec::new().into())).await {
                    return Over::Gone;
                }
            }
        }
    }
}

/// The answer to a client's message: a ping gets a pong with the same number, anything else gets none.
fn answer(text: &str) -> Option<String> {
    let message: Map<String, Value> = serde_json::from_str(text).ok()?;
    let is_ping = message.get("type").and_then(Value::as_str) == Some("ping");
    is_ping.then(|| json!({"type": "pong", "timestamp": message.get("timestamp")}).to_string())
}

async fn send(socket: &mut WebSocket, text: String) -> bool {
    sent(socket, Message::Text(text.into())).await
}

async fn sent(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND, socket.send(message)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_gets_the_same_number_back() {
        for (said, answered) in [
            (r#"{"type":"ping","timestamp":1737210622123}"#, Some(r#"{"timestamp":1737210622123,"type":"pong"}"#)),
            (r#"{"type":"ping","timestamp":1.5}"#, Some(r#"{"timestamp":1.5,"type":"pong"}"#)),
            (r#"{"type":"ping"}"#, Some(r#"{"timestamp":null,"type":"pong"}"#)),
            (r#"{"type":"pong","timestamp":1}"#, None),
            ("[]", None),
            ("ping", None),
        ] {
            let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            assert_eq!(answer(said).as_deref().map(read), answered.map(read), "{said}");
        }
    }

    #[test]
    fn a_first_message_says_who_it_is_and_nothing_unknown() {
        let read = entry(r#"{"type":"authenticate","token":"abc","last_id":7}"#).expect("an entry");
        assert_eq!((read.token.as_deref(), read.resume.last_id), (Some("abc"), Some(7)));
        for wrong in ["", "[]", r#"{"token":7}"#, r#"{"tokens":"abc"}"#, r#"{"token":"abc","last_id":-1}"#] {
            assert!(entry(wrong).is_none(), "{wrong}");
        }
    }
}
