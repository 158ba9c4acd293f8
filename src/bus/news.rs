//! What those who have the desk open are told beside their own notices: that a conversation changed, who types in it.
//!
//! News say that it is worth looking, never what there is to see. They may be lost, and nobody who is not connected
//! gets them: a page that is open looks by itself from time to time.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The most that is kept until somebody tells it; what is more is not told.
const MOST: usize = 10_000;

/// Something that is worth a look to those who may see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The conversation of this person is another than it was.
    Changed(i64),
    /// Somebody at the desk types in a conversation.
    Typing {
        /// Whose conversation.
        person_id: i64,
        /// Who types.
        by: i64,
        /// What they are called.
        name: String,
    },
}

impl News {
    /// Whose conversation it is about.
    pub fn person_id(&self) -> i64 {
        match self {
            Self::Changed(person_id) | Self::Typing { person_id, .. } => *person_id,
        }
    }
}

/// What is still to be told; the same once.
#[derive(Default)]
pub(super) struct Untold(Mutex<BTreeSet<News>>);

impl Untold {
    pub(super) fn add(&self, news: Vec<News>) {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(untold.len());
        untold.extend(news.into_iter().take(room));
    }

    pub(super) fn take(&self) -> Vec<News> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_and_no_more_is_kept_than_may_be() {
        let untold = Untold::default();
        untold.add(vec![News::Changed(7), News::Changed(7), News::Changed(8)]);
        assert_eq!(untold.take(), [News::Changed(7), News::Changed(8)]);
        untold.add((0..20_000).map(News::Changed).collect());
        assert_eq!((untold.take().len(), untold.take().len()), (MOST, 0));
    }
}
