//! The desk under load: people who are signed in raise, list and open tickets, sign in, and hear of news at once.
//!
//! Requests go over connections that stay open, each connection its own person, the next one as soon as the one before
//! was answered. Afterwards what the database holds is compared with what was answered.

mod ask;
mod floor;
mod notices;
mod pages;
mod past;
mod people;
mod push;
mod verify;

use crate::drive::callbacks::Callbacks;
use crate::drive::databases::Backend;
use crate::drive::doors::Doors;
use crate::drive::ledger::Ledger;
use crate::drive::plant::Plant;
use crate::drive::process::{Andon, Provider, Start, free_address, own_cpu};
use crate::drive::stand_in::{Manner, StandIn};
use crate::drive::written::Pen;
use crate::history;
use crate::report::{DeskFigures, Row};
use crate::scenarios::Scenario;
use andon::figures::reading::still_to_count;
use andon::figures::store::row as figure;
pub(crate) use ask::Answers;
use ask::Asking;
use past::Course;
use people::{People, Staff};
pub(crate) use push::Heard;
use sea_orm::EntityTrait as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long notices that are behind are waited for.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often it is looked whether they are all there.
const LOOK: Duration = Duration::from_millis(20);
/// CPU seconds in a second below which the program is at rest.
const AT_REST: f64 = 0.05;
/// Requests before the time is taken, so that every connection is open and every statement prepared.
const WARM_UP: Duration = Duration::from_millis(500);

/// How a scenario of the desk is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) connections: u32,
    /// Instead of the scenario's own time.
    pub(crate) seconds: Option<u64>,
    /// How many notices wait at once, where they are what is measured.
    pub(crate) notices: u32,
}

impl Plan {
    fn time(&self, own: u64) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(own))
    }
}

/// A running Andon with its people at the desk, and the world around it.
struct World {
    plant: Plant,
    ledger: Arc<Ledger>,
    callbacks: Callbacks,
    provider: StandIn,
    andon: Andon,
    address: SocketAddr,
    staff: Staff,
}

type Failure = Box<dyn std::error::Error>;

/// Runs a scenario; some have several rows.
pub(crate) async fn run(backend: Backend, scenario: Scenario, plan: Plan) -> Result<Vec<Row>, Failure> {
    match scenario {
        Scenario::DeskCreate => Ok(vec![create(backend, plan).await?]),
        Scenario::DeskList => {
            let mut rows = Vec::new();
            for tickets in [1_000, 100_000] {
                rows.extend(list(backend, plan, tickets).await?);
            }
            Ok(rows)
        }
        Scenario::DeskOpen => open(backend, plan).await,
        Scenario::DeskPages => {
            let world = World::build(backend, 100_000).await?;
            look(backend, world, plan, "desk-pages", &pages::OF_THE_DESK).await
        }
        Scenario::FloorPages => {
            let world = World::after_a_year(backend).await?;
            look(backend, world, plan, "floor-pages", &pages::OF_THE_FLOOR).await
        }
        Scenario::DeskLogin => Ok(vec![login(backend, plan).await?]),
        Scenario::Notices => Ok(vec![notices::run(backend, plan).await?]),
        _ => Ok(vec![hear(backend, plan).await?]),
    }
}

async fn create(backend: Backend, plan: Plan) -> Result<Row, Failure> {
    let world = World::build(backend, 0).await?;
    let asking = Asking::Create;
    let figures = world.measure("desk-create", &asking, &plan, plan.time(10), Duration::ZERO).await?;
    let behind = world.settle().await;
    let mut row = Row::of_desk(backend, &figures);
    row.tells(world.ledger.replied(), behind);
    let faults = world.end(|db, staff, ledger| Box::pin(verify::created(db, staff, ledger, figures.answers))).await?;
    row.faults.extend(faults);
    Ok(row)
}

