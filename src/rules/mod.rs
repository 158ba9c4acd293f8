//! What the desk says otherwise than the settings: deadlines, quiet hours, patience, budget.
//!
//! A rule that the desk changed is a row; without one the settings hold. Every process goes by a copy
//! ([`App::rules`]) that it reads at its start, on a poke, and every few seconds. A row that cannot be read, say of a
//! newer version, is passed over and told to the log; then the settings hold.

pub mod events;
mod store;

pub use store::row;

use crate::app::App;
use crate::bus::Poke;
use crate::config::{Rule, RuleName, Rules, Settings};
use crate::db::{Change, Topic, Tx, marks};
use crate::delivery::budget;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::pulse::Job;
use crate::sla::Policies;
use events::Changed;
use sea_orm::ConnectionTrait;
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether another process changed one, where no poke travels: one short read.
const TIMER: Duration = Duration::from_secs(5);
/// The mark by which those who change rules take turns.
const TURN: &str = "rules.turn";

/// Has a rule say something else. Nothing happens where it says that already. `seen` is what it said when that was decided,
/// as it is stored; none: whatever it said.
///
/// # Errors
/// [`Kind::Outdated`] where somebody changed it since; when the database is away.
pub async fn change(app: &App, by: &Actor, name: RuleName, rule: Rule, seen: Option<String>) -> Result<()> {
    let (before, by_id) = (Rules::of(&app.settings), by.person_id);
    let writing = app.db.through(by.door);
    let wish = (before, Wish { rule: Some(rule), seen });
    writing.write_with(wish, move |tx, (before, wish)| Box::pin(say(tx, before, name, wish, by_id))).await?;
    tell(app).await
}

/// What a rule is to say; none: as the settings do. And what it said to who wishes that.
#[derive(Default)]
struct Wish {
    rule: Option<Rule>,
    seen: Option<String>,
}

/// Has a rule be again as the settings say.
///
/// # Errors
/// When the database is away.
pub async fn put_back(app: &App, by: &Actor, name: RuleName) -> Result<()> {
    let (before, by_id) = (Rules::of(&app.settings), by.person_id);
    let writing = app.db.through(by.door);
    let wish = (before, Wish::default());
    writing.write_with(wish, move |tx, (before, wish)| Box::pin(say(tx, before, name, wish, by_id))).await?;
    tell(app).await
}

/// `usual` is what the settings say.
async fn say(tx: &Tx, usual: &Rules, name: RuleName, wish: &Wish, by: i64) -> Result<()> {
    marks::hold(tx, TURN).await?;
    let rule = wish.rule.as_ref();
    let row = store::by_name(tx.conn(), name).await?;
    let said = row.as_ref().and_then(|row| read(row).ok()).map(|(_, rule)| rule);
    let was = said.unwrap_or_else(|| usual.get(name));
    if wish.seen.as_ref().is_some_and(|seen| was.stored().to_string().as_str() != seen) && rule != Some(&was) {
        let says = "Somebody changed this rule meanwhile. Look at it as it is now, and send yours again.";
        return Err(Error::new(Kind::Outdated, says));
    }
    let (rule_id, is) = match (rule, row) {
        (Some(rule), _) if *rule == was => return Ok(()),
        (Some(rule), row) => {
            store::put(tx, name, &rule.stored().to_string(), by).await?;
            let row = if row.is_some() { row } else { store::by_name(tx.conn(), name).await? };
            (row.map(|row| row.id).unwrap_or_default(), rule.clone())
        }
        (None, Some(row)) => {
            store::take(tx, row.id).await?;
            (row.id, usual.get(name))
        }
        (None, None) => return Ok(()),
    };
    let (was, is) = (was.stored(), is.stored());
    crate::outbox::append(tx, &[Changed { rule_id, name, was, is, is_put_back: rule.is_none(), by }]).await?;
    tx.tell_desk(Change::Some(Topic::Rules));
    Ok(())
}

/// This process goes by it at once, the others on the poke.
async fn tell(app: &App) -> Result<()> {
    app.bus.poke(Poke::Rules);
    refresh(app).await
}

/// The rules that the desk changed, with who did and when.
///
/// # Errors
/// When the database is away.
pub async fn changed(conn: &impl ConnectionTrait) -> Result<Vec<(RuleName, row::Model)>> {
    let rows = store::all(conn).await?.into_iter();
    Ok(rows.filter_map(|row| read(&row).ok().map(|(name, _)| (name, row))).collect())
}

/// The rules as they hold with these settings, and what is wrong with rows that cannot be read. One statement.
///
/// # Errors
/// When the database is away.
pub async fn in_force(conn: &impl ConnectionTrait, settings: &Settings) -> Result<(Rules, Vec<String>)> {
    let (mut rules, mut wrong) = (Rules::of(settings), Vec::new());
    for row in store::all(conn).await? {
        match read(&row) {
            Ok((name, rule)) => rules.put(name, rule),
            Err(why) => wrong.push(format!("{} {why}", row.name)),
        }
    }
    Ok((rules, wrong))
}

/// How long tickets may take. One statement.
///
/// # Errors
/// When the database is away.
pub async fn policies(conn: &impl ConnectionTrait) -> Result<Policies> {
    let mut rules = Rules::default();
    for (name, rule) in store::all(conn).await?.iter().filter_map(|row| read(row).ok()) {
        rules.put(name, rule);
    }
    Ok(rules.policies)
}

fn read(row: &row::Model) -> Result<(RuleName, Rule), String> {
    let name = RuleName::named(&row.name).ok_or("is no rule of this version")?;
    let value: Value = serde_json::from_str(&row.value).map_err(|_| "is no JSON")?;
    Ok((name, Rule::read(name, &value)?))
}

/// Has this process go by the rules as they stand in the database.
///
/// # Errors
/// When the database is away; then it goes by what it knew.
pub async fn refresh(app: &App) -> Result<()> {
    let _turn = app.rules.turn.lock().await;
    let (rules, wrong) = in_force(app.db.read(), &app.settings).await?;
    let before = app.rules();
    if app.rules.passed_over(&wrong) {
        for why in &wrong {
            tracing::warn!(why, "a rule cannot be read and is passed over; the settings hold");
        }
    }
    if rules == *before {
        return Ok(());
    }
    let has_other_budget = rules.budget != before.budget;
    app.rules.swap(rules);
    tracing::info!("the desk changed what Andon goes by");
    if has_other_budget { budget::look(app).await } else { Ok(()) }
}

/// Keeps this process's copy up to date until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = app.bus.wait(Poke::Rules, TIMER) => {}
            () = stop.cancelled() => return,
        }
        app.ran(Job::Rules, refresh(&app).await);
    }
}
