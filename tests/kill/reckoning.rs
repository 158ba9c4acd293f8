//! The reckoning itself is tested: what is taken away, doubled or misplaced must be found.

use crate::drive::databases::Backend;
use crate::drive::ledger::Entries;
use crate::drive::people::Crowd;
use crate::drive::process::Andon;
use crate::drive::verify::{Findings, verify};
use crate::world::World;
use andon::boms::revision_row;
use andon::chat::store::{conversation, message};
use andon::db::Db;
use andon::delivery::store::rows::row as delivery;
use andon::kit::Result;
use andon::orders::hold_row;
use andon::tickets::row as ticket;
use libtest_mimic::Failed;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// Five of each begin with the same flow, and the longest has six messages.
const PEOPLE: u32 = 30;
const MESSAGES_EACH: u32 = 6;
/// Whose first replies are misplaced: somebody who writes neither the first message of all nor, with these, the last.
const MISPLACED: u32 = 21;

pub(crate) async fn finds_what_is_wrong() -> std::result::Result<(), Failed> {
    let world = World::build(Backend::Sqlite, 1, 1).await?;
    let andon = Andon::start(&world.starts[0]).await?;
    let crowd = Crowd { people: PEOPLE, messages_each: MESSAGES_EACH, ..world.crowd.clone() };
    crowd.write(|| false).await;
    world.settle_all().await;
    andon.stop().await?;
    let (plant, mut entries) = world.end();
    let db = plant.open().await?;
    let untouched = verify(&db, &entries).await?;
    assert_eq!((untouched.lines(), untouched.doubled_replies), (vec![], 0));

    misplace_replies(&mut entries);
    tamper(&db).await?;
    let found = verify(&db, &entries).await?;
    db.close().await?;
    assert_finds(
        &found,
        &[
            "conversations elsewhere",
            "effects doubled",
            "effects lost",
            "events that fit no hold",
            "events that fit no revision",
            "holds that fit no defect",
            "messages lost",
            "messages lost, doubled or out of order",
            "messages without one reply",
            "replies closed unsent",
            "replies out of order",
            "replies to nothing",
        ],
    );
    assert_eq!(found.doubled_replies, 1);
    plant.raze().await;
    Ok(())
}

fn assert_finds(findings: &Findings, names: &[&str]) {
    let found: Vec<&str> = findings.faults.keys().copied().collect();
    assert_eq!(found, names, "{:#?}", findings.lines());
}

/// One reply arrives again, one never, and two of one person change places.
fn misplace_replies(entries: &mut Entries) {
    let theirs = (0..entries.replies.len()).filter(|at| entries.replies[*at].to == MISPLACED);
    let theirs: Vec<usize> = theirs.collect();
    entries.replies.swap(theirs[0], theirs[1]);
    let again = entries.replies[theirs[2]].clone();
    entries.replies.push(again);
    let never = entries.replies[theirs[3]].token.clone();
    entries.arrivals.remove(&never);
}

/// Rows are changed as a fault of the program might leave them.
async fn tamper(db: &Db) -> Result<()> {
    db.write(|tx| {
        Box::pin(async move {
            let conn = tx.conn();
            let latest = message::Entity::find().order_by_desc(message::Column::Id).one(conn).await?;
            let latest = latest.map_or(0, |message| message.id);
            message::Entity::delete_by_id(latest).exec(conn).await?;
            // Numbers have gaps: a message that came twice takes one on some databases.
            let unanswered = message::Entity::find().order_by_desc(message::Column::Id).one(conn).await?;
            let unanswered = unanswered.map_or(0, |message| message.id);
            let earlier = message::Entity::find().order_by_asc(message::Column::Id).one(conn).await?;
            let earlier = earlier.map_or(0, |message| message.id);
            message::Entity::delete_by_id(earlier).exec(conn).await?;
            delivery::Entity::update_many()
                .col_expr(delivery::Column::MessageId, Expr::value(None::<i64>))
                .filter(delivery::Column::MessageId.eq(unanswered))
                .exec(conn)
                .await?;
            conversation::Entity::update_many()
                .col_expr(conversation::Column::State, Expr::value("create_defect.description"))
                .exec(conn)
                .await?;
            ticket::Entity::update_many()
                .col_expr(ticket::Column::Description, Expr::value("nobody wrote this"))
                .exec(conn)
                .await?;
            let hold = hold_row::Entity::find().order_by_desc(hold_row::Column::Id).one(conn).await?;
            hold_row::Entity::delete_by_id(hold.map_or(0, |hold| hold.id)).exec(conn).await?;
            revision_row::Entity::update_many()
                .col_expr(revision_row::Column::SubmittedBy, Expr::value(None::<i64>))
                .exec(conn)
                .await?;
            Ok(())
        })
    })
    .await
}
