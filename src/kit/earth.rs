//! Spots on the earth and how far apart they are. Pure.

use serde::{Deserialize, Serialize};

/// **Units**: metres; the earth's mean radius. **Source**: IUGG, R1.
const RADIUS: f64 = 6_371_008.8;
/// Millionths in one degree: a spot is known to a tenth of a metre, and compares exactly in every database.
const MILLIONTHS: f64 = 1_000_000.0;
/// The poles.
pub const MOST_LATITUDE: i64 = 90_000_000;
/// Half around.
pub const MOST_LONGITUDE: i64 = 180_000_000;

/// A spot on the earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// **Units**: millionths of a degree, north positive.
    pub latitude: i64,
    /// **Units**: millionths of a degree, east positive.
    pub longitude: i64,
}

/// Latitudes and longitudes between which everything near a spot lies, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    /// From and to, in millionths of a degree.
    pub latitude: (i64, i64),
    /// From and to, in millionths of a degree.
    pub longitude: (i64, i64),
}

impl Spot {
    /// The spot at these degrees; none where there is none.
    pub fn at(latitude: f64, longitude: f64) -> Option<Self> {
        let is_there = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        is_there.then(|| Self { latitude: millionths(latitude), longitude: millionths(longitude) })
    }

    /// Degrees, north positive and east positive.
    pub fn degrees(self) -> (f64, f64) {
        (degrees(self.latitude), degrees(self.longitude))
    }

    /// How far the other is, in metres along the ground: the haversine, right to half a percent.
    pub fn metres_to(self, other: Self) -> f64 {
        let ((south, west), (north, east)) = (self.degrees(), other.degrees());
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let cosines = south.to_radians().cos() * north.to_radians().cos();
        let chord = cosines.mul_add(half(west, east), half(south, north));
        2.0 * RADIUS * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    /// Between which latitudes and longitudes everything lies that is so many metres near. Where that goes over a pole
    /// or the date line, all longitudes.
    pub fn around(self, metres: f64) -> Around {
        let (latitude, longitude) = self.degrees();
        let up = (metres / RADIUS).to_degrees();
        let aside = up / (latitude.abs() + up).min(90.0).to_radians().cos();
        let (west, east) = (longitude - aside, longitude + aside);
        let is_whole = latitude.abs() + up < 90.0 && west >= -180.0 && east <= 180.0;
        let longitude = if is_whole { (millionths(west), millionths(east)) } else { (-MOST_LONGITUDE, MOST_LONGITUDE) };
        Around { latitude: (millionths(latitude - up), millionths(latitude + up)), longitude }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 180 degrees and a little")]
fn millionths(degrees: f64) -> i64 {
    (degrees * MILLIONTHS).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "at most nine digits")]
fn degrees(millionths: i64) -> f64 {
    millionths as f64 / MILLIONTHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spot(latitude: f64, longitude: f64) -> Spot {
        Spot::at(latitude, longitude).expect("a spot")
    }

    #[test]
    fn known_ways_are_as_long_as_they_are() {
        for (from, to, metres) in [
            (spot(0.0, 0.0), spot(0.0, 1.0), 111_195.0),
            (spot(0.0, 0.0), spot(1.0, 0.0), 111_195.0),
            (spot(0.0, 179.5), spot(0.0, -179.5), 111_195.0),
            (spot(60.0, 10.0), spot(60.0, 10.001), 55.6),
            (spot(90.0, 0.0), spot(-90.0, 0.0), 20_015_115.0),
            (spot(51.5, -0.1), spot(51.5, -0.1), 0.0),
        ] {
            assert!((from.metres_to(to) - metres).abs() <= metres * 0.001, "{from:?} {to:?} {}", from.metres_to(to));
        }
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Spot::at(latitude, longitude), None, "{latitude} {longitude}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_near_lies_around(
            latitude in -90.0_f64..=90.0, longitude in -180.0_f64..=180.0, up in -0.02_f64..=0.02, aside in -0.02_f64..=0.02
        ) {
            let here = spot(latitude, longitude);
            let there = Spot::at(latitude + up, (longitude + aside).clamp(-180.0, 180.0));
            if let Some(there) = there.filter(|there| here.metres_to(*there) <= 1_000.0) {
                let around = here.around(1_000.0);
                prop_assert!((around.latitude.0..=around.latitude.1).contains(&there.latitude));
                prop_assert!((around.longitude.0..=around.longitude.1).contains(&there.longitude));
            }
        }
    }
}
