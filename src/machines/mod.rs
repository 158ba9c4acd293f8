//! Machines: which they are, where they stand, and whose department answers for them.

pub mod api;
pub mod desk;
pub mod events;
pub mod records;
mod store;

pub use store::{row, with_number};

use crate::db::{Tx, with_nearest};
use crate::kit::earth::Spot;
use crate::kit::nearest::LookedUp;
use crate::kit::{Error, Result};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How a machine's number begins, for people who type only its digits.
const PREFIX: &str = "MACH-";

/// A machine as another system or a person hands it in.
#[derive(Clone, Debug)]
pub struct NewMachine {
    /// Its number, `MACH-001`.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub location: String,
    /// The department that answers for it.
    pub department: String,
    /// The spot on the earth, where it is known.
    pub spot: Option<Spot>,
}

/// **Units**: metres; machines further away are not near.
pub const NEAR: f64 = 1_000.0;

/// A machine near a spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its number.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// **Units**: metres, rounded to 5.
    pub metres: u32,
}

/// The machines near each of these spots, the nearest first, at most `most` each: one statement.
pub async fn near(conn: &impl ConnectionTrait, spots: &[Spot], most: usize) -> Result<Vec<Vec<Near>>> {
    let rows = store::around(conn, spots).await?;
    Ok(spots.iter().map(|spot| nearest(*spot, &rows, most)).collect())
}

fn nearest(here: Spot, rows: &[row::Model], most: usize) -> Vec<Near> {
    let away = rows.iter().filter_map(|row| Some((here.metres_to(row.spot()?), row)));
    let mut near: Vec<(f64, &row::Model)> = away.filter(|(metres, _)| *metres <= NEAR).collect();
    near.sort_by(|(one, a), (other, b)| one.total_cmp(other).then_with(|| a.number.cmp(&b.number)));
    near.truncate(most);
    let shown = |(metres, row): (f64, &row::Model)| Near {
        number: row.number.clone(),
        name: row.name.clone(),
        metres: in_fives(metres),
    };
    near.into_iter().map(shown).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and NEAR")]
fn in_fives(metres: f64) -> u32 {
    (metres / 5.0).round() as u32 * 5
}

/// The facts of the machines that exist, and the nearest numbers to those that do not.
///
/// **Shape**: `{number, name, location, department}`.
pub async fn look_up(conn: &impl ConnectionTrait, keys: &[String]) -> Result<LookedUp> {
    let rows = store::by_numbers(conn, keys).await?;
    let found = rows.into_iter().map(|row| (row.number.clone(), facts(&row)));
    with_nearest::<row::Entity>(conn, row::Column::Number, PREFIX, keys, found).await
}

fn facts(row: &row::Model) -> Value {
    json!({"number": row.number, "name": row.name, "location": row.location, "department": row.department})
}

/// The machines with these numbers.
pub async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<HashMap<String, row::Model>> {
    let rows = store::by_numbers(conn, numbers).await?;
    Ok(rows.into_iter().map(|row| (row.number.clone(), row)).collect())
}

/// The machine with this number, which a request named in its field `machine`.
///
/// # Errors
/// Where there is none: what is wrong with that field.
pub async fn named(conn: &impl ConnectionTrait, number: &str) -> Result<row::Model> {
    let mut found = by_numbers(conn, &[number.to_owned()]).await?;
    let machine = found.remove(number);
    machine.ok_or_else(|| Error::field("machine", format!("{number} is no machine; see GET /api/machines/")))
}

/// The machines with these rows, by row.
pub async fn by_ids(conn: &impl ConnectionTrait, ids: &BTreeSet<i64>) -> Result<HashMap<i64, row::Model>> {
    Ok(store::by_ids(conn, ids).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// Adds the machines whose numbers are new and leaves the others untouched; answers how many were new.
pub async fn add(tx: &Tx, machines: &[NewMachine]) -> Result<usize> {
    let numbers: Vec<String> = machines.iter().map(|machine| machine.number.clone()).collect();
    let known: HashSet<String> =
        store::by_numbers(tx.conn(), &numbers).await?.into_iter().map(|row| row.number).collect();
    let new: Vec<&NewMachine> = machines.iter().filter(|machine| !known.contains(&machine.number)).collect();
    store::insert(tx, &new).await?;
    Ok(new.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::test_db;

    fn machine(number: &str, name: &str) -> NewMachine {
        NewMachine {
            number: number.to_owned(),
            name: name.to_owned(),
            location: "Hall 1".to_owned(),
            department: "Machining".to_owned(),
            spot: None,
        }
    }

    #[tokio::test]
    async fn the_nearest_machines_come_first_and_far_ones_not_at_all() {
        let at = |number: &str, latitude: f64, longitude: f64| NewMachine {
            spot: Spot::at(latitude, longitude),
            ..machine(number, "Press")
        };
        let (db, _folder) = test_db().await;
        let machines = [
            at("MACH-1", 50.0, 8.001),
            at("MACH-2", 50.0001, 8.0),
            at("MACH-3", 50.1, 8.0),
            machine("MACH-4", "Lathe"),
        ];
        db.write_with(machines, |tx, machines| Box::pin(async move { add(tx, machines).await })).await.expect("added");
        let spots = [Spot::at(50.0, 8.0), Spot::at(-50.0, 8.0)].map(|spot| spot.expect("a spot"));
        let near = near(db.read(), &spots, 5).await.expect("a look-up");
        let near: Vec<Vec<(&str, u32)>> =
            near.iter().map(|near| near.iter().map(|one| (one.number.as_str(), one.metres)).collect()).collect();
        assert_eq!(near, [vec![("MACH-2", 10), ("MACH-1", 70)], vec![]]);
    }

    #[tokio::test]
    async fn a_machine_is_found_by_its_number_and_a_wrong_number_gets_the_nearest() {
        let (db, _folder) = test_db().await;
        let added = db.write(|tx| {
            Box::pin(async move { add(tx, &[machine("MACH-001", "Press"), machine("MACH-002", "Lathe")]).await })
        });
        assert_eq!(added.await.expect("machines are added"), 2);
        let again = db.write(|tx| Box::pin(async move { add(tx, &[machine("MACH-001", "Other")]).await }));
        assert_eq!(again.await.expect("adding again is no error"), 0);

        let keys = ["MACH-001", "MACHOO2", "2"].map(str::to_owned);
        let looked_up = look_up(db.read(), &keys).await.expect("a look-up");
        let facts = &looked_up.found["MACH-001"].0;
        assert_eq!(
            facts,
            &json!({"number": "MACH-001", "name": "Press", "location": "Hall 1", "department": "Machining"})
        );
        assert_eq!(looked_up.near["MACHOO2"][0].0, "MACH-002");
        assert_eq!(looked_up.near["2"][0].0, "MACH-002");
    }
}
