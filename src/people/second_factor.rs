//! The second factor: set up by its owner, shown at every sign-in, taken off by its owner or an admin.
//!
//! A code of the authenticator is taken once; so is each of the ten recovery codes, for a phone that is lost. What is kept
//! lets nobody make a code: of the secret a salt, which only the desk's key turns into it, and of recovery codes hashes.
//! How often somebody may try is counted as failed sign-ins are.

use super::store::second_factors::{self as store, factor};
use super::store::{self as people};
use super::tokens::digest;
use super::{Actor, SignedIn, events};
use crate::app::App;
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::proof::{Authenticator, Seed, opaque};
use rand::RngExt as _;

/// How many recovery codes there are. **Source**: issue of the desk's pages.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code: 80 bits, which nobody finds by trying even with its hash.
const RECOVERY_CHARS: usize = 16;
/// Crockford's base 32, as in `kit/token.rs`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Whether somebody may pass who has shown their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passes {
    /// They have no second factor, or the code was right.
    Yes,
    /// They are to show a code.
    NeedsCode,
    /// The code was wrong, or was used before.
    No,
}

/// A factor to put into an authenticator.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The secret, to be typed.
    pub secret: String,
    /// The same as an address, to be read from a picture.
    pub address: String,
}

/// Where somebody is with their second factor.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Whether it is in force.
    pub is_on: bool,
    /// How many recovery codes are left.
    pub codes_left: u64,
}

/// Where somebody is with their second factor.
///
/// # Errors
/// When the database is away.
pub async fn standing(app: &App, person_id: i64) -> Result<Standing> {
    let factor = store::of(app.db.read(), person_id).await?;
    let is_on = is_on(factor.as_ref());
    let codes_left = if is_on { store::codes_left(app.db.read(), person_id).await? } else { 0 };
    Ok(Standing { is_on, codes_left })
}

/// A factor to put into an authenticator: the same each time until it is in force.
///
/// # Errors
/// [`Kind::Conflict`] where one is in force.
pub async fn offer(app: &App, who: &Actor) -> Result<Offer> {
    let person_id = who.person_id;
    let db = app.db.through(who.door);
    let kept = db.write_with(opaque(), move |tx, salt| {
        Box::pin(async move {
            store::offer(tx, person_id, salt).await?;
            store::of(tx.conn(), person_id).await
        })
    });
    let kept = kept.await?.filter(|factor| factor.confirmed_at.is_none());
    let kept = kept.ok_or_else(|| Error::new(Kind::Conflict, "There is a second factor already."))?;
    let authenticator = Authenticator::of(&app.proof.seed, &kept.salt)?;
    let address = authenticator.address(&app.settings.company, &who.username);
    Ok(Offer { secret: authenticator.secret(), address })
}

/// Puts the factor that was shown in force, by a first code; answers with the recovery codes, which nobody can be shown
/// again.
///
/// # Errors
/// A field where the code is wrong; [`Kind::Conflict`] where nothing was shown; [`Kind::TooMany`] after many wrong ones.
pub async fn confirm(app: &App, who: &SignedIn, code: String, network: &str) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes: Vec<String> = codes.iter().map(|code| digest(&bare(code))).collect();
    let (person_id, seed) = (who.actor.person_id, app.proof.seed.clone());
    throttled(app, who, network, (code, hashes, seed), move |tx, (code, hashes, seed)| {
        Box::pin(async move {
            people::lock(tx, vec![person_id]).await?;
            let factor = store::of(tx.conn(), person_id).await?.filter(|factor| factor.confirmed_at.is_none());
            let factor =
                factor.ok_or_else(|| Error::new(Kind::Conflict, "There is nothing to confirm. Begin again."))?;
            let Some(step) = Authenticator::of(seed, &factor.salt)?.step(code, tx.now()) else { return Ok(false) };
            store::confirm(tx, person_id, step).await?;
            store::keep_codes(tx, person_id, hashes).await?;
            outbox::append(tx, &[events::SecondFactorOn { person_id, actor_id: Some(person_id) }]).await?;
            Ok(true)
        })
    })
    .await?;
    Ok(codes)
}

