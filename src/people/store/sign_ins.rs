//! Sign-ins, passwords and the keys that all processes share, as rows.

use super::person;
use crate::db::{Tx, delete_before};
use crate::kit::{Instant, Result, token};
use crate::people::{Actor, Door, Role};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _,
    RelationTrait as _,
};

/// Who signed in, and what they are now.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Holder {
    /// The person.
    pub person_id: i64,
    /// The name they sign in with.
    pub username: Option<String>,
    /// The stored role.
    pub role: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// False once an admin deactivated them.
    pub is_active: bool,
    /// When the sign-in was ended.
    pub ended_at: Option<Instant>,
}

impl Holder {
    /// The actor, as long as the sign-in holds and the person is active.
    pub fn actor(self, sign_in: &str) -> Option<Actor> {
        let role = self.role.as_deref().and_then(Role::named).filter(|_| self.is_active && self.ended_at.is_none())?;
        let username = self.username?;
        let (person_id, department) = (self.person_id, self.department);
        Some(Actor { person_id, username, role, department, door: Door::Api, sign_in: Some(sign_in.to_owned()) })
    }
}

/// Whose sign-in this is.
pub async fn holder(conn: &impl ConnectionTrait, sign_in: &str) -> Result<Option<Holder>> {
    let select = sign_in::Entity::find()
        .select_only()
        .columns([sign_in::Column::PersonId, sign_in::Column::EndedAt])
        .columns([person::Column::Username, person::Column::Role, person::Column::Department, person::Column::IsActive])
        .join(JoinType::InnerJoin, sign_in::Relation::Person.def())
        .filter(sign_in::Column::Token.eq(sign_in));
    Ok(select.into_model::<Holder>().one(conn).await?)
}

/// Somebody who may sign in, with the hash of their password.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct Account {
    /// The person.
    pub person_id: i64,
    /// The hash of their password.
    pub hash: String,
    /// False once an admin deactivated them.
    pub is_active: bool,
}

/// Who signs in with this username or e-mail address, in small letters.
pub async fn account(conn: &impl ConnectionTrait, name: &str) -> Result<Option<Account>> {
    let is_theirs = Condition::any().add(person::Column::Username.eq(name)).add(person::Column::Email.eq(name));
    let select = password::Entity::find()
        .select_only()
        .columns([password::Column::PersonId, password::Column::Hash])
        .column(person::Column::IsActive)
        .join(JoinType::InnerJoin, password::Relation::Person.def())
        .filter(is_theirs);
    Ok(select.into_model::<Account>().one(conn).await?)
}

/// Holds somebody until the transaction ends, and answers whether this is still the hash of their password and they
/// are active.
pub async fn still_proves(tx: &Tx, person_id: i64, hash: &str) -> Result<bool> {
    super::lock(tx, vec![person_id]).await?;
    let select = password::Entity::find()
        .select_only()
        .column(password::Column::PersonId)
        .join(JoinType::InnerJoin, password::Relation::Person.def())
        .filter(password::Column::PersonId.eq(person_id))
        .filter(password::Column::Hash.eq(hash))
        .filter(person::Column::IsActive.eq(true));
    Ok(select.into_tuple::<i64>().one(tx.conn()).await?.is_some())
}

