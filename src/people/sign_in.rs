//! Signing in: a name and a password become an access token (two hours) and a refresh token (two days).
//!
//! Each refresh gives a new refresh token, and the one before is worth nothing any more. Who shows an old one has a copy
//! that they should not have, or lost what came after: the whole sign-in is ended, and its owner signs in again. Only
//! within [`LOST_ANSWER`] of the change the one before is answered with the very same successor, because an answer can
//! get lost on the way and two tabs can refresh at once; a thief gains nothing by it that lasts, for one of the two
//! shows an old one next.

use super::browser;
use super::second_factor::{self, Passes};
use super::store::sign_ins::{self, NewBrowser, sign_in};
use super::store::users::{self, User};
use crate::app::App;
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::proof::{Access, Attempt, Refresh, dummy_hash};
use chrono::TimeDelta;
use std::time::Duration;

/// How long a refresh token holds. **Source**: product.md.
pub const REFRESH_LIFE: TimeDelta = TimeDelta::days(2);
/// How long the refresh token before the current one is answered with the current one.
pub const LOST_ANSWER: TimeDelta = TimeDelta::seconds(10);
/// For how long a network counts as one that somebody comes from; sign-ins that ran out are kept for as long.
pub const NETWORKS_KNOWN_FOR: TimeDelta = TimeDelta::days(90);

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Their username or e-mail address, in any case.
    pub username: String,
    /// Their password.
    pub password: String,
    /// A code of their second factor, where they have one.
    pub code: Option<String>,
}

/// The tokens of one sign-in.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What each request is sent with.
    pub access: String,
    /// What the next tokens are fetched with.
    pub refresh: String,
}

/// What became of a refresh token that was shown.
#[derive(Debug)]
enum Refreshed {
    /// The sign-in as it is now.
    On(sign_in::Model),
    /// An old one: the sign-in is ended.
    Reused,
    /// It holds no more.
    Over,
}

/// Somebody at the door: a name, and how they prove that it is theirs.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) known: Known,
    pub(super) code: Option<String>,
    pub(super) network: String,
    pub(super) browser: Option<NewBrowser>,
}

/// What somebody proves to be who they are with, before the second factor.
pub(super) enum Known {
    /// Their password.
    Password(String),
    /// That they have just given it, with this browser.
    Half(String),
}

/// What became of somebody at the door.
pub(super) enum Entered {
    /// They are in.
    In(Box<Opened>),
    /// Their password is right; a code of their second factor is to come. The hash is that of their password.
    NeedsCode {
        /// The hash of their password.
        hash: String,
    },
}

/// A sign-in that was just opened.
pub(super) struct Opened {
    pub(super) token: String,
    pub(super) user: User,
    pub(super) now: Instant,
}

/// What the transaction came to in which a sign-in is opened.
enum Outcome {
    Open(String, Instant),
    NeedsCode,
    WrongCode,
    NoAccount,
}

/// Signs somebody in who comes from this network.
///
/// The answer and its time are the same for an account that does not exist, a wrong password and a deactivated person.
/// Who has a second factor shows a code of it with the password.
///
/// # Errors
/// [`Kind::Unauthorized`], with the member `code` where a code is to be sent too; [`Kind::TooMany`] after many failures;
/// [`Kind::Unavailable`] where too many sign in at once.
pub async fn sign_in(app: &App, given: Credentials, network: String) -> Result<(Tokens, User)> {
    let Credentials { username, password, code } = given;
    let entry = Entry { name: folded(&username), known: Known::Password(password), code, network, browser: None };
    match enter(app, entry).await? {
        Entered::In(opened) => {
            let Opened { token, user, now } = *opened;
            Ok((tokens(app, user.id, &token, 0, now, now + REFRESH_LIFE), user))
        }
        Entered::NeedsCode { .. } => {
            let says = "This account has a second factor. Send its six digits, or a recovery code, as `code` too.";
            Err(Error::new(Kind::Unauthorized, says).with("code", "required"))
        }
    }
}

