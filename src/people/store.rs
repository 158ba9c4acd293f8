//! People and their addresses as rows.

pub mod api_tokens;
pub mod browsers;
pub mod change;
pub mod codes;
pub mod records;
mod rows;
pub mod second_factors;
pub mod sign_ins;
pub mod user_changes;
pub mod users;

pub use change::{Changes, change};
pub use rows::{address, person};

use super::Role;
use crate::channels::Medium;
use crate::db::{self, Tx};
use crate::kit::{E164, Handle, Instant, Result, token};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _, Select,
};
use std::collections::{HashMap, HashSet};

/// The language of whose number tells nothing.
const DEFAULT_LANGUAGE: &str = crate::wording::FALLBACK;

/// A person as the chat and the desk need them, with the address in question.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Known {
    /// The person's row.
    pub person_id: i64,
    /// The address's row.
    pub address_id: i64,
    /// How they read what is sent there.
    pub medium: String,
    /// The number, in E.164; or Meta's id of somebody who hides theirs.
    pub value: String,
    /// Their name, where an admin gave one.
    pub name: Option<String>,
    /// The stored role; none for somebody who only wrote so far.
    pub role: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Their language, `en`.
    pub language: String,
    /// Whether they or an admin chose it; else it is what their number or their greeting suggests.
    pub has_chosen_language: bool,
    /// False once an admin deactivated them.
    pub is_active: bool,
    /// The name they give themselves at the provider.
    pub profile_name: Option<String>,
    /// Meta's business-scoped user id.
    pub user_id: Option<String>,
    /// When they last wrote from this address.
    pub last_inbound_at: Option<Instant>,
    /// To which sender of ours.
    pub last_inbound_to: Option<String>,
}

impl Known {
    /// The role of an active person.
    pub fn role(&self) -> Option<Role> {
        self.role.as_deref().filter(|_| self.is_active).and_then(Role::named)
    }
}

/// Somebody who just wrote.
#[derive(Clone, Debug)]
pub struct Caller {
    /// How they wrote.
    pub medium: Medium,
    /// From where.
    pub from: Handle,
    /// The name they gave themselves at the provider.
    pub profile_name: Option<String>,
    /// Meta's business-scoped user id.
    pub user_id: Option<String>,
}

/// Somebody an admin registers.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Their name, or the role's where none is given.
    pub name: String,
    /// What they are here for.
    pub role: Role,
    /// Their department.
    pub department: Option<String>,
    /// Their language, where somebody chose one.
    pub language: Option<String>,
    /// Their WhatsApp number.
    pub whatsapp: E164,
}

/// What registering a number came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It was not known, or had only written so far.
    New(i64),
    /// It belongs to somebody with a role already; nothing was changed.
    Already(Box<Known>),
}

/// Who is behind these addresses; those that do not exist are left out.
pub async fn by_addresses(
    conn: &impl ConnectionTrait,
    medium: Medium,
    values: &[String],
) -> Result<HashMap<String, Known>> {
    let known = known_addresses()
        .filter(address::Column::Medium.eq(medium.as_str()))
        .filter(address::Column::Value.is_in(values))
        .into_model::<Known>()
        .all(conn)
        .await?;
    Ok(known.into_iter().map(|k| (k.value.clone(), k)).collect())
}

/// Who is behind these ids of Meta's because they wrote with their number before, by id.
async fn by_user_ids(conn: &impl ConnectionTrait, medium: Medium, ids: &[&str]) -> Result<HashMap<String, Known>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let known = known_addresses()
        .filter(address::Column::Medium.eq(medium.as_str()))
        .filter(address::Column::UserId.is_in(ids.iter().copied()))
        .order_by_asc(address::Column::LastInboundAt)
        .into_model::<Known>()
        .all(conn)
        .await?;
    let with_number = known.into_iter().filter(|known| E164::parse(&known.value).is_ok());
    Ok(with_number.filter_map(|known| Some((known.user_id.clone()?, known))).collect())
}

