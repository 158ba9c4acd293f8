//! The facts of maintenance in the database, as sets.

use super::Of;
use super::model::Repair;
use crate::db::{MAX_BOUND_VALUES, Tx};
use crate::kit::{Instant, Result};
use crate::tickets::{Kind, Status, row as ticket};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, RelationTrait as _,
};
use std::collections::HashMap;

/// A maintenance row has three columns to set.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 4;
/// A machine is down while a report on it stands so.
const BROKEN: [Status; 4] = [Status::New, Status::Opened, Status::InProgress, Status::OnHold];

/// A report about to be stored.
pub(super) struct NewMaintenance {
    pub(super) ticket_id: i64,
    pub(super) machine_id: i64,
    pub(super) issue_type: String,
}

pub(super) async fn insert(tx: &Tx, reports: &[NewMaintenance]) -> Result<()> {
    for part in reports.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|report| row::ActiveModel {
            id: NotSet,
            ticket_id: Set(report.ticket_id),
            machine_id: Set(report.machine_id),
            issue_type: Set(report.issue_type.clone()),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

pub(super) async fn machines_of(conn: &impl ConnectionTrait, ticket_ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::with_capacity(ticket_ids.len());
    for part in ticket_ids.chunks(MAX_BOUND_VALUES) {
        let select = row::Entity::find()
            .select_only()
            .columns([row::Column::TicketId, row::Column::MachineId])
            .filter(row::Column::TicketId.is_in(part.iter().copied()));
        found.extend(select.into_tuple::<(i64, i64)>().all(conn).await?);
    }
    Ok(found)
}

/// What a report's figures are made of.
pub(super) struct Reported {
    pub(super) repair: Repair,
    pub(super) is_cancelled: bool,
}

/// A machine that is down, and the oldest report that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The machine.
    pub machine_id: i64,
    /// The report's ticket.
    pub ticket_id: i64,
    /// Its reference.
    pub reference: String,
    /// Since when.
    pub since: Instant,
    /// How many reports say so.
    pub reports: i64,
}

/// The reports by which these machines are down, as sets: the oldest of each machine, and how many there are.
pub(super) async fn down(conn: &impl ConnectionTrait, machine_ids: &[i64]) -> Result<Vec<Down>> {
    let mut first: HashMap<i64, (i64, i64)> = HashMap::new();
    for part in machine_ids.chunks(MAX_BOUND_VALUES - BROKEN.len() - 1) {
        let select = row::Entity::find()
            .select_only()
            .column(row::Column::MachineId)
            .column_as(ticket::Column::Id.min(), "first")
            .column_as(ticket::Column::Id.count(), "count")
            .join(JoinType::InnerJoin, row::Relation::Ticket.def())
            .filter(row::Column::MachineId.is_in(part.iter().copied()))
            .filter(ticket::Column::Kind.eq(Kind::Maintenance)) // what the index of statuses goes on by
            .filter(ticket::Column::Status.is_in(BROKEN))
            .group_by(row::Column::MachineId);
        let rows: Vec<(i64, i64, i64)> = select.into_tuple().all(conn).await?;
        first.extend(rows.into_iter().map(|(machine_id, ticket_id, count)| (ticket_id, (machine_id, count))));
    }
    let tickets: Vec<i64> = first.keys().copied().collect();
    let mut down = Vec::with_capacity(tickets.len());
    for part in tickets.chunks(MAX_BOUND_VALUES) {
        let select = ticket::Entity::find()
            .select_only()
            .columns([ticket::Column::Id, ticket::Column::Reference, ticket::Column::CreatedAt])
            .filter(ticket::Column::Id.is_in(part.iter().copied()));
        let rows: Vec<(i64, String, Instant)> = select.into_tuple().all(conn).await?;
        down.extend(rows.into_iter().filter_map(|(ticket_id, reference, since)| {
            let (machine_id, reports) = *first.get(&ticket_id)?;
            Some(Down { machine_id, ticket_id, reference, since, reports })
        }));
    }
    Ok(down)
}

pub(super) async fn tickets_of(
    conn: &impl ConnectionTrait,
    machine_id: i64,
    is_open: bool,
    most: u64,
) -> Result<Vec<i64>> {
    let mut select = row::Entity::find()
        .select_only()
        .column(row::Column::TicketId)
        .filter(row::Column::MachineId.eq(machine_id))
        .order_by_desc(row::Column::TicketId)
        .limit(most);
    if is_open {
        let is_open = ticket::Column::Status.is_not_in([Status::Closed, Status::Cancelled]);
        select = select.join(JoinType::InnerJoin, row::Relation::Ticket.def()).filter(is_open);
    }
    Ok(select.into_tuple().all(conn).await?)
}

/// The reports on a machine whose repairs touch the time between two instants, and those cancelled in it.
pub(super) async fn reports(
    conn: &impl ConnectionTrait,
    machine_id: i64,
    from: Instant,
    until: Instant,
    most: u64,
) -> Result<Vec<Reported>> {
    use ticket::Column as C;
    let is_taken_back = C::Status.eq(Status::Cancelled);
    let touches = Condition::any()
        .add(Condition::all().add(is_taken_back).add(C::CreatedAt.gte(from)))
        .add(is_repair_after(from));
    let select = row::Entity::find()
        .select_only()
        .columns([C::CreatedAt, C::ResolvedAt, C::ClosedAt])
        .column(C::Status)
        .join(JoinType::InnerJoin, row::Relation::Ticket.def())
        .filter(row::Column::MachineId.eq(machine_id))
        .filter(C::CreatedAt.lt(until))
        .filter(touches)
        .limit(most);
    let rows: Vec<(Instant, Option<Instant>, Option<Instant>, Status)> = select.into_tuple().all(conn).await?;
    let reported = rows.into_iter().map(|(reported, resolved, closed, status)| Reported {
        repair: Repair { reported, ended: resolved.or(closed) },
        is_cancelled: status == Status::Cancelled,
    });
    Ok(reported.collect())
}

/// The repairs of all machines of a department, and of none, that touch the time between two instants, by machine; of
/// all where no department is asked for.
pub(super) async fn repairs(
    conn: &impl ConnectionTrait,
    departments: Of<'_>,
    (from, until): (Instant, Instant),
    most: u64,
) -> Result<Vec<(i64, Repair)>> {
    use ticket::Column as C;
    let mut select = row::Entity::find()
        .select_only()
        .column(row::Column::MachineId)
        .columns([C::CreatedAt, C::ResolvedAt, C::ClosedAt])
        .join(JoinType::InnerJoin, row::Relation::Ticket.def())
        .filter(C::Kind.eq(Kind::Maintenance))
        .filter(C::CreatedAt.lt(until))
        .filter(is_repair_after(from))
        .limit(most);
    if let Of::Department(department) = departments {
        let theirs = department.map(|department| C::Department.eq(department));
        select = select.filter(Condition::any().add(C::Department.is_null()).add_option(theirs));
    }
    let rows: Vec<(i64, Instant, Option<Instant>, Option<Instant>)> = select.into_tuple().all(conn).await?;
    let repair = |(machine_id, reported, resolved, closed): (i64, Instant, Option<Instant>, Option<Instant>)| {
        (machine_id, Repair { reported, ended: resolved.or(closed) })
    };
    Ok(rows.into_iter().map(repair).collect())
}

/// What was not taken back, and not mended before this moment.
fn is_repair_after(from: Instant) -> Condition {
    let is_open = Condition::any().add(ticket::Column::ResolvedAt.is_null()).add(ticket::Column::ResolvedAt.gt(from));
    Condition::all().add(ticket::Column::Status.ne(Status::Cancelled)).add(is_open)
}

/// The stored report: what it says beyond its ticket.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "maintenance")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub ticket_id: i64,
        pub machine_id: i64,
        pub issue_type: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::tickets::row::Entity",
            from = "Column::TicketId",
            to = "crate::tickets::row::Column::Id"
        )]
        Ticket,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
