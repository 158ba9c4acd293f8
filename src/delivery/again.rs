//! Notices that somebody wants sent again, or taken back before they leave.
//!
//! Both hold the delivery's line, as whoever leases it does: what is leased is on its way and stays so, and what was
//! taken back is never leased. What goes again is the same delivery with one more attempt, on a line of its own.

use super::store::again::{self as store, Found};
use crate::channels::Status;
use crate::db::Tx;
use crate::kit::Error;
use crate::kit::Result;
use crate::kit::error::Kind;

pub use store::TAKEN_BACK;

/// Why a notice is not sent again, or not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is there once it is stored.
    #[error("This notification is at the desk only: nothing of it is sent.")]
    AtTheDesk,
    /// Nothing is left to do.
    #[error("It has arrived.")]
    Arrived,
    /// Its turn comes.
    #[error("It still waits to be sent; its turn comes by itself.")]
    Waits,
    /// A process has it.
    #[error("It is being sent just now. Look again in a moment.")]
    IsSent,
    /// The provider may have it.
    #[error("The provider may have it already and is being asked. Look again in some minutes.")]
    InDoubt,
    /// The provider has it.
    #[error("The provider has taken it, and has not said yet whether it arrived.")]
    WithProvider,
    /// Another message carries it.
    #[error("It goes together with others in one message, and is none of its own any more.")]
    Gathered,
    /// It will not be sent any more.
    #[error("It is over already: nothing of it waits to be sent.")]
    Over,
    /// The person wants none.
    #[error("The person has opted out of notices. They opt in again by writing START to the plant's number.")]
    OptedOut,
    /// The person is gone.
    #[error("The person may no longer use Andon, so they are told nothing. Activate them first.")]
    Inactive,
    /// There is nothing left to send.
    #[error("Its text was let go (ANDON_KEEP_MESSAGES), so there is nothing to send again.")]
    Emptied,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(Kind::Conflict, refusal.to_string()).because(refusal)
    }
}

/// Has a notice that failed, or was taken back, sent again now.
///
/// # Errors
/// A [`Refusal`].
pub async fn send_again(tx: &Tx, id: i64) -> Result<()> {
    let Some(found) = store::hold(tx, id).await? else { return Err(Refusal::Over.into()) };
    may_go_again(&found)?;
    store::reopen(tx, &found).await
}

/// Takes a notice back that waits to be sent.
///
/// # Errors
/// A [`Refusal`].
pub async fn take_back(tx: &Tx, id: i64) -> Result<()> {
    let Some(found) = store::hold(tx, id).await? else { return Err(Refusal::Over.into()) };
    may_be_taken_back(&found)?;
    store::take_back(tx, &found).await
}

fn may_go_again(found: &Found) -> Result<(), Refusal> {
    if !found.is_carried() {
        return Err(Refusal::AtTheDesk);
    }
    if found.is_leased {
        return Err(Refusal::IsSent);
    }
    if found.waits {
        return Err(Refusal::Waits);
    }
    match Status::named(&found.status) {
        Some(Status::Failed | Status::Cancelled) => {}
        Some(Status::Delivered | Status::Read) => return Err(Refusal::Arrived),
        Some(Status::Queued) if found.is_gathered => return Err(Refusal::Gathered),
        Some(Status::Queued | Status::Sending | Status::Sent) | None => return Err(Refusal::WithProvider),
    }
    if found.has_opted_out {
        return Err(Refusal::OptedOut);
    }
    if !found.is_active {
        return Err(Refusal::Inactive);
    }
    if found.is_emptied { Err(Refusal::Emptied) } else { Ok(()) }
}

fn may_be_taken_back(found: &Found) -> Result<(), Refusal> {
    if !found.is_carried() {
        return Err(Refusal::AtTheDesk);
    }
    if found.is_leased {
        return Err(Refusal::IsSent);
    }
    if found.is_in_doubt {
        return Err(Refusal::InDoubt);
    }
    match Status::named(&found.status) {
        _ if found.waits => Ok(()),
        Some(Status::Delivered | Status::Read) => Err(Refusal::Arrived),
        Some(Status::Failed | Status::Cancelled) => Err(Refusal::Over),
        Some(Status::Queued) if found.is_gathered => Err(Refusal::Gathered),
        Some(Status::Queued | Status::Sending | Status::Sent) | None => Err(Refusal::WithProvider),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_done_with_a_notice_depends_on_where_it_is() {
        let found = |status: Status, waits| Found {
            id: 1,
            medium: "whatsapp".to_owned(),
            line: "notice:7:3".to_owned(),
            status: status.as_str().to_owned(),
            waits,
            is_gathered: false,
            is_leased: false,
            is_in_doubt: false,
            is_emptied: false,
            has_opted_out: false,
            is_active: true,
        };
        let failed = || found(Status::Failed, false);
        let waiting = || found(Status::Queued, true);
        for (found, again, back) in [
            (failed(), Ok(()), Err(Refusal::Over)),
            (found(Status::Cancelled, false), Ok(()), Err(Refusal::Over)),
            (waiting(), Err(Refusal::Waits), Ok(())),
            (Found { is_leased: true, ..waiting() }, Err(Refusal::IsSent), Err(Refusal::IsSent)),
            (Found { is_in_doubt: true, ..waiting() }, Err(Refusal::Waits), Err(Refusal::InDoubt)),
            (
                Found { is_gathered: true, ..found(Status::Queued, false) },
                Err(Refusal::Gathered),
                Err(Refusal::Gathered),
            ),
            (Found { is_gathered: true, ..failed() }, Ok(()), Err(Refusal::Over)),
            (found(Status::Sending, false), Err(Refusal::WithProvider), Err(Refusal::WithProvider)),
            (found(Status::Sent, false), Err(Refusal::WithProvider), Err(Refusal::WithProvider)),
            (found(Status::Delivered, false), Err(Refusal::Arrived), Err(Refusal::Arrived)),
            (found(Status::Read, false), Err(Refusal::Arrived), Err(Refusal::Arrived)),
            (Found { medium: "browser".to_owned(), ..failed() }, Err(Refusal::AtTheDesk), Err(Refusal::AtTheDesk)),
            (Found { has_opted_out: true, ..failed() }, Err(Refusal::OptedOut), Err(Refusal::Over)),
            (Found { is_active: false, ..failed() }, Err(Refusal::Inactive), Err(Refusal::Over)),
            (Found { is_emptied: true, ..failed() }, Err(Refusal::Emptied), Err(Refusal::Over)),
        ] {
            assert_eq!((may_go_again(&found), may_be_taken_back(&found)), (again, back), "{found:?}");
        }
    }
}
