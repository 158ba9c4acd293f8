//! Which channel carries which delivery, where several carry its medium.
//!
//! An answer goes from the sender that was written to, a notice from the one that the person wrote to last. Where that
//! one is out, another may: in words of its own only where its window is known to be open, else by a template that it
//! knows. The same where it refused the delivery for a reason that is its own. What is in doubt is asked of the channel
//! that may have it.

use super::lines::Head;
use super::rows::{attempt, row, window};
use super::{Carrier, Kind, held, model, windows};
use crate::channels::{Medium, Retry, Status, Template};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use std::collections::HashMap;

/// How a delivery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// By which of the carriers.
    pub(super) carrier: usize,
    /// Whether only its template may go.
    pub(super) by_template: bool,
}

/// How a set of deliveries goes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Those that go, by their rows.
    pub(super) ways: HashMap<i64, Way>,
    /// Those whose carrier is out, and until when.
    pub(super) waits: HashMap<i64, Instant>,
    /// Those that may go by a template alone, and have none.
    pub(super) without_template: Vec<i64>,
    /// Those that one channel refused and no other may carry, by code and reason.
    pub(super) refused: HashMap<(i32, String), Vec<i64>>,
}

/// What else is known of a delivery where that counts.
#[derive(Default, sea_orm::FromQueryResult)]
struct Details {
    id: i64,
    template: Option<String>,
    doubted_at: Option<Instant>,
    error_code: Option<i32>,
    error_text: Option<String>,
}

type Windows = HashMap<(i64, String), window::Model>;

/// Decides for these heads, all of one medium. One carrier, nobody's window shut: one query at most.
pub(super) async fn plan(tx: &Tx, carriers: &[Carrier], heads: &[Head]) -> Result<Plan> {
    if carriers.is_empty() {
        return Ok(Plan::default());
    }
    let is_bound = |head: &&Head| carriers.len() > 1 || keeps_to_window(head);
    let on_whatsapp = heads.iter().filter(|head| head.medium == Medium::Whatsapp.as_str());
    let bound: Vec<&Head> = on_whatsapp.filter(is_bound).collect();
    let senders: Vec<&str> = carriers.iter().filter_map(|carrier| carrier.sender.as_deref()).collect();
    let known = if bound.is_empty() || senders.is_empty() {
        Windows::new()
    } else {
        windows::known(tx, &senders, bound.iter().map(|head| head.address_id)).await?
    };
    let is_shut = |head: &&&Head| {
        let shut = |carrier: &Carrier| at(&known, head, carrier).is_some_and(|known| is_shut(known, tx.now()));
        carriers.iter().any(shut)
    };
    let asked_about: Vec<i64> =
        bound.iter().filter(|head| carriers.len() > 1 || is_shut(head)).map(|head| head.id).collect();
    let details = details(tx, &asked_about).await?;
    let doubted = if carriers.len() > 1 { doubted(tx, details.values()).await? } else { HashMap::new() };
    let none = Details::default();
    let mut plan = Plan::default();
    for head in heads {
        let details = details.get(&head.id).unwrap_or(&none);
        let routed = if details.doubted_at.is_some() {
            let asked =
                carriers.iter().position(|carrier| doubted.get(&head.id) == Some(&carrier.channel.name().to_owned()));
            Some(Way { carrier: asked.unwrap_or(0), by_template: false })
        } else {
            route(carriers, &known, head, details, tx.now())
        };
        match routed.map(|way| (way, carriers.get(way.carrier).and_then(|carrier| carrier.out_until))) {
            None => match details.error_code.filter(|code| carriers.iter().any(|one| refuses(one, *code))) {
                Some(code) => {
                    let reason = details.error_text.clone().unwrap_or_default();
                    plan.refused.entry((code, reason)).or_default().push(head.id);
                }
                None => plan.without_template.push(head.id),
            },
            Some((way, None)) => drop(plan.ways.insert(head.id, way)),
            Some((_, Some(until))) => drop(plan.waits.insert(head.id, until)),
        }
    }
    Ok(plan)
}

