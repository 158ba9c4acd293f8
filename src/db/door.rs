//! By which door a change comes in: a write knows it, and so does every event of that write.

use sea_orm::sea_query::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// By which door a change comes in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(255))")]
#[serde(rename_all = "UPPERCASE")]
pub enum Door {
    /// A program, or somebody with a client of their own.
    #[sea_orm(string_value = "API")]
    Api,
    /// A message.
    #[sea_orm(string_value = "CHAT")]
    Chat,
    /// A page of the desk.
    #[sea_orm(string_value = "PAGE")]
    Page,
    /// Andon itself, because time passed or something else happened.
    #[default]
    #[sea_orm(string_value = "JOB")]
    Job,
    /// The command line.
    #[sea_orm(string_value = "CLI")]
    Cli,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 5] = [Self::Api, Self::Chat, Self::Page, Self::Job, Self::Cli];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Chat => "CHAT",
            Self::Page => "PAGE",
            Self::Job => "JOB",
            Self::Cli => "CLI",
        }
    }

    /// The door with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.as_str() == name)
    }
}
