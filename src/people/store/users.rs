//! Users: people with a role, as the desk shows and changes them.

use super::records::numbers_of;
use super::user_changes::give_number;
use super::{Known, by_addresses, lock, person};
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::error::Fields;
use crate::kit::{E164, Error, Instant, Result, token};
use crate::people::Role;
use crate::people::model::Sight;
use crate::wording::FALLBACK;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::HashMap;

/// Somebody with a role, with the WhatsApp number that reaches them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The person.
    pub id: i64,
    /// The name they sign in with, in small letters; none for those who only chat.
    pub username: Option<String>,
    /// Their e-mail address, in small letters.
    pub email: Option<String>,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// Their name as others read it.
    pub name: Option<String>,
    /// What they are here for.
    pub role: Role,
    /// The number to call them at.
    pub phone_number: Option<String>,
    /// The number they write WhatsApp messages from.
    pub whatsapp_number: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Their language.
    pub language: String,
    /// False once an admin deactivated them.
    pub is_active: bool,
    /// Since when Andon knows them.
    pub created_at: Instant,
    /// When something about them changed last.
    pub updated_at: Instant,
}

impl User {
    /// What others call them: their name, else their username.
    pub fn called(&self) -> String {
        self.name.clone().or_else(|| self.username.clone()).unwrap_or_default()
    }
}

/// Somebody an admin makes a user.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name they sign in with, in small letters.
    pub username: String,
    /// Their e-mail address, in small letters.
    pub email: Option<String>,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// What they are here for.
    pub role: Role,
    /// The number to call them at.
    pub phone_number: Option<E164>,
    /// The number they write WhatsApp messages from.
    pub whatsapp_number: Option<E164>,
    /// Their department.
    pub department: Option<String>,
    /// Their language, where somebody chose one.
    pub language: Option<String>,
}

impl NewUser {
    /// The language that was chosen for them, else that of their number's country.
    fn speaks(&self) -> &str {
        let mut numbers = [&self.whatsapp_number, &self.phone_number].into_iter().flatten();
        let of_number = || numbers.find_map(E164::language);
        self.language.as_deref().or_else(of_number).unwrap_or(FALLBACK)
    }
}

/// The user with this id.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<User>> {
    Ok(by_ids(conn, &[id]).await?.remove(&id))
}

/// The user who signs in with this name, in small letters.
pub async fn by_username(conn: &impl ConnectionTrait, username: &str) -> Result<Option<User>> {
    let people = person::Entity::find().filter(person::Column::Username.eq(username)).all(conn).await?;
    Ok(shown(conn, people).await?.pop())
}

/// The users with these ids; those that do not exist, or have no role, are left out. Two statements.
pub async fn by_ids(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, User>> {
    let people = person::Entity::find().filter(person::Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    Ok(shown(conn, people).await?.into_iter().map(|user| (user.id, user)).collect())
}

/// Which users are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// With this role.
    pub role: Option<Role>,
    /// Active ones, or those who are not.
    pub is_active: Option<bool>,
    /// Of this department.
    pub department: Option<String>,
    /// Whose name, username or e-mail address holds this text.
    pub q: Option<String>,
}

/// A stretch of the list of users, which is in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// It begins behind this id; none is the list's end in the direction that is read from.
    pub from: Option<i64>,
    /// Whether ids rise.
    pub is_rising: bool,
    /// The most users; none for all.
    pub most: Option<u64>,
}

/// The users that somebody with this sight sees. Two statements.
pub async fn list(conn: &impl ConnectionTrait, sight: &Sight, filter: &Filter, stretch: Stretch) -> Result<Vec<User>> {
    let mut select = person::Entity::find().filter(matching(sight, filter)).limit(stretch.most);
    if let Some(from) = stretch.from {
        let is_behind = if stretch.is_rising { person::Column::Id.gt(from) } else { person::Column::Id.lt(from) };
        select = select.filter(is_behind);
    }
    let order = if stretch.is_rising { Order::Asc } else { Order::Desc };
    shown(conn, select.order_by(person::Column::Id, order).all(conn).await?).await
}

/// How many there are of those.
pub async fn count(conn: &impl ConnectionTrait, sight: &Sight, filter: &Filter) -> Result<u64> {
    Ok(person::Entity::find().filter(matching(sight, filter)).count(conn).await?)
}

/// The same rule as [`Sight::reaches`], as the database reads it.
fn matching(sight: &Sight, filter: &Filter) -> Condition {
    let mut all = Condition::all().add(person::Column::Role.is_not_null());
    match sight {
        Sight::Everybody => {}
        Sight::Oneself(id) => all = all.add(person::Column::Id.eq(*id)),
        Sight::Department { person_id, department } => {
            let seen = Condition::any()
                .add(person::Column::Id.eq(*person_id))
                .add(person::Column::Role.eq(Role::Support.as_str()))
                .add_option(department.as_ref().map(|department| person::Column::Department.eq(department)));
            all = all.add(seen);
        }
    }
    let holds = |column: person::Column, text: &str| {
        let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let pattern = LikeExpr::new(format!("%{escaped}%")).escape('!');
        Func::lower(Expr::col((person::Entity, column))).like(pattern)
    };
    all.add_option(filter.role.map(|role| person::Column::Role.eq(role.as_str())))
        .add_option(filter.is_active.map(|is_active| person::Column::IsActive.eq(is_active)))
        .add_option(filter.department.as_ref().map(|department| person::Column::Department.eq(department)))
        .add_option(filter.q.as_deref().map(|text| {
            let columns = [person::Column::Name, person::Column::Username, person::Column::Email];
            columns.into_iter().fold(Condition::any(), |any, column| any.add(holds(column, text)))
        }))
}

