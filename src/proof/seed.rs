//! Secrets that are shared with others, made of the desk's key: what the database keeps of one is a salt, and without
//! the key nobody makes the secret of it.
//!
//! Another key makes other secrets of the same salts.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Makes the secrets of one desk. Cheap to clone.
#[derive(Clone)]
pub struct Seed(Hmac<Sha256>);

impl Seed {
    pub(super) fn new(key: &SecretString) -> Self {
        let mac = Hmac::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
        Self(mac)
    }

    /// The secret for this purpose with this salt. **Units**: 256 bits.
    pub fn secret(&self, purpose: &str, salt: &str) -> [u8; 32] {
        self.0
            .clone()
            .chain_update("a secret for ")
            .chain_update(purpose)
            .chain_update(": ")
            .chain_update(salt)
            .finalize()
            .into_bytes()
            .into()
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_depends_on_the_key_the_purpose_and_the_salt() {
        let secret = |key: &str, purpose: &str, salt: &str| Seed::new(&key.to_owned().into()).secret(purpose, salt);
        let one = secret("one key", "a webhook", "salt");
        assert_eq!(one, secret("one key", "a webhook", "salt"));
        for other in [
            secret("another key", "a webhook", "salt"),
            secret("one key", "a door", "salt"),
            secret("one key", "a webhook", "pepper"),
        ] {
            assert_ne!(one, other);
        }
    }
}
