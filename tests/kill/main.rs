//! Kill tests: the built program is killed with SIGKILL at random moments under load, again and again.
//!
//! Afterwards everything that people wrote is there once, in order, with its effects and its reply: also what came
//! while the program was down, which only the provider knows then; and whoever was to be told through a provider on a bad
//! day was told once (`bad_day.rs`). `ANDON_KILLS` says how often (3 without it), and `ANDON_KILL_SEED` repeats the
//! moments of a run.

#[path = "../../benches/load/drive/mod.rs"]
#[expect(dead_code, reason = "the bench uses more of it")]
mod drive;
mod bad_day;
mod reckoning;
mod world;

use drive::databases::{self, Backend};
use drive::process::Andon;
use libtest_mimic::{Arguments, Failed, Trial};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use world::World;

/// How often a process is killed where nobody says otherwise.
const KILLS: u32 = 3;
/// How long it lives from its first answer, in milliseconds, and how long it stays down.
const LIFE: RangeInclusive<u64> = 20..=1_200;
const DOWN: RangeInclusive<u64> = 0..=300;
/// One life in so many ends before it has begun: the moments are counted from the start of the process.
const STILLBORN: u32 = 5;
/// How long people go on writing after the last start.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// How long the process that is left goes on under load, and by when nearly everybody must have their reply.
const ALONE: Duration = Duration::from_secs(8);
/// How many people may wait then: those whose replies were on their way when the other process was killed.
const IN_FLIGHT: usize = 40;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The machine may be as small as a plant's, and each of them brings a process or two.
    arguments.test_threads.get_or_insert(2);
    let (kills, seed) = (setting("ANDON_KILLS").unwrap_or(KILLS.into()), setting("ANDON_KILL_SEED"));
    let kills = u32::try_from(kills).unwrap_or(u32::MAX);
    let seed = seed.unwrap_or_else(|| rand::random::<u32>().into());
    let deliveries = setting("ANDON_FAULT_DELIVERIES").unwrap_or(bad_day::DELIVERIES_A_KILL * u64::from(kills));
    let mut trials = Vec::new();
    for (backend, _) in block_on(databases::probe()).into_iter().filter(|(_, answer)| answer.is_ok()) {
        let name = format!("killed_again_and_again::{}", backend.key());
        trials.push(Trial::test(name, move || block_on(killed_again_and_again(backend, kills, seed))));
        let name = format!("a_provider_on_a_bad_day::{}", backend.key());
        let bad_day =
            Trial::test(name, move || block_on(bad_day::a_provider_on_a_bad_day(backend, deliveries, kills, seed)));
        // What is in doubt takes half a minute: two databases are enough for every day. `just fault` runs all.
        trials.push(bad_day.with_ignored_flag(backend == Backend::MariaDb));
        if backend != Backend::Sqlite {
            let name = format!("one_of_two_is_killed::{}", backend.key());
            trials.push(Trial::test(name, move || block_on(one_of_two_is_killed(backend, seed))));
        }
    }
    trials.push(Trial::test("the_reckoning_finds_what_is_wrong", || block_on(reckoning::finds_what_is_wrong())));
    trials.push(Trial::test("the_reckoning_of_a_bad_day_finds_what_is_wrong", || {
        block_on(bad_day::its_reckoning_finds_what_is_wrong())
    }));
    println!("seed {seed}: ANDON_KILL_SEED={seed} repeats it");
    libtest_mimic::run(&arguments, trials).exit_code()
}

async fn killed_again_and_again(backend: Backend, kills: u32, seed: u64) -> Result<(), Failed> {
    let mut chance = StdRng::seed_from_u64(seed);
    let world = World::build(backend, 1, kills).await?;
    let writing = world.let_them_write();
    for _ in 0..kills {
        let andon = if chance.random_ratio(1, STILLBORN) {
            Andon::spawn(&world.starts[0])?
        } else {
            Andon::start(&world.starts[0]).await?
        };
        tokio::time::sleep(Duration::from_millis(chance.random_range(LIFE))).await;
        andon.kill()?;
        tokio::time::sleep(Duration::from_millis(chance.random_range(DOWN))).await;
    }
    let andon = Andon::start(&world.starts[0]).await?;
    tokio::time::sleep(AFTERWARDS).await;
    let answers = writing.end().await?;
    world.settle(kills).await;
    andon.stop().await?;
    let said = world.reckon(kills, &answers).await?;
    println!("{backend}, {kills} kills: {said}");
    Ok(())
}

async fn one_of_two_is_killed(backend: Backend, seed: u64) -> Result<(), Failed> {
    let mut chance = StdRng::seed_from_u64(seed);
    let world = World::build(backend, 2, 1).await?;
    let first = Andon::start(&world.starts[0]).await?;
    let second = Andon::start(&world.starts[1]).await?;
    let writing = world.let_them_write();
    tokio::time::sleep(Duration::from_millis(1_000 + chance.random_range(LIFE))).await;
    let before = world.written();
    second.kill()?;
    let killed_at = Instant::now();
    tokio::time::sleep(ALONE).await;
    let without_reply = world.waiting_since(&before);
    if without_reply > IN_FLIGHT {
        let seconds = ALONE.as_secs();
        return Err(format!("{without_reply} people wait for a reply {seconds} s after the kill").into());
    }
    let answers = writing.end().await?;
    world.settle_all().await;
    let whole = killed_at.elapsed().as_secs_f64();
    first.stop().await?;
    let said = world.reckon(u32::MAX, &answers).await?;
    println!(
        "{backend}, one of two killed: {without_reply} people waited {ALONE:?} later, nobody after {whole:.0} s; {said}"
    );
    Ok(())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of Andon")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}
