//! How fast something may go: a rate, and the bucket that keeps to it. Pure.
//!
//! A bucket remembers the instant at which it is full again (the generic cell rate algorithm), so nothing runs in it
//! while nobody asks. Who is refused goes on at half the rate, after a pause, and comes back by a twentieth of the whole
//! rate a second while it works: additive increase, multiplicative decrease. `bus/paces.lua` is the same in Redis.

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroU32;
use std::time::Duration;

/// In so many shares a rate is counted; the least is one of them.
pub const WHOLE: u64 = 20;
/// One share comes back after this time, at the soonest.
pub const RAISE: Duration = Duration::from_secs(1);
/// Where nobody says for how long to pause: this long, doubling with each refusal in a row up to the other.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest of those pauses.
pub const LAST_PAUSE: Duration = Duration::from_mins(1);
/// No pause is longer, whoever asks for one.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The highest count and the longest time of a rate.
const MOST: u32 = 10_000;
const LONGEST_SECONDS: u32 = 86_400;

/// So many in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    seconds: NonZeroU32,
    burst: u32,
}

impl Rate {
    /// So many in so many seconds, evenly; after a rest a second's worth at once.
    pub const fn new(count: NonZeroU32, seconds: NonZeroU32) -> Self {
        let a_second = count.get() / seconds.get();
        Self { count, seconds, burst: if a_second == 0 { 1 } else { a_second } }
    }

    /// The same with so many at once after a rest.
    #[must_use]
    pub const fn with_burst(self, burst: NonZeroU32) -> Self {
        Self { burst: burst.get(), ..self }
    }

    /// Reads `80` (a second) or `1/3` (one in three seconds); nothing where it is neither, or out of bounds.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, seconds) = text.split_once('/').unwrap_or((text, "1"));
        let read = |text: &str, most: u32| text.trim().parse::<NonZeroU32>().ok().filter(|number| number.get() <= most);
        Some(Self::new(read(count, MOST)?, read(seconds, LONGEST_SECONDS)?))
    }

    /// How many may go at once after a rest.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// The time between two.
    pub fn every_one(self) -> Duration {
        Duration::from_micros(self.every(WHOLE))
    }

    /// What the time between two is reckoned from: microseconds times [`WHOLE`], to be parted by the count and the share.
    pub fn span(self) -> (u64, u64) {
        (u64::from(self.seconds.get()) * 1_000_000 * WHOLE, u64::from(self.count.get()))
    }

    /// Microseconds between two at this share of the rate.
    fn every(self, share: u64) -> u64 {
        let (span, count) = self.span();
        span.div_ceil(count * share)
    }

    fn burst_at(self, share: u64) -> u64 {
        (u64::from(self.burst) * share / WHOLE).max(1)
    }
}

impl Display for Rate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.seconds.get() {
            1 => write!(f, "{} a second", self.count),
            seconds => write!(f, "{} in {seconds} s", self.count),
        }
    }
}

/// What is asked of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Up to so many want to go now.
    Take(usize),
    /// So many of those that were let go did not.
    GiveBack(usize),
    /// One was refused: too many, too fast. With the pause that was asked for, where one was.
    Refused(Option<Duration>),
    /// One got through.
    Works,
}

/// How a bucket stands after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// How many may go.
    pub granted: usize,
    /// After which time the next one may; zero where it may now.
    pub wait: Duration,
    /// How much of its rate is left to it, of [`WHOLE`].
    pub share: u64,
}

/// What may go, by one rate. All instants are microseconds of a clock that never runs back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    full_at: u64,
    share: u64,
    /// When the share was changed last; 0 where it never was.
    changed_at: u64,
    closed_until: u64,
    refusals: u32,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { full_at: 0, share: WHOLE, changed_at: 0, closed_until: 0, refusals: 0 }
    }
}

impl Bucket {
    /// Takes a step at this time. Without a rate everything may go, but for the pauses after refusals.
    pub fn step(&mut self, rate: Option<Rate>, step: Step, now: Duration) -> Stand {
        let now = micros(now);
        let mut granted = 0;
        match step {
            Step::Take(wanted) => granted = self.take(rate, wanted, now),
            Step::GiveBack(unused) => {
                let every = rate.map_or(0, |rate| rate.every(self.share));
                self.full_at = self.full_at.saturating_sub(every.saturating_mul(unused as u64));
            }
            Step::Refused(asked) => self.slow_down(rate, asked, now),
            Step::Works => self.speed_up(now),
        }
        Stand { granted, wait: Duration::from_micros(self.wait(rate, now)), share: self.share }
    }

