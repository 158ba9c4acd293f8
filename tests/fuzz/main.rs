//! Fuzzing: requests, files and conversations that nobody planned, held against what is true of all of them.
//!
//! A target takes what is real (a provider's webhook, a built-in flow, a conversation) and changes it a little, again
//! and again, for `ANDON_FUZZ_SECONDS`: one second where that is not set, so that `cargo test` looks in, and more with
//! `just fuzz`. What breaks a promise is made as small as it gets and printed. Mend it with a test of its own, beside
//! the code that was wrong.

mod conversations;
mod edits;
mod files;
mod forms;
mod meta;
mod plant;
mod sessions;
mod sound;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How many seconds a target runs where nothing else is said.
const USUAL: u64 = 1;
/// An input that takes longer than this, however slow the machine, would be a way to stop a server.
const MUCH_TOO_LONG: Duration = Duration::from_secs(10);
/// How many inputs between two looks at the clock.
const AT_ONCE: u32 = 8;

/// Where the inputs begin, unless `ANDON_FUZZ_SEED` says another place: a run of the checks tries the same inputs as the
/// one before, so that it tells about the change and not about its luck.
const SEED: u64 = 1;

/// Tries inputs until the time is up. `holds` panics where a promise is broken.
fn for_a_while<S>(inputs: S, holds: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let until = Instant::now() + Duration::from_secs(setting("ANDON_FUZZ_SECONDS").unwrap_or(USUAL));
    let mut seed = [0; 32];
    let began_at = setting("ANDON_FUZZ_SEED").unwrap_or(SEED);
    seed[..8].copy_from_slice(&began_at.to_le_bytes());
    for round in 0_u64.. {
        if Instant::now() > until {
            return;
        }
        seed[8..16].copy_from_slice(&round.to_le_bytes());
        let config = Config { cases: AT_ONCE, failure_persistence: None, max_shrink_time: 60_000, ..Config::default() };
        let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let tried = TestRunner::new_with_rng(config, chance).run(&inputs, |input| {
            let began = Instant::now();
            holds(input);
            assert!(began.elapsed() < MUCH_TOO_LONG, "it took {:?}", began.elapsed());
            Ok(())
        });
        let broken = tried.err().map(|error| error.to_string());
        assert!(broken.is_none(), "ANDON_FUZZ_SEED={began_at}: {}", broken.unwrap_or_default());
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs, and from where, is no setting of Andon")]
fn setting(name: &str) -> Option<u64> {
    let given = std::env::var(name).ok()?;
    Some(given.parse().expect("it is a whole number"))
}