async fn list(backend: Backend, plan: Plan, tickets: u32) -> Result<Vec<Row>, Failure> {
    let world = World::build(backend, tickets).await?;
    let mut rows = Vec::new();
    for list in ask::LISTS {
        let name = format!("desk-list {tickets} {}", list.name);
        let figures = world.measure(&name, &Asking::List(list), &plan, plan.time(3), WARM_UP).await?;
        let row = Row::of_desk(backend, &figures);
        println!("{}", row.line());
        rows.push(row);
    }
    world.end(|_, _, _| Box::pin(async { Ok(Vec::new()) })).await?;
    Ok(rows)
}

/// Some pages, one after the other.
async fn look(
    backend: Backend,
    world: World,
    plan: Plan,
    what: &str,
    pages: &[pages::Page],
) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for page in pages {
        pages::look(world.address, page, WARM_UP).await?;
        let (cpu_before, began) = ((world.andon.cpu(), own_cpu()), Instant::now());
        let looked = pages::look(world.address, page, plan.time(3)).await?;
        let faults = pages::faults(page, &looked);
        let name = format!("{what} {}, {} of {} kB", page.name, looked.sent / 1_000, looked.plain / 1_000);
        let mut row = Row::of_desk(backend, &world.figures(&name, looked.answers, began.elapsed(), cpu_before));
        row.faults.extend(faults);
        println!("{}", row.line());
        rows.push(row);
    }
    world.end(|_, _, _| Box::pin(async { Ok(Vec::new()) })).await?;
    Ok(rows)
}

async fn open(backend: Backend, plan: Plan) -> Result<Vec<Row>, Failure> {
    let world = World::build(backend, 100_000).await?;
    let figures = world.measure("desk-open", &Asking::Open, &plan, plan.time(5), WARM_UP).await?;
    let row = Row::of_desk(backend, &figures);
    world.end(|_, _, _| Box::pin(async { Ok(Vec::new()) })).await?;
    Ok(vec![row])
}

async fn login(backend: Backend, plan: Plan) -> Result<Row, Failure> {
    let world = World::build(backend, 0).await?;
    let figures = world.measure("desk-login", &Asking::Login, &plan, plan.time(5), WARM_UP).await?;
    let row = Row::of_desk(backend, &figures);
    world.end(|_, _, _| Box::pin(async { Ok(Vec::new()) })).await?;
    Ok(row)
}

/// Tickets are raised at a measured pace, and an admin's open desk hears of each.
async fn hear(backend: Backend, plan: Plan) -> Result<Row, Failure> {
    let world = World::build(backend, 0).await?;
    let (heard, figures) = push::listen(&world, plan.time(10)).await?;
    let mut row = Row::of_desk(backend, &figures);
    row.hears(&heard);
    let faults = world.end(|db, staff, ledger| Box::pin(verify::created(db, staff, ledger, figures.answers))).await?;
    row.faults.extend(faults);
    Ok(row)
}

/// Waits until the program has done what a fresh past gives it to do, such as giving its events their places.
async fn come_to_rest(andon: &Andon) {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let before = andon.cpu();
        tokio::time::sleep(Duration::from_secs(1)).await;
        if andon.cpu() - before < AT_REST {
            return;
        }
    }
}

impl World {
    async fn build(backend: Backend, tickets: u32) -> Result<Self, Failure> {
        let plant = Plant::build(backend).await?;
        let db = plant.open().await?;
        let people = people::hire(&db).await?;
        past::fill(&db, &people, tickets, Course::Incidents).await?;
        db.close().await?;
        Self::start(plant, &people, tickets, &Manner::Answers(0..10)).await
    }

