//! BOMs, their revisions and components in the database, as sets.

pub(super) mod desk;

use super::model::{Component, Status};
use super::{NewBom, Update};
use crate::db::{MAX_BOUND_VALUES, Tx, page_by_key, rows_by_key};
use crate::kit::Result;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use std::collections::HashMap;

/// A revision has eleven columns to set, the widest of the three tables.
const ROWS_AT_ONCE: usize = MAX_BOUND_VALUES / 12;
/// How many pairs one statement asks for.
const PAIRS_AT_ONCE: usize = MAX_BOUND_VALUES / 2;

/// A revision about to be written.
pub(super) struct Draft<'a> {
    pub(super) bom_id: i64,
    pub(super) number: i32,
    pub(super) status: Status,
    pub(super) update: Option<&'a Update>,
    pub(super) cost_change: i64,
    pub(super) components: Vec<Component>,
}

pub(super) async fn by_numbers(conn: &impl ConnectionTrait, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(conn, row::Entity::find(), row::Column::Number, numbers).await
}

pub(super) async fn by_numbers_locked(tx: &Tx, numbers: &[String]) -> Result<Vec<row::Model>> {
    rows_by_key(tx.conn(), row::Entity::find().lock_exclusive(), row::Column::Number, numbers).await
}

/// Adds BOMs and answers with their rows' ids by number.
pub(super) async fn insert(tx: &Tx, boms: &[&NewBom]) -> Result<HashMap<String, i64>> {
    for part in boms.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|bom| new_row(tx, bom));
        row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    let rows = rows_by_key(tx.conn(), row::Entity::find(), row::Column::Number, boms.iter().map(|bom| &bom.number));
    Ok(rows.await?.into_iter().map(|row| (row.number, row.id)).collect())
}

pub(super) async fn by_id(conn: &impl ConnectionTrait, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).one(conn).await?)
}

pub(super) async fn by_id_locked(tx: &Tx, id: i64) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

/// Writes BOMs without their components: new ones, and the products of the others. Answers with their rows' ids by
/// number.
pub(super) async fn upsert(tx: &Tx, boms: &[NewBom]) -> Result<HashMap<String, i64>> {
    let news = [row::Column::Product, row::Column::UpdatedAt];
    let conflict = OnConflict::column(row::Column::Number).update_columns(news).to_owned();
    for part in boms.chunks(ROWS_AT_ONCE) {
        row::Entity::insert_many(part.iter().map(|bom| new_row(tx, bom)))
            .on_conflict(conflict.clone())
            .exec_without_returning(tx.conn())
            .await?;
    }
    let rows = by_numbers(tx.conn(), &boms.iter().map(|bom| bom.number.clone()).collect::<Vec<_>>()).await?;
    Ok(rows.into_iter().map(|row| (row.number, row.id)).collect())
}

/// The next BOMs in the order of their numbers.
pub(super) async fn page(conn: &impl ConnectionTrait, after: Option<&str>, most: u64) -> Result<Vec<row::Model>> {
    Ok(page_by_key(row::Entity::find(), row::Column::Number, after, false, most).all(conn).await?)
}

