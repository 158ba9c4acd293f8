//! Numbers proved by their owners: a code shown at the desk is sent from the phone, or one sent to the phone is typed at
//! the desk. Either way somebody has both, so the number is theirs.
//!
//! A code is eight base32 characters, holds ten minutes and works once; five wrong ones for a number, and for an hour
//! none is looked at. A code that came from a phone changes nothing by itself: the desk shows the number, and its owner
//! confirms it there.

use super::events;
use super::store;
use super::store::codes::{self, NewCode, row};
use super::store::user_changes;
use super::store::users::{self, User, Wanted};
use super::tokens::digest;
use crate::app::App;
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{E164, Error, Instant, Result};
use crate::outbox;
use crate::people::SignedIn;
use chrono::TimeDelta;
use rand::RngExt as _;
use std::collections::{HashMap, HashSet};

/// How long a code holds. **Source**: product.md, "Roles".
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// So many wrong codes for one number … **Source**: product.md, "Roles".
const MOST_WRONG: i64 = 5;
/// … or so many codes sent for one person count for this long.
const COUNTED_FOR: TimeDelta = TimeDelta::hours(1);
/// The most codes that are sent for one person in that time.
const MOST_SENT: u64 = 5;
/// Crockford's base32: no letter that looks like a digit, no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// A fresh code.
pub fn fresh() -> String {
    let mut rng = rand::rng();
    (0..LENGTH).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}

/// The code that a text is, if it is one: in any case, with hyphens and blanks, and with letters for digits that look
/// like them.
pub fn code_in(text: &str) -> Option<String> {
    let letters = text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(LENGTH + 1);
    let code: String = letters
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    let is_one = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
    is_one.then_some(code)
}

/// Keeps a code for somebody; with a number, for what is sent there.
///
/// # Errors
/// [`Kind::TooMany`] where too many were sent.
pub async fn open(tx: &Tx, person_id: i64, code: &str, sent_to: Option<&E164>) -> Result<Instant> {
    if sent_to.is_some() {
        store::lock(tx, vec![person_id]).await?; // who asks many times at once is counted each time
        let sent = codes::sent_since(tx.conn(), person_id, tx.now() - COUNTED_FOR).await?;
        if sent >= MOST_SENT {
            return Err(too_many("Enough codes were sent for now. Please try again in an hour."));
        }
    }
    let expires_at = tx.now() + LIFE;
    let sent_to = sent_to.map(E164::to_string);
    codes::insert(tx, NewCode { person_id, hash: digest(code), sent_to, expires_at }).await?;
    Ok(expires_at)
}

/// Takes codes that came from numbers of nobody's: `(number, code)`. Answers with those numbers whose code was right;
/// their owners confirm them at the desk. A fixed number of statements beyond those that were right.
pub async fn claim(tx: &Tx, given: &[(String, String)]) -> Result<HashSet<String>> {
    let since = tx.now() - COUNTED_FOR;
    let numbers: Vec<String> = given.iter().map(|(number, _)| number.clone()).collect();
    let mut wrong_so_far: HashMap<String, i64> = codes::wrong_since(tx.conn(), &numbers, since).await?;
    let hashes: Vec<String> = given.iter().map(|(_, code)| digest(code)).collect();
    let mut right = codes::shown(tx.conn(), &hashes, tx.now()).await?;
    let (mut claimed, mut wrong) = (HashSet::new(), Vec::new());
    for ((number, _), hash) in given.iter().zip(&hashes) {
        let so_far = wrong_so_far.entry(number.clone()).or_default();
        if *so_far >= MOST_WRONG {
            continue;
        }
        let is_right = match right.remove(hash) {
            Some(id) => codes::came_from(tx, id, number).await?,
            None => false,
        };
        if is_right {
            claimed.insert(number.clone());
        } else {
            *so_far += 1;
            wrong.push(number.clone());
        }
    }
    codes::note_wrong(tx, &wrong, since).await?;
    Ok(claimed)
}

/// Where somebody is with proving a number.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The number that a shown code came from, to be confirmed.
    pub came_from: Option<String>,
    /// The number that a code was sent to.
    pub sent_to: Option<String>,
}

/// Where somebody is with proving a number.
///
/// # Errors
/// When the database is away.
pub async fn standing(app: &App, person_id: i64) -> Result<Standing> {
    let open = codes::of(app.db.read(), person_id, app.clock.now()).await?;
    let number = |is_sent| open.iter().find(|code| code.is_sent == is_sent).and_then(|code| code.number.clone());
    Ok(Standing { came_from: number(false), sent_to: number(true) })
}

