//! What the desk does with machines: finding them, taking one in, changing it.

use super::events::Created;
use super::records::{self, Record, decision};
use super::{row, store};
use crate::db::Tx;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::web::page::Part;
use sea_orm::ConnectionTrait;

/// Which machines are asked for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are all in the number, the name or the location.
    pub words: Option<String>,
    /// The number.
    pub number: Option<String>,
    /// The department that answers for it.
    pub department: Option<String>,
}

/// The machine with this row.
pub async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    store::by_id(conn, id).await
}

/// A page of the machines that fit, with one more than are shown.
pub async fn list(conn: &impl ConnectionTrait, filter: &Filter, part: &Part) -> Result<Vec<row::Model>> {
    store::list(conn, filter, part).await
}

/// The departments that answer for machines, at most so many.
pub async fn departments(conn: &impl ConnectionTrait, most: u64) -> Result<Vec<String>> {
    store::departments(conn, most).await
}

/// How many machines fit.
pub async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    store::count(conn, filter).await
}

/// Takes a machine in.
///
/// # Errors
/// What is wrong with it; [`Kind::Conflict`] where the number is taken.
pub async fn create(tx: &Tx, record: &Record, by: i64) -> Result<row::Model> {
    let (machine, _) = decision(record, None, tx.now())?;
    if !store::by_numbers(tx.conn(), std::slice::from_ref(&record.number)).await?.is_empty() {
        let says = format!("There is a machine {} already. Change that one, or check the number.", record.number);
        return Err(Error::new(Kind::Conflict, says));
    }
    store::insert_new(tx, machine).await?;
    let machine = stored(tx, &record.number).await?;
    let created = Created { machine_id: machine.id, machine: machine.number.clone(), by: Some(by) };
    outbox::append(tx, &[created]).await?;
    Ok(machine)
}

/// Changes a machine to what the record says of it.
///
/// # Errors
/// What is wrong with it.
pub async fn change(tx: &Tx, record: &Record, by: i64) -> Result<row::Model> {
    records::put(tx, std::slice::from_ref(record), Some(by)).await?;
    stored(tx, &record.number).await
}

async fn stored(tx: &Tx, number: &String) -> Result<row::Model> {
    let mut found = store::by_numbers(tx.conn(), std::slice::from_ref(number)).await?;
    found.pop().ok_or_else(|| Error::internal("a machine just written is not there"))
}
