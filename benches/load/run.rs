//! One run: a plant is built, Andon started, the crowd let loose, the replies waited for, everything checked.

use crate::drive::callbacks::Callbacks;
use crate::drive::databases::Backend;
use crate::drive::doors::Doors;
use crate::drive::ledger::Ledger;
use crate::drive::people::Crowd;
use crate::drive::plant::Plant;
use crate::drive::process::{Andon, Provider, Start, free_address, own_cpu};
use crate::drive::stand_in::StandIn;
use crate::drive::verify::verify;
use crate::drive::written::Pen;
use crate::drive::{meta, twilio};
use crate::history;
use crate::report::{Figures, Row};
use crate::scenarios::{Plan, Scenario};
use chrono::TimeDelta;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether the replies are all there.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) async fn run(backend: Backend, scenario: Scenario, plan: &Plan) -> Result<Row, Box<dyn std::error::Error>> {
    let plant = Plant::build(backend).await?;
    if plan.history > 0 {
        let db = plant.open().await?;
        history::fill(&db, plan.history, TimeDelta::zero()).await?;
        db.close().await?;
    }
    let ledger = Arc::new(Ledger::new(plan.people as usize));
    let address = free_address()?;
    let public_url = format!("http://{address}");
    let pen = Arc::new(match plan.by {
        Provider::Twilio => Pen::Twilio(twilio::Pen::new(&public_url)),
        Provider::Meta => Pen::Meta(meta::Pen::new(&public_url, plan.bytes_each)),
    });
    let doors = Doors::new(&[address]);
    let callbacks = Callbacks::start(&pen, &ledger, &doors);
    let provider = StandIn::start(&plan.provider, &ledger, callbacks.clone())?;
    let start = Start {
        database_url: plant.url(),
        folder: plant.folder(),
        address,
        public_url,
        by: plan.by,
        provider: provider.address,
    };
    let (andon, start_up) = start_three_times(&start).await?;

    let crowd = Crowd {
        ledger: Arc::clone(&ledger),
        pen,
        doors,
        people: plan.people,
        connections: plan.connections,
        pace: plan.pace,
        messages_each: plan.messages_each,
        repeated: 0.0,
        together: plan.together,
    };
    let (andon_before, driver_before, began) = (andon.cpu(), own_cpu(), Instant::now());
    let end = began + plan.time;
    let answers = crowd.write(move || Instant::now() >= end).await;
    let took = began.elapsed();
    let (andon_cpu, driver_cpu) = (andon.cpu() - andon_before, own_cpu() - driver_before);

    let replied_meanwhile = ledger.replied();
    let stopped_writing = Instant::now();
    settle(&ledger, &callbacks, plan.patience).await;
    let behind =
        ledger.open().last_arrival.map_or(Duration::ZERO, |last| last.saturating_duration_since(stopped_writing));
    let resident = andon.resident();
    andon.stop().await?;
    drop(provider);

    let db = plant.open().await?;
    let entries = ledger.close();
    let findings = verify(&db, &entries).await?;
    let row = Row::new(
        backend,
        scenario,
        &Figures {
            answers: &answers,
            took,
            delays: entries.delays.as_ref(),
            replied_meanwhile,
            replied: entries.arrivals.len(),
            behind,
            resident,
            start_up,
            andon_cpu,
            driver_cpu,
            findings: &findings,
        },
    );
    db.close().await?;
    plant.raze().await;
    Ok(row)
}

/// Starts it three times, and leaves the last one running; the median of its start-up times.
async fn start_three_times(start: &Start) -> io::Result<(Andon, Duration)> {
    let mut times = Vec::new();
    for _ in 0..2 {
        let andon = Andon::start(start).await?;
        times.push(andon.start_up);
        andon.stop().await?;
    }
    let andon = Andon::start(start).await?;
    times.push(andon.start_up);
    times.sort_unstable();
    Ok((andon, times[1]))
}

/// Waits until every reply is at the provider and every callback brought, or patience ends.
async fn settle(ledger: &Ledger, callbacks: &Callbacks, patience: Duration) {
    let began = Instant::now();
    while (ledger.unanswered() > 0 || callbacks.open() > 0) && began.elapsed() < patience {
        tokio::time::sleep(LOOK).await;
    }
}
