//! Deliveries through a provider on a bad day, while the process is killed: `ANDON_FAULT_DELIVERIES` says how many (700
//! for each kill without it).
//!
//! Tickets are raised all the while and many people told of each, every one in words of its own. The provider takes
//! messages without saying so, fails, is busy, slow, refuses, tells late, twice, in the wrong order or never, and some
//! messages fail after it took them (`drive/whims.rs`); then it is well, and what is open may end. Afterwards each
//! notice stands as the provider left it, as far as that was told, and no text went twice without need (`reckoning.rs`).

pub(crate) mod reckoning;

use crate::drive::callbacks::Callbacks;
use crate::drive::databases::Backend;
use crate::drive::doors::Doors;
use crate::drive::ledger::{Entries, Ledger};
use crate::drive::plant::Plant;
use crate::drive::process::{Andon, Provider, Start, free_address};
use crate::drive::staff::{self, PASSWORD, User, raise};
use crate::drive::stand_in::{Manner, StandIn};
use crate::drive::whims::Whims;
use crate::drive::wire::Wire;
use crate::drive::written::Pen;
use andon::delivery::store::rows::row as delivery;
use andon::outbox::row as event;
use andon::people::Role;
use andon::proof::Passwords;
use libtest_mimic::Failed;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reckoning::Rows;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many are told of each ticket: those who are registered here, and the plant's own admin.
const TOLD: u32 = 50;
/// How many notices there are for each kill where nobody says otherwise.
pub(crate) const DELIVERIES_A_KILL: u64 = 700;
/// From here on the run is a long one, in which some failures pass only after a minute.
const MANY: u64 = 10_000;
/// How long the process lives between two kills, in milliseconds, and how long it stays down.
const LIFE: RangeInclusive<u64> = 300..=2_500;
const DOWN: RangeInclusive<u64> = 0..=300;
/// When the next ticket is raised: faster than its notices leave, so that some always wait.
const RAISE_EVERY: Duration = Duration::from_millis(120);
/// By when everything must have been tried once, and by when everything must have ended.
const PATIENCE: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_millis(100);
/// How the titles of its tickets begin.
pub(crate) const TITLE: &str = "Bad day ";

/// The world around one Andon.
struct World {
    plant: Plant,
    ledger: Arc<Ledger>,
    callbacks: Callbacks,
    _provider: StandIn,
    whims: Whims,
    start: Start,
    /// Who raises the tickets.
    client: i64,
}

pub(crate) async fn a_provider_on_a_bad_day(
    backend: Backend,
    deliveries: u64,
    kills: u32,
    seed: u64,
) -> Result<(), Failed> {
    let mut chance = StdRng::seed_from_u64(seed);
    let world = World::build(backend, Whims::new(seed, deliveries >= MANY)).await?;
    let mut andon = Andon::start(&world.start).await?;
    let raising = tokio::spawn(world.raise(deliveries.div_ceil(TOLD.into())).await?);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.random_range(LIFE))).await;
        andon.kill()?;
        tokio::time::sleep(Duration::from_millis(chance.random_range(DOWN))).await;
        andon = Andon::start(&world.start).await?;
    }
    let raised = raising.await??;
    world.wait_for(|| delivery::Column::Attempts.eq(0)).await?;
    world.whims.end();
    world.settle().await?;
    andon.stop().await?;

    let (plant, rows, entries) = world.end().await?;
    let (findings, tally) = reckoning::reckon(&rows, &entries, &raised);
    let faults = findings.lines();
    if !faults.is_empty() {
        return Err(format!("seed {seed}\n{}", faults.join("\n")).into());
    }
    plant.raze().await;
    println!("{backend}, {kills} kills, seed {seed}: {tally}");
    Ok(())
}

/// The reckoning itself is tested: after a good day nothing is found, and whatever is taken away, doubled or changed then.
pub(crate) async fn its_reckoning_finds_what_is_wrong() -> Result<(), Failed> {
    let whims = Whims::new(0, false);
    whims.end();
    let world = World::build(Backend::Sqlite, whims).await?;
    let andon = Andon::start(&world.start).await?;
    let raised = world.raise(2).await?.await?;
    world.settle().await?;
    andon.stop().await?;
    let (plant, rows, entries) = world.end().await?;
    reckoning::tested::finds_what_is_wrong(&rows, &entries, &raised);
    plant.raze().await;
    Ok(())
}

