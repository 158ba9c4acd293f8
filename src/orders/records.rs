//! Orders as another system hands them in: judged first, then taken over, by one and the same rule.
//!
//! What a record does not say stays as it is. A hold is Andon's own: an order that a ticket holds stays on hold,
//! and the status that the record gives it is the one it gets back when the hold is released.

use super::events::{Changed, Completed, Created};
use super::model::Status;
use super::{row, store};
use crate::db::Tx;
use crate::kit::records::{Effect, Judged, Verdict, Wrong, lacking, those};
use crate::kit::{Instant, Result};
use crate::outbox;
use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What is said of an order whose status waits for its tickets.
const HELD: &str = "stay on hold until their tickets are closed; what the file says of their status counts then";

/// An order as another system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, folded.
    pub number: String,
    /// Who ordered.
    pub customer: Option<String>,
    /// What is made.
    pub product: Option<String>,
    /// How many pieces were ordered.
    pub quantity_ordered: Option<i64>,
    /// How many good pieces are made; none of a new one where nothing is said.
    pub quantity_completed: Option<i64>,
    /// How many pieces were rejected; none of a new one where nothing is said.
    pub quantity_rejected: Option<i64>,
    /// The day on which work begins.
    pub starts_on: Option<NaiveDate>,
    /// The day at whose end it is due.
    pub due_on: Option<NaiveDate>,
    /// Where it stands; PENDING for a new one where nothing is said.
    pub status: Option<Status>,
}

/// What taking each of these over would do.
pub async fn judge(conn: &impl ConnectionTrait, records: &[Record], now: Instant) -> Result<Vec<Judged>> {
    let stored = store::by_numbers(conn, &numbers(records)).await?;
    let decided = decide(conn, records, stored, now).await?;
    Ok(decided.into_iter().map(|decided| decided.map(|(_, verdict)| verdict)).collect())
}

/// Takes them over as a set, for the person `by` where one handed them in; one that cannot be is left out. No number
/// twice.
pub async fn put(tx: &Tx, records: &[Record], by: Option<i64>) -> Result<()> {
    let stored = store::by_numbers_locked(tx, &numbers(records)).await?;
    let before: HashMap<String, row::Model> = stored.iter().map(|row| (row.number.clone(), row.clone())).collect();
    let decided = decide(tx.conn(), records, stored, tx.now()).await?;
    let taken = decided.into_iter().flatten().filter(|(_, verdict)| verdict.effect != Effect::Kept);
    let taken: Vec<row::Model> = taken.map(|(row, _)| row).collect();
    let changed = taken.iter().filter_map(|row| Some(changed(before.get(&row.number)?, row, by)));
    let changed: Vec<Changed> = changed.collect();
    let completed = taken.iter().filter_map(|row| completed(before.get(&row.number)?, row, by));
    let completed: Vec<Completed> = completed.collect();
    let new: Vec<String> = taken.iter().map(|row| row.number.clone()).filter(|key| !before.contains_key(key)).collect();
    store::upsert(tx, taken).await?;
    let created = store::by_numbers(tx.conn(), &new).await?;
    let created: Vec<Created> =
        created.into_iter().map(|row| Created { order_id: row.id, order: row.number, by }).collect();
    outbox::append(tx, &created).await?;
    outbox::append(tx, &changed).await?;
    outbox::append(tx, &completed).await
}

fn completed(before: &row::Model, after: &row::Model, by: Option<i64>) -> Option<Completed> {
    let became = after.status == Status::Completed && before.status != Status::Completed;
    became.then(|| Completed {
        order_id: before.id,
        order: after.number.clone(),
        quantity_ordered: after.quantity_ordered,
        quantity_completed: after.quantity_completed,
        by,
    })
}

fn changed(before: &row::Model, after: &row::Model, by: Option<i64>) -> Changed {
    let fields = those(&[
        ("customer", before.customer != after.customer),
        ("product", before.product != after.product),
        ("quantity_ordered", before.quantity_ordered != after.quantity_ordered),
        ("quantity_completed", before.quantity_completed != after.quantity_completed),
        ("quantity_rejected", before.quantity_rejected != after.quantity_rejected),
        ("starts_on", before.starts_on != after.starts_on),
        ("due_on", before.due_on != after.due_on),
        ("status", before.status != after.status),
        ("status_before_hold", before.status_before_hold != after.status_before_hold),
    ]);
    Changed { order_id: before.id, order: before.number.clone(), fields, by }
}

