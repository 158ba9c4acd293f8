//! Users: who signs in. Made and changed by admins, a little by themselves; the rules are the same through every door.
//!
//! One active admin who can sign in is always left. Somebody who left traces (a ticket, a message, a line of a history)
//! is deactivated where they would be deleted. Who is deactivated is out at once: every sign-in and token ends.

use super::events;
use super::model::Refusal;
use super::store::user_changes::{self, UserChanges, other_admins};
use super::store::users::{self, NewUser, User, Wanted};
use super::store::{self, Changes, Known, NewPerson, Registered, sign_ins};
use super::{Actor, Role};
use crate::channels::Medium;
use crate::config::Settings;
use crate::db::Tx;
use crate::kit::error::{Fields, Kind};
use crate::kit::{E164, Error, Result};
use crate::outbox::{self, Filter, Stretch};
use crate::proof;
use crate::wording::Wording;
use sea_orm::ConnectionTrait;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::LastAdmin { .. } => Kind::Conflict,
            Refusal::Oneself(_) | Refusal::AdminsOnly(_) => Kind::Forbidden,
        };
        Self::new(kind, refusal.to_string()).because(refusal)
    }
}

/// What became of somebody who was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// They are out.
    Deleted,
    /// They have a history, so they were deactivated.
    Deactivated,
}

/// What is wrong with values that only the settings can judge: numbers and languages. An empty text is fine.
pub fn unknown_values(
    settings: &Settings,
    wording: &Wording,
    numbers: &[(&str, Option<&str>)],
    language: Option<&str>,
) -> Fields {
    let mut wrong = Fields::new();
    for (name, number) in numbers {
        let number = number.filter(|number| !number.is_empty()).and_then(|number| E164::parse(number).ok());
        if let Some(number) = number.filter(|number| !settings.takes_number(number)) {
            let why = format!("{number} is no valid number: no numbering plan has it");
            wrong.insert((*name).to_owned(), vec![why]);
        }
    }
    let known = wording.languages();
    if let Some(language) = language.filter(|language| !known.contains(language)) {
        wrong.insert("language".to_owned(), vec![format!("{language:?} is not known; there are {}", known.join(", "))]);
    }
    wrong
}

/// Makes a user with the hash of a password, and answers with the id.
///
/// # Errors
/// Fields that are somebody else's already.
pub async fn create(tx: &Tx, new: &NewUser, password_hash: Option<&str>, by: Option<i64>) -> Result<i64> {
    let wanted = Wanted {
        username: Some(&new.username),
        email: new.email.as_deref(),
        whatsapp_number: new.whatsapp_number.as_ref(),
    };
    let taken = users::taken(tx.conn(), wanted, None).await?;
    if !taken.is_empty() {
        return Err(Error::fields(taken));
    }
    let id = users::insert(tx, new).await?;
    if let Some(hash) = password_hash {
        sign_ins::keep_password(tx, id, hash).await?;
    }
    let (username, role) = (Some(new.username.clone()), new.role);
    outbox::append(tx, &[events::Created { person_id: id, actor_id: by, username, role }]).await?;
    Ok(id)
}

/// Changes a user, and answers with how they are now.
///
/// # Errors
/// Fields that are somebody else's already; [`Refusal::LastAdmin`]; nobody with this id.
pub async fn change(tx: &Tx, id: i64, changes: &UserChanges, by: Option<i64>) -> Result<User> {
    let user = held(tx, id).await?;
    let fields = changes.fields(&user);
    if fields.is_empty() {
        return Ok(user);
    }
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (username, email) = (said(&changes.username), said(&changes.email));
    let number = said(&changes.whatsapp_number).and_then(|number| E164::parse(&number).ok());
    let wanted = Wanted { username: username.as_deref(), email: email.as_deref(), whatsapp_number: number.as_ref() };
    let taken = users::taken(tx.conn(), wanted, Some(id)).await?;
    if !taken.is_empty() {
        return Err(Error::fields(taken));
    }
    if user.role == Role::Admin && changes.role.is_some_and(|role| role != Role::Admin) {
        leave_an_admin(tx, &user).await?;
    }
    user_changes::update(tx, &user, changes).await?;
    let role = changes.role.filter(|role| *role != user.role);
    outbox::append(tx, &[events::Changed { person_id: id, actor_id: by, fields, role }]).await?;
    existing(tx.conn(), id).await
}

/// Registers a number with a role, and answers with what it came to.
///
/// # Errors
/// When the database is away.
pub async fn register(tx: &Tx, person: NewPerson) -> Result<Option<Registered>> {
    let role = person.role;
    let registered = store::register(tx, &[person]).await?.pop();
    if let Some(Registered::New(person_id)) = registered {
        outbox::append(tx, &[events::Created { person_id, actor_id: None, username: None, role }]).await?;
    }
    Ok(registered)
}

