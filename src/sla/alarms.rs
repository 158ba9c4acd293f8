//! What is said of a deadline as it draws near: one word when a quarter of the allowed time is left, another when the
//! deadline has passed, each once.
//!
//! A clock that stands still says nothing; it says the next word once it runs again.

use super::{Clock, State};
use crate::kit::Instant;

/// How much was said of a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Nothing: there is time enough, or nobody asks.
    #[default]
    Nothing,
    /// That little time is left.
    Warning,
    /// That it has passed.
    Breach,
}

impl Said {
    /// All that this clock has to say at `now`.
    pub fn at(clock: Option<&Clock>, now: Instant) -> Self {
        match clock.map(|clock| clock.state(now)) {
            Some(State::Warning) => Self::Warning,
            Some(State::Breached) => Self::Breach,
            Some(State::Ok | State::Paused | State::Done) | None => Self::Nothing,
        }
    }

    /// As it is stored.
    pub fn stored(self) -> i32 {
        match self {
            Self::Nothing => 0,
            Self::Warning => 1,
            Self::Breach => 2,
        }
    }

    /// What was [`Self::stored`].
    pub fn read(stored: i32) -> Self {
        match stored {
            2.. => Self::Breach,
            1 => Self::Warning,
            _ => Self::Nothing,
        }
    }

    /// When this clock next has something to say; none while it stands still, and once all is said.
    pub fn next_at(self, clock: Option<&Clock>) -> Option<Instant> {
        let clock = clock.filter(|clock| clock.is_running())?;
        match self {
            Self::Nothing => Some(clock.warns_at()),
            Self::Warning => Some(clock.passed_at()),
            Self::Breach => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn at(micros: i64) -> Instant {
        let start: Instant = "2026-01-18T14:30:22Z".parse().expect("a valid instant");
        start + TimeDelta::microseconds(micros)
    }

    fn clock(allowed: i64) -> Clock {
        Clock {
            started_at: at(0),
            due_at: at(allowed),
            paused_for: TimeDelta::zero(),
            paused_at: None,
            stopped_at: None,
        }
    }

    #[test]
    fn what_was_said_reads_back() {
        for said in [Said::Nothing, Said::Warning, Said::Breach] {
            assert_eq!(Said::read(said.stored()), said);
        }
    }

    #[test]
    fn a_clock_that_stands_still_says_nothing() {
        for clock in [Clock { paused_at: Some(at(10)), ..clock(100) }, Clock { stopped_at: Some(at(10)), ..clock(100) }]
        {
            assert_eq!(Said::Nothing.next_at(Some(&clock)), None);
            assert_eq!(Said::Warning.next_at(Some(&clock)), None);
        }
        assert_eq!(Said::Nothing.next_at(None), None);
        assert_eq!(Said::Breach.next_at(Some(&clock(100))), None);
    }

    proptest! {
        #[test]
        fn each_word_falls_due_at_the_very_microsecond(allowed in 0_i64..1_000_000) {
            let clock = clock(allowed);
            let warns_at = Said::Nothing.next_at(Some(&clock)).expect("it runs");
            prop_assert_eq!(Said::at(Some(&clock), warns_at), Said::Warning);
            prop_assert_eq!(Said::at(Some(&clock), warns_at - TimeDelta::microseconds(1)), Said::Nothing);
            let passed_at = Said::Warning.next_at(Some(&clock)).expect("it runs");
            prop_assert_eq!(Said::at(Some(&clock), passed_at), Said::Breach);
            prop_assert_eq!(Said::at(Some(&clock), passed_at - TimeDelta::microseconds(1)), Said::Warning);
        }

        /// Also where somebody set a deadline that lay before the start.
        #[test]
        fn whoever_asks_when_it_falls_due_gets_further(allowed in -1_000_i64..1_000, paused in 0_i64..500) {
            let clock = Clock { paused_for: TimeDelta::microseconds(paused), ..clock(allowed) };
            let mut said = Said::Nothing;
            while let Some(next) = said.next_at(Some(&clock)) {
                let is = Said::at(Some(&clock), next);
                prop_assert!(is > said);
                said = is;
            }
            prop_assert_eq!(said, Said::Breach);
        }
    }
}
