//! Who keeps the plant's records: the extractor for endpoints of orders, machines, BOMs and SOP failures.

use super::{Actor, Role};
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::web::form::{id_in_path, missing};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sea_orm::DatabaseConnection;

/// Proof that the asker is an ADMIN or a SUPERVISOR.
#[derive(Clone, Debug)]
pub struct Keeper(pub Actor);

/// A record that its id in the path means.
pub trait Kept: Sized + Send {
    /// What it is called where there is none, `order`.
    const NAME: &'static str;

    /// The record with this id.
    fn by_id(conn: &DatabaseConnection, id: i64) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// A record in the path, and the keeper who asks for it.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// Who asks.
    pub keeper: Keeper,
    /// The record.
    pub record: T,
}

impl Keeper {
    /// Whether they answer for what belongs to this department: an ADMIN for all, a SUPERVISOR for their own.
    pub fn answers_for(&self, department: &str) -> bool {
        self.0.role == Role::Admin || self.0.department.as_deref() == Some(department)
    }

    /// Refuses where they do not answer for this department.
    ///
    /// # Errors
    /// [`Kind::Forbidden`], with who may.
    pub fn must_answer_for(&self, department: &str) -> Result<()> {
        if self.answers_for(department) {
            return Ok(());
        }
        let says = format!("That is for an admin or a supervisor of the department {department}.");
        Err(Error::new(Kind::Forbidden, says))
    }
}

impl FromRequestParts<App> for Keeper {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let actor = Actor::from_request_parts(parts, app).await?;
        match actor.role {
            Role::Admin | Role::Supervisor => Ok(Self(actor)),
            _ => Err(Error::new(Kind::Forbidden, "The plant's records are kept by admins and supervisors.")),
        }
    }
}

impl<T: Kept> FromRequestParts<App> for Seen<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let keeper = Keeper::from_request_parts(parts, app).await?;
        let id = id_in_path(parts, "id", T::NAME).await?;
        let record = T::by_id(app.db.read(), id).await?.ok_or_else(|| missing(T::NAME))?;
        Ok(Self { keeper, record })
    }
}