/// A name as it is looked up.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Lets somebody in, or says what is missing.
pub(super) async fn enter(app: &App, entry: Entry) -> Result<Entered> {
    let attempt = app.proof.attempts.begin(&app.clock, &entry.name, &entry.network).map_err(too_many)?;
    let account = sign_ins::account(app.db.read(), &entry.name).await?;
    if attempt.needs_known_network {
        let since = app.clock.now() - NETWORKS_KNOWN_FOR;
        let person_id = account.as_ref().map_or(0, |account| account.person_id);
        if !sign_ins::came_from(app.db.read(), person_id, &entry.network, since).await? {
            return Err(too_many(Attempt::wait()));
        }
    }
    let hash = account.as_ref().map(|account| account.hash.clone());
    let is_right = match &entry.known {
        Known::Password(password) => {
            let hash = hash.clone().unwrap_or_else(dummy_hash);
            app.proof.passwords.matches(password, &hash).await
        }
        Known::Half(half) => Ok(hash.as_ref().is_some_and(|hash| browser::is_half_way(app, &entry.name, hash, half))),
    };
    let is_right = match is_right {
        Ok(is_right) => is_right,
        Err(busy) => {
            attempt.withdrawn();
            return Err(busy);
        }
    };
    let outcome = match account.filter(|account| is_right && account.is_active) {
        Some(account) => {
            let (lasts, hash) = (if entry.browser.is_some() { browser::LIFE } else { REFRESH_LIFE }, account.hash);
            let way = Way { hash: Some(hash), code: entry.code, network: entry.network, browser: entry.browser };
            opened(app, account.person_id, way, lasts).await
        }
        None => Ok((Outcome::NoAccount, None)),
    };
    match outcome {
        Ok((Outcome::Open(token, now), Some(user))) => {
            attempt.succeeded();
            Ok(Entered::In(Box::new(Opened { token, user, now })))
        }
        Ok((Outcome::NeedsCode, _)) => {
            attempt.withdrawn();
            Ok(Entered::NeedsCode { hash: hash.unwrap_or_default() })
        }
        Ok((outcome, _)) => {
            attempt.failed().into_iter().for_each(|(limit, place)| app.bus.counted(limit, place));
            let is_code = matches!(outcome, Outcome::WrongCode);
            Err(if is_code { wrong_code() } else { no_account() })
        }
        Err(away) => {
            attempt.withdrawn();
            Err(away)
        }
    }
}

fn no_account() -> Error {
    Error::new(Kind::Unauthorized, "No active account has this username and this password.")
}

fn wrong_code() -> Error {
    let says = "This code is not right, or was used before. Wait for the next one.";
    Error::new(Kind::Unauthorized, says).with("code", "wrong")
}

fn too_many(wait: Duration) -> Error {
    let says = "Too many sign-ins with this name failed. Wait a little, or ask an admin for a new password.";
    Error::new(Kind::TooMany, says).again_after(wait)
}

/// Opens a sign-in for somebody who has proved who they are.
///
/// # Errors
/// When the database is away, or they are no user.
pub async fn open(app: &App, person_id: i64, network: String) -> Result<(Tokens, User)> {
    let way = Way { hash: None, code: None, network, browser: None };
    match opened(app, person_id, way, REFRESH_LIFE).await? {
        (Outcome::Open(token, now), Some(user)) => {
            Ok((tokens(app, person_id, &token, 0, now, now + REFRESH_LIFE), user))
        }
        _ => Err(no_account()),
    }
}

/// By what somebody comes in whose account is known.
struct Way {
    /// What their password matched; none where they have proved otherwise who they are.
    hash: Option<String>,
    code: Option<String>,
    network: String,
    browser: Option<NewBrowser>,
}

