//! How soon an open desk hears of what was done: from the answer to the action to the frame.

use super::ask::Answers;
use super::{Failure, World};
use crate::drive::ledger::{histogram, micros};
use crate::drive::process::own_cpu;
use crate::drive::staff::raise;
use crate::drive::wire::Wire;
use crate::report::DeskFigures;
use futures_util::StreamExt as _;
use hdrhistogram::Histogram;
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// How many tickets are raised a second.
const A_SECOND: u32 = 50;
/// By when everything must have been heard.
const PATIENCE: Duration = Duration::from_secs(10);

/// When each title was answered, and when it was heard of.
type Times = HashMap<String, (Option<Instant>, Option<Instant>)>;

/// What was heard.
pub(crate) struct Heard {
    /// From the answer to the frame, in microseconds; nothing where the frame came first.
    pub(crate) delays: Histogram<u64>,
    /// What was answered and never heard of.
    pub(crate) missed: usize,
}

pub(super) async fn listen(world: &World, time: Duration) -> Result<(Heard, DeskFigures), Failure> {
    let times: Arc<Mutex<Times>> = Arc::default();
    let url = format!("ws://{}/ws/notifications/?token={}", world.address, world.staff.admin.access);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
    let heard = Arc::clone(&times);
    let ear = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let now = Instant::now();
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap_or_default();
            if let Some(title) = frame["ticket"]["title"].as_str() {
                heard.lock().unwrap_or_else(PoisonError::into_inner).entry(title.to_owned()).or_default().1 = Some(now);
            }
        }
    });
    let cpu = (world.andon.cpu(), own_cpu());
    let (mut wire, began) = (Wire::connect(world.address).await?, Instant::now());
    let mut answers = Answers::none();
    let count = A_SECOND * u32::try_from(time.as_secs()).unwrap_or(1);
    for nth in 0..count {
        tokio::time::sleep_until((began + Duration::from_secs(1) / A_SECOND * nth).into()).await;
        let title = format!("Push {nth}-{:08x}", rand::random::<u32>());
        let user = &world.staff.clients[nth as usize % world.staff.clients.len()];
        let sets_out = Instant::now();
        wire.send(&raise(world.address, user, &title)).await?;
        let answer = wire.receive().await?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let now = Instant::now();
        if answer.status() == 201 {
            answers.accepted += 1;
            answers.latency.saturating_record(micros(now - sets_out));
            times.lock().unwrap_or_else(PoisonError::into_inner).entry(title.clone()).or_default().0 = Some(now);
            answers.raised.push(title);
        } else {
            answers.amiss(|| format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body)));
        }
    }
    let took = began.elapsed();
    let stopped = Instant::now();
    let missed = || {
        let times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.values().filter(|(_, heard)| heard.is_none()).count()
    };
    while missed() > 0 && stopped.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ear.abort();
    let mut delays = histogram();
    for (answered, heard) in times.lock().unwrap_or_else(PoisonError::into_inner).values() {
        if let (Some(answered), Some(heard)) = (answered, heard) {
            delays.saturating_record(micros(heard.saturating_duration_since(*answered)));
        }
    }
    let heard = Heard { delays, missed: missed() };
    world.settle().await;
    Ok((heard, world.figures("desk-push", answers, took, cpu)))
}