/// The next orders in the order of their numbers.
pub async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
    let rows = store::page(conn, after, most).await?;
    let records = rows.into_iter().map(|row| Record {
        number: row.number,
        customer: Some(row.customer),
        product: Some(row.product),
        quantity_ordered: Some(row.quantity_ordered),
        quantity_completed: Some(row.quantity_completed),
        quantity_rejected: Some(row.quantity_rejected),
        starts_on: Some(row.starts_on),
        due_on: Some(row.due_on),
        status: Some(row.status),
    });
    Ok(records.collect())
}

fn numbers(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.number.clone()).collect()
}

async fn decide(
    conn: &impl ConnectionTrait,
    records: &[Record],
    stored: Vec<row::Model>,
    now: Instant,
) -> Result<Vec<Result<(row::Model, Verdict), Wrong>>> {
    let on_hold: HashSet<i64> = stored.iter().filter(|row| row.status == Status::OnHold).map(|row| row.id).collect();
    let held = store::still_held(conn, &on_hold).await?;
    let stored: HashMap<String, row::Model> = stored.into_iter().map(|row| (row.number.clone(), row)).collect();
    let decided = records.iter().map(|record| {
        let before = stored.get(&record.number);
        decision(record, before, before.is_some_and(|row| held.contains(&row.id)), now)
    });
    Ok(decided.collect())
}

/// The row as it would be, and what that does.
pub(super) fn decision(
    record: &Record,
    before: Option<&row::Model>,
    is_held: bool,
    now: Instant,
) -> Result<(row::Model, Verdict), Wrong> {
    let Some(before) = before else {
        let row = new_row(record, now)?;
        return Ok((in_order(row)?, Verdict::plain(Effect::Created)));
    };
    let mut row = before.clone();
    take(&mut row.customer, record.customer.as_ref());
    take(&mut row.product, record.product.as_ref());
    take(&mut row.quantity_ordered, record.quantity_ordered.as_ref());
    take(&mut row.quantity_completed, record.quantity_completed.as_ref());
    take(&mut row.quantity_rejected, record.quantity_rejected.as_ref());
    take(&mut row.starts_on, record.starts_on.as_ref());
    take(&mut row.due_on, record.due_on.as_ref());
    let mut note = None;
    match record.status.filter(|status| *status != before.status) {
        Some(status) if is_held => {
            row.status_before_hold = Some(status);
            note = Some(HELD);
        }
        Some(status) => {
            row.status = status;
            row.status_before_hold = None;
        }
        None => {}
    }
    let mut row = in_order(row)?;
    let effect = if row == *before { Effect::Kept } else { Effect::Changed };
    row.updated_at = now;
    Ok((row, Verdict { effect, note }))
}

fn take<T: Clone>(kept: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        kept.clone_from(said);
    }
}

fn new_row(record: &Record, now: Instant) -> Result<row::Model, Wrong> {
    let Record { customer: Some(customer), product: Some(product), .. } = record else {
        return Err(incomplete(record));
    };
    let Record { quantity_ordered: Some(quantity_ordered), starts_on: Some(starts_on), due_on: Some(due_on), .. } =
        record
    else {
        return Err(incomplete(record));
    };
    Ok(row::Model {
        id: 0,
        number: record.number.clone(),
        customer: customer.clone(),
        product: product.clone(),
        quantity_ordered: *quantity_ordered,
        quantity_completed: record.quantity_completed.unwrap_or(0),
        quantity_rejected: record.quantity_rejected.unwrap_or(0),
        starts_on: *starts_on,
        due_on: *due_on,
        status: record.status.unwrap_or(Status::Pending),
        status_before_hold: None,
        created_at: now,
        updated_at: now,
    })
}