/// These people as users, in the same order.
pub(super) async fn shown(conn: &impl ConnectionTrait, people: Vec<person::Model>) -> Result<Vec<User>> {
    let ids: Vec<i64> = people.iter().map(|person| person.id).collect();
    let mut numbers = numbers_of(conn, &ids).await?;
    let users = people.into_iter().filter_map(|person| {
        let role = Role::named(person.role.as_deref()?)?;
        Some(User {
            id: person.id,
            username: person.username,
            email: person.email,
            first_name: person.first_name,
            last_name: person.last_name,
            name: person.name,
            role,
            phone_number: person.phone_number,
            whatsapp_number: numbers.remove(&person.id),
            department: person.department,
            language: person.language,
            is_active: person.is_active,
            created_at: person.created_at,
            updated_at: person.updated_at,
        })
    });
    Ok(users.collect())
}

/// What of a user's is unique, as somebody wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The name to sign in with.
    pub username: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The WhatsApp number.
    pub whatsapp_number: Option<&'a E164>,
}

/// Which of these belong to somebody else than `but_for`, by field. A username counts against e-mail addresses too,
/// since people sign in with either.
pub async fn taken(conn: &impl ConnectionTrait, wanted: Wanted<'_>, but_for: Option<i64>) -> Result<Fields> {
    let mut taken = Fields::new();
    let mut note = |field: &str, what: &str| taken.entry(field.to_owned()).or_default().push(what.to_owned());
    let names: Vec<&str> = [wanted.username, wanted.email].into_iter().flatten().collect();
    if !names.is_empty() {
        let has_one = Condition::any()
            .add(person::Column::Username.is_in(names.iter().copied()))
            .add(person::Column::Email.is_in(names.iter().copied()));
        let owners = person::Entity::find().filter(has_one).filter(person::Column::Id.ne(but_for.unwrap_or_default()));
        let owners = owners.all(conn).await?;
        let is_taken = |name: Option<&str>| {
            let has_it = |owned: &Option<String>| owned.is_some() && owned.as_deref() == name;
            owners.iter().any(|owner| has_it(&owner.username) || has_it(&owner.email))
        };
        if is_taken(wanted.username) {
            note("username", "is somebody else's already");
        }
        if is_taken(wanted.email) {
            note("email", "is somebody else's already");
        }
    }
    if let Some(number) = wanted.whatsapp_number {
        let owner = owner_of(conn, number).await?.filter(|owner| Some(owner.person_id) != but_for);
        if let Some(owner) = owner.filter(|owner| owner.role.is_some()) {
            note("whatsapp_number", &is_owned(owner));
        }
    }
    Ok(taken)
}

fn is_owned(by: Known) -> String {
    format!("belongs to {} already", by.name.unwrap_or(by.value))
}

/// Who has this number, held until the transaction ends: while one waits for them it can change hands.
///
/// # Errors
/// A field where it is that of somebody with a role, other than `but_for`.
pub(super) async fn held_owner(tx: &Tx, number: &E164, but_for: Option<i64>) -> Result<Option<Known>> {
    let mut held = None;
    loop {
        let Some(owner) = owner_of(tx.conn(), number).await? else { return Ok(None) };
        if owner.role.is_some() && Some(owner.person_id) != but_for {
            return Err(Error::field("whatsapp_number", is_owned(owner)));
        }
        if held == Some(owner.person_id) {
            return Ok(Some(owner));
        }
        lock(tx, vec![owner.person_id]).await?;
        held = Some(owner.person_id);
    }
}

async fn owner_of(conn: &impl ConnectionTrait, number: &E164) -> Result<Option<Known>> {
    Ok(by_addresses(conn, Medium::Whatsapp, &[number.to_string()]).await?.remove(number.as_str()))
}

/// Makes a user, and answers with the id. A number that only wrote so far brings its history along.
///
/// # Errors
/// A field where the number became somebody else's with a role in this moment.
pub async fn insert(tx: &Tx, new: &NewUser) -> Result<i64> {
    let stranger = match &new.whatsapp_number {
        Some(number) => held_owner(tx, number, None).await?.map(|known| known.person_id),
        None => None,
    };
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut row = person::ActiveModel {
        id: stranger.map_or(NotSet, sea_orm::ActiveValue::Unchanged),
        token: Set(token::fresh()),
        name: Set(Some(full_name(new.first_name.as_deref(), new.last_name.as_deref(), &new.username))),
        role: Set(Some(new.role.as_str().to_owned())),
        department: Set(said(&new.department)),
        language: Set(new.speaks().to_owned()),
        has_chosen_language: Set(new.language.is_some()),
        is_active: Set(true),
        username: Set(Some(new.username.clone())),
        email: Set(said(&new.email)),
        first_name: Set(said(&new.first_name)),
        last_name: Set(said(&new.last_name)),
        phone_number: Set(new.phone_number.as_ref().map(E164::to_string)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    if let Some(id) = stranger {
        if new.language.is_none() {
            (row.language, row.has_chosen_language) = (NotSet, NotSet);
        }
        row.created_at = NotSet;
        row.token = NotSet;
        row.update(tx.conn()).await?;
        return Ok(id);
    }
    let id = person::Entity::insert(row).exec(tx.conn()).await?.last_insert_id;
    if new.whatsapp_number.is_some() {
        give_number(tx, id, new.whatsapp_number.as_ref()).await?;
    }
    Ok(id)
}

/// A name as others read it: first and last name, or what stands in for them.
pub fn full_name(first: Option<&str>, last: Option<&str>, otherwise: &str) -> String {
    let parts: Vec<&str> = [first, last].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { otherwise.to_owned() } else { parts.join(" ") }
}
