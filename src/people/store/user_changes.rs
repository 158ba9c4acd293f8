//! Users changed: their fields, their numbers, and whether they may use Andon.

use super::users::{User, full_name, held_owner};
use super::{Caller, Newcomer, address, insert_addresses, insert_people, lock, person};
use super::{api_tokens, codes, sign_ins};
use crate::channels::Medium;
use crate::db::{Tx, is_refusal};
use crate::kit::{E164, Result};
use crate::people::Role;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
    Select,
};

/// What changes about a user. `None` stays as it is, an empty text takes the value away.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// The name they sign in with, in small letters.
    pub username: Option<String>,
    /// Their e-mail address, in small letters.
    pub email: Option<String>,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// What they are here for.
    pub role: Option<Role>,
    /// The number to call them at, in E.164.
    pub phone_number: Option<String>,
    /// The number they write WhatsApp messages from, in E.164.
    pub whatsapp_number: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Their language.
    pub language: Option<String>,
}

impl UserChanges {
    /// The names of what really changes.
    pub fn fields(&self, user: &User) -> Vec<&'static str> {
        let is_other = |said: &Option<String>, kept: Option<&String>| {
            said.as_ref().is_some_and(|said| said.as_str() != kept.map(String::as_str).unwrap_or_default())
        };
        let all = [
            ("username", is_other(&self.username, user.username.as_ref())),
            ("email", is_other(&self.email, user.email.as_ref())),
            ("first_name", is_other(&self.first_name, user.first_name.as_ref())),
            ("last_name", is_other(&self.last_name, user.last_name.as_ref())),
            ("role", self.role.is_some_and(|role| role != user.role)),
            ("phone_number", is_other(&self.phone_number, user.phone_number.as_ref())),
            ("whatsapp_number", is_other(&self.whatsapp_number, user.whatsapp_number.as_ref())),
            ("department", is_other(&self.department, user.department.as_ref())),
            ("language", is_other(&self.language, Some(&user.language))),
        ];
        all.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect()
    }
}

/// Writes the changes of somebody who is as `user` says now.
pub async fn update(tx: &Tx, user: &User, changes: &UserChanges) -> Result<()> {
    let mut update = person::Entity::update_many().col_expr(person::Column::UpdatedAt, tx.now().into());
    for (column, value) in [
        (person::Column::Username, &changes.username),
        (person::Column::Email, &changes.email),
        (person::Column::FirstName, &changes.first_name),
        (person::Column::LastName, &changes.last_name),
        (person::Column::PhoneNumber, &changes.phone_number),
        (person::Column::Department, &changes.department),
    ] {
        if let Some(value) = value {
            update = update.col_expr(column, Some(value.clone()).filter(|value| !value.is_empty()).into());
        }
    }
    if let Some(role) = changes.role {
        update = update.col_expr(person::Column::Role, role.as_str().into());
    }
    if let Some(language) = &changes.language {
        update = update.col_expr(person::Column::Language, language.clone().into());
        update = update.col_expr(person::Column::HasChosenLanguage, true.into());
    }
    if changes.first_name.is_some() || changes.last_name.is_some() {
        let first = changes.first_name.as_ref().or(user.first_name.as_ref());
        let last = changes.last_name.as_ref().or(user.last_name.as_ref());
        let otherwise = changes.username.as_ref().or(user.username.as_ref()).or(user.name.as_ref());
        let otherwise = otherwise.map(String::as_str).unwrap_or_default();
        let name = full_name(first.map(String::as_str), last.map(String::as_str), otherwise);
        update = update.col_expr(person::Column::Name, name.into());
    }
    update.filter(person::Column::Id.eq(user.id)).exec(tx.conn()).await?;
    if let Some(number) = &changes.whatsapp_number {
        give_number(tx, user.id, E164::parse(number).ok().as_ref()).await?;
    }
    Ok(())
}

