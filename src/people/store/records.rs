//! People as another system hands them in, known by their WhatsApp numbers: judged first, then taken over, by one
//! and the same rule.
//!
//! What a record does not say stays as it is. Nobody stops being an ADMIN by a record: that is done by name, so that
//! no file locks everybody out. Who was deactivated stays so.

use super::{Caller, Known, by_addresses, greet, known_addresses, lock, person};
use crate::channels::Medium;
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::records::{Effect, Judged, Verdict, Wrong, lacking, those};
use crate::kit::{E164, Instant, Result};
use crate::outbox;
use crate::people::Role;
use crate::people::events;
use crate::people::store::address;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// A person as another system has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Their WhatsApp number, in E.164.
    pub whatsapp: String,
    /// Their name.
    pub name: Option<String>,
    /// What they are here for.
    pub role: Option<Role>,
    /// Their department; an empty one takes it away.
    pub department: Option<String>,
    /// Their language, `en`.
    pub language: Option<String>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record]) -> Result<Vec<Judged>> {
    let known = by_addresses(conn, Medium::Whatsapp, &numbers(records)).await?;
    Ok(records.iter().map(|record| verdict(record, known.get(&record.whatsapp))).collect())
}

/// Takes them over as a set; one that cannot be is left out. No number twice.
pub async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
    let known = by_addresses(tx.conn(), Medium::Whatsapp, &numbers(records)).await?;
    let news: Vec<&Record> = records.iter().filter(|record| is_news(record, &known)).collect();
    let callers = news.iter().filter_map(|record| {
        let from = E164::parse(&record.whatsapp).ok()?;
        Some(Caller { medium: Medium::Whatsapp, from: from.into(), profile_name: None, user_id: None })
    });
    let callers: Vec<Caller> = callers.collect();
    if callers.is_empty() {
        return Ok(());
    }
    let known = greet(tx, Medium::Whatsapp, &callers).await?;
    let ids: Vec<i64> = known.values().map(|known| known.person_id).collect();
    lock(tx, ids.clone()).await?;
    // Judged once more: until they were held, they could change, and their numbers too.
    let known = by_addresses(tx.conn(), Medium::Whatsapp, &numbers(records)).await?;
    let people = person::Entity::find().filter(person::Column::Id.is_in(ids)).all(tx.conn()).await?;
    let mut people: HashMap<i64, person::Model> = people.into_iter().map(|person| (person.id, person)).collect();
    let taken = news.into_iter().filter(|record| is_news(record, &known)).filter_map(|record| {
        let before = people.remove(&known.get(&record.whatsapp)?.person_id)?;
        let after = changed(before.clone(), record, tx.now());
        Some((before, after))
    });
    let taken: Vec<(person::Model, person::Model)> = taken.collect();
    if taken.is_empty() {
        return Ok(());
    }
    let created: Vec<events::Created> = taken.iter().filter_map(|(before, after)| told_of_new(before, after)).collect();
    let told: Vec<events::Changed> = taken.iter().filter_map(|(before, after)| told_of_change(before, after)).collect();
    let rows = taken.into_iter().map(|(_, person)| person::ActiveModel { id: NotSet, ..person.into() });
    let rows: Vec<person::ActiveModel> = rows.collect();
    let says = [person::Column::Name, person::Column::Role, person::Column::Department, person::Column::Language];
    let says = says.into_iter().chain([person::Column::HasChosenLanguage]);
    let conflict =
        OnConflict::column(person::Column::Token).update_columns(says.chain([person::Column::UpdatedAt])).to_owned();
    person::Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(tx.conn()).await?;
    outbox::append(tx, &created).await?;
    outbox::append(tx, &told).await
}

fn is_news(record: &Record, known: &HashMap<String, Known>) -> bool {
    verdict(record, known.get(&record.whatsapp)).is_ok_and(|verdict| verdict.effect != Effect::Kept)
}

/// Of somebody who only wrote so far, or was not known, that they were made one of the people.
fn told_of_new(before: &person::Model, after: &person::Model) -> Option<events::Created> {
    let role = Role::named(after.role.as_deref()?).filter(|_| before.role.is_none())?;
    Some(events::Created { person_id: after.id, actor_id: None, username: after.username.clone(), role })
}

fn told_of_change(before: &person::Model, after: &person::Model) -> Option<events::Changed> {
    let role_before = before.role.as_deref()?;
    let role = after.role.as_deref().filter(|role| *role != role_before).and_then(Role::named);
    let fields = those(&[
        ("name", before.name != after.name),
        ("role", role.is_some()),
        ("department", before.department != after.department),
        ("language", before.language != after.language),
    ]);
    Some(events::Changed { person_id: after.id, actor_id: None, fields, role })
}