impl World {
    async fn build(backend: Backend, whims: Whims) -> Result<Self, Failed> {
        let plant = Plant::build(backend).await?;
        let db = plant.open().await?;
        let hash = Passwords::new().hash(PASSWORD).await?;
        let client = staff::hire(&db, vec!["client0".to_owned()], Role::Client, &hash).await?[0];
        staff::register(&db, 1..TOLD, Role::Admin).await?;
        db.close().await?;
        let ledger = Arc::new(Ledger::new(0));
        let address = free_address()?;
        let public_url = format!("http://{address}");
        let callbacks = Callbacks::start(&Arc::new(Pen::twilio(&public_url)), &ledger, &Doors::new(&[address]));
        let provider = StandIn::start(&Manner::HasWhims(whims.clone()), &ledger, callbacks.clone())?;
        let start = Start {
            database_url: plant.url(),
            folder: plant.folder(),
            address,
            public_url,
            by: Provider::Twilio,
            provider: provider.address,
        };
        Ok(Self { plant, ledger, callbacks, _provider: provider, whims, start, client })
    }

    /// Signs the client in, and answers with the raising of so many tickets: those that were answered.
    async fn raise(&self, tickets: u64) -> Result<impl Future<Output = io::Result<Vec<String>>> + use<>, Failed> {
        let address = self.start.address;
        let user = staff::sign_in(&mut Wire::connect(address).await?, address, "client0", self.client).await?;
        Ok(raise_all(address, user, tickets))
    }

    /// Waits until everything is told and nothing is open any more.
    async fn settle(&self) -> Result<(), Failed> {
        // What is told may open something again.
        self.wait_for(|| delivery::Column::DueAt.is_not_null()).await?;
        while self.callbacks.open() > 0 {
            tokio::time::sleep(LOOK).await;
        }
        self.wait_for(|| delivery::Column::DueAt.is_not_null()).await
    }

    /// Waits until every event was told, and no notice by WhatsApp is open and like this.
    async fn wait_for(&self, is_waited_for: impl Fn() -> SimpleExpr) -> Result<(), Failed> {
        let db = self.plant.open().await?;
        let began = Instant::now();
        loop {
            let untold = event::Entity::find().filter(event::Column::HandledAt.is_null()).count(db.read()).await?;
            let open = delivery::Entity::find()
                .filter(delivery::Column::EventId.is_not_null())
                .filter(delivery::Column::DueAt.is_not_null())
                .filter(is_waited_for())
                .count(db.read())
                .await?;
            if untold == 0 && open == 0 {
                return Ok(db.close().await?);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{untold} events and {open} notices still wait").into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The plant, its rows, and what the provider knows.
    async fn end(self) -> Result<(Plant, Rows, Entries), Failed> {
        let db = self.plant.open().await?;
        let rows = Rows::read(&db).await?;
        db.close().await?;
        Ok((self.plant, rows, self.ledger.close()))
    }
}

/// Raises tickets until so many were answered. One whose answer never came may be there or not; its title is not used
/// again.
async fn raise_all(address: SocketAddr, user: User, tickets: u64) -> io::Result<Vec<String>> {
    let (mut wire, mut raised, mut nth) = (None, Vec::new(), 0);
    while (raised.len() as u64) < tickets {
        tokio::time::sleep(RAISE_EVERY).await;
        // Of one length, so that no text holds another.
        let title = format!("{TITLE}{nth:06}");
        nth += 1;
        match ask(&mut wire, address, &raise(address, &user, &title)).await {
            Ok(201) => raised.push(title),
            Ok(503) | Err(_) => wire = None,
            Ok(status) => return Err(io::Error::other(format!("a ticket is answered with {status}"))),
        }
    }
    Ok(raised)
}

async fn ask(wire: &mut Option<Wire>, address: SocketAddr, request: &[u8]) -> io::Result<u16> {
    let mut open = match wire.take() {
        Some(open) => open,
        None => Wire::connect(address).await?,
    };
    let status = open.ask(request).await?;
    *wire = Some(open);
    Ok(status)
}