fn incomplete(record: &Record) -> Wrong {
    let lacking = lacking(&[
        ("customer", record.customer.is_some()),
        ("product", record.product.is_some()),
        ("quantity_ordered", record.quantity_ordered.is_some()),
        ("starts_on", record.starts_on.is_some()),
        ("due_on", record.due_on.is_some()),
    ]);
    Wrong::incomplete("number", &record.number, &lacking)
}

fn in_order(row: row::Model) -> Result<row::Model, Wrong> {
    if row.due_on < row.starts_on {
        let reason = format!("is before the order begins ({}); correct one of the two", row.starts_on);
        return Err(Wrong::new("due_on", row.due_on.to_string(), reason));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a valid day")
    }

    fn now() -> Instant {
        "2026-01-18T14:30:22Z".parse().expect("a valid instant")
    }

    fn whole() -> Record {
        Record {
            number: "ORD-1".to_owned(),
            customer: Some("Northwind".to_owned()),
            product: Some("Gearbox".to_owned()),
            quantity_ordered: Some(200),
            starts_on: Some(day("2026-01-12")),
            due_on: Some(day("2026-01-25")),
            ..Record::default()
        }
    }

    fn stored(status: Status) -> row::Model {
        new_row(&Record { status: Some(status), ..whole() }, now()).expect("a whole record")
    }

    fn only(record: Record) -> Record {
        Record { number: "ORD-1".to_owned(), ..record }
    }

    #[test]
    fn a_new_order_needs_what_an_order_is_and_the_rest_has_a_beginning() {
        let (row, verdict) = decision(&whole(), None, false, now()).expect("a whole record");
        assert_eq!((row.status, row.quantity_completed, row.quantity_rejected), (Status::Pending, 0, 0));
        assert_eq!(verdict, Verdict::plain(Effect::Created));
        let partly = Record { product: None, due_on: None, ..whole() };
        let wrong = decision(&partly, None, false, now()).expect_err("too little");
        assert_eq!(wrong.reason, "is new; to add it, say its product, due_on as well");
    }

    #[test]
    fn what_a_record_does_not_say_stays_as_it_is() {
        let before = stored(Status::InProgress);
        let said = only(Record { quantity_completed: Some(7), ..Record::default() });
        let (row, verdict) = decision(&said, Some(&before), false, now()).expect("it fits");
        assert_eq!(verdict.effect, Effect::Changed);
        assert_eq!(row, row::Model { quantity_completed: 7, ..before.clone() });
        let (_, verdict) = decision(&whole(), Some(&before), false, now()).expect("it fits");
        assert_eq!(verdict.effect, Effect::Kept);
    }

    #[test]
    fn an_order_is_never_due_before_it_begins_also_when_only_one_day_is_said() {
        let before = stored(Status::InProgress);
        for said in [
            Record { due_on: Some(day("2026-01-11")), ..Record::default() },
            Record { starts_on: Some(day("2026-01-26")), ..Record::default() },
        ] {
            let wrong = decision(&only(said), Some(&before), false, now()).expect_err("the wrong way round");
            assert_eq!(wrong.column, "due_on");
        }
    }

    /// Columns: stored, held by a ticket, said → status, the one kept behind the hold, whether a note is given.
    #[test]
    fn no_record_releases_a_hold_that_a_ticket_laid() {
        use Status::{Completed, InProgress, OnHold, Scheduled};
        for (status, is_held, said, expected) in [
            (InProgress, false, OnHold, (OnHold, None, false)),
            (OnHold, false, InProgress, (InProgress, None, false)),
            (OnHold, true, OnHold, (OnHold, Some(Scheduled), false)),
            (OnHold, true, InProgress, (OnHold, Some(InProgress), true)),
            (OnHold, true, Completed, (OnHold, Some(Completed), true)),
        ] {
            let mut before = stored(status);
            before.status_before_hold = is_held.then_some(Scheduled);
            let said = only(Record { status: Some(said), ..Record::default() });
            let (row, verdict) = decision(&said, Some(&before), is_held, now()).expect("it fits");
            let got = (row.status, row.status_before_hold, verdict.note.is_some());
            assert_eq!(got, expected, "{status:?} {is_held} {said:?}");
        }
    }
}
