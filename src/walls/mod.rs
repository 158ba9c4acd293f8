//! Walls: screens that hang on a wall and show how a department stands, each let in by a link of its own.
//!
//! The link's secret is shown once and kept nowhere: its hash is. It opens its wall and nothing else, again and again,
//! until it is revoked; nobody is signed in by it. Walls are made by those who answer for their department.

pub mod board;
pub mod events;
mod store;

pub use store::row;

use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::outbox;
use crate::people::Keeper;
use crate::proof::opaque;
use chrono::TimeDelta;
use events::{Created, Revoked};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The most walls that hold at a time: more screens than a plant has walls for.
pub const MOST: u64 = 100;
/// That a screen asked is noted no more often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// The longest secret that is looked at.
const MAX_SECRET: usize = 100;

/// A wall to make.
#[derive(Clone, Debug)]
pub struct New {
    /// What it is called.
    pub name: String,
    /// What it shows; none: the whole plant.
    pub department: Option<String>,
    /// Its language.
    pub language: String,
}

/// Makes a wall, and answers with the secret of its link, which nobody can be shown again.
///
/// # Errors
/// [`Kind::Forbidden`] where the keeper does not answer for the department (an admin for the whole plant);
/// [`Kind::Conflict`] where there are as many as may be.
pub async fn make(app: &App, keeper: &Keeper, new: New) -> Result<(String, row::Model)> {
    match &new.department {
        Some(department) => keeper.must_answer_for(department)?,
        None => keeper.0.must_be_admin("make a wall of the whole plant")?,
    }
    let (secret, by) = (opaque(), keeper.0.person_id);
    let hash = digest(&secret);
    let db = app.db.through(keeper.0.door);
    let making = db.write_with((new, hash), move |tx, (new, hash)| {
        Box::pin(async move {
            if store::count(tx.conn()).await? >= MOST {
                return Err(Error::new(
                    Kind::Conflict,
                    format!("There are {MOST} walls. Revoke one that is not used."),
                ));
            }
            let wall = store::insert(tx, new, hash.clone(), by).await?;
            let (name, department) = (wall.name.clone(), wall.department.clone());
            outbox::append(tx, &[Created { wall_id: wall.id, name, department, by }]).await?;
            Ok(wall)
        })
    });
    Ok((secret, making.await?))
}

/// The walls that hold and that the keeper answers for, by name.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, keeper: &Keeper) -> Result<Vec<row::Model>> {
    let mut walls = store::list(app.db.read(), MOST).await?;
    walls.retain(|wall| is_theirs(keeper, wall));
    Ok(walls)
}

fn is_theirs(keeper: &Keeper, wall: &row::Model) -> bool {
    keeper.0.is_admin() || wall.department.as_deref().is_some_and(|department| keeper.answers_for(department))
}

/// Revokes a wall's link.
///
/// # Errors
/// [`Kind::NotFound`] where there is no such wall among those that the keeper answers for.
pub async fn revoke(app: &App, keeper: &Keeper, id: i64) -> Result<()> {
    let wall = store::holding(app.db.read(), id).await?.filter(|wall| is_theirs(keeper, wall));
    let wall = wall.ok_or_else(|| Error::not_found("There is no such wall."))?;
    let by = keeper.0.person_id;
    let db = app.db.through(keeper.0.door);
    let revoking = db.write_with(wall, move |tx, wall| {
        Box::pin(async move {
            if store::revoke(tx, wall.id).await? {
                let revoked = Revoked { wall_id: wall.id, name: wall.name.clone(), by };
                outbox::append(tx, &[revoked]).await?;
            }
            Ok(())
        })
    });
    revoking.await
}

/// The wall that this secret opens; none where it holds no more.
///
/// # Errors
/// When the database is away.
pub async fn by_secret(app: &App, secret: &str) -> Result<Option<row::Model>> {
    if secret.is_empty() || secret.len() > MAX_SECRET {
        return Ok(None);
    }
    store::by_hash(app.db.read(), &digest(secret)).await
}

/// The wall with this row, as long as it holds.
///
/// # Errors
/// When the database is away.
pub async fn holding(app: &App, id: i64) -> Result<Option<row::Model>> {
    store::holding(app.db.read(), id).await
}

/// Notes that a screen asked for this wall.
///
/// # Errors
/// When the database is away.
pub async fn seen(app: &App, wall: &row::Model) -> Result<()> {
    let id = wall.id;
    if wall.seen_at.is_some_and(|at| app.clock.now() - at < NOTED_EVERY) {
        return Ok(());
    }
    app.db.write(move |tx| Box::pin(async move { store::seen(tx, id).await })).await
}

/// SHA-256 of a secret that nobody can guess, in hexadecimal digits: what is kept in its place.
fn digest(secret: &str) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(secret.as_bytes()) {
        let _never_fails = write!(digits, "{byte:02x}");
    }
    digits
}
