//! The live line: those who have the desk open hear of a notice at once, in whichever process it was made.
//!
//! A poke says that there may be notices; what there is is read from the rows. Notices are written in turns, so that a
//! later one never has a smaller number (`notify/mod.rs`): what was read up to a number stays read, here and for a
//! client that comes back and names the last one it knows. Where a poke gets lost, the timer finds the notice.
//!
//! Nobody who reads slowly holds anybody up: each connection has a queue of its own, and whoever lets it fill is told to
//! come back. A sign-in that ends takes its connections with it, within [`CHECK`].
//!
//! Whoever asks for it hears of changes too ([`changes`]): that something they may see is not what it was.

pub mod api;
mod changes;
mod desks;
mod entry;
mod socket;
mod stirred;

pub use entry::{Entry, Resume};
pub use stirred::Stirred;

use super::TURN;
use super::store::live as store;
use crate::app::App;
use crate::bus::Poke;
use crate::db::marks;
use crate::kit::Result;
use crate::outbox::Notice;
use crate::pulse::Job;
use desks::{Desks, Line, Who};
use std::sync::Arc;
use std::time::Duration;
use stirred::Stirs;
use store::Waiting;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The most connections of one process: some of the listener's are left for requests.
const MOST: usize = 600;
/// The most screens on walls besides.
const MOST_WALLS: usize = 100;
/// Without a poke it looks this often.
const TIMER: Duration = Duration::from_secs(1);
/// How often it asks whether the sign-ins of those who are connected still hold.
pub const CHECK: Duration = Duration::from_secs(10);

/// Everybody who is connected to this process. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Hub>);

struct Hub {
    app: App,
    notices: &'static [Notice],
    desks: Desks,
    /// Up to which notice everybody was told; none while nobody is connected.
    told: tokio::sync::Mutex<Option<i64>>,
    places: Arc<Semaphore>,
    /// For the walls.
    stirs: Stirs,
    walls: Arc<Semaphore>,
}

impl Live {
    /// Nobody is connected yet.
    pub fn new(app: &App, notices: &'static [Notice]) -> Self {
        Self(Arc::new(Hub {
            app: app.clone(),
            notices,
            desks: Desks::default(),
            told: tokio::sync::Mutex::default(),
            places: Arc::new(Semaphore::new(MOST)),
            stirs: Stirs::default(),
            walls: Arc::new(Semaphore::new(MOST_WALLS)),
        }))
    }

    /// Tells those who are connected until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.tell_notices(&stop), self.follow_changes(&stop));
        self.close();
    }

    async fn tell_notices(&self, stop: &CancellationToken) {
        let app = &self.0.app;
        let mut checked = tokio::time::Instant::now();
        while !stop.is_cancelled() {
            let mut done = self.push().await.map(drop);
            if checked.elapsed() >= CHECK {
                done = done.and(self.check().await);
                checked = tokio::time::Instant::now();
            }
            app.ran(Job::Live, done);
            tokio::select! {
                () = app.bus.wait(Poke::Live, TIMER) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Tells everybody who is connected to come back.
    pub fn close(&self) {
        self.0.places.close();
        self.0.desks.close();
        self.0.stirs.close();
    }

    /// Hears of every change on the floor that there is one, not which.
    pub fn stirred(&self) -> Stirred {
        self.0.stirs.listen()
    }

    /// Has all walls of this process look again.
    pub fn stir(&self) {
        self.0.stirs.stir();
    }

    /// Takes a place for a screen.
    pub fn place_for_a_wall(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.walls).try_acquire_owned().ok()
    }

    /// Sends everybody their new notices; answers with how many there were.
    ///
    /// # Errors
    /// When the database is away; the next time goes on where this one stopped.
    pub async fn push(&self) -> Result<usize> {
        let hub = &self.0;
        let mut told = hub.told.lock().await;
        let people: Vec<i64> = hub.desks.people().into_iter().collect();
        if people.is_empty() {
            *told = None;
        }
        let Some(mut last) = *told else { return Ok(0) };
        let end = marks::position(hub.app.db.read(), TURN).await?;
        let mut total = 0;
        while last < end {
            let waiting = store::between(hub.app.db.read(), last, end, &people).await?;
            last = waiting.last().filter(|_| waiting.len() as u64 == store::AT_ONCE).map_or(end, |notice| notice.id);
            for Waiting { id, person_id, text } in store::written(hub.app.db.read(), hub.notices, waiting).await? {
                hub.desks.hand_out(person_id, id, &text);
                total += 1;
            }
            *told = Some(last);
        }
        Ok(total)
    }

    /// Ends the connections whose sign-in has ended or whose token has expired.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn check(&self) -> Result<()> {
        let (app, desks) = (&self.0.app, &self.0.desks);
        let sign_ins = desks.sign_ins();
        if !sign_ins.is_empty() {
            let holding = store::holding(app.db.read(), sign_ins).await?;
            desks.sign_out(app.clock.now(), &holding);
        }
        Ok(())
    }

    /// Takes a place for a connection.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places).try_acquire_owned().ok()
    }

    /// Opens a line to somebody; from now on they miss nothing.
    async fn open(&self, who: Who, hears_changes: bool) -> Result<Option<Line>> {
        let hub = &self.0;
        let mut told = hub.told.lock().await;
        if told.is_none() || hub.desks.count() == 0 {
            *told = Some(marks::position(hub.app.db.read(), TURN).await?);
        }
        Ok(hub.desks.open(who, hears_changes))
    }
}