/// Confirms that the number from which the shown code came is one's own.
///
/// # Errors
/// [`Kind::Conflict`] where no code came from it; a field where it is somebody else's by now.
pub async fn confirm(app: &App, who: &SignedIn, number: E164) -> Result<User> {
    let person_id = who.actor.person_id;
    let db = app.db.through(who.actor.door);
    db.write_with(number, move |tx, number| {
        Box::pin(async move {
            let open = codes::of(tx.conn(), person_id, tx.now()).await?;
            let code = open.iter().find(|code| !code.is_sent && code.number.as_deref() == Some(number.as_str()));
            let code = code.ok_or_else(|| {
                Error::new(Kind::Conflict, "No code came from this number in the last ten minutes. Ask for a new one.")
            })?;
            prove(tx, person_id, code, number).await
        })
    })
    .await
}

/// What became of a code that was typed.
enum Typed {
    Right(Box<User>),
    Wrong,
    TooMany,
}

/// Takes the code that was sent to the phone.
///
/// # Errors
/// A field where it is wrong; [`Kind::Conflict`] where none was sent; [`Kind::TooMany`] after five wrong ones.
pub async fn verify(app: &App, who: &SignedIn, typed: String) -> Result<User> {
    let person_id = who.actor.person_id;
    let db = app.db.through(who.actor.door);
    let outcome = db.write_with(typed, move |tx, typed| {
        Box::pin(async move {
            store::lock(tx, vec![person_id]).await?; // who tries many at once is counted each time
            let open = codes::of(tx.conn(), person_id, tx.now()).await?;
            let code = open.iter().find(|code| code.is_sent);
            let sent = code.and_then(|code| Some((code, E164::parse(code.number.as_deref()?).ok()?)));
            let (code, number) = sent.ok_or_else(|| {
                Error::new(Kind::Conflict, "No code was sent in the last ten minutes. Ask for a new one.")
            })?;
            let since = tx.now() - COUNTED_FOR;
            let wrong = codes::wrong_since(tx.conn(), &[number.to_string()], since).await?;
            if wrong.values().any(|wrong| *wrong >= MOST_WRONG) {
                return Ok(Typed::TooMany);
            }
            if code_in(typed).is_some_and(|typed| digest(&typed) == code.hash) {
                return Ok(Typed::Right(Box::new(prove(tx, person_id, code, &number).await?)));
            }
            codes::note_wrong(tx, &[number.to_string()], since).await?; // committed, whatever the answer
            Ok(Typed::Wrong)
        })
    });
    match outcome.await? {
        Typed::Right(user) => Ok(*user),
        Typed::Wrong => Err(Error::field("code", "is not the one that was sent")),
        Typed::TooMany => Err(too_many("Too many wrong codes for this number. Please try again in an hour.")),
    }
}

/// The number is this person's now.
async fn prove(tx: &Tx, person_id: i64, code: &row::Model, number: &E164) -> Result<User> {
    let wanted = Wanted { whatsapp_number: Some(number), ..Wanted::default() };
    let taken = users::taken(tx.conn(), wanted, Some(person_id)).await?;
    if !taken.is_empty() {
        return Err(Error::fields(taken));
    }
    if !codes::end(tx, code.id).await? {
        return Err(Error::new(Kind::Conflict, "This code was used already."));
    }
    user_changes::give_number(tx, person_id, Some(number)).await?;
    outbox::append(tx, &[events::NumberProved { person_id, actor_id: Some(person_id) }]).await?;
    let user = users::by_id(tx.conn(), person_id).await?;
    user.ok_or_else(|| Error::not_found("There is no such user."))
}

fn too_many(says: &'static str) -> Error {
    let wait = COUNTED_FOR.to_std().unwrap_or_default();
    Error::new(Kind::TooMany, says).again_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = fresh();
        assert_eq!(code_in(&code), Some(code.clone()));
        for (typed, read) in [
            (" abcd-efgh ", Some("ABCDEFGH")),
            ("o1l2 i3s4", Some("011213S4")),
            ("ABCDEFG", None),
            ("ABCDEFGHJ", None),
            ("ABCDEFGU", None),
            ("ÄBCDEFGH", None),
            ("", None),
        ] {
            assert_eq!(code_in(typed).as_deref(), read, "{typed}");
        }
    }
}
