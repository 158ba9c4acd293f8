//! People: who Andon knows, how to reach them, how they sign in, and who is asking.

pub mod actor;
pub mod api;
pub mod browser;
pub mod desk;
pub mod events;
mod keeper;
pub mod model;
pub mod numbers;
pub mod second_factor;
pub mod sign_in;
pub mod store;
pub mod tokens;
pub mod users;

pub use actor::{Actor, Admin, Administrator, Door, ManagedUser, SeenUser, SignedIn};
pub use keeper::{Keeper, Kept, Seen};
pub use model::Role;

use crate::config::Settings;
use crate::db::Db;
use crate::kit::Result;
use crate::proof;
use secrecy::SecretString;

/// The name of the key in the database.
const SIGNING_KEY: &str = "jwt";

/// The key that signs tokens: the operator's, else the one that the first process made for all.
///
/// # Errors
/// When the database is away.
pub async fn signing_key(db: &Db, settings: &Settings) -> Result<SecretString> {
    if let Some(key) = &settings.jwt_secret {
        return Ok(key.clone());
    }
    let fresh = proof::opaque();
    let kept = db.write_with(fresh, move |tx, fresh| Box::pin(store::sign_ins::secret(tx, SIGNING_KEY, fresh)));
    Ok(kept.await?.into())
}
