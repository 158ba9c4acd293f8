//! A stored delivery as a channel takes it.

use super::store::Leased;
use crate::channels::{Medium, Outbound, Recipient, Retry, SendError};

/// The delivery as a channel takes it. A row that no channel could take was not written by this program.
pub(super) fn outbound(leased: &Leased) -> Result<Outbound, SendError> {
    let unsound = |what: &str| SendError {
        name: "unsound_delivery",
        code: None,
        retry: Retry::Never,
        in_doubt: false,
        is_outage: false,
        advice: format!("The stored delivery has no usable {what}."),
    };
    let medium = Medium::named(&leased.medium).ok_or_else(|| unsound("medium"))?;
    Ok(Outbound {
        to: Recipient::read(medium, &leased.to).ok_or_else(|| unsound("address"))?,
        from: leased.sender.clone(),
        subject: leased.subject.clone(),
        text: leased.body.clone(),
        rich: leased.rich().map_err(|_| unsound("contents"))?,
        token: leased.token.clone(),
        written_at: leased.created_at,
        template: leased.template().map_err(|_| unsound("template"))?,
    })
}
