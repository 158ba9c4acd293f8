//! What is done with notifications by hand. None of it tells anybody; it is there to be looked up.

use crate::outbox::{Event, Subject};
use serde::Serialize;

/// The kind of the subjects that are notifications.
const NOTIFICATION: &str = "notification";

/// An admin had a notification sent again.
#[derive(Clone, Debug, Serialize)]
pub struct SentAgain {
    /// Which.
    pub notification_id: i64,
    /// To whom.
    pub person_id: i64,
    /// Who did it.
    pub actor_id: i64,
}

/// An admin took a notification back before it left.
#[derive(Clone, Debug, Serialize)]
pub struct TakenBack {
    /// Which.
    pub notification_id: i64,
    /// To whom it would have gone.
    pub person_id: i64,
    /// Who did it.
    pub actor_id: i64,
}

impl Event for SentAgain {
    const NAME: &'static str = "notification.sent_again";

    fn subject(&self) -> Subject {
        Subject::new(NOTIFICATION, self.notification_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.actor_id)
    }
}

impl Event for TakenBack {
    const NAME: &'static str = "notification.taken_back";

    fn subject(&self) -> Subject {
        Subject::new(NOTIFICATION, self.notification_id)
    }

    fn actor_id(&self) -> Option<i64> {
        Some(self.actor_id)
    }
}
