//! Passwords: what is fit to be one, and how it is hashed and checked.
//!
//! argon2id, off the async threads, on at most half of the cores at a time, so that a flood of sign-ins starves
//! nothing. So many more may wait in line; beyond them the answer is "try again later" at once. A check runs to its end
//! even where the caller goes away, and keeps its place until then.

use crate::kit::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::sync::Arc;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

/// Memory in KiB, rounds and lanes. **Source**: OWASP Password Storage Cheat Sheet, argon2id, read November 2026.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// How long salts and hashes are. **Source**: RFC 9106, 3.1 and 4; what the crate makes.
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// How many may wait for each that is worked on: about three seconds' worth.
const WAITING_FOR_EACH: usize = 64;

/// Fewest characters of a password. **Source**: NIST SP 800-63B-4, 3.1.1.2, where it is not the only factor.
pub const MIN_PASSWORD: usize = 8;
/// Most characters of a password.
pub const MAX_PASSWORD: usize = 128;
/// Passwords that are tried first, of eight characters or more; compared without case.
const COMMON: &str = "12345678 123456789 1234567890 123123123 987654321 11111111 00000000 88888888 66666666 password \
    password1 password12 password123 passw0rd p@ssword p@ssw0rd pa55word qwertyui qwertyuiop qwerty123 qwerty12 \
    1q2w3e4r 1qaz2wsx q1w2e3r4 qazwsxedc zaq12wsx asdfghjk asdfghjkl zxcvbnm1 abcd1234 abc12345 abcdefgh iloveyou \
    sunshine princess football baseball basketball superman trustno1 letmein1 letmein123 welcome1 welcome123 \
    admin123 admin1234 administrator changeme changeme1 changeme123 master123 monkey123 dragon123 whatever \
    starwars computer internet samsung1 12341234 1234qwer 147258369 789456123 computer1 michael1 jennifer jordan23 \
    access14 mustang1 shadow12 secret123 test1234 testtest guest123 default1 operator supervisor maintenance \
    whatsapp andon123 andonandon";

/// Hashes and checks passwords, a few at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// For each that is worked on or waits.
    places: Arc<Semaphore>,
    /// For each that is worked on.
    at_work: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// For as many at a time as this machine can spare.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).max(1);
        let places = at_once * (1 + WAITING_FOR_EACH);
        Self { places: Arc::new(Semaphore::new(places)), at_work: Arc::new(Semaphore::new(at_once)) }
    }

    /// The hash to keep. **Shape**: a PHC string, `$argon2id$…`.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether this is the password of this hash.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Unavailable`] where too many wait already.
    pub async fn matches(&self, password: &str, hash: &str) -> Result<bool> {
        let (password, hash) = (password.to_owned(), hash.to_owned());
        self.in_turn(move || {
            let hash = PasswordHash::new(&hash).map_err(Error::internal)?;
            Ok(argon2().verify_password(normal(&password).as_bytes(), &hash).is_ok())
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Error::unavailable("Too many people are signing in at this moment; please try again in a few seconds.")
        })?;
        let turn = self.at_work.clone().acquire_owned().await.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await.map_err(Error::internal)
    }
}

/// A hash that no password has, and that costs as much to check: for accounts that do not exist.
pub fn dummy_hash() -> String {
    let (memory, rounds, lanes) = COST;
    let [salt, hash] =
        [SALT_BYTES, HASH_BYTES].map(|length| STANDARD_NO_PAD.encode(&rand::random::<[u8; HASH_BYTES]>()[..length]));
    format!("$argon2id$v=19$m={memory},t={rounds},p={lanes}${salt}${hash}")
}

/// Why this is not fit to be the password of somebody with these names; the end of a sentence that begins with "the
/// password". Its length, the names, and a list of the commonest; no rules about kinds of characters.
///
/// **Source**: NIST SP 800-63B-4, 3.1.1.2.
pub fn unfit(password: &str, names: &[&str]) -> Option<String> {
    let password = normal(password);
    let count = password.chars().count();
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&count) {
        return Some(format!("must have {MIN_PASSWORD} to {MAX_PASSWORD} characters; these are {count}"));
    }
    let folded = password.trim().to_lowercase();
    let first = folded.chars().next();
    if folded.chars().all(|c| Some(c) == first) || COMMON.split_whitespace().any(|common| common == folded) {
        return Some("is among the first that anybody would try; choose another".to_owned());
    }
    let is_a_name = names.iter().any(|name| !name.is_empty() && name.to_lowercase() == folded);
    is_a_name.then(|| "must not be the username or the e-mail address".to_owned())
}

fn hash(password: &str) -> Result<String> {
    let hash: PasswordHash = argon2().hash_password(normal(password).as_bytes()).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// One password may be typed as several texts that look the same.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

fn argon2() -> Argon2<'static> {
    let (memory, rounds, lanes) = COST;
    let params = Params::new(memory, rounds, lanes, None).expect("the constants are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new();
        let kept = passwords.hash("correct horse").await.expect("a hash");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let dummy = dummy_hash();
        assert_eq!((kept.len(), kept.rfind('$')), (dummy.len(), dummy.rfind('$')), "{dummy}");
        assert!(passwords.matches("correct horse", &kept).await.expect("an answer"));
        assert!(!passwords.matches("Correct horse", &kept).await.expect("an answer"));
        assert!(!passwords.matches("", &dummy_hash()).await.expect("an answer"));
    }

    #[tokio::test]
    async fn beyond_the_line_the_answer_comes_at_once() {
        let passwords = Passwords::new();
        let (turns, places) = (passwords.at_work.available_permits(), passwords.places.available_permits());
        let _busy = passwords.at_work.clone().acquire_many_owned(u32::try_from(turns).expect("few")).await;
        let _line = passwords.places.clone().acquire_many_owned(u32::try_from(places).expect("few")).await;
        let refused = passwords.hash("correct horse").await.expect_err("no place is left");
        assert_eq!(refused.kind(), crate::kit::error::Kind::Unavailable);
    }

    #[test]
    fn what_is_guessed_first_is_no_password() {
        let long = "x1".repeat(65);
        for (password, word) in [
            ("short", "8 to 128"),
            (long.as_str(), "8 to 128"),
            ("Password123", "first"),
            ("aaaaaaaaaa", "first"),
            ("WhatsApp", "first"),
            ("Dev@Example.com", "username"),
        ] {
            let why = unfit(password, &["dev", "dev@example.com"]).expect(password);
            assert!(why.contains(word), "{password}: {why}");
        }
        for password in ["correct horse", "пароль-длинный", "🔑🔑🔑🔒🔒🔒🔓🔓"] {
            assert_eq!(unfit(password, &["dev", ""]), None, "{password}");
        }
    }
}