    /// Whether nothing was taken that did not come back.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= micros(now)
    }

    fn take(&mut self, rate: Option<Rate>, wanted: usize, now: u64) -> usize {
        if now < self.closed_until {
            return 0;
        }
        let Some(rate) = rate else { return wanted };
        let granted = wanted.min(usize::try_from(self.room(rate, now)).unwrap_or(usize::MAX));
        self.full_at = self.full_at.max(now) + rate.every(self.share) * granted as u64;
        granted
    }

    /// What was on its way when the last refusal came says nothing new.
    fn slow_down(&mut self, rate: Option<Rate>, asked: Option<Duration>, now: u64) {
        let is_closed = now < self.closed_until;
        let is_news = self.changed_at == 0 || now >= self.closed_until.max(self.changed_at + micros(RAISE));
        if is_news {
            self.share = (self.share / 2).max(1);
            self.changed_at = now.max(1);
            self.refusals += 1;
        }
        let usual = FIRST_PAUSE.saturating_mul(1 << self.refusals.saturating_sub(1).min(16)).min(LAST_PAUSE);
        let pause = asked.unwrap_or(if is_closed { Duration::ZERO } else { usual }).min(LONGEST_PAUSE);
        self.closed_until = self.closed_until.max(now + micros(pause));
        if let Some(rate) = rate {
            // It opens with one, not with all that came back meanwhile.
            let empty = self.closed_until + (rate.burst_at(self.share) - 1) * rate.every(self.share);
            self.full_at = self.full_at.max(empty);
        }
    }

    fn speed_up(&mut self, now: u64) {
        if now < self.closed_until {
            return;
        }
        self.refusals = 0;
        if self.share < WHOLE && now >= self.changed_at + micros(RAISE) {
            self.share += 1;
            self.changed_at = now;
        }
    }

    fn room(&self, rate: Rate, now: u64) -> u64 {
        let every = rate.every(self.share);
        (now + rate.burst_at(self.share) * every).saturating_sub(self.full_at.max(now)) / every
    }

    fn wait(&self, rate: Option<Rate>, now: u64) -> u64 {
        let closed = self.closed_until.saturating_sub(now);
        let Some(rate) = rate.filter(|rate| self.room(*rate, now) == 0) else { return closed };
        let every = rate.every(self.share);
        closed.max((self.full_at + every).saturating_sub(now + rate.burst_at(self.share) * every))
    }
}

