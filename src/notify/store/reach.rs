//! How people are reached: the desk, and the addresses of their records, which get rows of their own once somebody is to
//! be told there. A fixed number of statements, whatever the number of people.

use super::Person;
use crate::channels::Medium;
use crate::db::Tx;
use crate::delivery::store::Way;
use crate::kit::{Instant, Result};
use crate::notify::model;
use crate::people::store::address;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::collections::{BTreeSet, HashMap};

/// The ways in which each of these people is told, with the row of the address.
pub(in crate::notify) type Reached = HashMap<i64, Vec<(Way, i64)>>;

/// An address as it is stored.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
struct Kept {
    id: i64,
    person_id: i64,
    medium: String,
    value: String,
    opted_out_at: Option<Instant>,
}

/// An address of somebody's, stored or not yet.
#[derive(Clone, Debug)]
struct Place {
    person_id: i64,
    value: String,
    id: Option<i64>,
    wants_none: bool,
}

impl From<Kept> for Place {
    fn from(kept: Kept) -> Self {
        let Kept { id, person_id, value, opted_out_at, .. } = kept;
        Self { person_id, value, id: Some(id), wants_none: opted_out_at.is_some() }
    }
}

impl Place {
    fn new(person_id: i64, value: String) -> Self {
        Self { person_id, value, id: None, wants_none: false }
    }
}

/// How these people are told: at the desk where they sign in, and on one medium, by [`model::medium_for`].
pub(in crate::notify) async fn reach(
    tx: &Tx,
    people: &[&Person],
    is_carried: impl Fn(Medium) -> bool,
) -> Result<Reached> {
    let mut places = own(tx, people).await?;
    name_others(tx, people, &is_carried, &mut places).await?;
    let mut chosen: Vec<(i64, Way, Place)> = Vec::new();
    for Person { row, .. } in people {
        let place = |way: Way| places.get(&(row.id, way));
        let has = |medium| place(Way::Carried(medium)).is_some_and(|place| !place.wants_none);
        let ways = [row.username.is_some().then_some(Way::Desk), model::medium_for(has, &is_carried).map(Way::Carried)];
        for way in ways.into_iter().flatten() {
            let at_the_desk = || Place::new(row.id, row.id.to_string());
            chosen.push((row.id, way, place(way).cloned().unwrap_or_else(at_the_desk)));
        }
    }
    let made = make(tx, &chosen).await?;
    let mut reached = Reached::new();
    for (person_id, way, place) in chosen {
        let id = place.id.or_else(|| made.get(&(way.medium().to_owned(), place.value)).copied());
        if let Some(id) = id {
            reached.entry(person_id).or_default().push((way, id));
        }
    }
    Ok(reached)
}

/// The addresses that these people have rows for: of each medium the first one that has not opted out. A mailbox is
/// their record's alone: an older one's row says nothing of today.
async fn own(tx: &Tx, people: &[&Person]) -> Result<HashMap<(i64, Way), Place>> {
    let mut places: HashMap<(i64, Way), Place> = HashMap::new();
    if people.is_empty() {
        return Ok(places);
    }
    let media = [Medium::Whatsapp.as_str(), Medium::Sms.as_str(), Way::Desk.medium()];
    let theirs = address::Column::PersonId.is_in(people.iter().map(|person| person.row.id));
    for kept in kept(tx, address::Column::Medium.is_in(media).and(theirs)).await? {
        let Some(way) = Way::named(&kept.medium) else { continue };
        let place = Place::from(kept);
        let known = places.entry((place.person_id, way)).or_insert_with(|| place.clone());
        if known.wants_none {
            *known = place;
        }
    }
    Ok(places)
}

/// Adds the mailboxes and numbers that the records of those name whom WhatsApp does not reach.
async fn name_others(
    tx: &Tx,
    people: &[&Person],
    is_carried: &impl Fn(Medium) -> bool,
    places: &mut HashMap<(i64, Way), Place>,
) -> Result<()> {
    let is_open = |place: &Place| !place.wants_none && is_carried(Medium::Whatsapp);
    let mut named: Vec<((i64, Way), String)> = Vec::new();
    for Person { row, .. } in people {
        if places.get(&(row.id, Way::Carried(Medium::Whatsapp))).is_some_and(is_open) {
            continue;
        }
        for (medium, value) in [(Medium::Email, &row.email), (Medium::Sms, &row.phone_number)] {
            let key = (row.id, Way::Carried(medium));
            if let Some(value) = value.as_ref().filter(|_| is_carried(medium) && !places.contains_key(&key)) {
                named.push((key, value.clone()));
            }
        }
    }
    let known = by_value(tx, named.iter().map(|((_, way), value)| (*way, value.as_str()))).await?;
    for ((person_id, way), value) in named {
        let kept = known.get(&(way.medium().to_owned(), value.clone())).cloned();
        let place = kept.map_or_else(|| Place::new(person_id, value), Place::from);
        places.insert((person_id, way), place);
    }
    Ok(())
}

/// Rows for those of these addresses that have none yet, by medium and value.
async fn make(tx: &Tx, chosen: &[(i64, Way, Place)]) -> Result<HashMap<(String, String), i64>> {
    let new: Vec<&(i64, Way, Place)> = chosen.iter().filter(|(_, _, place)| place.id.is_none()).collect();
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = new.iter().map(|(person_id, way, place)| address::ActiveModel {
        id: NotSet,
        person_id: Set(*person_id),
        medium: Set(way.medium().to_owned()),
        value: Set(place.value.clone()),
        user_id: Set(None),
        profile_name: Set(None),
        opted_out_at: Set(None),
        last_inbound_at: Set(None),
        created_at: Set(tx.now()),
    });
    address::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([address::Column::Medium, address::Column::Value])
        .exec_without_returning(tx.conn())
        .await?;
    let made = by_value(tx, new.iter().map(|(_, way, place)| (*way, place.value.as_str()))).await?;
    Ok(made.into_iter().map(|(key, kept)| (key, kept.id)).collect())
}

/// The stored addresses with these values, by medium and value.
async fn by_value<'a>(
    tx: &Tx,
    wanted: impl Iterator<Item = (Way, &'a str)>,
) -> Result<HashMap<(String, String), Kept>> {
    let (media, values): (BTreeSet<&str>, BTreeSet<&str>) = wanted.map(|(way, value)| (way.medium(), value)).unzip();
    if values.is_empty() {
        return Ok(HashMap::new());
    }
    let those = address::Column::Medium.is_in(media).and(address::Column::Value.is_in(values));
    let kept = kept(tx, those).await?.into_iter();
    Ok(kept.map(|kept| ((kept.medium.clone(), kept.value.clone()), kept)).collect())
}

async fn kept(tx: &Tx, which: SimpleExpr) -> Result<Vec<Kept>> {
    let kept = address::Entity::find()
        .select_only()
        .columns([address::Column::Id, address::Column::PersonId, address::Column::Medium, address::Column::Value])
        .column(address::Column::OptedOutAt)
        .filter(which)
        .order_by_asc(address::Column::Id)
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(kept)
}
