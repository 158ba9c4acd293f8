//! The herald: whoever is to be called after the commit of a write that has something to tell. And the other way
//! round: a write that tells nobody, because what it brings in is no news.

use super::{Db, Origin, Tx, after_commit};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Who is called; nobody by default.
#[derive(Clone, Default)]
pub(super) struct Herald(Option<Arc<dyn Fn() + Send + Sync>>);

impl Db {
    /// The same database, whose writes call `herald` after their commit where they ask for it.
    #[must_use]
    pub fn heralded_by(self, herald: impl Fn() + Send + Sync + 'static) -> Self {
        let herald = Herald(Some(Arc::new(herald)));
        Self { origin: Origin { herald, ..self.origin }, ..self }
    }
}

impl Tx {
    /// Has the herald called once this is committed: there is something to tell people.
    pub fn call_herald(&self) {
        if let Some(herald) = self.origin.herald.0.clone() {
            after_commit(move || herald());
        }
    }

    /// From here on nobody is told what this transaction does: records are taken in that are no news.
    pub fn hush(&self) {
        self.is_hushed.store(true, Ordering::Relaxed);
    }

    /// Whether nobody is told.
    pub fn is_hushed(&self) -> bool {
        self.is_hushed.load(Ordering::Relaxed)
    }
}