/// Opens a sign-in; by a password only where its hash is still theirs, they are active, and their second factor lets them
/// pass. Matching takes long, and whoever changed the password or deactivated them meanwhile ended the sign-ins that
/// there were.
async fn opened(app: &App, person_id: i64, way: Way, lasts: TimeDelta) -> Result<(Outcome, Option<User>)> {
    let opening = app.db.write_with((way, app.proof.seed.clone()), move |tx, (way, seed)| {
        Box::pin(async move {
            if let Some(hash) = &way.hash {
                if !sign_ins::still_proves(tx, person_id, hash).await? {
                    return Ok(Outcome::NoAccount);
                }
                match second_factor::passes(tx, seed, person_id, way.code.as_deref()).await? {
                    Passes::Yes => {}
                    Passes::NeedsCode => return Ok(Outcome::NeedsCode),
                    Passes::No => return Ok(Outcome::WrongCode),
                }
            }
            let expires_at = tx.now() + lasts;
            let token = sign_ins::open(tx, person_id, &way.network, expires_at, way.browser.as_ref()).await?;
            Ok(Outcome::Open(token, tx.now()))
        })
    });
    let outcome = opening.await?;
    let user = match &outcome {
        Outcome::Open(..) => users::by_id(app.db.read(), person_id).await?,
        _ => return Ok((outcome, None)),
    };
    let user = user.ok_or_else(|| Error::internal("a user went while signing in"))?;
    Ok((outcome, Some(user)))
}

/// Fetches the next tokens.
///
/// # Errors
/// [`Kind::Unauthorized`] where the token or its sign-in holds no more.
pub async fn refresh(app: &App, token: &str) -> Result<Tokens> {
    let over =
        || Error::new(Kind::Unauthorized, "This refresh token holds no more. Sign in again: POST /api/auth/login/.");
    let claims = app.proof.signer.read::<Refresh>(token).filter(|claims| claims.holds(app.clock.now()));
    let claims = claims.ok_or_else(over)?;
    let refreshed = app.db.write_with(claims, move |tx, claims| Box::pin(next(tx, claims))).await?;
    match refreshed {
        Refreshed::On(row) => {
            Ok(tokens(app, row.person_id, &row.token, row.generation, app.clock.now(), row.expires_at))
        }
        Refreshed::Reused => {
            tracing::warn!("an old refresh token was shown; its sign-in is ended");
            Err(over())
        }
        Refreshed::Over => Err(over()),
    }
}

/// Ends this sign-in, or all of its person's.
///
/// # Errors
/// When the database is away.
pub async fn sign_out(app: &App, person_id: i64, sign_in: String, everywhere: bool) -> Result<()> {
    app.db
        .write_with(sign_in, move |tx, sign_in| {
            Box::pin(async move {
                if everywhere { sign_ins::end_all(tx, person_id, None).await } else { sign_ins::end(tx, sign_in).await }
            })
        })
        .await
}

/// Committed in each case, so that an old token ends its sign-in for good.
async fn next(tx: &Tx, claims: &Refresh) -> Result<Refreshed> {
    let Some(mut row) = sign_ins::find(tx.conn(), &claims.sign_in).await? else { return Ok(Refreshed::Over) };
    let holder = sign_ins::holder(tx.conn(), &claims.sign_in).await?;
    let is_active = holder.and_then(|holder| holder.actor(&claims.sign_in)).is_some();
    if !is_active || row.person_id != claims.person_id || row.expires_at <= tx.now() {
        return Ok(Refreshed::Over);
    }
    let expires_at = tx.now() + REFRESH_LIFE;
    if row.generation == claims.generation {
        if sign_ins::rotate(tx, &row, expires_at).await? {
            let generation = row.generation + 1;
            return Ok(Refreshed::On(sign_in::Model { generation, expires_at, rotated_at: tx.now(), ..row }));
        }
        // Another process was faster by a moment.
        match sign_ins::find(tx.conn(), &claims.sign_in).await? {
            Some(now) if now.ended_at.is_none() => row = now,
            _ => return Ok(Refreshed::Over),
        }
    }
    if row.generation == claims.generation + 1 && tx.now() - row.rotated_at <= LOST_ANSWER {
        return Ok(Refreshed::On(row));
    }
    sign_ins::end(tx, &row.token).await?;
    Ok(Refreshed::Reused)
}

fn tokens(app: &App, person_id: i64, sign_in: &str, generation: i64, now: Instant, expires_at: Instant) -> Tokens {
    let signer = &app.proof.signer;
    Tokens {
        access: signer.sign(&Access::new(person_id, sign_in, now)),
        refresh: signer.sign(&Refresh::new(person_id, sign_in, generation, now, expires_at)),
    }
}
