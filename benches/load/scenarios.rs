//! What is measured.

use crate::drive::people::Pace;
use crate::drive::process::Provider;
use crate::drive::stand_in::Manner;
use clap::ValueEnum;
use std::time::Duration;

/// One kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// As many messages as are accepted
    Flood,
    /// 200 messages a second
    Steady,
    /// 1,500 messages a second for a minute, replies of 100 ms
    Sustained,
    /// A flood while the provider takes 10 s for each reply
    SlowProvider,
    /// A flood while nobody answers at the provider's
    ProviderDown,
    /// 100,000 numbers that write once each
    Numbers,
    /// A start on a database of a million messages
    Million,
    /// A flood by Meta's webhooks, one message in each
    Meta,
    /// 200 messages a second, by Meta's webhooks
    MetaSteady,
    /// A flood by Meta's webhooks, a hundred messages in each, over eight connections
    MetaHundred,
    /// One of Meta's webhooks after the other, each with 1,000 messages and 3 MB
    MetaLargest,
    /// As many incidents as are taken, over 32 connections
    DeskCreate,
    /// Pages of 20 of 1,000 and of 100,000 tickets
    DeskList,
    /// One of 100,000 tickets at a time
    DeskOpen,
    /// The desk's pages, with 100,000 tickets
    DeskPages,
    /// The floor's pages, messages, settings, a wall and reports, with 100,000 orders, as many tickets, a million messages
    FloorPages,
    /// As many sign-ins as are answered
    DeskLogin,
    /// 50 incidents a second, and a desk that is open
    DeskPush,
    /// Notices that queued up while the provider was away, 100 ms each
    Notices,
}

/// A scenario in figures.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) people: u32,
    pub(crate) connections: u32,
    pub(crate) pace: Pace,
    pub(crate) messages_each: u32,
    pub(crate) time: Duration,
    pub(crate) provider: Manner,
    /// How long replies that are behind are waited for.
    pub(crate) patience: Duration,
    /// How many messages the database holds before.
    pub(crate) history: u32,
    pub(crate) by: Provider,
    /// How many messages come in one webhook, and how many bytes each of them has at least.
    pub(crate) together: usize,
    pub(crate) bytes_each: usize,
}

impl Scenario {
    pub(crate) const ALL: [Self; 19] = [
        Self::Flood,
        Self::Steady,
        Self::Sustained,
        Self::SlowProvider,
        Self::ProviderDown,
        Self::Numbers,
        Self::Million,
        Self::Meta,
        Self::MetaSteady,
        Self::MetaHundred,
        Self::MetaLargest,
        Self::DeskCreate,
        Self::DeskList,
        Self::DeskOpen,
        Self::DeskPages,
        Self::FloorPages,
        Self::DeskLogin,
        Self::DeskPush,
        Self::Notices,
    ];

    /// Whether people at the desk ask, and not people who write.
    pub(crate) fn is_of_the_desk(self) -> bool {
        use Scenario::{DeskCreate, DeskList, DeskLogin, DeskOpen, DeskPages, DeskPush, FloorPages, Notices};
        matches!(self, DeskCreate | DeskList | DeskOpen | DeskPages | FloorPages | DeskLogin | DeskPush | Notices)
    }

    pub(crate) fn plan(self, seconds: Option<u64>, connections: u32) -> Plan {
        let flood = Plan {
            people: 5_000,
            connections,
            pace: Pace::Answered,
            messages_each: u32::MAX,
            time: Duration::from_secs(20),
            provider: Manner::Answers(0..10),
            patience: Duration::from_mins(3),
            history: 0,
            by: Provider::Twilio,
            together: 1,
            bytes_each: 0,
        };
        let metas = Plan { by: Provider::Meta, ..flood.clone() };
        let plan = match self {
            Self::Flood
            | Self::DeskCreate
            | Self::DeskList
            | Self::DeskOpen
            | Self::DeskPages
            | Self::FloorPages
            | Self::DeskLogin
            | Self::DeskPush
            | Self::Notices => flood,
            Self::Steady => Plan { people: 2_000, pace: Pace::PerSecond(200.0), ..flood },
            Self::Sustained => Plan {
                pace: Pace::PerSecond(1_500.0),
                time: Duration::from_mins(1),
                provider: Manner::Answers(100..101),
                ..flood
            },
            Self::SlowProvider => Plan { provider: Manner::Answers(10_000..10_001), patience: Duration::ZERO, ..flood },
            Self::ProviderDown => Plan { provider: Manner::Down, patience: Duration::ZERO, ..flood },
            Self::Numbers => Plan { people: 100_000, messages_each: 1, time: Duration::from_mins(5), ..flood },
            Self::Meta => metas,
            Self::MetaSteady => Plan { people: 2_000, pace: Pace::PerSecond(200.0), ..metas },
            Self::MetaHundred => Plan { connections: 8, together: 100, ..metas },
            Self::MetaLargest => Plan { connections: 1, together: 1_000, bytes_each: 3_000, ..metas },
            Self::Million => Plan { people: 5_000, time: Duration::from_secs(5), history: 1_000_000, ..flood },
        };
        Plan { time: seconds.map_or(plan.time, Duration::from_secs), ..plan }
    }
}
