//! Signed tokens: what a sign-in is shown with. JWT, HS256, nothing else is read.
//!
//! An access token names the sign-in and the person; a refresh token also says which in the row of refresh tokens it
//! is. Neither can be made without the key, and whether the sign-in still holds is asked of the database each time.

use crate::kit::Instant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use std::sync::Once;
use subtle::ConstantTimeEq as _;

/// How long an access token holds. **Source**: product.md.
pub const ACCESS_LIFE: TimeDelta = TimeDelta::hours(2);

/// How a token for a program begins, so that whoever looks for leaked secrets knows one.
pub const PREFIX: &str = "andon_";
/// How long a text of [`opaque`] is.
const OPAQUE_CHARS: usize = 43;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    typ: IsAccess,
    /// The person.
    #[serde(rename = "sub", with = "as_text")]
    pub person_id: i64,
    /// The sign-in.
    #[serde(rename = "sid")]
    pub sign_in: String,
    #[serde(rename = "iat")]
    issued_at: i64,
    #[serde(rename = "exp")]
    expires_at: i64,
}

/// What a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    typ: IsRefresh,
    /// The person.
    #[serde(rename = "sub", with = "as_text")]
    pub person_id: i64,
    /// The sign-in.
    #[serde(rename = "sid")]
    pub sign_in: String,
    /// Which of the sign-in's refresh tokens it is, from 0.
    #[serde(rename = "gen")]
    pub generation: i64,
    #[serde(rename = "iat")]
    issued_at: i64,
    #[serde(rename = "exp")]
    expires_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum IsAccess {
    Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum IsRefresh {
    Refresh,
}

impl Access {
    /// An access token made now.
    pub fn new(person_id: i64, sign_in: &str, now: Instant) -> Self {
        let (issued_at, expires_at) = (now.timestamp(), (now + ACCESS_LIFE).timestamp());
        Self { typ: IsAccess::Access, person_id, sign_in: sign_in.to_owned(), issued_at, expires_at }
    }

    /// Whether it still holds by its own word.
    pub fn holds(&self, now: Instant) -> bool {
        now.timestamp() < self.expires_at
    }

    /// When it expires.
    pub fn ends_at(&self) -> Instant {
        Instant::from_timestamp(self.expires_at, 0).unwrap_or_default()
    }
}

impl Refresh {
    /// A refresh token made now.
    pub fn new(person_id: i64, sign_in: &str, generation: i64, now: Instant, expires_at: Instant) -> Self {
        let (issued_at, expires_at) = (now.timestamp(), expires_at.timestamp());
        Self { typ: IsRefresh::Refresh, person_id, sign_in: sign_in.to_owned(), generation, issued_at, expires_at }
    }

    /// Whether it still holds by its own word.
    pub fn holds(&self, now: Instant) -> bool {
        now.timestamp() < self.expires_at
    }
}

/// Signs tokens and reads them.
pub struct Signer {
    ours: EncodingKey,
    theirs: DecodingKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    pub(super) fn new(key: &SecretString) -> Self {
        install();
        let key = key.expose_secret().as_bytes();
        Self { ours: EncodingKey::from_secret(key), theirs: DecodingKey::from_secret(key) }
    }

    /// The token with these claims.
    #[expect(clippy::missing_panics_doc, reason = "claims are structs of texts and numbers")]
    pub fn sign(&self, claims: &impl Serialize) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.ours).expect("the claims are plain JSON")
    }

    /// A fresh token for a program: [`PREFIX`], 256 random bits, and a seal by which it is known as ours without asking
    /// the database. The seal opens nothing.
    pub fn for_program(&self) -> String {
        let chance = opaque();
        let seal = self.seal(&chance);
        format!("{PREFIX}{chance}{seal}")
    }

    /// Whether this is a token for a program that was made with our key; it may have been revoked since.
    pub fn made(&self, token: &str) -> bool {
        let parts = token.strip_prefix(PREFIX).and_then(|rest| rest.split_at_checked(OPAQUE_CHARS));
        parts.is_some_and(|(chance, seal)| self.seal(chance).as_bytes().ct_eq(seal.as_bytes()).into())
    }

    fn seal(&self, chance: &str) -> String {
        let mac: Hmac<Sha256> = Hmac::new_from_slice(self.ours.as_bytes()).expect("HMAC takes a key of any length");
        let mac = mac.chain_update("a token for a program: ").chain_update(chance).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..12])
    }

    /// The claims of a token that was signed with our key and is of this sort. Whether it still holds is not asked.
    pub fn read<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false; // by our own clock
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode(token, &self.theirs, &validation).ok().map(|read| read.claims)
    }
}

/// A text of 256 random bits that nobody can guess: for keys and for tokens that are kept as hashes.
pub fn opaque() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// HS256 from the crates that are here anyway; the library's own sets bring RSA and elliptic curves along.
fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?)),
        key_utils: KeyUtils::new_unimplemented(),
    };
    static ONCE: Once = Once::new();
    // Nobody else in this process installs one.
    ONCE.call_once(|| _ = PROVIDER.install_default());
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// A subject is text. **Source**: RFC 7519, 4.1.2.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(id: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn signer(key: &str) -> Signer {
        Signer::new(&key.to_owned().into())
    }

    #[test]
    fn a_token_is_read_with_its_own_key_and_as_what_it_is() {
        let ours = signer("a key of thirty-two characters..");
        let now = DateTime::UNIX_EPOCH;
        let access = Access::new(7, "s1", now);
        let token = ours.sign(&access);
        assert_eq!(ours.read::<Access>(&token), Some(access.clone()));
        assert_eq!(ours.read::<Refresh>(&token), None, "an access token refreshes nothing");
        assert_eq!(signer("another key of thirty-two chars.").read::<Access>(&token), None);
        let refresh = ours.sign(&Refresh::new(7, "s1", 0, now, now + TimeDelta::days(2)));
        assert_eq!(ours.read::<Access>(&refresh), None, "a refresh token opens nothing");
        assert!(access.holds(now + ACCESS_LIFE - TimeDelta::seconds(1)) && !access.holds(now + ACCESS_LIFE));
    }

    #[test]
    fn a_programs_token_is_known_by_its_seal() {
        let ours = signer("a key of thirty-two characters..");
        let token = ours.for_program();
        assert!(ours.made(&token) && !signer("another key of thirty-two chars.").made(&token));
        for other in [&token[..token.len() - 1], &token.to_uppercase(), "andon_", "andon_ü", "", &format!("{token}x")]
        {
            assert!(!ours.made(other), "{other}");
        }
    }

    #[test]
    fn a_token_that_was_tampered_with_is_not_read() {
        let ours = signer("a key of thirty-two characters..");
        let token = ours.sign(&Access::new(7, "s1", DateTime::UNIX_EPOCH));
        let parts: Vec<&str> = token.split('.').collect();
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let other = URL_SAFE_NO_PAD.encode(r#"{"typ":"access","sub":"1","sid":"s1","iat":0,"exp":99999999999}"#);
        for tampered in [
            format!("{unsigned}.{}.", parts[1]),
            format!("{}.{other}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            token.replace('.', ""),
            String::new(),
        ] {
            assert_eq!(ours.read::<Access>(&tampered), None, "{tampered}");
        }
    }
}
