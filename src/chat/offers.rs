//! Tickets offered by number: those of the asker's on which something can be done now, so that nobody types a
//! reference. The list is kept in the session; a number means what it meant when it was shown.

use super::pick::{Names, pick};
use crate::tickets::model::Status;
use serde_json::Value;

/// How many tickets are offered at most.
pub const MOST: u64 = 9;

/// Which of the asker's tickets are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Offer {
    /// Those that are not over.
    Open,
    /// Those that can be started.
    ToStart,
    /// Those that are worked on.
    InProgress,
    /// Those that wait for something.
    OnHold,
    /// Those that wait for approval.
    ToApprove,
}

impl Offer {
    /// Every offer.
    pub const ALL: [Self; 5] = [Self::Open, Self::ToStart, Self::InProgress, Self::OnHold, Self::ToApprove];

    /// The name in flow files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ToStart => "to_start",
            Self::InProgress => "in_progress",
            Self::OnHold => "on_hold",
            Self::ToApprove => "to_approve",
        }
    }

    /// The offer with this name in flow files.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|offer| offer.as_str() == name)
    }

    /// The statuses of the tickets in it.
    pub fn statuses(self) -> Vec<Status> {
        match self {
            Self::Open => Status::ALL.into_iter().filter(|status| !status.is_final()).collect(),
            Self::ToStart => vec![Status::Opened],
            Self::InProgress => vec![Status::InProgress],
            Self::OnHold => vec![Status::OnHold],
            Self::ToApprove => vec![Status::Resolved],
        }
    }
}

/// The reference of the offered ticket that a text means, by number or title. **Shape** of the tickets:
/// `{reference, title, status}`.
pub fn meant(offered: &[Value], typed: &str) -> Option<String> {
    let text = |ticket: &Value, key: &str| ticket[key].as_str().unwrap_or_default().to_owned();
    let names: Vec<Names> =
        offered.iter().map(|ticket| Names::new([text(ticket, "reference"), text(ticket, "title")])).collect();
    pick(typed, &names).and_then(|place| offered.get(place)).map(|ticket| text(ticket, "reference"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_or_a_title_means_what_was_offered() {
        let offered = [
            json!({"reference": "INC-20260118143022", "title": "The checkout fails"}),
            json!({"reference": "INC-20260118143023", "title": "Slow search"}),
        ];
        for (typed, means) in [
            ("1", Some("INC-20260118143022")),
            ("2️⃣", Some("INC-20260118143023")),
            ("slow search", Some("INC-20260118143023")),
            ("inc-20260118143022", Some("INC-20260118143022")),
            ("3", None),
            ("something else", None),
        ] {
            assert_eq!(meant(&offered, typed).as_deref(), means, "{typed}");
        }
        assert!(Offer::ALL.into_iter().all(|offer| Offer::named(offer.as_str()) == Some(offer)));
    }
}
