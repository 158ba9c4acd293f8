//! Notifications as the API shows them. **Source**: desk.md, "Notification".

use super::store::inbox::Listed;
use crate::channels::{self, Status};
use crate::delivery::store::Way;
use crate::kit::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How a notification was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = NotificationType)]
pub enum Medium {
    /// By e-mail.
    Email,
    /// On WhatsApp.
    Whatsapp,
    /// As a text message.
    Sms,
    /// At the desk in the browser.
    System,
}

impl Medium {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Email, Self::Whatsapp, Self::Sms, Self::System];

    /// The name in the API, `WHATSAPP`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Whatsapp => "WHATSAPP",
            Self::Sms => "SMS",
            Self::System => "SYSTEM",
        }
    }

    /// The stored name, `whatsapp`.
    pub fn stored(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Whatsapp => channels::Medium::Whatsapp.as_str(),
            Self::Sms => channels::Medium::Sms.as_str(),
            Self::System => Way::Desk.medium(),
        }
    }

    fn display(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Whatsapp => "WhatsApp",
            Self::Sms => "SMS",
            Self::System => "System",
        }
    }

    /// The one with this stored name.
    pub fn of(stored: &str) -> Self {
        Self::ALL.into_iter().find(|medium| medium.stored() == stored).unwrap_or(Self::System)
    }
}

/// How far a notification got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = NotificationStatus)]
pub enum Standing {
    /// It waits, or is on its way.
    Pending,
    /// The provider handed it on.
    Sent,
    /// It is on the person's phone; at the desk it is at once.
    Delivered,
    /// The person read it on their phone.
    Read,
    /// It failed.
    Failed,
    /// It was taken back before it left.
    Cancelled,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::Pending, Self::Sent, Self::Delivered, Self::Read, Self::Failed, Self::Cancelled];

    /// The name in the API, `PENDING`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Read => "READ",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The stored statuses that a filter by this one takes in. **Source**: product.md, "The ticket".
    pub fn stored(self) -> &'static [Status] {
        match self {
            Self::Pending => &[Status::Queued, Status::Sending],
            Self::Sent => &[Status::Sent, Status::Delivered, Status::Read],
            Self::Delivered => &[Status::Delivered],
            Self::Read => &[Status::Read],
            Self::Failed => &[Status::Failed],
            Self::Cancelled => &[Status::Cancelled],
        }
    }

    /// The one with this stored name.
    pub fn of(stored: &str) -> Self {
        let is_first = |standing: &Self| standing.stored().iter().any(|status| status.as_str() == stored);
        // SENT takes in others, which come after it.
        Self::ALL.into_iter().rev().find(is_first).unwrap_or(Self::Pending)
    }
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPage)]
pub struct Page {
    /// How many there are on all pages.
    #[schema(example = 1)]
    pub(super) count: u64,
    /// The address of the next page; null on the last.
    pub(super) next: Option<String>,
    /// The address of the previous page; null on the first.
    pub(super) previous: Option<String>,
    pub(super) results: Vec<Notification>,
}

/// A notification in a list.
#[expect(clippy::struct_field_names, reason = "the desk's clients know the field by this name")]
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notification {
    #[schema(example = 71)]
    id: i64,
    /// The ticket's id; null where it is about none.
    #[schema(example = 7)]
    ticket: Option<i64>,
    notification_type: Medium,
    #[schema(example = "WhatsApp")]
    notification_type_display: &'static str,
    #[schema(example = "Your ticket has been opened: Payments fail")]
    subject: String,
    status: Standing,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// Whether its person has read it in the desk.
    is_read: bool,
    /// When they did.
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Instant>,
}

impl From<Listed> for Notification {
    fn from(listed: Listed) -> Self {
        let medium = Medium::of(&listed.medium);
        Self {
            id: listed.id,
            ticket: listed.ticket_id,
            notification_type: medium,
            notification_type_display: medium.display(),
            subject: listed.subject.unwrap_or_default(),
            status: Standing::of(&listed.status),
            created_at: listed.created_at,
            is_read: listed.unread.is_none(),
            read_at: listed.seen_at,
        }
    }
}

/// How many notifications are unread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnreadCounts)]
pub struct Counts {
    count: i64,
    /// Of each type, zero included.
    #[schema(example = json!({"EMAIL": 0, "WHATSAPP": 2, "SMS": 0, "SYSTEM": 2}))]
    by_type: BTreeMap<&'static str, i64>,
}

impl Counts {
    pub(super) fn of(unread: &[(String, i64)]) -> Self {
        let mut by_type: BTreeMap<&'static str, i64> = Medium::ALL.map(|medium| (medium.as_str(), 0)).into();
        for (stored, count) in unread {
            *by_type.entry(Medium::of(stored).as_str()).or_default() += count;
        }
        Self { count: by_type.values().sum(), by_type }
    }
}

/// Notifications were read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationsMarked)]
pub struct MarkedAll {
    #[schema(example = "4 notifications marked as read")]
    pub(super) message: String,
    /// How many were not read before.
    pub(super) count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_status_is_shown_as_the_desk_knows_it() {
        for (stored, shown) in [
            (Status::Queued, Standing::Pending),
            (Status::Sending, Standing::Pending),
            (Status::Sent, Standing::Sent),
            (Status::Delivered, Standing::Delivered),
            (Status::Read, Standing::Read),
            (Status::Failed, Standing::Failed),
            (Status::Cancelled, Standing::Cancelled),
        ] {
            assert_eq!(Standing::of(stored.as_str()), shown, "{stored:?}");
        }
    }
}
