//! How people are reached: the desk, and the addresses of their records, which get rows of their own once somebody is to
//! be told there. A fixed number of statements, whatever the number of people.

use super::Person;
use crate::channels::Medium;
use crate::db::Tx;
use crate::delivery::store::Way;
use crate::kit::{Instant, Result};
use crate::people::store::address;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use std::collections::{BTreeSet, HashMap};

/// An address as it is stored.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
struct Kept {
    id: i64,
    person_id: i64,
    medium: String,
    value: String,
    opted_out_at: Option<Instant>,
    told_low_at: Option<Instant>,
}

/// An address of somebody's, stored or not yet.
#[derive(Clone, Debug)]
struct Place {
    person_id: i64,
    value: String,
    id: Option<i64>,
    wants_none: bool,
    told_low_at: Option<Instant>,
}

impl From<Kept> for Place {
    fn from(kept: Kept) -> Self {
        let Kept { id, person_id, value, opted_out_at, told_low_at, .. } = kept;
        Self { person_id, value, id: Some(id), wants_none: opted_out_at.is_some(), told_low_at }
    }
}

impl Place {
    fn new(person_id: i64, value: String) -> Self {
        Self { person_id, value, id: None, wants_none: false, told_low_at: None }
    }
}

/// The usable addresses of people: on each medium that something carries one, and WhatsApp's in any case.
pub(in crate::notify) struct Places(HashMap<(i64, Way), Place>);

impl Places {
    /// Those of these people: of each medium the first one that has not opted out. A mailbox is their record's alone: an
    /// older one's row says nothing of today.
    pub(in crate::notify) async fn of(
        tx: &Tx,
        people: &[&Person],
        is_carried: impl Fn(Medium) -> bool,
    ) -> Result<Self> {
        let mut places = own(tx, people).await?;
        name_others(tx, people, &is_carried, &mut places).await?;
        Ok(Self(places))
    }

    /// Whether somebody can be told this way.
    pub(in crate::notify) fn has(&self, person_id: i64, medium: Medium) -> bool {
        self.0.get(&(person_id, Way::Carried(medium))).is_some_and(|place| !place.wants_none)
    }

    /// When somebody was told of something low this way, other such notices not waiting.
    pub(in crate::notify) fn told_low_at(&self, person_id: i64, way: Way) -> Option<Instant> {
        self.0.get(&(person_id, way)).and_then(|place| place.told_low_at)
    }

    /// The rows of these addresses, made where there are none yet.
    pub(in crate::notify) async fn rows(
        &self,
        tx: &Tx,
        chosen: &BTreeSet<(i64, Way)>,
    ) -> Result<HashMap<(i64, Way), i64>> {
        let at_the_desk = |person_id: i64| Place::new(person_id, person_id.to_string());
        let chosen: Vec<(i64, Way, Place)> = chosen
            .iter()
            .map(|key| (key.0, key.1, self.0.get(key).cloned().unwrap_or_else(|| at_the_desk(key.0))))
            .collect();
        let made = make(tx, &chosen).await?;
        let row = |(person_id, way, place): (i64, Way, Place)| {
            let id = place.id.or_else(|| made.get(&(way.medium().to_owned(), place.value)).copied());
            Some(((person_id, way), id?))
        };
        Ok(chosen.into_iter().filter_map(row).collect())
    }
}

/// The addresses that these people have rows for.
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

/// Adds the mailboxes and numbers that people's records name.
async fn name_others(
    tx: &Tx,
    people: &[&Person],
    is_carried: &impl Fn(Medium) -> bool,
    places: &mut HashMap<(i64, Way), Place>,
) -> Result<()> {
    let mut named: Vec<((i64, Way), String)> = Vec::new();
    for Person { row, .. } in people {
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
        last_inbound_to: Set(None),
        told_low_at: Set(None),
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
        .columns([address::Column::OptedOutAt, address::Column::ToldLowAt])
        .filter(which)
        .order_by_asc(address::Column::Id)
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(kept)
}
