//! Notices as deliveries: one to one person on one medium for one event, however often it is given.

use super::lines::Head;
use super::rows::row;
use super::{Kind, cancel, held, lines};
use crate::channels::{Medium, Rich, Status};
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::delivery::model;
use crate::kit::{Instant, Result, token};
use crate::outbox::Urgency;
use crate::people::store::address;
use chrono::NaiveDate;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _, RelationTrait as _};
use std::collections::{BTreeMap, BTreeSet};

/// A delivery has 40 columns.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 41;

/// Why a notice was taken back.
pub const OPTED_OUT: &str = "The person opted out of notices before this one could leave.";

/// How a notice gets to its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// The desk in the browser shows it: it is there once it is stored.
    Desk,
    /// A channel carries it.
    Carried(Medium),
}

impl Way {
    /// The stored name of its medium.
    pub fn medium(self) -> &'static str {
        match self {
            Self::Desk => "browser",
            Self::Carried(medium) => medium.as_str(),
        }
    }

    /// The way with this stored medium.
    pub fn named(medium: &str) -> Option<Self> {
        if medium == Self::Desk.medium() { Some(Self::Desk) } else { Medium::named(medium).map(Self::Carried) }
    }
}

/// What tells one person of an event on one medium, about to be stored.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// The event.
    pub event_id: i64,
    /// The ticket that it is about, if it is about one: its notices leave in order.
    pub ticket_id: Option<i64>,
    /// Who is told.
    pub person_id: i64,
    /// Where.
    pub address_id: i64,
    /// How.
    pub way: Way,
    /// The file of its words.
    pub words: &'static str,
    /// How soon the person must know.
    pub urgency: Urgency,
    /// What goes in place of the text where the window is shut, as JSON ([`crate::channels::Template`]).
    pub template: Option<String>,
    /// Until when it waits.
    pub held_until: Option<Instant>,
    /// When the next medium is thought of, unless it arrived.
    pub fallback_at: Option<Instant>,
    /// In one line.
    pub subject: String,
    /// In full; one message holds it.
    pub body: String,
    /// What it holds beside its text.
    pub rich: Option<Rich>,
    /// The day at the plant that it is counted on.
    pub day: NaiveDate,
}

/// Stores notices in order; those that are there already stay as they are. A fixed number of statements for as many as
/// one statement takes.
pub async fn give(tx: &Tx, notices: &[NewNotice]) -> Result<()> {
    for part in notices.chunks(ROWS_AT_ONCE) {
        let entered = part.iter().filter(|notice| notice.held_until.is_none());
        let entered = entered.filter_map(|notice| match notice.way {
            Way::Desk => None,
            Way::Carried(medium) => Some((line(notice), (medium, tx.now()))),
        });
        lines::enter(tx, entered.collect::<BTreeMap<_, _>>()).await?;
        row::Entity::insert_many(part.iter().map(|notice| stored(tx.now(), notice)))
            .on_conflict_do_nothing_on([row::Column::EventId, row::Column::PersonId, row::Column::Medium])
            .exec_without_returning(tx.conn())
            .await?;
    }
    Ok(())
}

/// Takes back what waits for these addresses, whose owners want no notices any more. What is on its way just now is left
/// to who sends it, and taken back when it comes to be sent again; what is in doubt is not sent again.
pub async fn withdraw(tx: &Tx, address_ids: &[i64]) -> Result<()> {
    if address_ids.is_empty() {
        return Ok(());
    }
    let waiting: Vec<(i64, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Line])
        .filter(row::Column::AddressId.is_in(address_ids.iter().copied()))
        .filter(row::Column::Kind.is_in(Kind::UNASKED))
        .filter(row::Column::DueAt.is_not_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let owners = lines::lock(tx, &waiting.iter().map(|(_, line)| line.clone()).collect()).await?;
    let is_free = |(_, line): &(i64, String)| !owners.contains_key(line);
    let (ids, freed): (Vec<i64>, BTreeSet<String>) = waiting.into_iter().filter(is_free).unzip();
    take_back(tx, &ids).await?;
    lines::wake(tx, &freed).await
}

/// Takes back notices that nobody wants any more, and with a message that carries several all of them.
pub(super) async fn take_back(tx: &Tx, ids: &[i64]) -> Result<()> {
    cancel(tx, ids, OPTED_OUT).await?;
    held::mirror(tx, ids, Status::Cancelled, Some((None, OPTED_OUT))).await
}

/// The open notices in the lines of these heads whose owners want none any more: given, or due again, after they said
/// so.
pub(super) async fn unwanted(tx: &Tx, heads: &[Head]) -> Result<Vec<i64>> {
    let notices = heads.iter().filter(|head| Kind::is_notice(&head.kind));
    let lines: Vec<&str> = notices.map(|head| head.line.as_str()).collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let unwanted = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .join(JoinType::InnerJoin, row::Relation::Address.def())
        .filter(row::Column::Line.is_in(lines))
        .filter(row::Column::Kind.is_in(Kind::UNASKED))
        .filter(row::Column::DueAt.is_not_null())
        .filter(address::Column::OptedOutAt.is_not_null());
    Ok(unwanted.into_tuple().all(tx.conn()).await?)
}

/// Those of these deliveries that are notices and have failed may be told by another medium.
pub(super) async fn fall_back(tx: &Tx, ids: &[i64]) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::FallbackAt, tx.now().into())
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .filter(row::Column::Kind.eq(Kind::Notice.as_str()))
        .filter(row::Column::Status.eq(Status::Failed.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn line(notice: &NewNotice) -> String {
    model::notice_line(notice.ticket_id, notice.event_id, notice.address_id)
}

fn stored(now: Instant, notice: &NewNotice) -> row::ActiveModel {
    let is_there = notice.way == Way::Desk;
    let status = if is_there { Status::Delivered } else { Status::Queued };
    let sms_parts = match notice.way {
        Way::Desk => None,
        Way::Carried(medium) => super::sms_parts(medium, &notice.body),
    };
    row::ActiveModel {
        id: NotSet,
        token: Set(token::fresh()),
        kind: Set(Kind::Notice.as_str().to_owned()),
        medium: Set(notice.way.medium().to_owned()),
        address_id: Set(notice.address_id),
        person_id: Set(notice.person_id),
        sender: Set(None),
        line: Set(line(notice)),
        body: Set(notice.body.clone()),
        status: Set(status.as_str().to_owned()),
        status_rank: Set(i32::from(status.rank())),
        error_code: Set(None),
        error_text: Set(None),
        attempts: Set(0),
        due_at: Set((!is_there && notice.held_until.is_none()).then_some(now)),
        message_id: Set(None),
        event_id: Set(Some(notice.event_id)),
        created_at: Set(now),
        sent_at: Set(is_there.then_some(now)),
        delivered_at: Set(is_there.then_some(now)),
        read_at: Set(None),
        failed_at: Set(None),
        doubted_at: Set(None),
        may_be_duplicate: Set(false),
        emptied_at: Set(None),
        subject: Set(Some(notice.subject.clone())),
        unread: Set(Some(1)),
        seen_at: Set(None),
        sms_parts: Set(sms_parts),
        over_budget_at: Set(None),
        counted_on: Set(Some(notice.day)),
        counted_as: Set(Some(status.as_str().to_owned())),
        urgency: Set(Some(notice.urgency.number())),
        words: Set(Some(notice.words.to_owned())),
        template: Set(notice.template.clone()),
        fallback_at: Set(notice.fallback_at),
        held_until: Set(notice.held_until),
        digest_id: Set(None),
        rich: Set(super::as_json(notice.rich.as_ref())),
    }
}
