//! The world around one Andon, or two on one database: people who write, and the provider.

use crate::drive::callbacks::Callbacks;
use crate::drive::databases::Backend;
use crate::drive::doors::Doors;
use crate::drive::ledger::{Entries, Ledger};
use crate::drive::people::{Answers, Crowd, Pace};
use crate::drive::plant::Plant;
use crate::drive::process::{Provider, Start, free_address};
use crate::drive::stand_in::{Manner, StandIn};
use crate::drive::verify::verify;
use crate::drive::written::Pen;
use libtest_mimic::Failed;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Few enough that each gets through forms.
const PEOPLE: u32 = 100;
/// So many more for each kill: whoever waits for the reply to a message that failed then must not thin the load.
const PEOPLE_A_KILL: u32 = 10;
const CONNECTIONS: u32 = 16;
/// So many that whatever failed last is among the 20,000 messages that are looked at after an outage.
const MESSAGES_PER_SECOND: f64 = 400.0;
/// The share of webhooks that come twice.
const REPEATED: f64 = 0.1;
/// From here on the run is a long one, and waits for every reply: what is in doubt is asked for after half a minute.
const MANY_KILLS: u32 = 10;
const SHORT_PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(50);

pub(crate) struct World {
    plant: Plant,
    ledger: Arc<Ledger>,
    callbacks: Callbacks,
    pub(crate) crowd: Crowd,
    _provider: StandIn,
    /// How each process is started.
    pub(crate) starts: Vec<Start>,
}

/// People at work.
pub(crate) struct Writing {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<Answers>,
}

impl Writing {
    /// They finish what they began.
    pub(crate) async fn end(self) -> Result<Answers, Failed> {
        self.is_over.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}

impl World {
    pub(crate) async fn build(backend: Backend, processes: usize, kills: u32) -> Result<Self, Failed> {
        let plant = Plant::build(backend).await?;
        let people = PEOPLE + PEOPLE_A_KILL * kills;
        let ledger = Arc::new(Ledger::new(people as usize));
        let addresses: Vec<SocketAddr> = (0..processes).map(|_| free_address()).collect::<Result<_, _>>()?;
        let public_url = format!("http://{}", addresses[0]);
        let pen = Arc::new(Pen::twilio(&public_url));
        let doors = Doors::new(&addresses);
        let callbacks = Callbacks::start(&pen, &ledger, &doors);
        let provider = StandIn::start(&Manner::Answers(20..200), &ledger, callbacks.clone())?;
        let start = |address: &SocketAddr| Start {
            database_url: plant.url(),
            folder: plant.folder(),
            address: *address,
            public_url: public_url.clone(),
            by: Provider::Twilio,
            provider: provider.address,
        };
        let starts = addresses.iter().map(start).collect();
        let crowd = Crowd {
            ledger: Arc::clone(&ledger),
            pen,
            doors,
            people,
            connections: CONNECTIONS,
            pace: Pace::PerSecond(MESSAGES_PER_SECOND),
            messages_each: u32::MAX,
            repeated: REPEATED,
            together: 1,
        };
        Ok(Self { plant, ledger, callbacks, crowd, _provider: provider, starts })
    }

    pub(crate) fn let_them_write(&self) -> Writing {
        let (is_over, crowd) = (Arc::new(AtomicBool::new(false)), self.crowd.clone());
        let told = Arc::clone(&is_over);
        Writing { is_over, task: tokio::spawn(async move { crowd.write(move || told.load(Ordering::Relaxed)).await }) }
    }

    /// How many messages each person has written.
    pub(crate) fn written(&self) -> Vec<u32> {
        self.ledger.open().people.iter().map(|person| person.written).collect()
    }

    /// How many people have no reply to what they had written then.
    pub(crate) fn waiting_since(&self, then: &[u32]) -> usize {
        let entries = self.ledger.open();
        entries.people.iter().zip(then).filter(|(person, written)| person.replied < **written).count()
    }

    /// Waits until everything is quiet: after many kills whatever it takes, within bounds.
    pub(crate) async fn settle(&self, kills: u32) {
        self.settle_within(if kills < MANY_KILLS { SHORT_PATIENCE } else { PATIENCE }).await;
    }

    pub(crate) async fn settle_all(&self) {
        self.settle_within(PATIENCE).await;
    }

    async fn settle_within(&self, patience: Duration) {
        let began = Instant::now();
        while (self.ledger.unanswered() > 0 || self.callbacks.open() > 0) && began.elapsed() < patience {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The plant, and what the provider knows.
    pub(crate) fn end(self) -> (Plant, Entries) {
        let entries = self.ledger.close();
        (self.plant, entries)
    }

    /// Holds the database and the provider's record against what was written; in a few words, what there was.
    pub(crate) async fn reckon(self, kills: u32, answers: &Answers) -> Result<String, Failed> {
        let (plant, entries) = self.end();
        let db = plant.open().await?;
        let findings = verify(&db, &entries).await?;
        db.close().await?;
        let mut faults = findings.lines();
        if findings.waiting > 0 && kills >= MANY_KILLS {
            faults.push(format!("replies that have not left: {}", findings.waiting));
        }
        if findings.doubled_replies > 0 {
            faults.push(format!("replies sent twice: {}", findings.doubled_replies));
        }
        if !faults.is_empty() {
            return Err(faults.join("\n").into());
        }
        plant.raze().await;
        Ok(format!(
            "{} messages, {} of them accepted at once, {} through the provider's list; replies waiting: {}",
            findings.messages, answers.accepted, answers.failed, findings.waiting
        ))
    }
}
