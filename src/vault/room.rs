//! Room for files in memory: so many at once, and of those only some for one person, so that somebody's slow line never
//! takes it all.
//!
//! A place is taken until it is dropped. Whoever comes when all are taken waits for [`PATIENCE`] and is then put off.

use crate::kit::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room for files. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Places>);

#[derive(Debug)]
struct Places {
    all: Arc<Semaphore>,
    of_one: usize,
    /// Those of everybody who has a place or waits for one.
    own: Mutex<HashMap<i64, Arc<Semaphore>>>,
}

/// A place for one file, until it is dropped.
#[derive(Debug)]
pub struct Place {
    _own: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Room {
    /// So many places, and so many of them for one person.
    pub(super) fn new(most: usize, of_one: usize) -> Self {
        Self(Arc::new(Places { all: Arc::new(Semaphore::new(most)), of_one, own: Mutex::default() }))
    }

    /// Waits for a place for one more file of this person's.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where none becomes free in time.
    pub(super) async fn place(&self, person_id: i64) -> Result<Place> {
        let own = self.own(person_id);
        let waiting = tokio::time::timeout(PATIENCE, async {
            let own = own.acquire_owned().await.ok()?;
            let of_all = Arc::clone(&self.0.all).acquire_owned().await.ok()?;
            Some(Place { _own: own, _of_all: of_all })
        });
        let full = "As many files are on their way as may be at once, yours or everybody's. Please try again.";
        waiting.await.ok().flatten().ok_or_else(|| Error::unavailable(full))
    }

    fn own(&self, person_id: i64) -> Arc<Semaphore> {
        let mut own = self.0.own.lock().unwrap_or_else(PoisonError::into_inner);
        // Each place, and whoever waits for one, holds on to its person's.
        own.retain(|_, places| Arc::strong_count(places) > 1);
        Arc::clone(own.entry(person_id).or_insert_with(|| Arc::new(Semaphore::new(self.0.of_one))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::error::Kind;

    async fn refused(room: &Room, person_id: i64) -> Option<Kind> {
        room.place(person_id).await.err().map(|error| error.kind())
    }

    #[tokio::test(start_paused = true)]
    async fn one_person_takes_some_of_the_places_and_waits_for_no_others() {
        let room = Room::new(3, 2);
        let (first, _second) = (room.place(1).await.expect("a place"), room.place(1).await.expect("a place"));
        assert_eq!(refused(&room, 1).await, Some(Kind::Unavailable), "one's own are taken");
        let _other = room.place(2).await.expect("there is one left");
        assert_eq!(refused(&room, 3).await, Some(Kind::Unavailable), "all are taken");
        drop(first);
        assert!(room.place(3).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_becomes_free_in_time_is_given_to_who_waits() {
        let room = Room::new(1, 1);
        let held = room.place(1).await.expect("a place");
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.place(1).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert!(waiting.await.expect("no panic"));
    }

    #[tokio::test]
    async fn who_has_no_place_is_forgotten() {
        let room = Room::new(8, 2);
        for person_id in 0..100 {
            drop(room.place(person_id).await.expect("a place"));
        }
        let _held = room.place(100).await.expect("a place");
        assert_eq!(room.0.own.lock().expect("nobody panicked").len(), 1);
    }
}