/// A time in whole microseconds.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rate {
        Rate::parse(text).expect("a rate")
    }

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(1_000.0 + seconds)
    }

    #[test]
    fn a_rate_is_read_as_it_is_told() {
        for (text, told, burst) in [("80", "80 a second", 80), ("1/3", "1 in 3 s", 1), ("100/60", "100 in 60 s", 1)] {
            assert_eq!((rate(text).to_string().as_str(), rate(text).burst()), (told, burst));
        }
        for wrong in ["", "0", "1/0", "-1", "0.5", "1/3/5", "10001", "1/86401", "a lot", "/"] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_in_three_seconds_goes_every_three_seconds() {
        let (mut bucket, rate) = (Bucket::default(), Some(rate("1/3")));
        for (seconds, granted, wait) in [(0.0, 1, 3.0), (1.0, 0, 2.0), (2.9, 0, 0.1), (3.0, 1, 3.0), (60.0, 1, 3.0)] {
            let stand = bucket.step(rate, Step::Take(9), at(seconds));
            assert_eq!((stand.granted, stand.wait), (granted, Duration::from_secs_f64(wait)), "after {seconds} s");
        }
    }

    #[test]
    fn a_second_s_worth_goes_at_once_after_a_rest() {
        let (mut bucket, rate) = (Bucket::default(), Some(rate("80")));
        assert_eq!(bucket.step(rate, Step::Take(100), at(0.0)).granted, 80);
        assert_eq!(bucket.step(rate, Step::GiveBack(30), at(0.0)).wait, Duration::ZERO);
        assert_eq!(bucket.step(rate, Step::Take(100), at(0.5)).granted, 70, "30 given back and 40 come back");
    }

    #[test]
    fn who_is_refused_pauses_and_goes_on_at_half_the_rate() {
        let (mut bucket, rate) = (Bucket::default(), Some(rate("80")));
        bucket.step(rate, Step::Take(80), at(0.0));
        let stand = bucket.step(rate, Step::Refused(Some(Duration::from_secs(10))), at(0.1));
        assert_eq!((stand.wait, stand.share), (Duration::from_secs(10), 10));
        let others = bucket.step(rate, Step::Refused(None), at(0.2));
        assert_eq!((others.share, others.wait), (10, Duration::from_millis(9_900)), "they left before");
        assert_eq!(bucket.step(rate, Step::Works, at(0.3)).share, 10, "and so did this one");
        assert_eq!(bucket.step(rate, Step::Take(80), at(10.0)).granted, 0);
        assert_eq!(bucket.step(rate, Step::Take(80), at(10.1)).granted, 1, "it opens with one");
        assert_eq!(bucket.step(rate, Step::Take(80), at(11.1)).granted, 40);
        let again = bucket.step(rate, Step::Refused(None), at(11.2));
        assert_eq!((again.share, again.wait), (5, Duration::from_secs(2)), "the second in a row pauses for longer");
    }

    #[test]
    fn the_rate_comes_back_step_by_step_while_it_works() {
        let mut bucket = Bucket::default();
        bucket.step(None, Step::Refused(Some(Duration::ZERO)), at(0.0));
        let shares: Vec<u64> =
            (1..=30).map(|tenth| bucket.step(None, Step::Works, at(f64::from(tenth) / 2.0)).share).collect();
        assert_eq!(shares[..5], [10, 11, 11, 12, 12], "once a second");
        assert_eq!(shares[29], WHOLE);
    }

    #[test]
    fn without_a_rate_only_refusals_make_anybody_wait() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.step(None, Step::Take(1_000), at(0.0)).granted, 1_000);
        let pauses = [1, 2, 4, 8, 16, 32, 60, 60];
        let mut now = 0.0;
        for pause in pauses {
            assert_eq!(bucket.step(None, Step::Refused(None), at(now)).wait, Duration::from_secs(pause));
            assert_eq!(bucket.step(None, Step::Take(5), at(now + 0.5)).granted, 0);
            now += Duration::from_secs(pause).as_secs_f64();
            assert_eq!(bucket.step(None, Step::Take(5), at(now)).granted, 5);
        }
        let day = bucket.step(None, Step::Refused(Some(Duration::from_hours(24))), at(now));
        assert_eq!(day.wait, LONGEST_PAUSE);
    }

    proptest! {
        #[test]
        fn no_time_holds_more_than_the_rate_and_the_burst(
            count in 1_u32..200, seconds in 1_u32..10,
            asked in prop::collection::vec((0_u64..400_000, 0_usize..50, 0_usize..50), 1..200),
        ) {
            let rate = Rate::parse(&format!("{count}/{seconds}")).expect("a rate");
            let (mut bucket, mut now, mut went) = (Bucket::default(), at(0.0), Vec::new());
            for (gap, wanted, unused) in asked {
                now += Duration::from_micros(gap);
                let stand = bucket.step(Some(rate), Step::Take(wanted), now);
                let unused = unused.min(stand.granted);
                bucket.step(Some(rate), Step::GiveBack(unused), now);
                went.push((now, (stand.granted - unused) as u64));
            }
            for (first, (from, _)) in went.iter().enumerate() {
                let mut sum = 0;
                for (until, number) in &went[first..] {
                    sum += number;
                    let (span, count) = rate.span();
                    let within = until.saturating_sub(*from);
                    let came_back = micros(within) * count * WHOLE / span;
                    prop_assert!(sum <= u64::from(rate.burst()) + came_back + 1, "{sum} in {within:?}");
                }
            }
        }

        #[test]
        fn whoever_waits_as_long_as_told_may_go(
            steps in prop::collection::vec((0_u64..3_000_000, 0_u8..5), 1..100), count in 1_u32..100,
        ) {
            let rate = Rate::parse(&count.to_string());
            let (mut bucket, mut now) = (Bucket::default(), at(0.0));
            for (gap, kind) in steps {
                now += Duration::from_micros(gap);
                let step = match kind {
                    0 => Step::Refused(None),
                    1 => Step::Refused(Some(Duration::from_micros(gap))),
                    2 => Step::Works,
                    _ => Step::Take(7),
                };
                let stand = bucket.step(rate, step, now);
                prop_assert!((1..=WHOLE).contains(&stand.share));
                let mut later = bucket;
                prop_assert!(later.step(rate, Step::Take(1), now + stand.wait).granted == 1, "after {:?}", stand.wait);
                if let Some(before) = stand.wait.checked_sub(Duration::from_micros(1)) {
                    let mut sooner = bucket;
                    prop_assert!(sooner.step(rate, Step::Take(1), now + before).granted == 0);
                }
            }
        }
    }
}
