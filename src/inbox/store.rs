//! The inbox as rows: conversations with their people, what the desk did, replies kept at hand.

pub mod entries;
pub mod kept;
pub mod merging;
pub mod transcript;

pub use transcript::Place;

use super::model::Which;
use crate::chat::store::{conversation, message};
use crate::db::containing;
use crate::delivery::store::Kind;
use crate::delivery::store::rows::{row, window};
use crate::kit::{Instant, Result};
use crate::people::Role;
use crate::people::model::Sight;
use crate::people::store::{address, person};
use crate::tickets::row as ticket;
use entries::entry;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, RelationTrait as _, Select,
};
use std::collections::HashMap;

/// A conversation with whose it is and the address last written from.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Head {
    /// Whose; also its number.
    pub person_id: i64,
    /// `MENU`, `create_defect.severity`.
    pub state: String,
    /// How many messages nobody at the desk looked at.
    pub unread: i32,
    /// When person or desk last wrote.
    pub last_at: Option<Instant>,
    /// Since when the desk has it; none: the bot has.
    pub taken_at: Option<Instant>,
    /// Who took it.
    pub taken_by: Option<i64>,
    /// The desk's last word while it has it.
    pub desk_at: Option<Instant>,
    /// Whose it is at the desk.
    pub assigned_to: Option<i64>,
    /// The person's name, where an admin gave one.
    pub name: Option<String>,
    /// What they are here for, as stored.
    pub role: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Their language.
    pub language: String,
    /// Whether they may use Andon.
    pub is_active: bool,
    /// The row of the address.
    pub address_id: i64,
    /// Whose the address is now.
    pub owner_id: i64,
    /// The number, in E.164.
    pub value: String,
    /// The name they give themselves.
    pub profile_name: Option<String>,
    /// Since when they want no notices there.
    pub opted_out_at: Option<Instant>,
    /// When they last wrote from there.
    pub last_inbound_at: Option<Instant>,
    /// To which sender of ours.
    pub last_inbound_to: Option<String>,
}

impl Head {
    /// What they are called: by the desk, else by themselves, else by their number.
    pub fn called(&self) -> &str {
        self.name.as_deref().or(self.profile_name.as_deref()).unwrap_or(&self.value)
    }

    /// What they are here for.
    pub fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(Role::named)
    }

    /// Whether the desk has it.
    pub fn is_taken(&self) -> bool {
        self.taken_at.is_some()
    }
}

/// What is asked of the list.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Whose conversations are seen.
    pub sight: &'a Sight,
    /// Who asks.
    pub asker: i64,
    /// Which.
    pub which: Which,
    /// Words in name, number or text.
    pub words: Option<&'a str>,
    /// Behind which conversation: when it was last written in, and whose it is.
    pub behind: Option<(Instant, i64)>,
    /// Whether the oldest come first.
    pub is_rising: bool,
    /// How many at most.
    pub most: u64,
}

/// The conversations that are asked for.
pub async fn list(conn: &impl ConnectionTrait, ask: &Ask<'_>) -> Result<Vec<Head>> {
    let order = if ask.is_rising { Order::Asc } else { Order::Desc };
    let mut select = heads().filter(seen(ask.sight)).filter(conversation::Column::LastAt.is_not_null());
    select = match ask.which {
        Which::All => select,
        Which::Mine => select.filter(conversation::Column::AssignedTo.eq(ask.asker)),
        Which::Unassigned => select.filter(conversation::Column::AssignedTo.is_null()),
        Which::Taken => select.filter(conversation::Column::TakenAt.is_not_null()),
        Which::Unread => select.filter(conversation::Column::Unread.gt(0)),
        Which::Waiting => {
            select.filter(conversation::Column::Unread.gt(0)).filter(conversation::Column::TakenAt.is_not_null())
        }
    };
    if let Some(words) = ask.words {
        select = select.filter(saying(conn, words));
    }
    if let Some((at, id)) = ask.behind {
        let (last_at, person_id) = (conversation::Column::LastAt, conversation::Column::PersonId);
        let behind = if ask.is_rising {
            Condition::any().add(last_at.gt(at)).add(last_at.eq(at).and(person_id.gt(id)))
        } else {
            Condition::any().add(last_at.lt(at)).add(last_at.eq(at).and(person_id.lt(id)))
        };
        select = select.filter(behind);
    }
    let select = select
        .order_by(conversation::Column::LastAt, order.clone())
        .order_by(conversation::Column::PersonId, order)
        .limit(ask.most);
    Ok(select.into_model().all(conn).await?)
}

/// One of them, where somebody with this sight sees it.
pub async fn head(conn: &impl ConnectionTrait, sight: &Sight, person_id: i64) -> Result<Option<Head>> {
    let one = heads().filter(seen(sight)).filter(conversation::Column::PersonId.eq(person_id));
    Ok(one.into_model().one(conn).await?)
}

/// How many conversations that the desk has hold messages that nobody looked at.
pub async fn count_waiting(conn: &impl ConnectionTrait, sight: &Sight) -> Result<u64> {
    let waiting = conversation::Entity::find()
        .join(JoinType::InnerJoin, conversation::Relation::Person.def())
        .filter(conversation::Column::TakenAt.is_not_null())
        .filter(conversation::Column::Unread.gt(0))
        .filter(seen(sight));
    Ok(waiting.count(conn).await?)
}