/// Takes one's own factor off, by a code of it.
///
/// # Errors
/// A field where the code is wrong; [`Kind::TooMany`] after many wrong ones.
pub async fn take_off_own(app: &App, who: &SignedIn, code: String, network: &str) -> Result<()> {
    let (person_id, seed) = (who.actor.person_id, app.proof.seed.clone());
    throttled(app, who, network, (code, seed), move |tx, (code, seed)| {
        Box::pin(async move {
            people::lock(tx, vec![person_id]).await?;
            if passes(tx, seed, person_id, Some(code)).await? != Passes::Yes {
                return Ok(false);
            }
            take_off(tx, person_id, Some(person_id)).await?;
            Ok(true)
        })
    })
    .await
}

/// Takes somebody's factor off: at the command line, and for an admin. Answers with whether there was one.
///
/// # Errors
/// When the database is away.
pub async fn take_off(tx: &Tx, person_id: i64, by: Option<i64>) -> Result<bool> {
    let was_on = store::take_off(tx, person_id).await?;
    if was_on {
        outbox::append(tx, &[events::SecondFactorOff { person_id, actor_id: by }]).await?;
    }
    Ok(was_on)
}

/// Whether somebody may pass with this code, which is used up by it. They are held until the transaction ends.
pub(super) async fn passes(tx: &Tx, seed: &Seed, person_id: i64, code: Option<&str>) -> Result<Passes> {
    let factor = store::of(tx.conn(), person_id).await?;
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(Passes::Yes) };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else { return Ok(Passes::NeedsCode) };
    let is_right = match Authenticator::of(seed, &factor.salt)?.step(code, tx.now()) {
        Some(step) => store::take(tx, person_id, step).await?,
        None => store::use_code(tx, person_id, &digest(&bare(code))).await?,
    };
    Ok(if is_right { Passes::Yes } else { Passes::No })
}

fn is_on(factor: Option<&factor::Model>) -> bool {
    factor.is_some_and(|factor| factor.confirmed_at.is_some())
}

/// Does what a code opens; wrong ones count as failed sign-ins do.
async fn throttled<I, F>(app: &App, who: &SignedIn, network: &str, input: I, work: F) -> Result<()>
where
    I: Send + Sync + 'static,
    F: for<'a> Fn(&'a Tx, &'a I) -> futures_util::future::BoxFuture<'a, Result<bool>> + Send + Sync + 'static,
{
    let attempt = app.proof.attempts.begin(&app.clock, &who.actor.username, network);
    let attempt = attempt.map_err(|wait| {
        Error::new(Kind::TooMany, "Too many wrong codes. Wait a little, and try again.").again_after(wait)
    })?;
    match app.db.through(who.actor.door).write_with(input, work).await {
        Ok(true) => {
            attempt.withdrawn();
            Ok(())
        }
        Ok(false) => {
            attempt.failed().into_iter().for_each(|(limit, place)| app.bus.counted(limit, place));
            Err(Error::field("code", "is not right, or was used before"))
        }
        Err(away) => {
            attempt.withdrawn();
            Err(away)
        }
    }
}

/// `xxxx-xxxx-xxxx-xxxx`.
fn recovery_code() -> String {
    let mut rng = rand::rng();
    let text: String = (0..RECOVERY_CHARS).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect();
    let fours = text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned());
    fours.collect::<Vec<_>>().join("-")
}

/// A recovery code as it is hashed, however it was typed.
fn bare(typed: &str) -> String {
    let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(2 * RECOVERY_CHARS);
    letters
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = recovery_code();
        assert_eq!((code.len(), bare(&code).len()), (19, RECOVERY_CHARS));
        assert_eq!(bare(&code.to_uppercase().replace('-', " ")), bare(&code));
        assert_eq!(bare("OOOO-llll"), "00001111");
        assert_ne!(recovery_code(), code);
    }
}
