//! What was said in a conversation, from three tables, by place: the instant, then what answers behind what it answers.

use super::entries::{Kind as EntryKind, entry};
use crate::channels::Medium;
use crate::chat::store::message;
use crate::delivery::store::Kind;
use crate::delivery::store::rows::row;
use crate::files::store::message_media as media;
use crate::kit::{Instant, Result};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
};
use std::cmp::Ordering;
use std::collections::HashMap;

/// A message and its answer are of one transaction, and so of one instant: the message comes first.
pub const HEARD: i32 = 0;
/// What we wrote comes behind what it answers.
pub const SENT: i32 = 1;
/// What the desk did comes last.
pub const NOTED: i32 = 2;

/// The place of something in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When.
    pub at: Instant,
    /// From which table.
    pub rank: i32,
    /// Which row there.
    pub id: i64,
}

/// What is read of a transcript: the rows of the three tables before a place, the latest first.
pub struct Rows {
    /// What the person wrote.
    pub heard: Vec<message::Model>,
    /// What went to them.
    pub sent: Vec<row::Model>,
    /// What the desk did.
    pub noted: Vec<entry::Model>,
}

/// The last of each table before this place; at most `most` of each.
pub async fn before(conn: &impl ConnectionTrait, person_id: i64, place: Option<Place>, most: u64) -> Result<Rows> {
    let heard = message::Entity::find()
        .filter(message::Column::PersonId.eq(person_id))
        .filter(lies_before(message::Column::ReceivedAt, message::Column::Id, HEARD, place))
        .order_by_desc(message::Column::ReceivedAt)
        .order_by_desc(message::Column::Id)
        .limit(most);
    let sent = sent()
        .filter(row::Column::PersonId.eq(person_id))
        .filter(lies_before(row::Column::CreatedAt, row::Column::Id, SENT, place))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::Id)
        .limit(most);
    let noted = entry::Entity::find()
        .filter(entry::Column::PersonId.eq(person_id))
        .filter(entry::Column::Kind.ne(EntryKind::Message.as_str()))
        .filter(lies_before(entry::Column::At, entry::Column::Id, NOTED, place))
        .order_by_desc(entry::Column::At)
        .order_by_desc(entry::Column::Id)
        .limit(most);
    Ok(Rows { heard: heard.all(conn).await?, sent: sent.all(conn).await?, noted: noted.all(conn).await? })
}

/// What these people wrote last, by person.
pub async fn last_heard(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashMap<i64, message::Model>> {
    let last = message::Entity::find()
        .select_only()
        .column_as(message::Column::Id.max(), "id")
        .filter(message::Column::PersonId.is_in(people.iter().copied()))
        .group_by(message::Column::PersonId)
        .into_query();
    let rows = message::Entity::find().filter(message::Column::Id.in_subquery(last)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.person_id, row)).collect())
}

/// What went to these people last, by person.
pub async fn last_sent(conn: &impl ConnectionTrait, people: &[i64]) -> Result<HashMap<i64, row::Model>> {
    let last = sent()
        .select_only()
        .column_as(row::Column::Id.max(), "id")
        .filter(row::Column::PersonId.is_in(people.iter().copied()))
        .group_by(row::Column::PersonId)
        .into_query();
    let rows = row::Entity::find().filter(row::Column::Id.in_subquery(last)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.person_id, row)).collect())
}

/// The files of these messages, in order.
pub async fn media_of(conn: &impl ConnectionTrait, messages: &[i64]) -> Result<Vec<media::Model>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let media = media::Entity::find()
        .filter(media::Column::MessageId.is_in(messages.iter().copied()))
        .order_by_asc(media::Column::MessageId)
        .order_by_asc(media::Column::Place);
    Ok(media.all(conn).await?)
}

/// One file of a message of this person's.
pub async fn one_medium(
    conn: &impl ConnectionTrait,
    person_id: i64,
    message_id: i64,
    place: i32,
) -> Result<Option<media::Model>> {
    let theirs = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::Id.eq(message_id))
        .filter(message::Column::PersonId.eq(person_id))
        .into_query();
    let one = media::Entity::find()
        .filter(media::Column::MessageId.in_subquery(theirs))
        .filter(media::Column::Place.eq(place));
    Ok(one.one(conn).await?)
}

/// What went to a phone by itself: not what went with others in one message, and no code.
fn sent() -> sea_orm::Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::Medium.is_in([Medium::Whatsapp.as_str(), Medium::Sms.as_str()]))
        .filter(row::Column::Kind.ne(Kind::Code.as_str()))
        .filter(row::Column::DigestId.is_null())
}

/// Whether a row of the table with this rank lies before a place.
fn lies_before<C: ColumnTrait>(at: C, id: C, rank: i32, place: Option<Place>) -> Condition {
    let Some(place) = place else { return Condition::all() };
    let earlier = Condition::any().add(at.lt(place.at));
    match rank.cmp(&place.rank) {
        Ordering::Less => earlier.add(at.eq(place.at)),
        Ordering::Equal => earlier.add(Condition::all().add(at.eq(place.at)).add(id.lt(place.id))),
        Ordering::Greater => earlier,
    }
}
