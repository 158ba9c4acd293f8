//! A past: messages that were written, answered and delivered long ago.

use crate::drive::twilio::{PLANT, number};
use andon::channels::{Medium, Status};
use andon::chat::store::{conversation, message};
use andon::db::{Db, Tx};
use andon::delivery::store::rows::{attempt, row as delivery};
use andon::kit::{Instant, Result};
use andon::people::store::{address, person};
use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashMap;

/// How many people wrote; one set has a message of each.
const PEOPLE: u32 = 1_000;
/// How many sets are committed together.
const SETS_AT_ONCE: usize = 25;
/// Where their numbers begin: far above those of the script.
const FIRST_NUMBER: u32 = 50_000_000;
/// How long ago the last of it was.
const AGO: TimeDelta = TimeDelta::days(2);
/// What each answer cost, in millionths.
const PRICE_MICROS: i64 = 5_000;

/// Who wrote: the person's row and the address's.
type Writer = (i64, i64);

/// Fills the database with so many messages and their answers, spread over so long.
pub(crate) async fn fill(db: &Db, messages: u32, over: TimeDelta) -> Result<()> {
    let writers = db.write(|tx| Box::pin(meet(tx))).await?;
    let sets = messages / PEOPLE;
    let apart = over / i32::try_from(sets).unwrap_or(i32::MAX);
    for first in (0..sets).step_by(SETS_AT_ONCE) {
        let writers = writers.clone();
        db.write(move |tx| {
            let writers = writers.clone();
            Box::pin(async move {
                for set in (first..sets).take(SETS_AT_ONCE) {
                    let then = tx.now() - AGO - apart * i32::try_from(sets - set - 1).unwrap_or(i32::MAX);
                    exchange(tx, &writers, set, then).await?;
                }
                Ok(())
            })
        })
        .await?;
    }
    Ok(())
}

async fn meet(tx: &Tx) -> Result<Vec<Writer>> {
    let then = tx.now() - AGO;
    let people = (0..PEOPLE).map(|nth| person::ActiveModel {
        token: Set(token(nth.into())),
        language: Set("en".to_owned()),
        is_active: Set(true),
        created_at: Set(then),
        updated_at: Set(then),
        ..Default::default()
    });
    person::Entity::insert_many(people).exec_without_returning(tx.conn()).await?;
    let select = person::Entity::find().select_only().columns([person::Column::Token, person::Column::Id]);
    let found: Vec<(String, i64)> =
        select.filter(person::Column::Token.like("history-%")).into_tuple().all(tx.conn()).await?;
    let found: HashMap<String, i64> = found.into_iter().collect();
    let ids: Vec<i64> = (0..PEOPLE).filter_map(|nth| found.get(&token(nth.into())).copied()).collect();
    let addresses = (0..).zip(&ids).map(|(nth, id)| address::ActiveModel {
        person_id: Set(*id),
        medium: Set(Medium::Whatsapp.as_str().to_owned()),
        value: Set(number(FIRST_NUMBER + nth)),
        last_inbound_at: Set(Some(then)),
        created_at: Set(then),
        ..Default::default()
    });
    address::Entity::insert_many(addresses).exec_without_returning(tx.conn()).await?;
    let select = address::Entity::find().select_only().columns([address::Column::PersonId, address::Column::Id]);
    let writers: Vec<Writer> = select.filter(address::Column::PersonId.is_in(ids)).into_tuple().all(tx.conn()).await?;
    let conversations = writers.iter().map(|(person_id, address_id)| conversation::ActiveModel {
        person_id: Set(*person_id),
        address_id: Set(*address_id),
        state: Set("MENU".to_owned()),
        session: Set("{}".to_owned()),
        version: Set(1),
        created_at: Set(then),
        updated_at: Set(then),
        ..Default::default()
    });
    conversation::Entity::insert_many(conversations).exec_without_returning(tx.conn()).await?;
    Ok(writers)
}

/// Each of them writes once, and gets an answer.
async fn exchange(tx: &Tx, writers: &[Writer], set: u32, then: Instant) -> Result<()> {
    let batch = format!("history-{set}");
    let messages = (0..).zip(writers).map(|(position, (person_id, address_id))| message::ActiveModel {
        channel: Set("twilio".to_owned()),
        provider_id: Set(format!("SMhistory{set:012}{position:013}")),
        batch: Set(batch.clone()),
        position: Set(position),
        address_id: Set(*address_id),
        person_id: Set(*person_id),
        sender: Set(Some(PLANT.to_owned())),
        kind: Set("text".to_owned()),
        body: Set("menu".to_owned()),
        extra: Set("{}".to_owned()),
        received_at: Set(then),
        ..Default::default()
    });
    message::Entity::insert_many(messages).exec_without_returning(tx.conn()).await?;
    let select = message::Entity::find().select_only();
    let select = select.columns([message::Column::Id, message::Column::PersonId, message::Column::AddressId]);
    let stored: Vec<(i64, i64, i64)> =
        select.filter(message::Column::Batch.eq(&batch)).into_tuple().all(tx.conn()).await?;
    let tokens: Vec<String> = stored.iter().map(|(id, ..)| token(*id)).collect();
    let deliveries = stored.into_iter().map(|(id, person_id, address_id)| answered(then, id, person_id, address_id));
    delivery::Entity::insert_many(deliveries).exec_without_returning(tx.conn()).await?;
    let select = delivery::Entity::find().select_only().column(delivery::Column::Id);
    let answers: Vec<i64> = select.filter(delivery::Column::Token.is_in(tokens)).into_tuple().all(tx.conn()).await?;
    let attempts = answers.into_iter().map(|id| attempt::ActiveModel {
        delivery_id: Set(id),
        number: Set(1),
        channel: Set("twilio".to_owned()),
        provider_id: Set(Some(format!("SMhistoryanswer{id:019}"))),
        outcome: Set("ACCEPTED".to_owned()),
        price_micros: Set(Some(PRICE_MICROS)),
        currency: Set(Some("USD".to_owned())),
        started_at: Set(then),
        finished_at: Set(Some(then)),
        ..Default::default()
    });
    attempt::Entity::insert_many(attempts).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// What tells rows of the past from others.
fn token(nth: i64) -> String {
    format!("history-{nth}")
}

fn answered(then: Instant, message_id: i64, person_id: i64, address_id: i64) -> delivery::ActiveModel {
    delivery::ActiveModel {
        token: Set(token(message_id)),
        kind: Set("REPLY".to_owned()),
        medium: Set(Medium::Whatsapp.as_str().to_owned()),
        address_id: Set(address_id),
        person_id: Set(person_id),
        sender: Set(Some(PLANT.to_owned())),
        line: Set(format!("reply:{address_id}")),
        body: Set("👋 Welcome to Andon!".to_owned()),
        status: Set(Status::Delivered.as_str().to_owned()),
        status_rank: Set(i32::from(Status::Delivered.rank())),
        attempts: Set(1),
        message_id: Set(Some(message_id)),
        created_at: Set(then),
        sent_at: Set(Some(then)),
        delivered_at: Set(Some(then)),
        ..Default::default()
    }
}
