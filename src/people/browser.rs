//! Signing in with a browser: what the API gives in tokens is a cookie here, and a row of the same sort.
//!
//! The cookie holds 256 random bits, of which only the hash is kept. A sign-in holds for a week after the browser was
//! last seen, a month at most, and ends as the API's do: by signing out, a new password, deactivation. Between a password
//! and the code of a second factor there is a text under our seal, which opens nothing by itself and holds five minutes.

use super::model::Role;
use super::sign_in::{self, Entered, Entry, Known, Opened};
use super::store::browsers::{self, Held};
use super::store::sign_ins::NewBrowser;
use super::store::users::User;
use super::tokens::digest;
use super::{Actor, Door, SignedIn};
use crate::app::App;
use crate::kit::{Instant, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use subtle::ConstantTimeEq as _;

/// How long a sign-in holds after the browser was last seen.
pub const LIFE: TimeDelta = TimeDelta::days(7);
/// How long it holds at most.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// How often it is noted that a browser was seen.
const NOTED_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long somebody may look for their code once their password was right.
const HALF_LIFE: TimeDelta = TimeDelta::minutes(5);
/// The longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 200;

/// What somebody signs in with at the page.
#[derive(Clone, Debug)]
pub enum Given {
    /// A name and a password.
    Password {
        /// Their username or e-mail address, in any case.
        username: String,
        /// Their password.
        password: String,
    },
    /// That both were right just now, and a code of their second factor.
    Code {
        /// Their username or e-mail address, in any case.
        username: String,
        /// What [`Step::NeedsCode`] had.
        half: String,
        /// The code.
        code: String,
    },
}

/// How far somebody is with signing in.
#[derive(Clone, Debug)]
pub enum Step {
    /// They are in.
    In {
        /// What the browser is to bring along.
        cookie: String,
        /// Who they are.
        user: Box<User>,
    },
    /// The password is right; a code is to come, with this.
    NeedsCode {
        /// To be sent along with the code.
        half: String,
    },
}

/// Somebody who is at the desk with a browser.
#[derive(Clone, Debug)]
pub struct AtTheDesk {
    /// Who, and by which sign-in.
    pub signed_in: SignedIn,
    /// Their name as others read it.
    pub name: String,
    /// Their language.
    pub language: String,
    /// Until when the sign-in holds.
    pub expires_at: Instant,
}

/// Signs somebody in with a browser.
///
/// # Errors
/// As [`sign_in::sign_in`].
pub async fn sign_in(app: &App, given: Given, network: String, agent: &str) -> Result<Step> {
    let cookie = app.proof.signer.for_program(); // random and under our seal, as those are
    let agent = agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT).collect();
    let browser = Some(NewBrowser { cookie_hash: digest(&cookie), agent });
    let (username, known, code) = match given {
        Given::Password { username, password } => (username, Known::Password(password), None),
        Given::Code { username, half, code } => (username, Known::Half(half), Some(code)),
    };
    let name = sign_in::folded(&username);
    let entry = Entry { name: name.clone(), known, code, network, browser };
    Ok(match sign_in::enter(app, entry).await? {
        Entered::In(opened) => {
            let Opened { user, .. } = *opened;
            Step::In { cookie, user: Box::new(user) }
        }
        Entered::NeedsCode { hash } => Step::NeedsCode { half: half(app, &name, &hash, app.clock.now() + HALF_LIFE) },
    })
}

/// Who comes with this cookie; none where it holds no more.
///
/// # Errors
/// When the database is away.
pub async fn by_cookie(app: &App, cookie: &str) -> Result<Option<AtTheDesk>> {
    if !app.proof.signer.made(cookie) {
        return Ok(None);
    }
    let now = app.clock.now();
    let Some(held) = browsers::by_cookie(app.db.read(), &digest(cookie), now).await? else { return Ok(None) };
    let Held { token, person_id, username, name, role, department, language, .. } = held;
    let Some((username, role)) = username.zip(role.as_deref().and_then(Role::named)) else { return Ok(None) };
    let mut expires_at = held.expires_at;
    let next = (now + LIFE).min(held.created_at + LONGEST);
    if held.seen_at.is_none_or(|at| now - at >= NOTED_EVERY) && next > expires_at {
        let noting = app.db.write_with(token.clone(), move |tx, token| Box::pin(browsers::seen(tx, token, next)));
        noting.await?;
        expires_at = next;
    }
    let name = name.unwrap_or_else(|| username.clone());
    let actor = Actor { person_id, username, role, department, door: Door::Page, sign_in: Some(token.clone()) };
    Ok(Some(AtTheDesk { signed_in: SignedIn { actor, sign_in: token }, name, language, expires_at }))
}

/// That the password of this account was right, until then.
fn half(app: &App, name: &str, hash: &str, until: Instant) -> String {
    let until = until.timestamp();
    format!("{until}.{}", seal(app, name, hash, until))
}

/// Whether that is so and still holds.
pub(super) fn is_half_way(app: &App, name: &str, hash: &str, half: &str) -> bool {
    let Some((until, sealed)) = half.split_once('.') else { return false };
    let Ok(until) = until.parse::<i64>() else { return false };
    let is_ours: bool = seal(app, name, hash, until).as_bytes().ct_eq(sealed.as_bytes()).into();
    is_ours && app.clock.now().timestamp() < until
}

fn seal(app: &App, name: &str, hash: &str, until: i64) -> String {
    let said = format!("{until} {} {name}", digest(hash));
    URL_SAFE_NO_PAD.encode(app.proof.seed.secret("half a sign-in", &said))
}