/// Who wrote: those not known yet become people with only an address. One medium a call; a fixed number of
/// statements.
pub async fn greet(tx: &Tx, medium: Medium, callers: &[Caller]) -> Result<HashMap<String, Known>> {
    let values: Vec<String> = distinct(callers.iter().map(|c| c.from.as_str()));
    let mut known = by_addresses(tx.conn(), medium, &values).await?;
    let hidden: Vec<&str> = callers.iter().filter(|c| c.from.number().is_none()).map(|c| c.from.as_str()).collect();
    let by_id = by_user_ids(tx.conn(), medium, &hidden).await?;
    known.retain(|value, _| !by_id.contains_key(value));
    known.extend(by_id);
    let strangers: Vec<&Caller> = {
        let mut seen = HashSet::new();
        callers.iter().filter(|c| !known.contains_key(c.from.as_str()) && seen.insert(c.from.as_str())).collect()
    };
    if !strangers.is_empty() {
        let newcomer = |caller: &&Caller| Newcomer { language: caller.from.language(), ..Newcomer::default() };
        let people = insert_people(tx, strangers.iter().map(newcomer).collect()).await?;
        insert_addresses(tx, medium, strangers.iter().copied().zip(people.iter().copied())).await?;
        known.extend(by_addresses(tx.conn(), medium, &distinct(strangers.iter().map(|c| c.from.as_str()))).await?);
        // Another process may have met the same stranger in this moment; its person stays, ours goes.
        let kept: HashSet<i64> = known.values().map(|k| k.person_id).collect();
        let orphans: Vec<i64> = people.into_iter().filter(|id| !kept.contains(id)).collect();
        if !orphans.is_empty() {
            person::Entity::delete_many().filter(person::Column::Id.is_in(orphans)).exec(tx.conn()).await?;
        }
    }
    Ok(known)
}

/// Holds these people until the transaction ends, in key order: one person's messages are one process's at a time.
/// Rows that refer to them can be written meanwhile. SQLite needs no such lock, for it has one writer.
pub async fn lock(tx: &Tx, mut people: Vec<i64>) -> Result<()> {
    let backend = tx.conn().get_database_backend();
    if backend == DbBackend::Sqlite {
        return Ok(());
    }
    people.sort_unstable();
    people.dedup();
    let _locked: Vec<i64> = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::Id.is_in(people))
        .order_by_asc(person::Column::Id)
        .lock(db::holding(backend))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(())
}

/// Notes that somebody wrote from an address they are known by.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    /// Who, with the address.
    pub known: &'a Known,
    /// When they wrote.
    pub at: Instant,
    /// To which sender of ours.
    pub to: Option<&'a str>,
    /// The name they gave themselves this time.
    pub profile_name: Option<&'a str>,
    /// Their business-scoped user id, where it came along.
    pub user_id: Option<&'a str>,
}

/// Keeps when these addresses last wrote, and what the provider says of their owners. One address once.
pub async fn hear(tx: &Tx, heard: Vec<Heard<'_>>) -> Result<()> {
    let rows = heard.into_iter().map(|Heard { known, at, to, profile_name, user_id }| address::ActiveModel {
        id: NotSet,
        person_id: Set(known.person_id),
        medium: Set(known.medium.clone()),
        value: Set(known.value.clone()),
        user_id: Set(user_id.map(str::to_owned).or_else(|| known.user_id.clone())),
        profile_name: Set(profile_name.map(str::to_owned).or_else(|| known.profile_name.clone())),
        opted_out_at: Set(None),
        last_inbound_at: Set(Some(known.last_inbound_at.map_or(at, |before| before.max(at)))),
        last_inbound_to: Set(to.map(str::to_owned).or_else(|| known.last_inbound_to.clone())),
        told_low_at: Set(None),
        created_at: Set(tx.now()),
    });
    let news = [
        address::Column::UserId,
        address::Column::ProfileName,
        address::Column::LastInboundAt,
        address::Column::LastInboundTo,
    ];
    let key = [address::Column::Medium, address::Column::Value];
    address::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).update_columns(news).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Keeps the language that these people speak, and whether they chose it.
