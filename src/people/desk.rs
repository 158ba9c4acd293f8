//! Users as those change them who are signed in: what was sent is judged, passwords are hashed before the transaction,
//! and all of a change is written or none of it.

use super::store::sign_ins;
use super::store::user_changes::UserChanges;
use super::store::users::{self as store, NewUser, User, Wanted};
use super::users::{self, Gone, may_change, unfit_password, unknown_values};
use super::{Actor, Door, SignedIn};
use crate::app::App;
use crate::db::marks;
use crate::kit::error::Kind;
use crate::kit::{E164, Error, Result};

/// The mark that is held while the first admin is made.
const FIRST_ADMIN: &str = "people.first_admin";

/// Makes a user with this password.
///
/// # Errors
/// Fields that are wrong, all together; [`crate::kit::error::Kind::Unavailable`] where too many passwords wait.
pub async fn add(app: &App, actor: &Actor, new: NewUser, password: &str) -> Result<User> {
    actor.must_be_signed_in()?;
    let [phone, whatsapp] = [&new.phone_number, &new.whatsapp_number].map(|number| number.as_ref().map(E164::as_str));
    let numbers = [("phone_number", phone), ("whatsapp_number", whatsapp)];
    let mut wrong = unknown_values(&app.settings, &app.wording(), &numbers, new.language.as_deref());
    let wanted = Wanted {
        username: Some(&new.username),
        email: new.email.as_deref(),
        whatsapp_number: new.whatsapp_number.as_ref(),
    };
    wrong.extend(store::taken(app.db.read(), wanted, None).await?);
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let (hash, by) = (app.proof.passwords.hash(password).await?, actor.person_id);
    let db = app.db.through(actor.door);
    let made =
        db.write_with((new, hash), move |tx, (new, hash)| Box::pin(users::create(tx, new, Some(hash), Some(by))));
    store::by_id(app.db.read(), made.await?).await?.ok_or_else(|| Error::internal("a new user is not there"))
}

/// Makes the first admin.
///
/// # Errors
/// Where an admin can sign in already.
pub async fn add_first_admin(app: &App, new: NewUser, password: &str) -> Result<i64> {
    let hash = app.proof.passwords.hash(password).await?;
    let db = app.db.through(Door::Page);
    let made = db.write_with((new, hash), |tx, (new, hash)| {
        Box::pin(async move {
            marks::hold(tx, FIRST_ADMIN).await?; // of two at once, the second finds the first
            if sign_ins::has_an_admin(tx.conn()).await? {
                return Err(Error::new(Kind::Conflict, "There is an admin already."));
            }
            users::create(tx, new, Some(hash), None).await
        })
    });
    made.await
}

/// Changes a user. A new password is set by somebody who is signed in, and ends the user's sign-ins, but for the one
/// that it is set by.
///
/// # Errors
/// Fields that are wrong, all together; [`super::model::Refusal`].
pub async fn change(
    app: &App,
    actor: &Actor,
    user: &User,
    changes: UserChanges,
    is_active: Option<bool>,
    password: Option<String>,
) -> Result<User> {
    if password.is_some() {
        actor.must_be_signed_in()?;
    }
    let mut fields = changes.fields(user);
    fields.extend(is_active.filter(|is_active| *is_active != user.is_active).map(|_| "is_active"));
    may_change(actor, user, &fields)?;
    let numbers =
        [("phone_number", changes.phone_number.as_deref()), ("whatsapp_number", changes.whatsapp_number.as_deref())];
    let wrong = unknown_values(&app.settings, &app.wording(), &numbers, changes.language.as_deref());
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let hash = match &password {
        Some(password) => {
            let name = changes.username.as_deref().or(user.username.as_deref());
            let email = changes.email.as_deref().or(user.email.as_deref());
            unfit_password(password, name, email).map_or(Ok(()), Err)?;
            Some(app.proof.passwords.hash(password).await?)
        }
        None => None,
    };
    let (id, by) = (user.id, Some(actor.person_id));
    let kept = actor.sign_in.clone();
    app.db
        .through(actor.door)
        .write_with((changes, hash, kept), move |tx, (changes, hash, kept)| {
            Box::pin(async move {
                let mut user = users::change(tx, id, changes, by).await?;
                if let Some(hash) = hash {
                    users::change_password(tx, id, hash, kept.as_deref(), by).await?;
                }
                if let Some(is_active) = is_active {
                    user = users::set_active(tx, id, is_active, by).await?;
                }
                Ok(user)
            })
        })
        .await
}

/// Changes about oneself; a new password leaves this sign-in as it is.
///
/// # Errors
/// Fields that are wrong.
pub async fn change_oneself(app: &App, who: SignedIn, changes: UserChanges, password: Option<String>) -> Result<User> {
    let user = store::by_id(app.db.read(), who.actor.person_id).await?;
    let user = user.ok_or_else(|| Error::internal("somebody signed in is no user"))?;
    change(app, &who.actor, &user, changes, None, password).await
}

/// Lets somebody use Andon again, or no longer.
///
/// # Errors
/// [`super::model::Refusal`].
pub async fn set_active(app: &App, actor: &Actor, id: i64, is_active: bool) -> Result<User> {
    let by = Some(actor.person_id);
    let db = app.db.through(actor.door);
    db.write(move |tx| Box::pin(async move { users::set_active(tx, id, is_active, by).await })).await
}

/// Takes somebody out, or deactivates them where they have a history.
///
/// # Errors
/// [`super::model::Refusal`].
pub async fn delete(app: &App, actor: &Actor, id: i64) -> Result<Gone> {
    let by = Some(actor.person_id);
    app.db.through(actor.door).write(move |tx| Box::pin(async move { users::delete(tx, id, by).await })).await
}

/// Whether somebody is there who can set everything up: an active admin who can sign in.
///
/// # Errors
/// When the database is away.
pub async fn has_an_admin(app: &App) -> Result<bool> {
    sign_ins::has_an_admin(app.db.read()).await
}