/// Keeps the hash of somebody's password.
pub async fn keep_password(tx: &Tx, person_id: i64, hash: &str) -> Result<()> {
    let row =
        password::ActiveModel { person_id: Set(person_id), hash: Set(hash.to_owned()), changed_at: Set(tx.now()) };
    let news = [password::Column::Hash, password::Column::ChangedAt];
    let conflict = OnConflict::column(password::Column::PersonId).update_columns(news).to_owned();
    password::Entity::insert(row).on_conflict(conflict).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A browser that somebody signs in with.
#[derive(Clone, Debug)]
pub struct NewBrowser {
    /// SHA-256 of its cookie.
    pub cookie_hash: String,
    /// What it calls itself.
    pub agent: String,
}

/// Opens a sign-in, of a browser or else of the API, and answers with its token.
pub async fn open(
    tx: &Tx,
    person_id: i64,
    network: &str,
    expires_at: Instant,
    browser: Option<&NewBrowser>,
) -> Result<String> {
    let token = token::fresh();
    let row = sign_in::ActiveModel {
        id: NotSet,
        token: Set(token.clone()),
        person_id: Set(person_id),
        generation: Set(0),
        network: Set(network.to_owned()),
        created_at: Set(tx.now()),
        rotated_at: Set(tx.now()),
        expires_at: Set(expires_at),
        ended_at: Set(None),
        cookie_hash: Set(browser.map(|browser| browser.cookie_hash.clone())),
        agent: Set(browser.map(|browser| browser.agent.clone())),
        seen_at: Set(browser.map(|_| tx.now())),
    };
    sign_in::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(token)
}

/// The sign-in with this token.
pub async fn find(conn: &impl ConnectionTrait, token: &str) -> Result<Option<sign_in::Model>> {
    Ok(sign_in::Entity::find().filter(sign_in::Column::Token.eq(token)).one(conn).await?)
}

/// Goes on to the next refresh token, unless somebody else did; whether it did.
pub async fn rotate(tx: &Tx, from: &sign_in::Model, expires_at: Instant) -> Result<bool> {
    let done = sign_in::Entity::update_many()
        .col_expr(sign_in::Column::Generation, (from.generation + 1).into())
        .col_expr(sign_in::Column::RotatedAt, tx.now().into())
        .col_expr(sign_in::Column::ExpiresAt, expires_at.into())
        .filter(sign_in::Column::Id.eq(from.id))
        .filter(sign_in::Column::Generation.eq(from.generation))
        .filter(sign_in::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends one sign-in.
pub async fn end(tx: &Tx, token: &str) -> Result<()> {
    sign_in::Entity::update_many()
        .col_expr(sign_in::Column::EndedAt, tx.now().into())
        .filter(sign_in::Column::Token.eq(token))
        .filter(sign_in::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sign-ins of somebody, but for the one that is `kept`.
pub async fn end_all(tx: &Tx, person_id: i64, kept: Option<&str>) -> Result<()> {
    sign_in::Entity::update_many()
        .col_expr(sign_in::Column::EndedAt, tx.now().into())
        .filter(sign_in::Column::PersonId.eq(person_id))
        .filter(sign_in::Column::EndedAt.is_null())
        .filter(sign_in::Column::Token.ne(kept.unwrap_or_default()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes sign-ins that ran out before then, at most so many at once; answers with how many.
pub async fn delete_old(tx: &Tx, before: Instant, most: u64) -> Result<u64> {
    delete_before::<sign_in::Entity>(tx, sign_in::Column::Id, sign_in::Column::ExpiresAt, before, most).await
}

/// Takes somebody's password and sign-ins out for good.
pub(super) async fn forget(tx: &Tx, person_id: i64) -> Result<()> {
    password::Entity::delete_many().filter(password::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    sign_in::Entity::delete_many().filter(sign_in::Column::PersonId.eq(person_id)).exec(tx.conn()).await?;
    super::second_factors::take_off(tx, person_id).await?;
    Ok(())
}

/// Whether somebody has a password.
pub async fn has_password(conn: &impl ConnectionTrait, person_id: i64) -> Result<bool> {
    Ok(password::Entity::find_by_id(person_id).one(conn).await?.is_some())
}

/// Whether an active admin can sign in.
pub async fn has_an_admin(conn: &impl ConnectionTrait) -> Result<bool> {
    let select = password::Entity::find()
        .select_only()
        .column(password::Column::PersonId)
        .join(JoinType::InnerJoin, password::Relation::Person.def())
        .filter(person::Column::Role.eq(Role::Admin.as_str()))
        .filter(person::Column::IsActive.eq(true));
    Ok(select.into_tuple::<i64>().one(conn).await?.is_some())
}

/// Whether somebody signed in from this network before, since `since`.
pub async fn came_from(conn: &impl ConnectionTrait, person_id: i64, network: &str, since: Instant) -> Result<bool> {
    let select = sign_in::Entity::find()
        .select_only()
        .column(sign_in::Column::Id)
        .filter(sign_in::Column::PersonId.eq(person_id))
        .filter(sign_in::Column::Network.eq(network))
        .filter(sign_in::Column::CreatedAt.gte(since));
    Ok(select.into_tuple::<i64>().one(conn).await?.is_some())
}

/// The secret with this name, which the first that asks makes.
pub async fn secret(tx: &Tx, name: &str, fresh: &str) -> Result<String> {
    let row =
        secret::ActiveModel { name: Set(name.to_owned()), value: Set(fresh.to_owned()), created_at: Set(tx.now()) };
    secret::Entity::insert_many([row])
        .on_conflict_do_nothing_on([secret::Column::Name])
        .exec_without_returning(tx.conn())
        .await?;
    let kept = secret::Entity::find_by_id(name).one(tx.conn()).await?;
    Ok(kept.map_or_else(|| fresh.to_owned(), |kept| kept.value))
}

/// The stored sign-in.
pub mod sign_in {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_ins")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub token: String,
        pub person_id: i64,
        pub generation: i64,
        pub network: String,
        pub created_at: Instant,
        pub rotated_at: Instant,
        pub expires_at: Instant,
        pub ended_at: Option<Instant>,
        pub cookie_hash: Option<String>,
        pub agent: Option<String>,
        pub seen_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::super::person::Entity",
            from = "Column::PersonId",
            to = "super::super::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod password {
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "passwords")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) person_id: i64,
        pub(super) hash: String,
        pub(super) changed_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {
        #[sea_orm(
            belongs_to = "super::super::person::Entity",
            from = "Column::PersonId",
            to = "super::super::person::Column::Id"
        )]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod secret {
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "secrets")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) name: String,
        pub(super) value: String,
        pub(super) created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