pub async fn speak(tx: &Tx, language: &str, is_chosen: bool, people: Vec<i64>) -> Result<()> {
    person::Entity::update_many()
        .col_expr(person::Column::Language, language.into())
        .col_expr(person::Column::HasChosenLanguage, is_chosen.into())
        .filter(person::Column::Id.is_in(people))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Registers numbers with roles. A number that only wrote so far keeps its history.
pub async fn register(tx: &Tx, people: &[NewPerson]) -> Result<Vec<Registered>> {
    let values = distinct(people.iter().map(|p| p.whatsapp.as_str()));
    let known = by_addresses(tx.conn(), Medium::Whatsapp, &values).await?;
    let mut registered = Vec::with_capacity(people.len());
    for new in people {
        let newcomer = Newcomer {
            name: Some(new.name.clone()),
            role: Some(new.role),
            department: new.department.clone(),
            language: new.language.as_deref().or_else(|| new.whatsapp.language()),
            has_chosen_language: new.language.is_some(),
        };
        match known.get(new.whatsapp.as_str()) {
            Some(known) if known.role.is_some() => registered.push(Registered::Already(Box::new(known.clone()))),
            Some(known) => {
                if let Some(language) = &new.language {
                    speak(tx, language, true, vec![known.person_id]).await?;
                }
                person::Entity::update_many()
                    .col_expr(person::Column::Name, newcomer.name.into())
                    .col_expr(person::Column::Role, new.role.as_str().into())
                    .col_expr(person::Column::Department, newcomer.department.into())
                    .col_expr(person::Column::UpdatedAt, tx.now().into())
                    .filter(person::Column::Id.eq(known.person_id))
                    .exec(tx.conn())
                    .await?;
                registered.push(Registered::New(known.person_id));
            }
            None => {
                let id = insert_people(tx, vec![newcomer]).await?[0];
                let caller = Caller {
                    medium: Medium::Whatsapp,
                    from: new.whatsapp.clone().into(),
                    profile_name: None,
                    user_id: None,
                };
                insert_addresses(tx, Medium::Whatsapp, [(&caller, id)].into_iter()).await?;
                registered.push(Registered::New(id));
            }
        }
    }
    Ok(registered)
}

/// Everybody with a role, with their WhatsApp address.
pub async fn registered(conn: &impl ConnectionTrait) -> Result<Vec<Known>> {
    let mut everybody: Vec<Known> = known_addresses()
        .filter(person::Column::Role.is_not_null())
        .filter(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
        .into_model::<Known>()
        .all(conn)
        .await?;
    everybody.sort_by_key(|known| known.person_id);
    Ok(everybody)
}

/// Opts addresses out of notices, or in again.
pub async fn consent(tx: &Tx, address_ids: &[i64], to_notices: bool) -> Result<()> {
    if address_ids.is_empty() {
        return Ok(());
    }
    address::Entity::update_many()
        .col_expr(address::Column::OptedOutAt, (!to_notices).then(|| tx.now()).into())
        .filter(address::Column::Id.is_in(address_ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn known_addresses() -> Select<address::Entity> {
    address::Entity::find()
        .select_only()
        .column_as(address::Column::Id, "address_id")
        .columns([address::Column::PersonId, address::Column::Medium, address::Column::Value])
        .columns([person::Column::Name, person::Column::Role, person::Column::Department])
        .columns([person::Column::Language, person::Column::HasChosenLanguage, person::Column::IsActive])
        .columns([address::Column::ProfileName, address::Column::UserId])
        .columns([address::Column::LastInboundAt, address::Column::LastInboundTo])
        .join(JoinType::InnerJoin, address::Relation::Person.def())
}

#[derive(Default)]
struct Newcomer<'a> {
    name: Option<String>,
    role: Option<Role>,
    department: Option<String>,
    language: Option<&'a str>,
    has_chosen_language: bool,
}

/// Inserts people as a set and answers with their numbers in the same order.
async fn insert_people(tx: &Tx, newcomers: Vec<Newcomer<'_>>) -> Result<Vec<i64>> {
    let tokens: Vec<String> = newcomers.iter().map(|_| token::fresh()).collect();
    let rows = newcomers.into_iter().zip(&tokens).map(|(new, token)| person::ActiveModel {
        id: NotSet,
        token: Set(token.clone()),
        name: Set(new.name),
        role: Set(new.role.map(|role| role.as_str().to_owned())),
        department: Set(new.department),
        language: Set(new.language.unwrap_or(DEFAULT_LANGUAGE).to_owned()),
        has_chosen_language: Set(new.has_chosen_language),
        is_active: Set(true),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    });
    person::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    let made: Vec<(String, i64)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Token, person::Column::Id])
        .filter(person::Column::Token.is_in(&tokens))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let made: HashMap<String, i64> = made.into_iter().collect();
    Ok(tokens.iter().filter_map(|token| made.get(token).copied()).collect())
}

async fn insert_addresses<'a>(tx: &Tx, medium: Medium, callers: impl Iterator<Item = (&'a Caller, i64)>) -> Result<()> {
    let rows = callers.map(|(caller, person_id)| address::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        medium: Set(medium.as_str().to_owned()),
        value: Set(caller.from.as_str().to_owned()),
        user_id: Set(caller.user_id.clone()),
        profile_name: Set(caller.profile_name.clone()),
        opted_out_at: Set(None),
        last_inbound_at: Set(None),
        last_inbound_to: Set(None),
        told_low_at: Set(None),
        created_at: Set(tx.now()),
    });
    address::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([address::Column::Medium, address::Column::Value])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.filter(|v| seen.insert(*v)).map(str::to_owned).collect()
}
