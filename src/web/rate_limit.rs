//! How often one address may ask without proving who it is; beyond that it gets 429 with `Retry-After`.
//!
//! Signed webhooks never come by here: a provider has many addresses, and a proxy may hide them all behind one.
//! Neither is an admin limited, nor who is signed in, but where one signs in: a token may have ended, and none makes
//! passwords cheaper to try. IPv6 counts by network (/64), since one subscriber has all of it.

use super::{client, guard};
use crate::app::App;
use crate::bus::Limit;
use crate::kit::error::Kind;
use crate::kit::{Clock, Error};
use crate::proof::Marker;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// What begins like this is limited whoever asks: there it is proved who one is.
const ALWAYS: [&str; 3] = ["/api/auth/", "/setup", "/sign-in"];
/// In so many places addresses are counted.
const PLACES: u64 = 65_536;

/// A limit that each address has to itself. Cheap to clone.
///
/// An address is counted in one of [`PLACES`], by a mark that nobody can foresee, so memory has a bound whoever asks.
/// Two that meet in one place share it.
#[derive(Clone)]
pub struct PerAddress(Arc<Places>);

struct Places {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, Elapsed, NoOpMiddleware<Duration>>,
    marker: Marker,
}

/// Andon's clock as the limiter reads it.
#[derive(Clone)]
struct Elapsed(Clock);

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl PerAddress {
    /// So many a minute, all at once if need be.
    pub fn new(clock: &Clock, marker: &Marker, a_minute: NonZeroU32) -> Self {
        let limiter =
            RateLimiter::new(Quota::per_minute(a_minute), DashMapStateStore::default(), Elapsed(clock.clone()));
        Self(Arc::new(Places { limiter, marker: marker.clone() }))
    }

    /// Counts one of this address's. Answers with the place where it counts.
    ///
    /// # Errors
    /// How long the address has to wait.
    pub fn check(&self, address: IpAddr) -> Result<u64, Duration> {
        let place = self.0.marker.mark(&[&client::network(address).to_string()]) % PLACES;
        let limiter = &self.0.limiter;
        limiter.check_key(&place).map_err(|not_until| not_until.wait_time_from(limiter.clock().now()))?;
        Ok(place)
    }

    /// Counts what another process let pass.
    fn asked_elsewhere(&self, place: u64, times: u32) {
        let once = || self.0.limiter.check_key(&place).is_ok();
        (0..times).take_while(|_| once()).for_each(drop);
    }
}

/// Where requests are counted. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    app: App,
    limit: Option<PerAddress>,
}

impl Gate {
    /// A gate with the limit of the settings.
    pub fn new(app: &App) -> Self {
        let limit = app.settings.request_limit.map(|limit| PerAddress::new(&app.clock, &app.proof.marker, limit));
        if let Some(limit) = limit.clone() {
            app.bus.counts(Limit::Requests, move |place, times| limit.asked_elsewhere(place, times));
        }
        Self { app: app.clone(), limit }
    }
}

/// Lets a request pass, unless its address asks too often.
pub async fn limit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let is_free = !is_always_limited(request.uri().path()) && guard::is_known(&gate.app, request.headers());
    if let Some(limit) = gate.limit.filter(|_| !is_free) {
        let from = client::of(request.extensions(), request.headers(), &gate.app.settings.trusted_proxies);
        match limit.check(from) {
            Ok(place) => gate.app.bus.counted(Limit::Requests, place),
            Err(wait) => return too_many(wait),
        }
    }
    next.run(request).await
}

fn is_always_limited(path: &str) -> bool {
    ALWAYS.iter().any(|beginning| path.starts_with(beginning))
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!("Too many requests come from your address; please try again in {seconds} s.");
    Error::new(Kind::TooMany, detail).again_after(wait).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn each_address_has_its_own_limit_and_gets_it_back_with_time() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let marker = Marker::new(&"a key".to_owned().into());
        let limit = PerAddress::new(&clock, &marker, NonZeroU32::new(2).expect("two"));
        let asks = |address: &str| limit.check(address.parse().expect("an address")).map(drop);
        assert_eq!([asks("203.0.113.9"), asks("203.0.113.9")], [Ok(()), Ok(())]);
        assert_eq!(asks("203.0.113.9"), Err(Duration::from_secs(30)));
        assert_eq!(asks("198.51.100.7"), Ok(()), "somebody else");
        clock.advance(TimeDelta::seconds(30));
        assert_eq!((asks("203.0.113.9"), asks("203.0.113.9").is_err()), (Ok(()), true));
    }

    #[test]
    fn a_subscriber_counts_once_whatever_address_they_take() {
        for (one, other, same) in [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("::ffff:203.0.113.9", "203.0.113.9", true),
            ("203.0.113.9", "203.0.113.8", false),
        ] {
            let network = |address: &str| client::network(address.parse().expect("an address"));
            assert_eq!(network(one) == network(other), same, "{one} and {other}");
        }
    }
}
