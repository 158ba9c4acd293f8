//! Events in the database.

use super::{Event, Filter, Stretch, Subject};
use crate::db::{MAX_BOUND_VALUES, Tx, marks};
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

/// An event has ten columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 12;
/// The mark that who gives out positions holds meanwhile.
const LOCK: &str = "events.position";

pub(super) async fn insert<E: Event>(tx: &Tx, events: &[E]) -> Result<()> {
    // What tells nobody is told.
    let handled_at = (tx.is_hushed() || E::TELLS.is_empty()).then(|| tx.now());
    for part in events.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|event| {
            let Subject { kind, id } = event.subject();
            row::ActiveModel {
                id: NotSet,
                name: Set(E::NAME.to_owned()),
                ticket_id: Set(event.ticket_id()),
                actor_id: Set(event.actor_id()),
                payload: Set(serde_json::to_string(event).unwrap_or_default()),
                at: Set(tx.now()),
                handled_at: Set(handled_at),
                door: Set(Some(tx.door())),
                subject_kind: Set(Some(kind.to_owned())),
                subject_id: Set(Some(id)),
                position: Set(None),
            }
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn has_unnumbered(conn: &impl ConnectionTrait) -> Result<bool> {
    let select = row::Entity::find().select_only().column(row::Column::Id).filter(row::Column::Position.is_null());
    Ok(select.limit(1).into_tuple::<i64>().one(conn).await?.is_some())
}

/// Gives at most so many events their positions, in the order of their ids.
pub(super) async fn number(tx: &Tx, most: u64) -> Result<u64> {
    marks::hold(tx, LOCK).await?;
    let last = last_position(tx.conn()).await?;
    let select = row::Entity::find().select_only().column(row::Column::Id).filter(row::Column::Position.is_null());
    let ids: Vec<i64> = select.order_by_asc(row::Column::Id).limit(most).into_tuple().all(tx.conn()).await?;
    let (Some(first), Some(end)) = (ids.first(), ids.last()) else { return Ok(0) };
    // Only between these two: what is committed in this moment below the first would get a position below `last`.
    let numbered = row::Entity::update_many()
        .col_expr(row::Column::Position, Expr::col(row::Column::Id).add(last + 1 - first))
        .filter(row::Column::Position.is_null())
        .filter(row::Column::Id.between(*first, *end))
        .exec(tx.conn())
        .await?;
    Ok(numbered.rows_affected)
}

pub(super) async fn last_position(conn: &impl ConnectionTrait) -> Result<i64> {
    let last = row::Entity::find().select_only().column_as(row::Column::Position.max(), "last");
    Ok(last.into_tuple::<Option<i64>>().one(conn).await?.flatten().unwrap_or(0))
}

pub(super) async fn at(conn: &impl ConnectionTrait, positions: &[i64]) -> Result<Vec<row::Model>> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(row::Entity::find().filter(row::Column::Position.is_in(positions.iter().copied())).all(conn).await?)
}

pub(super) async fn read(conn: &impl ConnectionTrait, filter: &Filter, stretch: Stretch) -> Result<Vec<row::Model>> {
    use row::Column as C;
    let order = if stretch.is_rising { Order::Asc } else { Order::Desc };
    let mut select = filtered(filter);
    if let Some(from) = stretch.from {
        select = select.filter(if stretch.is_rising { C::Position.gt(from) } else { C::Position.lt(from) });
    }
    Ok(select.order_by(C::Position, order).limit(stretch.most).all(conn).await?)
}

pub(super) async fn count(conn: &impl ConnectionTrait, filter: &Filter) -> Result<u64> {
    Ok(filtered(filter).count(conn).await?)
}

fn filtered(filter: &Filter) -> Select<row::Entity> {
    use row::Column as C;
    let mut select = row::Entity::find().filter(C::Position.is_not_null());
    let wanted = [
        filter.subject_kind.as_ref().map(|kind| C::SubjectKind.eq(kind.as_str())),
        filter.subject_id.map(|id| C::SubjectId.eq(id)),
        filter.ticket_id.map(|id| C::TicketId.eq(id)),
        filter.actor_id.map(|id| C::ActorId.eq(id)),
        filter.name.as_ref().map(|name| C::Name.eq(name.as_str())),
        filter.door.map(|door| C::Door.eq(door)),
        filter.since.map(|since| C::At.gte(since)),
        filter.until.map(|until| C::At.lt(until)),
    ];
    for condition in wanted.into_iter().flatten() {
        select = select.filter(condition);
    }
    select
}

/// The stored event.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::db::Door;
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub ticket_id: Option<i64>,
        pub actor_id: Option<i64>,
        pub payload: String,
        pub at: Instant,
        pub handled_at: Option<Instant>,
        pub door: Option<Door>,
        pub subject_kind: Option<String>,
        pub subject_id: Option<i64>,
        pub position: Option<i64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
