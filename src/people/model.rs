//! Who somebody is to Andon: roles and what they mean. Pure.

use serde::{Deserialize, Serialize};

/// What a person is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "UPPERCASE")]
#[clap(rename_all = "UPPER")]
pub enum Role {
    /// Runs the desk.
    Admin,
    /// Does the work: developers, technicians.
    Support,
    /// Raises incidents.
    Client,
    /// Works on the floor.
    Operator,
    /// Answers for a department.
    Supervisor,
}

impl Role {
    /// Every role, in the order of product.md.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Support, Self::Client, Self::Operator, Self::Supervisor];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Support => "SUPPORT",
            Self::Client => "CLIENT",
            Self::Operator => "OPERATOR",
            Self::Supervisor => "SUPERVISOR",
        }
    }

    /// The role with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}
