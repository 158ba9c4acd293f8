//! Orders of one status, along its index.

use super::row;
use crate::db::{containing, page_by_key};
use crate::kit::Result;
use crate::orders::Status;
use crate::orders::listing::{Asked, Order, day};
use sea_orm::sea_query::Order as Direction;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

/// Those of this status that fit, in the direction of the page, with one more than are shown.
pub(in crate::orders) async fn of_status(
    conn: &impl ConnectionTrait,
    status: Status,
    asked: &Asked,
) -> Result<Vec<row::Model>> {
    use row::Column as C;
    let mut select = row::Entity::find().filter(C::Status.eq(status));
    if let Some(words) = &asked.words {
        let backend = conn.get_database_backend();
        select = select.filter(containing::<row::Entity>(backend, &[C::Number, C::Customer, C::Product], words));
    }
    let select = match asked.order {
        Order::Due => by_day(select, asked),
        Order::Number => {
            let key = asked.part.cursor.as_ref().and_then(|cursor| cursor.key.as_deref());
            page_by_key(select, C::Number, key, asked.part.is_before(), asked.part.fetched())
        }
    };
    Ok(select.all(conn).await?)
}

fn by_day(mut select: Select<row::Entity>, asked: &Asked) -> Select<row::Entity> {
    use row::Column as C;
    let is_before = asked.part.is_before();
    let place = asked.part.cursor.as_ref().and_then(|cursor| Some((day(cursor)?, cursor.id)));
    if let Some((day, id)) = place {
        let (beyond, on_day) =
            if is_before { (C::DueOn.lt(day), C::Id.lt(id)) } else { (C::DueOn.gt(day), C::Id.gt(id)) };
        // The first condition follows from the second; it is what the index is entered by.
        select = select.filter(if is_before { C::DueOn.lte(day) } else { C::DueOn.gte(day) });
        select = select.filter(Condition::any().add(beyond).add(Condition::all().add(C::DueOn.eq(day)).add(on_day)));
    }
    let direction = if is_before { Direction::Desc } else { Direction::Asc };
    select.order_by(C::DueOn, direction.clone()).order_by(C::Id, direction).limit(asked.part.fetched())
}