/// Makes this the WhatsApp number of this person; of one that only wrote so far it takes the address along. The number
/// from before is nobody's again: who writes from it next is a stranger.
///
/// # Errors
/// A field where it became somebody else's with a role in this moment.
pub async fn give_number(tx: &Tx, person_id: i64, number: Option<&E164>) -> Result<()> {
    lock(tx, vec![person_id]).await?;
    let owner = match number {
        Some(number) => held_owner(tx, number, Some(person_id)).await?,
        None => None,
    };
    let own: Vec<(i64, String)> = address::Entity::find()
        .select_only()
        .columns([address::Column::Id, address::Column::Value])
        .filter(address::Column::PersonId.eq(person_id))
        .filter(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let gone = own.iter().filter(|(_, value)| Some(value.as_str()) != number.map(E164::as_str));
    let gone: Vec<i64> = gone.map(|(id, _)| *id).collect();
    if !gone.is_empty() {
        let nobody = insert_people(tx, vec![Newcomer::default()]).await?[0];
        hand_over(tx, gone, nobody).await?;
    }
    match (number, owner) {
        (Some(_), Some(owner)) if owner.person_id != person_id => {
            hand_over(tx, vec![owner.address_id], person_id).await
        }
        (Some(number), None) => {
            let caller =
                Caller { medium: Medium::Whatsapp, from: number.clone().into(), profile_name: None, user_id: None };
            insert_addresses(tx, Medium::Whatsapp, [(&caller, person_id)].into_iter()).await?;
            // Where somebody else was faster, nothing was inserted.
            match held_owner(tx, number, Some(person_id)).await? {
                Some(owner) if owner.person_id != person_id => hand_over(tx, vec![owner.address_id], person_id).await,
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

async fn hand_over(tx: &Tx, addresses: Vec<i64>, person_id: i64) -> Result<()> {
    address::Entity::update_many()
        .col_expr(address::Column::PersonId, person_id.into())
        .filter(address::Column::Id.is_in(addresses))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Lets somebody use Andon, or no longer; then every sign-in and token of theirs is ended.
pub async fn set_active(tx: &Tx, id: i64, is_active: bool) -> Result<()> {
    person::Entity::update_many()
        .col_expr(person::Column::IsActive, is_active.into())
        .col_expr(person::Column::UpdatedAt, tx.now().into())
        .filter(person::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    if !is_active {
        sign_ins::end_all(tx, id, None).await?;
        api_tokens::revoke_all(tx, id).await?;
    }
    Ok(())
}

/// Holds somebody until the transaction ends; an admin with all active admins, in one go, so that two of them who are
/// changed at once do not wait for each other.
pub async fn hold(tx: &Tx, user: &User) -> Result<()> {
    let mut held = if user.role == Role::Admin { ids_of(tx, active_admins()).await? } else { Vec::new() };
    held.push(user.id);
    lock(tx, held).await
}

fn active_admins() -> Select<person::Entity> {
    person::Entity::find()
        .filter(person::Column::Role.eq(Role::Admin.as_str()))
        .filter(person::Column::IsActive.eq(true))
}

async fn ids_of(tx: &Tx, people: Select<person::Entity>) -> Result<Vec<i64>> {
    Ok(people.select_only().column(person::Column::Id).into_tuple::<i64>().all(tx.conn()).await?)
}

/// Holds the admins until the transaction ends, and answers with how many active ones besides this person there are:
/// all, and those who can sign in.
pub async fn other_admins(tx: &Tx, but_for: i64) -> Result<(u64, u64)> {
    let active = active_admins();
    lock(tx, ids_of(tx, active.clone()).await?).await?;
    let others = active.filter(person::Column::Id.ne(but_for));
    let with_password = Query::select().column("person_id").from("passwords").to_owned();
    let can_sign_in = others.clone().filter(person::Column::Id.in_subquery(with_password));
    Ok((others.count(tx.conn()).await?, can_sign_in.count(tx.conn()).await?))
}

/// Takes somebody out who left no trace; false, and nothing is changed, where something in the database refers to
/// them.
///
/// # Errors
/// When the database is away.
pub async fn delete(tx: &Tx, id: i64) -> Result<bool> {
    let done = tx.savepoint(|tx| {
        Box::pin(async move {
            codes::forget(tx, id).await?;
            // These tables are of modules that stand above people; what is in them is no history.
            for table in ["live_tickets", "ticket_views", "notice_preferences"] {
                let theirs = Query::delete().from_table(table).and_where(Expr::col("person_id").eq(id)).to_owned();
                tx.conn().execute(&theirs).await?;
            }
            api_tokens::forget(tx, id).await?;
            sign_ins::forget(tx, id).await?;
            address::Entity::delete_many().filter(address::Column::PersonId.eq(id)).exec(tx.conn()).await?;
            person::Entity::delete_many().filter(person::Column::Id.eq(id)).exec(tx.conn()).await?;
            Ok(())
        })
    });
    match done.await {
        Ok(()) => Ok(true),
        // The references of the other tables know best who has a history.
        Err(error) if is_refusal(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
