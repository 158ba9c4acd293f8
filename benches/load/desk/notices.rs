//! Notices by WhatsApp in great number: they queue up while the provider is away, and drain once it is back, through a
//! provider that takes its time. Afterwards single ones, of a plant where nothing else happens.

use super::ask::Answers;
use super::people::{self, People};
use super::{Failure, Plan, World, past, verify};
use crate::drive::callbacks::ARRIVES;
use crate::drive::databases::Backend;
use crate::drive::ledger::{histogram, micros};
use crate::drive::plant::Plant;
use crate::drive::process::own_cpu;
use crate::drive::staff::{self, raise};
use crate::drive::stand_in::Manner;
use crate::drive::wire::Wire;
use crate::report::{Drained, Row};
use andon::db::Db;
use andon::delivery::store::rows::row as delivery;
use andon::kit::Result;
use andon::outbox::row as event;
use andon::people::Role;
use andon::tickets::{Status, row as ticket};
use hdrhistogram::Histogram;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _};
use serde_json::json;
use std::io;
use std::time::{Duration, Instant};

/// How many are told of each ticket: those who are registered here, and the plant's own admin.
pub(super) const TOLD: u32 = 1_000;
/// How many notices leave one at a time: each of a ticket of the past that is opened, to its client.
const SINGLE: u32 = 50;
/// One ticket of the past in so many is new.
const ONE_IS_NEW: u32 = 10;
/// How long the provider takes for each message, in milliseconds.
const LATENCY: std::ops::Range<u64> = 100..101;
/// How long telling everybody, or draining, may take.
const PATIENCE: Duration = Duration::from_mins(15);
/// How long nothing happens before a single notice.
const REST: Duration = Duration::from_millis(150);
/// How often it is looked whether it is over.
const LOOK: Duration = Duration::from_millis(20);

pub(super) async fn run(backend: Backend, plan: Plan) -> std::result::Result<Row, Failure> {
    let (mut world, clients) = build(backend).await?;
    let began = Instant::now();
    let answers = raise_all(&world, plan.notices.div_ceil(TOLD)).await?;
    let raising = began.elapsed();
    let db = world.plant.open().await?;
    let notices = told(&db).await?;
    let (queueing, resident_then) = (began.elapsed(), world.andon.most_resident());
    let news = new_tickets(&db, clients).await?;
    db.close().await?;

    let cpu = (world.andon.cpu(), own_cpu());
    world.provider.change(&Manner::Answers(LATENCY), &world.ledger, world.callbacks.clone())?;
    let (took, behind) = drain(&world, notices).await?;
    let figures = world.figures("notices", answers, raising, cpu);
    let (alone, resident) = (one_at_a_time(&world, &news).await?, world.andon.most_resident());
    println!(
        "{backend}: {notices} notices were queued after {:.1} s, with at most {} MB until then",
        queueing.as_secs_f64(),
        resident_then / (1024 * 1024)
    );
    let mut row = Row::of_desk(backend, &figures);
    row.drains(&Drained { notices, took, behind, alone, resident });
    let raised = figures.answers.raised;
    row.faults.extend(world.end(|db, _, ledger| Box::pin(verify::told(db, ledger, raised))).await?);
    println!("{}", row.line());
    Ok(row)
}

/// A plant with many admins whom WhatsApp reaches, and with clients of whose tickets some are new; those clients.
async fn build(backend: Backend) -> std::result::Result<(World, Vec<i64>), Failure> {
    let plant = Plant::build(backend).await?;
    let db = plant.open().await?;
    let people = people::hire(&db).await?;
    staff::register(&db, 1..TOLD, Role::Admin).await?;
    let clients = staff::register(&db, TOLD..TOLD + SINGLE, Role::Client).await?;
    let them = People { admin: people.admin, clients: clients.clone(), support: people.support.clone() };
    past::fill(&db, &them, SINGLE * ONE_IS_NEW, past::Course::Incidents).await?;
    db.close().await?;
    let world = World::start(plant, &people, SINGLE * ONE_IS_NEW, &Manner::Down).await?;
    Ok((world, clients))
}