fn new_row(tx: &Tx, bom: &NewBom) -> row::ActiveModel {
    row::ActiveModel {
        id: NotSet,
        number: Set(bom.number.clone()),
        product: Set(bom.product.clone()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    }
}

/// The highest revision number of each BOM.
pub(super) async fn highest_numbers(tx: &Tx, bom_ids: &[i64]) -> Result<HashMap<i64, i32>> {
    let mut highest = HashMap::with_capacity(bom_ids.len());
    for part in bom_ids.chunks(MAX_BOUND_VALUES) {
        let select = revision_row::Entity::find()
            .select_only()
            .column(revision_row::Column::BomId)
            .column_as(revision_row::Column::Number.max(), "highest")
            .filter(revision_row::Column::BomId.is_in(part.iter().copied()))
            .group_by(revision_row::Column::BomId);
        highest.extend(select.into_tuple::<(i64, i32)>().all(tx.conn()).await?);
    }
    Ok(highest)
}

/// The approved revision with the highest number, by BOM.
pub(super) async fn approved(
    conn: &impl ConnectionTrait,
    bom_ids: &[i64],
) -> Result<HashMap<i64, revision_row::Model>> {
    let mut latest = Vec::with_capacity(bom_ids.len());
    for part in bom_ids.chunks(MAX_BOUND_VALUES - 1) {
        let select = revision_row::Entity::find()
            .select_only()
            .column(revision_row::Column::BomId)
            .column_as(revision_row::Column::Number.max(), "latest")
            .filter(revision_row::Column::BomId.is_in(part.iter().copied()))
            .filter(revision_row::Column::Status.eq(Status::Approved))
            .group_by(revision_row::Column::BomId);
        latest.extend(select.into_tuple::<(i64, i32)>().all(conn).await?);
    }
    let revisions = by_pairs(conn, &latest).await?;
    Ok(revisions.into_iter().map(|revision| (revision.bom_id, revision)).collect())
}

/// The components of revisions in their order, by revision.
pub(super) async fn components(
    conn: &impl ConnectionTrait,
    revision_ids: &[i64],
) -> Result<HashMap<i64, Vec<Component>>> {
    let mut components: HashMap<i64, Vec<Component>> = HashMap::with_capacity(revision_ids.len());
    for part in revision_ids.chunks(MAX_BOUND_VALUES) {
        let select = component_row::Entity::find()
            .filter(component_row::Column::RevisionId.is_in(part.iter().copied()))
            .order_by_asc(component_row::Column::RevisionId)
            .order_by_asc(component_row::Column::Position);
        for row in select.all(conn).await? {
            components.entry(row.revision_id).or_default().push(Component {
                number: row.number,
                name: row.name,
                quantity: row.quantity_micros,
                unit_cost: row.unit_cost_micros,
            });
        }
    }
    Ok(components)
}

/// Adds revisions with their components.
pub(super) async fn insert_with_components(tx: &Tx, drafts: &[Draft<'_>]) -> Result<()> {
    let revisions = insert_revisions(tx, drafts).await?;
    let lines = drafts.iter().filter_map(|draft| {
        let id = revisions.get(&(draft.bom_id, draft.number))?;
        Some(draft.components.iter().enumerate().map(move |(at, line)| (*id, at, line)))
    });
    insert_components(tx, lines.flatten().collect()).await
}

/// Adds revisions and answers with their rows' ids by BOM and number.
async fn insert_revisions(tx: &Tx, drafts: &[Draft<'_>]) -> Result<HashMap<(i64, i32), i64>> {
    for part in drafts.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|draft| revision_row::ActiveModel {
            id: NotSet,
            bom_id: Set(draft.bom_id),
            number: Set(draft.number),
            status: Set(draft.status),
            component: Set(draft.update.map(|update| update.component.clone())),
            change: Set(draft.update.and_then(|update| serde_json::to_string(&update.change).ok())),
            reason: Set(draft.update.map(|update| update.reason.clone())),
            cost_change_micros: Set(draft.cost_change),
            submitted_by: Set(draft.update.map(|update| update.submitted_by)),
            decided_by: Set(None),
            created_at: Set(tx.now()),
            decided_at: Set((draft.status == Status::Approved).then(|| tx.now())),
            decision_comment: Set(None),
        });
        revision_row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    let pairs: Vec<(i64, i32)> = drafts.iter().map(|draft| (draft.bom_id, draft.number)).collect();
    let revisions = by_pairs(tx.conn(), &pairs).await?;
    Ok(revisions.into_iter().map(|revision| ((revision.bom_id, revision.number), revision.id)).collect())
}

/// Adds components, each with its revision and its place in it.
async fn insert_components(tx: &Tx, lines: Vec<(i64, usize, &Component)>) -> Result<()> {
    for part in lines.chunks(ROWS_AT_ONCE) {
        let rows = part.iter().map(|(revision_id, at, line)| component_row::ActiveModel {
            id: NotSet,
            revision_id: Set(*revision_id),
            position: Set(i32::try_from(*at).unwrap_or(i32::MAX)),
            number: Set(line.number.clone()),
            name: Set(line.name.clone()),
            quantity_micros: Set(line.quantity),
            unit_cost_micros: Set(line.unit_cost),
        });
        component_row::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

async fn by_pairs(conn: &impl ConnectionTrait, pairs: &[(i64, i32)]) -> Result<Vec<revision_row::Model>> {
    let mut revisions = Vec::with_capacity(pairs.len());
    for part in pairs.chunks(PAIRS_AT_ONCE) {
        let pair = Expr::tuple([Expr::col(revision_row::Column::BomId), Expr::col(revision_row::Column::Number)]);
        let select = revision_row::Entity::find().filter(pair.in_tuples(part.iter().copied()));
        revisions.extend(select.all(conn).await?);
    }
    Ok(revisions)
}

/// The stored BOM.
pub mod row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "boms")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub number: String,
        pub product: String,
        pub created_at: Instant,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored revision.
pub mod revision_row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use crate::boms::model::Status;
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bom_revisions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub bom_id: i64,
        pub number: i32,
        pub status: Status,
        pub component: Option<String>,
        pub change: Option<String>,
        pub reason: Option<String>,
        pub cost_change_micros: i64,
        pub submitted_by: Option<i64>,
        pub decided_by: Option<i64>,
        pub created_at: Instant,
        pub decided_at: Option<Instant>,
        pub decision_comment: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored component of a revision.
pub mod component_row {
    #![expect(missing_docs, reason = "the columns are described in db/migrations")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bom_components")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub revision_id: i64,
        pub position: i32,
        pub number: String,
        pub name: String,
        pub quantity_micros: i64,
        pub unit_cost_micros: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
