//! How long things took, gathered so that days add up: a histogram whose buckets grow by a tenth. Pure.
//!
//! Percentiles cannot be added up, and keeping every duration would make a year's report read every ticket. A bucket is
//! told as its middle, so no percentile is further from the exact one than [`MOST_WRONG`]; counts are exact.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much longer the end of a bucket is than its beginning.
const RATIO: f64 = 1.1;
/// How far a percentile may be from the exact one, as a part of it: the middle of a bucket is √1.1 from its ends.
pub const MOST_WRONG: f64 = 0.05;

/// Durations, by their buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(BTreeMap<u16, i64>);

impl Spread {
    /// Takes a duration in. **Units**: seconds; less than one counts as none at all.
    pub fn add(&mut self, seconds: i64) {
        *self.0.entry(bucket(seconds)).or_default() += 1;
    }

    /// Takes in what another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, n) in &other.0 {
            *self.0.entry(*bucket).or_default() += n;
        }
    }

    /// How many durations there are.
    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// The duration that `percent` of a hundred do not exceed (the nearest rank); none where there is none.
    /// **Units**: seconds.
    pub fn percentile(&self, percent: i64) -> Option<i64> {
        let rank = (self.count() * percent + 99) / 100;
        let mut passed = 0;
        let found = self.0.iter().find(|(_, n)| {
            passed += **n;
            passed >= rank.max(1)
        });
        found.map(|(bucket, _)| middle(*bucket))
    }

    /// As it is stored, `17:3 18:1`.
    pub fn written(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, (bucket, n)| {
            let gap = if text.is_empty() { "" } else { " " };
            // Writing to a text does not fail.
            let _ = write!(text, "{gap}{bucket}:{n}");
            text
        })
    }

    /// What [`Spread::written`] wrote; what is none of it is passed over.
    pub fn read(text: &str) -> Self {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once(':'));
        Self(pairs.filter_map(|(bucket, n)| Some((bucket.parse().ok()?, n.parse().ok()?))).collect())
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a logarithm of seconds is small")]
#[expect(clippy::cast_sign_loss, reason = "a second or more has no negative logarithm")]
fn bucket(seconds: i64) -> u16 {
    if seconds < 1 { 0 } else { 1 + ((seconds as f64).ln() / RATIO.ln()).floor() as u16 }
}

#[expect(clippy::cast_possible_truncation, reason = "buckets are made of whole seconds")]
fn middle(bucket: u16) -> i64 {
    if bucket == 0 { 0 } else { RATIO.powf(f64::from(bucket - 1) + 0.5).round() as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Spread::default().percentile(50), None);
        assert_eq!(Spread::read("").count(), 0);
        assert_eq!(Spread::read("x 1 2:y 3:4").written(), "3:4");
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_five_percent_of_the_exact_one(
            mut all in proptest::collection::vec(0_i64..40_000_000, 1..200), percent in 1_i64..=100,
        ) {
            let mut spread = Spread::default();
            for one in &all {
                spread.add(*one);
            }
            all.sort_unstable();
            let rank = (i64::try_from(all.len()).expect("few") * percent + 99) / 100;
            let exact = all[usize::try_from(rank.max(1) - 1).expect("a place")];
            let told = spread.percentile(percent).expect("there are some");
            // Beside the bucket's error, half a second is lost where seconds are made whole.
            #[expect(clippy::cast_precision_loss, reason = "seconds are small")]
            let most = (exact as f64).mul_add(MOST_WRONG, 0.5);
            #[expect(clippy::cast_precision_loss, reason = "seconds are small")]
            let wrong = (told - exact).abs() as f64;
            prop_assert!(wrong <= most, "{told} for {exact}");
        }

        #[test]
        fn days_add_up_and_come_back_as_they_were(
            one in proptest::collection::vec(0_i64..1_000_000, 0..50), other in proptest::collection::vec(0_i64..1_000_000, 0..50),
        ) {
            let (mut first, mut second, mut both) = (Spread::default(), Spread::default(), Spread::default());
            for took in one {
                first.add(took);
                both.add(took);
            }
            for took in other {
                second.add(took);
                both.add(took);
            }
            first.merge(&second);
            prop_assert_eq!(&first, &both);
            prop_assert_eq!(Spread::read(&both.written()), both);
        }
    }
}
