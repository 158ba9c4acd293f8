//! What an admin does with webhooks, by the API and by the pages: each in one transaction, and nobody is called in it.

use super::sign::Secret;
use super::store::calls::{self, row as call};
use super::store::{self, row};
use super::{Wish, change, create, delete, fresh_secret, retry, rotate_secret, test};
use crate::app::App;
use crate::bus::Poke;
use crate::db::Waiting;
use crate::kit::Result;
use crate::outbox;
use crate::people::Actor;
use crate::web::page::Part;
use sea_orm::ConnectionTrait;

/// Makes a webhook, which is told of what happens from now on; answers with its secret.
///
/// # Errors
/// What is wrong with the wish, by field; where there are as many as there may be.
pub async fn make(app: &App, by: &Actor, known: &[&str], wish: Wish) -> Result<(Secret, row::Model)> {
    let wish = wish.checked(known, &app.settings.webhook_networks)?;
    let (secret, kept) = fresh_secret(&app.proof.seed);
    outbox::number(&app.db).await?; // what happened before is not told
    let id = by.person_id;
    let making = app.db.through(by.door);
    let made = making.write_with((wish, kept), move |tx, (wish, kept)| Box::pin(create(tx, wish, kept, id))).await?;
    Ok((secret, made))
}

/// The calls that are not over, of those webhooks that are on.
///
/// # Errors
/// When the database is away.
pub async fn waiting(conn: &impl ConnectionTrait) -> Result<Waiting> {
    let ids: Vec<i64> = store::active(conn).await?.into_iter().map(|webhook| webhook.id).collect();
    calls::waiting(conn, &ids).await
}

/// Changes a webhook, switches it off or on.
///
/// # Errors
/// What is wrong with the wish, by field; where there is none any more.
pub async fn alter(app: &App, by: &Actor, known: &[&str], webhook: i64, wish: Wish) -> Result<row::Model> {
    let wish = wish.checked(known, &app.settings.webhook_networks)?;
    if wish.is_active == Some(true) {
        outbox::number(&app.db).await?; // what happened before is not told
    }
    let id = by.person_id;
    let changing = app.db.through(by.door);
    let changed = changing.write_with(wish, move |tx, wish| Box::pin(change(tx, webhook, wish, id))).await?;
    app.bus.poke(Poke::Webhooks);
    Ok(changed)
}

/// Takes a webhook away, with its calls.
///
/// # Errors
/// Where somebody else just did.
pub async fn take_away(app: &App, by: &Actor, webhook: i64) -> Result<()> {
    let id = by.person_id;
    app.db.through(by.door).write(move |tx| Box::pin(delete(tx, webhook, id))).await
}

/// Gives a webhook another secret, and answers with it.
///
/// # Errors
/// Where there is none any more.
pub async fn another_secret(app: &App, by: &Actor, webhook: i64) -> Result<(Secret, row::Model)> {
    let (secret, kept) = fresh_secret(&app.proof.seed);
    let id = by.person_id;
    let rotating = app.db.through(by.door);
    let rotated = rotating.write_with(kept, move |tx, kept| Box::pin(rotate_secret(tx, webhook, kept, id))).await?;
    Ok((secret, rotated))
}

/// Has a webhook called with nothing, to see whether that arrives; the job calls it.
///
/// # Errors
/// Where it is switched off, or there is none any more.
pub async fn try_out(app: &App, by: &Actor, webhook: i64) -> Result<call::Model> {
    let made = app.db.through(by.door).write(move |tx| Box::pin(test(tx, webhook))).await?;
    app.bus.poke(Poke::Webhooks);
    Ok(made)
}

/// Has a call made again.
///
/// # Errors
/// Where it is being made, the webhook is switched off, or there is no such call any more.
pub async fn again(app: &App, by: &Actor, webhook: i64, call: i64) -> Result<call::Model> {
    let made = app.db.through(by.door).write(move |tx| Box::pin(retry(tx, webhook, call))).await?;
    app.bus.poke(Poke::Webhooks);
    Ok(made)
}

/// All webhooks, as they were made, each with how many of its calls were given up. Two statements.
///
/// # Errors
/// When the database is away.
pub async fn all(app: &App) -> Result<Vec<(row::Model, i64)>> {
    with_parked(app, store::first(app.db.read(), super::MOST).await?).await
}

/// These webhooks, each with how many of its calls were given up. One statement.
///
/// # Errors
/// When the database is away.
pub async fn with_parked(app: &App, webhooks: Vec<row::Model>) -> Result<Vec<(row::Model, i64)>> {
    let ids: Vec<i64> = webhooks.iter().map(|webhook| webhook.id).collect();
    let parked = calls::parked(app.db.read(), &ids).await?;
    let one = |webhook: row::Model| {
        let parked = parked.get(&webhook.id).copied().unwrap_or_default();
        (webhook, parked)
    };
    Ok(webhooks.into_iter().map(one).collect())
}

/// A page of a webhook's calls, the newest first, with one more than are shown.
///
/// # Errors
/// When the database is away.
pub async fn calls_of(app: &App, webhook: i64, part: &Part) -> Result<Vec<call::Model>> {
    calls::list(app.db.read(), webhook, None, part).await
}