/// The next active people with a role, in the order of their WhatsApp numbers.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let mut select = known_addresses()
        .filter(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
        .filter(person::Column::Role.is_not_null())
        .filter(person::Column::IsActive.eq(true))
        .order_by_asc(address::Column::Value)
        .limit(most);
    if let Some(after) = after {
        select = select.filter(address::Column::Value.gt(after));
    }
    let known = select.into_model::<Known>().all(conn).await?;
    let records = known.into_iter().map(|known| Record {
        role: known.role(),
        whatsapp: known.value,
        name: known.name,
        department: known.department,
        language: Some(known.language),
    });
    Ok(records.collect())
}

/// The WhatsApp numbers of these people; of one who has several, the first.
pub async fn numbers_of(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashMap<i64, String>> {
    let mut numbers = HashMap::with_capacity(people.len());
    for part in people.chunks(MAX_BOUND_VALUES / 2) {
        let select = address::Entity::find()
            .select_only()
            .columns([address::Column::PersonId, address::Column::Value])
            .filter(address::Column::Medium.eq(Medium::Whatsapp.as_str()))
            .filter(address::Column::PersonId.is_in(part.iter().copied()))
            .order_by_desc(address::Column::Id);
        let found: Vec<(i64, String)> = select.into_tuple().all(conn).await?;
        numbers.extend(found);
    }
    Ok(numbers)
}

/// Those with a role who have these WhatsApp numbers, by number.
pub async fn people_with(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<HashMap<String, i64>> {
    let known = by_addresses(conn, Medium::Whatsapp, numbers).await?.into_iter();
    Ok(known.filter(|(_, known)| known.role().is_some()).map(|(number, known)| (number, known.person_id)).collect())
}

/// Those of these people who have this role.
pub async fn with_role(conn: &impl ConnectionTrait, people: &[i64], role: Role) -> Result<HashSet<i64>> {
    if people.is_empty() {
        return Ok(HashSet::new());
    }
    let select = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .filter(person::Column::Role.eq(role.as_str()));
    Ok(select.into_tuple::<i64>().all(conn).await?.into_iter().collect())
}

/// Those of these people who are active and have a role.
pub async fn at_work(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashSet<i64>> {
    let mut at_work = HashSet::with_capacity(people.len());
    for part in people.chunks(MAX_BOUND_VALUES / 2) {
        let select = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::Id.is_in(part.iter().copied()))
            .filter(person::Column::IsActive.eq(true))
            .filter(person::Column::Role.is_not_null());
        at_work.extend(select.into_tuple::<i64>().all(conn).await?);
    }
    Ok(at_work)
}

/// What these people are called; those without a name are left out.
pub async fn names_of(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashMap<i64, String>> {
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let select = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Name])
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .filter(person::Column::Name.is_not_null());
    let names: Vec<(i64, String)> = select.into_tuple().all(conn).await?;
    Ok(names.into_iter().collect())
}

/// Who is behind these rows of addresses.
pub async fn by_address_ids(conn: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, Known>> {
    let known = known_addresses().filter(address::Column::Id.is_in(ids.iter().copied()));
    let known = known.into_model::<Known>().all(conn).await?;
    Ok(known.into_iter().map(|known| (known.address_id, known)).collect())
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.whatsapp.clone()).collect()
}

fn verdict(record: &Record, known: Option<&Known>) -> Judged {
    let stored = known.and_then(|known| Some((known, Role::named(known.role.as_deref()?)?)));
    let Some((known, role)) = stored else {
        return match (&record.name, record.role) {
            (Some(_), Some(_)) => Ok(Verdict::plain(Effect::Created)),
            (name, role) => {
                let lacking = lacking(&[("name", name.is_some()), ("role", role.is_some())]);
                Err(Wrong::incomplete("whatsapp", &record.whatsapp, &lacking))
            }
        };
    };
    if let Some(other) = record.role.filter(|other| role == Role::Admin && *other != Role::Admin) {
        let by_name = format!("andon person set {} --role {}", record.whatsapp, other.as_str());
        let reason = format!("would take ADMIN away, which an import does not do; if it is meant: {by_name}");
        return Err(Wrong::new("role", other.as_str(), reason));
    }
    let is_same = |said: &Option<String>, kept: Option<&String>| {
        said.as_ref().is_none_or(|said| said.as_str() == kept.map(String::as_str).unwrap_or_default())
    };
    let is_kept = is_same(&record.name, known.name.as_ref())
        && record.role.is_none_or(|said| said == role)
        && is_same(&record.department, known.department.as_ref())
        && is_same(&record.language, Some(&known.language));
    Ok(Verdict::plain(if is_kept { Effect::Kept } else { Effect::Changed }))
}

fn changed(person: person::Model, record: &Record, now: Instant) -> person::Model {
    let department = record.department.clone().or(person.department);
    person::Model {
        name: record.name.clone().or(person.name),
        role: record.role.map(|role| role.as_str().to_owned()).or(person.role),
        department: department.filter(|department| !department.is_empty()),
        has_chosen_language: person.has_chosen_language || record.language.is_some(),
        language: record.language.clone().unwrap_or(person.language),
        updated_at: now,
        ..person
    }
}
