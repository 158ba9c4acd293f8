//! Proofs of who somebody is: passwords, and the signed tokens that stand in for them.
//!
//! Nothing here knows people or the database. Keys and hashes come in, answers go out; what a token's claims mean
//! now (whether the sign-in still holds) is for whoever asks the database.

mod attempts;
mod authenticator;
mod marker;
mod password;
mod seed;
mod setup;
mod token;

pub use attempts::{Attempt, Attempts};
pub use authenticator::Authenticator;
pub use marker::Marker;
pub use password::{MAX_PASSWORD, MIN_PASSWORD, Passwords, dummy_hash, unfit};
pub use seed::Seed;
pub use setup::Setup;
pub use token::{ACCESS_LIFE, Access, PREFIX, Refresh, Signer, opaque};

use secrecy::SecretString;
use std::sync::Arc;

/// What one process needs to check proofs.
#[derive(Debug)]
pub struct Proof {
    /// Hashes and checks passwords, a few at a time.
    pub passwords: Passwords,
    /// Signs tokens and reads them.
    pub signer: Signer,
    /// Counts attempts to sign in.
    pub attempts: Arc<Attempts>,
    /// Makes the numbers that stand for those who are counted.
    pub marker: Marker,
    /// Makes secrets that are shared with others.
    pub seed: Seed,
    /// Lets the first admin in.
    pub setup: Setup,
}

impl Proof {
    /// With this key for tokens.
    pub fn new(key: &SecretString) -> Self {
        let marker = Marker::new(key);
        let attempts = Arc::new(Attempts::new(marker.clone()));
        let (passwords, signer, seed) = (Passwords::new(), Signer::new(key), Seed::new(key));
        Self { passwords, signer, attempts, marker, seed, setup: Setup::default() }
    }
}