/// Raises so many tickets, one after the other.
async fn raise_all(world: &World, tickets: u32) -> io::Result<Answers> {
    let (mut wire, mut answers) = (Wire::connect(world.address).await?, Answers::none());
    for nth in 0..tickets {
        let title = format!("Notices {nth}-{:08x}", rand::random::<u32>());
        let user = &world.staff.clients[nth as usize % world.staff.clients.len()];
        let sets_out = Instant::now();
        wire.send(&raise(world.address, user, &title)).await?;
        let answer = wire.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if answer.status() == 201 {
            answers.accepted += 1;
            answers.latency.saturating_record(micros(sets_out.elapsed()));
            answers.raised.push(title);
        } else {
            answers.amiss(|| format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body)));
        }
    }
    Ok(answers)
}

/// Waits until everything is told; how many notices wait for WhatsApp then.
async fn told(db: &Db) -> std::result::Result<usize, Failure> {
    let began = Instant::now();
    while event::Entity::find().filter(event::Column::HandledAt.is_null()).count(db.read()).await.map_err(failed)? > 0 {
        if began.elapsed() > PATIENCE {
            return Err("not everything was told in time".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    let notices = delivery::Entity::find()
        .filter(delivery::Column::EventId.is_not_null())
        .filter(delivery::Column::Medium.eq("whatsapp"))
        .filter(delivery::Column::DueAt.is_not_null());
    Ok(usize::try_from(notices.count(db.read()).await.map_err(failed)?)?)
}

/// The tickets of these clients that are to be opened.
async fn new_tickets(db: &Db, clients: Vec<i64>) -> Result<Vec<i64>> {
    let new = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(ticket::Column::Status.eq(Status::New))
        .filter(ticket::Column::RequesterId.is_in(clients));
    Ok(new.into_tuple().all(db.read()).await?)
}

/// Waits until all of them are with the provider and have arrived; how long that took from the first one to the last
/// callback's answer, and how much of it was after the last one had come.
async fn drain(world: &World, notices: usize) -> std::result::Result<(Duration, Duration), Failure> {
    let (asked, mut first) = (Instant::now(), None);
    while world.ledger.replied() < notices || !is_quiet(world) {
        if asked.elapsed() > PATIENCE {
            return Err(format!("{} of {notices} notices left in time", world.ledger.replied()).into());
        }
        tokio::time::sleep(LOOK).await;
        if world.ledger.replied() > 0 {
            first.get_or_insert_with(Instant::now);
        }
    }
    let (end, last) = (Instant::now(), world.ledger.open().last_arrival);
    let since = |at: Option<Instant>| at.map_or(Duration::ZERO, |at| end.saturating_duration_since(at));
    Ok((since(first), since(last)))
}

/// Has tickets opened with nothing else to do: from the request's setting out, with its commit, to the notice's arrival.
async fn one_at_a_time(world: &World, tickets: &[i64]) -> std::result::Result<Histogram<u64>, Failure> {
    let (mut wire, mut delays) = (Wire::connect(world.address).await?, histogram());
    for id in tickets {
        let path = format!("/api/tickets/{id}/open_ticket/");
        let request = staff::post(world.address, &path, Some(&world.staff.admin.access), &json!({}));
        tokio::time::sleep(REST).await;
        let (before, sets_out) = (world.ledger.replied(), Instant::now());
        wire.send(&request).await?;
        let answer = wire.receive().await?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        if answer.status() != 200 {
            return Err(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body)).into());
        }
        while world.ledger.replied() == before || !is_quiet(world) {
            if sets_out.elapsed() > PATIENCE {
                return Err("a single notice did not leave".into());
            }
            tokio::time::sleep(LOOK).await;
        }
        let arrived = world.ledger.open().last_arrival;
        delays.saturating_record(micros(arrived.map_or(PATIENCE, |at| at.saturating_duration_since(sets_out))));
    }
    Ok(delays)
}

/// Whether all news were brought, those of the last arrival too: they set out only when it was answered.
fn is_quiet(world: &World) -> bool {
    let entries = world.ledger.open();
    world.callbacks.open() == 0 && entries.replies.last().is_none_or(|reply| reply.told.len() == ARRIVES.len())
}

fn failed(error: sea_orm::DbErr) -> Failure {
    Box::new(error)
}