/// Changes somebody registered, known by the number; `None` where nobody with a role has it.
///
/// # Errors
/// [`Refusal::LastAdmin`].
pub async fn change_registered(tx: &Tx, whatsapp: &E164, changes: &Changes) -> Result<Option<Known>> {
    let numbers = [whatsapp.to_string()];
    let known = store::by_addresses(tx.conn(), Medium::Whatsapp, &numbers).await?.remove(whatsapp.as_str());
    let Some(known) = known.filter(|known| known.role.is_some()) else { return Ok(None) };
    let user = existing(tx.conn(), known.person_id).await?;
    let role = changes.role.filter(|role| *role != user.role);
    if user.role == Role::Admin && role.is_some() {
        leave_an_admin(tx, &user).await?;
    }
    let known_now = store::change(tx, whatsapp, changes).await?;
    let named = [
        ("name", changes.name.is_some()),
        ("role", role.is_some()),
        ("department", changes.department.is_some()),
        ("language", changes.language.is_some()),
    ];
    let fields = named.into_iter().filter(|(_, is_named)| *is_named).map(|(name, _)| name).collect();
    outbox::append(tx, &[events::Changed { person_id: user.id, actor_id: None, fields, role }]).await?;
    Ok(known_now)
}

/// Keeps the hash of somebody's new password. Every sign-in of theirs ends, but for the one that is `kept`.
///
/// # Errors
/// When the database is away.
pub async fn change_password(tx: &Tx, id: i64, hash: &str, kept: Option<&str>, by: Option<i64>) -> Result<()> {
    store::lock(tx, vec![id]).await?; // who is just signing in with the old one waits
    sign_ins::keep_password(tx, id, hash).await?;
    sign_ins::end_all(tx, id, kept).await?;
    outbox::append(tx, &[events::PasswordChanged { person_id: id, actor_id: by }]).await
}

/// Lets somebody use Andon again, or no longer.
///
/// # Errors
/// [`Refusal::LastAdmin`], [`Refusal::Oneself`]; nobody with this id.
pub async fn set_active(tx: &Tx, id: i64, is_active: bool, by: Option<i64>) -> Result<User> {
    let user = held(tx, id).await?;
    if user.is_active == is_active {
        return Ok(user);
    }
    if !is_active {
        if by == Some(id) {
            return Err(Refusal::Oneself("deactivate").into());
        }
        leave_an_admin(tx, &user).await?;
    }
    user_changes::set_active(tx, id, is_active).await?;
    if is_active {
        outbox::append(tx, &[events::Activated { person_id: id, actor_id: by }]).await?;
    } else {
        outbox::append(tx, &[events::Deactivated { person_id: id, actor_id: by }]).await?;
    }
    Ok(User { is_active, ..user })
}

/// Takes somebody out; who has a history is deactivated instead.
///
/// # Errors
/// [`Refusal::LastAdmin`], [`Refusal::Oneself`]; nobody with this id.
pub async fn delete(tx: &Tx, id: i64, by: Option<i64>) -> Result<Gone> {
    let user = existing(tx.conn(), id).await?;
    if by == Some(id) {
        return Err(Refusal::Oneself("delete").into());
    }
    leave_an_admin(tx, &user).await?;
    let acted = Filter { actor_id: Some(id), ..Filter::default() };
    let some = Stretch { from: None, is_rising: true, most: 1 };
    let has_acted = !outbox::read(tx.conn(), &acted, some).await?.is_empty();
    if !has_acted && user_changes::delete(tx, id).await? {
        let username = user.username;
        outbox::append(tx, &[events::Deleted { person_id: id, actor_id: by, username }]).await?;
        return Ok(Gone::Deleted);
    }
    set_active(tx, id, false, by).await?;
    Ok(Gone::Deactivated)
}

/// Why somebody may not make these changes to this user: only an admin changes others, and what decides what somebody
/// may do.
///
/// # Errors
/// [`Refusal::AdminsOnly`].
pub fn may_change(actor: &Actor, user: &User, fields: &[&'static str]) -> Result<(), Refusal> {
    const OWN: [&str; 5] = ["email", "first_name", "last_name", "phone_number", "language"];
    if actor.is_admin() {
        return Ok(());
    }
    if actor.person_id != user.id {
        return Err(Refusal::AdminsOnly("change somebody else".to_owned()));
    }
    let others: Vec<&str> = fields.iter().copied().filter(|field| !OWN.contains(field)).collect();
    if others.is_empty() { Ok(()) } else { Err(Refusal::AdminsOnly(format!("change {}", others.join(", ")))) }
}

/// What is wrong with a password for somebody with these names.
pub fn unfit_password(password: &str, username: Option<&str>, email: Option<&str>) -> Option<Error> {
    let why = proof::unfit(password, &[username.unwrap_or_default(), email.unwrap_or_default()])?;
    Some(Error::field("password", why))
}

/// The user as they are once they are held, so that nobody changes them meanwhile.
async fn held(tx: &Tx, id: i64) -> Result<User> {
    user_changes::hold(tx, &existing(tx.conn(), id).await?).await?;
    existing(tx.conn(), id).await
}

async fn existing(conn: &impl ConnectionTrait, id: i64) -> Result<User> {
    users::by_id(conn, id).await?.ok_or_else(|| Error::not_found("There is no such user."))
}

/// Somebody who is an admin now and will not be: another one who can sign in must be left. Of those who only chat, at
/// least one.
async fn leave_an_admin(tx: &Tx, user: &User) -> Result<()> {
    if user.role != Role::Admin || !user.is_active {
        return Ok(());
    }
    let (all, who_sign_in) = other_admins(tx, user.id).await?;
    let signs_in = sign_ins::has_password(tx.conn(), user.id).await?;
    let are_left = if signs_in { who_sign_in } else { all };
    if are_left == 0 { Err(Refusal::LastAdmin { who_signs_in: signs_in }.into()) } else { Ok(()) }
}