/// The first of the ways that there are whose carrier is not out; else the first one. None where only a template may
/// go, and there is none.
fn route(carriers: &[Carrier], known: &Windows, head: &Head, details: &Details, now: Instant) -> Option<Way> {
    let home = home(carriers, known, head);
    let template: Option<Template> = details.template.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let has_refused = |carrier: &usize| {
        carriers.len() > 1 && details.error_code.is_some_and(|code| refuses(&carriers[*carrier], code))
    };
    let way = |carrier: usize| {
        let of = &carriers[carrier];
        let window = at(known, head, of);
        let may_say_it = if carrier == home {
            !keeps_to_window(head) || !window.is_some_and(|known| is_shut(known, now))
        } else {
            window.is_some_and(|known| model::is_window_open(known.last_inbound_at, known.refused_at, now))
        };
        let has_template = || template.as_ref().is_some_and(|template| of.channel.takes(template));
        (may_say_it || has_template()).then_some(Way { carrier, by_template: !may_say_it })
    };
    let others = (0..carriers.len()).filter(|carrier| *carrier != home);
    let ways: Vec<Way> = std::iter::once(home).chain(others).filter(|one| !has_refused(one)).filter_map(way).collect();
    ways.iter().find(|way| carriers[way.carrier].out_until.is_none()).or(ways.first()).copied()
}

/// Whether this carrier refuses with this code what another may carry; codes of one are none of another's.
fn refuses(carrier: &Carrier, code: i32) -> bool {
    carrier.channel.retry(code) == Retry::Elsewhere
}

/// One channel refused these, and no other may carry them: they have failed with what that one said.
pub(super) async fn give_up(tx: &Tx, refused: &HashMap<(i32, String), Vec<i64>>) -> Result<()> {
    for ((code, reason), ids) in refused {
        let error = Some((Some(*code), reason.as_str()));
        super::close(tx, ids).await?;
        super::advance(tx, ids, Status::Failed, error).await?;
        held::mirror(tx, ids, Status::Failed, error).await?;
    }
    Ok(())
}

/// Whose sender the message names; else the one that the person wrote to last; else the first.
fn home(carriers: &[Carrier], known: &Windows, head: &Head) -> usize {
    let named = head.sender.as_deref();
    let of_name = named.and_then(|name| carriers.iter().position(|carrier| carrier.channel.knows_sender(name)));
    let last = || {
        let wrote = |carrier: &usize| at(known, head, &carriers[*carrier]).and_then(|known| known.last_inbound_at);
        (0..carriers.len()).rev().max_by_key(wrote)
    };
    of_name.or_else(last).unwrap_or(0)
}

fn at<'a>(known: &'a Windows, head: &Head, carrier: &Carrier) -> Option<&'a window::Model> {
    known.get(&(head.address_id, carrier.sender.clone()?))
}

fn is_shut(known: &window::Model, now: Instant) -> bool {
    model::is_window_shut(known.last_inbound_at, known.refused_at, now)
}

fn keeps_to_window(head: &Head) -> bool {
    Kind::keeps_to_window(&head.kind)
}

async fn details(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Details>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let details: Vec<Details> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Template, row::Column::DoubtedAt])
        .columns([row::Column::ErrorCode, row::Column::ErrorText])
        .filter(row::Column::Id.is_in(ids.iter().copied()))
        .into_model()
        .all(tx.conn())
        .await?;
    Ok(details.into_iter().map(|details| (details.id, details)).collect())
}

/// On which channels the attempts in doubt of these were made.
async fn doubted(tx: &Tx, details: impl Iterator<Item = &Details>) -> Result<HashMap<i64, String>> {
    let ids: Vec<i64> = details.filter(|one| one.doubted_at.is_some()).map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let attempts: Vec<(i64, String)> = attempt::Entity::find()
        .select_only()
        .columns([attempt::Column::DeliveryId, attempt::Column::Channel])
        .filter(attempt::Column::DeliveryId.is_in(ids))
        .filter(attempt::Column::Outcome.is_in(["IN_DOUBT", "STARTED"]))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(attempts.into_iter().collect())
}
