//! That something on the floor changed, for those who read for themselves what: the walls.

use tokio::sync::watch;

/// Says it, to all that listen.
pub(super) struct Stirs(watch::Sender<Option<u64>>);

impl Default for Stirs {
    fn default() -> Self {
        Self(watch::Sender::new(Some(0)))
    }
}

impl Stirs {
    /// Something changed.
    pub(super) fn stir(&self) {
        self.0.send_modify(|count| *count = count.map(|count| count.wrapping_add(1)));
    }

    /// The process stops.
    pub(super) fn close(&self) {
        self.0.send_replace(None);
    }

    pub(super) fn listen(&self) -> Stirred {
        Stirred(self.0.subscribe())
    }
}

/// Hears that something changed, however much did.
pub struct Stirred(watch::Receiver<Option<u64>>);

impl Stirred {
    /// Waits for the next change; none where the process stops.
    pub async fn next(&mut self) -> Option<()> {
        self.0.changed().await.ok()?;
        self.is_open().then_some(())
    }

    /// What changed until now is known: whoever reads next reads it all.
    pub fn mark(&mut self) {
        self.0.mark_unchanged();
    }

    /// Whether the process goes on.
    pub fn is_open(&self) -> bool {
        self.0.borrow().is_some()
    }
}