/// The windows of these addresses, by address and sender.
pub async fn windows(conn: &impl ConnectionTrait, addresses: &[i64]) -> Result<HashMap<(i64, String), window::Model>> {
    let windows = window::Entity::find().filter(window::Column::AddressId.is_in(addresses.iter().copied()));
    let windows = windows.all(conn).await?.into_iter();
    Ok(windows.map(|window| ((window.address_id, window.sender.clone()), window)).collect())
}

/// Those who may be given a conversation: active, with a role that sees some, and a name to sign in with.
pub async fn candidates(conn: &impl ConnectionTrait) -> Result<Vec<person::Model>> {
    let roles = Role::ALL.into_iter().filter(|role| role.sees_conversations()).map(Role::as_str);
    let candidates = person::Entity::find()
        .filter(person::Column::Role.is_in(roles))
        .filter(person::Column::IsActive.eq(true))
        .filter(person::Column::Username.is_not_null())
        .order_by_asc(person::Column::Name)
        .order_by_asc(person::Column::Id);
    Ok(candidates.all(conn).await?)
}

fn heads() -> Select<conversation::Entity> {
    use conversation::Column as C;
    conversation::Entity::find()
        .select_only()
        .columns([C::PersonId, C::State, C::Unread, C::LastAt, C::TakenAt, C::TakenBy, C::DeskAt, C::AssignedTo])
        .columns([person::Column::Name, person::Column::Role, person::Column::Department])
        .columns([person::Column::Language, person::Column::IsActive])
        .column_as(address::Column::Id, "address_id")
        .column_as(address::Column::PersonId, "owner_id")
        .columns([address::Column::Value, address::Column::ProfileName, address::Column::OptedOutAt])
        .columns([address::Column::LastInboundAt, address::Column::LastInboundTo])
        .join(JoinType::InnerJoin, conversation::Relation::Person.def())
        .join(JoinType::InnerJoin, conversation::Relation::Address.def())
}

/// The same rule as [`Sight::reaches_conversation`], as the database reads it.
fn seen(sight: &Sight) -> Condition {
    match sight {
        Sight::Everybody => Condition::all(),
        Sight::Oneself(id) => Condition::all().add(person::Column::Id.eq(*id)).add(person::Column::Role.is_not_null()),
        Sight::Department { person_id, department } => {
            let theirs = Condition::any()
                .add(person::Column::Id.eq(*person_id))
                .add(person::Column::Role.eq(Role::Support.as_str()))
                .add_option(department.as_ref().map(|department| person::Column::Department.eq(department)));
            Condition::all().add(person::Column::Role.is_not_null()).add(theirs)
        }
    }
}

/// Whose name or number holds these words, or who wrote them, or whom the desk wrote them to or noted them of.
fn saying(conn: &impl ConnectionTrait, words: &str) -> Condition {
    let backend = conn.get_database_backend();
    let wrote =
        message::Entity::find().select_only().column(message::Column::PersonId).filter(containing::<message::Entity>(
            backend,
            &[message::Column::Body],
            words,
        ));
    let was_told = row::Entity::find()
        .select_only()
        .column(row::Column::PersonId)
        .filter(row::Column::Kind.eq(Kind::Desk.as_str()))
        .filter(containing::<row::Entity>(backend, &[row::Column::Body], words));
    let noted = entry::Entity::find()
        .select_only()
        .column(entry::Column::PersonId)
        .filter(containing::<entry::Entity>(backend, &[entry::Column::Body], words));
    let person_id = conversation::Column::PersonId;
    Condition::any()
        .add(containing::<person::Entity>(backend, &[person::Column::Name, person::Column::Username], words))
        .add(containing::<address::Entity>(backend, &[address::Column::Value, address::Column::ProfileName], words))
        .add(person_id.in_subquery(wrote.into_query()))
        .add(person_id.in_subquery(was_told.into_query()))
        .add(person_id.in_subquery(noted.into_query()))
}

/// The reference of the ticket that somebody raised last, and the number of the order that they last reported a defect
/// of. Two statements.
pub async fn latest_records(conn: &impl ConnectionTrait, person_id: i64) -> Result<(Option<String>, Option<String>)> {
    let ticket = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Reference)
        .filter(ticket::Column::RequesterId.eq(person_id))
        .order_by_desc(ticket::Column::Id)
        .limit(1);
    let order = Query::select()
        .column(("orders", "number"))
        .from("orders")
        .inner_join("defects", Expr::col(("defects", "order_id")).equals(("orders", "id")))
        .inner_join("tickets", Expr::col(("tickets", "id")).equals(("defects", "ticket_id")))
        .and_where(Expr::col(("tickets", "requester_id")).eq(person_id))
        .order_by(("tickets", "id"), Order::Desc)
        .limit(1)
        .to_owned();
    let order = conn.query_one(&order).await?.and_then(|row| row.try_get_by_index(0).ok());
    Ok((ticket.into_tuple().one(conn).await?, order))
}