    /// A plant with 100,000 orders, 100,000 tickets and a million messages of a year, all of which is counted.
    async fn after_a_year(backend: Backend) -> Result<Self, Failure> {
        const TICKETS: u32 = 100_000;
        let plant = Plant::build(backend).await?;
        let db = plant.open().await?;
        let people = people::hire(&db).await?;
        let records = floor::fill(&db, &people.support).await?;
        past::fill(&db, &people, TICKETS, Course::Plant(records)).await?;
        history::fill(&db, 1_000_000, floor::YEAR).await?;
        let world = Self::start(plant, &people, TICKETS, &Manner::Answers(0..10)).await?;
        let began = Instant::now();
        // Nothing is to be counted before all that happened has its place in the log.
        while figure::Entity::find().one(db.read()).await?.is_none() || still_to_count(db.read()).await? > 0 {
            if began.elapsed() > PATIENCE * 2 {
                return Err("the year is not counted in time".into());
            }
            tokio::time::sleep(LOOK).await;
        }
        db.close().await?;
        world.plant.is_known_to_its_server().await?;
        come_to_rest(&world.andon).await;
        Ok(world)
    }

    /// Starts everything around a plant that is ready.
    async fn start(plant: Plant, people: &People, tickets: u32, provider: &Manner) -> Result<Self, Failure> {
        let ledger = Arc::new(Ledger::new(0));
        let address = free_address()?;
        let pen = Arc::new(Pen::twilio(&format!("http://{address}")));
        let callbacks = Callbacks::start(&pen, &ledger, &Doors::new(&[address]));
        let provider = StandIn::start(provider, &ledger, callbacks.clone())?;
        let start = Start {
            database_url: plant.url(),
            folder: plant.folder(),
            address,
            public_url: format!("http://{address}"),
            by: Provider::Twilio,
            provider: provider.address,
        };
        let andon = Andon::start(&start).await?;
        let staff = people.sign_in(address, tickets).await?;
        come_to_rest(&andon).await;
        Ok(Self { plant, ledger, callbacks, provider, andon, address, staff })
    }

    /// Has everybody ask for a while, after as long as it takes to get going.
    async fn measure(
        &self,
        name: &str,
        asking: &Asking,
        plan: &Plan,
        time: Duration,
        warm_up: Duration,
    ) -> Result<DeskFigures, Failure> {
        if !warm_up.is_zero() {
            ask::ask(self.address, &self.staff, asking, plan.connections, warm_up).await?;
        }
        let (andon_before, driver_before, began) = (self.andon.cpu(), own_cpu(), Instant::now());
        let answers = ask::ask(self.address, &self.staff, asking, plan.connections, time).await?;
        Ok(self.figures(name, answers, began.elapsed(), (andon_before, driver_before)))
    }

    fn figures(&self, name: &str, answers: Answers, took: Duration, cpu_before: (f64, f64)) -> DeskFigures {
        DeskFigures {
            name: name.to_owned(),
            answers,
            took,
            told_meanwhile: self.ledger.replied(),
            resident: self.andon.resident(),
            start_up: self.andon.start_up,
            andon_cpu: self.andon.cpu() - cpu_before.0,
            driver_cpu: own_cpu() - cpu_before.1,
        }
    }

    /// Waits until no more notices come; how long that took, from now to the last one.
    async fn settle(&self) -> Duration {
        let began = Instant::now();
        let quiet = Duration::from_secs(3);
        let last = || self.ledger.open().last_arrival;
        while began.elapsed() < PATIENCE {
            let heard = last().map_or(began, |at| at.max(began));
            if heard.elapsed() > quiet && self.callbacks.open() == 0 {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        last().map_or(Duration::ZERO, |last| last.saturating_duration_since(began))
    }

    /// Stops everything and looks at what is left; what is amiss.
    async fn end<F>(self, look: F) -> Result<Vec<String>, Failure>
    where
        F: for<'a> FnOnce(
            &'a andon::db::Db,
            &'a Staff,
            &'a Ledger,
        ) -> futures_util::future::LocalBoxFuture<'a, andon::kit::Result<Vec<String>>>,
    {
        self.andon.stop().await?;
        drop(self.provider);
        let db = self.plant.open().await?;
        let faults = look(&db, &self.staff, &self.ledger).await?;
        db.close().await?;
        self.plant.raze().await;
        Ok(faults)
    }
}
