//! The secret of a webhook, and what it signs.
//!
//! **Source**: Standard Webhooks, <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>,
//! "Webhook metadata" and "Signature scheme", symmetric; read 2026-11-21.

use crate::kit::Instant;
use crate::proof::{Seed, opaque};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// What secrets are made for.
const PURPOSE: &str = "a webhook";
/// What a secret begins with where it is shown.
const PREFIX: &str = "whsec_";
/// How many bytes of its hash tell a secret from others.
const MARK_BYTES: usize = 12;

/// A secret that a receiver knows too.
pub struct Secret(Vec<u8>);

/// What is kept of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of which the desk's key makes it again.
    pub salt: String,
    /// By which it is known to be the same.
    pub mark: String,
}

impl Secret {
    /// A new secret, and what to keep of it.
    pub fn fresh(seed: &Seed) -> (Self, Kept) {
        let salt = opaque();
        let secret = Self(seed.secret(PURPOSE, &salt).to_vec());
        let mark = secret.mark();
        (secret, Kept { salt, mark })
    }

    /// The secret of which this was kept; none where the desk has another key now.
    pub fn again(seed: &Seed, kept: &Kept) -> Option<Self> {
        let secret = Self(seed.secret(PURPOSE, &kept.salt).to_vec());
        (secret.mark() == kept.mark).then_some(secret)
    }

    /// As the receiver is told it.
    pub fn shown(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message that is sent at this instant, `v1,…`.
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes a key of any length")]
    pub fn sign(&self, message: &str, at: Instant, body: &str) -> String {
        let mac: Hmac<Sha256> = Hmac::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(format!("{message}.{}.", at.timestamp())).chain_update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn mark(&self) -> String {
        let hash = Sha256::new().chain_update("the mark of ").chain_update(&self.0).finalize();
        STANDARD.encode(&hash[..MARK_BYTES])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Proof;

    /// The example that the libraries of Standard Webhooks test themselves with.
    #[test]
    fn a_signature_is_the_standards() {
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64"));
        let at = Instant::from_timestamp(1_614_265_330, 0).expect("an instant");
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_made_again_with_the_same_key_only() {
        let proof = |key: &str| Proof::new(&key.to_owned().into());
        let ours = proof("a key of thirty-two characters..");
        let (secret, kept) = Secret::fresh(&ours.seed);
        let again = Secret::again(&ours.seed, &kept).expect("the key is the same");
        assert_eq!(again.shown(), secret.shown());
        let bytes = STANDARD.decode(secret.shown().strip_prefix(PREFIX).expect("its prefix")).expect("base64");
        assert_eq!(bytes.len(), 32);
        assert!(Secret::again(&proof("another key of thirty-two chars.").seed, &kept).is_none());
        assert!(!format!("{secret:?} {kept:?}").contains(&secret.shown()[6..]));
    }
}
