//! Changing what a ticket says: its words, its priority, and for incidents the project and the category.
//!
//! Who may is in the life cycle's table ([`life_cycle::check`] of [`Verb::Edit`]); status and people change by actions
//! only. A new priority moves the deadlines that follow from the old one, but not those that somebody set.

use super::acting::Held;
use super::events::{self, Edited};
use super::store::{self, NewHistory};
use super::{Category, Key, Kind, Priority, Refusal, Ticket, Verb, Viewer, about, life_cycle, row};
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::sla::Policies;
use chrono::TimeDelta;

/// What is to be changed; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// One line.
    pub title: Option<String>,
    /// As many as it takes.
    pub description: Option<String>,
    /// The client's project.
    pub project_name: Option<String>,
    /// What sort of incident it is.
    pub category: Option<Category>,
    /// How much it matters.
    pub priority: Option<Priority>,
}

/// What was changed: the field, as the API calls it, and how the history tells it.
type Told = (&'static str, String);

/// Changes what a ticket says, with its history and event; changes nothing where it says so already.
///
/// `version` is the version that the asker looked at, where they say.
///
/// # Errors
/// A [`Refusal`] (also as the error's source).
pub async fn edit(
    tx: &Tx,
    viewer: &Viewer,
    key: Key<'_>,
    (edit, policies): (&Edit, &Policies),
    version: Option<i32>,
) -> Result<row::Model> {
    let held = Held::of(tx, [key].into_iter()).await?;
    let (before, ticket) = held.get(key, viewer, version)?;
    let (after, told) = apply((before, ticket), viewer, edit, policies, tx.now())?;
    if told.is_empty() {
        return Ok(before.clone());
    }
    store::save(tx, vec![after.clone()]).await?;
    let (fields, told): (Vec<&str>, Vec<String>) = told.into_iter().unzip();
    let line = NewHistory {
        ticket_id: before.id,
        changed_by: Some(viewer.person_id),
        status_from: Some(before.status),
        status_to: before.status,
        comment: Some(told.join("\n")),
    };
    store::remember(tx, vec![line]).await?;
    events::append(tx, &[Edited { about: about(before, Some(viewer.person_id)), fields }]).await?;
    Ok(after)
}

/// Holds a ticket for somebody who changes what it says elsewhere, until the transaction ends.
///
/// # Errors
/// A [`Refusal`] (also as the error's source).
pub async fn hold_to_edit(tx: &Tx, viewer: &Viewer, id: i64) -> Result<()> {
    let held = Held::of(tx, [Key::Id(id)].into_iter()).await?;
    let (_, ticket) = held.get(Key::Id(id), viewer, None)?;
    Ok(life_cycle::check(ticket, viewer, Verb::Edit)?)
}

/// Adds a word of somebody's to a ticket's history, where something else was done to it that its status does not show.
pub async fn note(tx: &Tx, ticket: &row::Model, words: &str, by: i64) -> Result<()> {
    let line = NewHistory {
        ticket_id: ticket.id,
        changed_by: Some(by),
        status_from: Some(ticket.status),
        status_to: ticket.status,
        comment: Some(words.to_owned()),
    };
    store::remember(tx, vec![line]).await
}

fn apply(
    (before, ticket): (&row::Model, &Ticket),
    viewer: &Viewer,
    edit: &Edit,
    policies: &Policies,
    now: Instant,
) -> Result<(row::Model, Vec<Told>), Refusal> {
    life_cycle::check(ticket, viewer, Verb::Edit)?;
    if ticket.kind.is_of_the_floor() && (edit.project_name.is_some() || edit.category.is_some()) {
        return Err(Refusal::NoIncident);
    }
    if ticket.kind == Kind::SopFailure && edit.title.is_some() {
        return Err(Refusal::TitleOfProcedure);
    }
    let mut after = before.after(ticket, now);
    let mut told = Vec::new();
    if let Some(title) = edit.title.as_ref().filter(|title| **title != before.title) {
        told.push(("title", format!("Title: {} → {title}", before.title)));
        after.title.clone_from(title);
    }
    if let Some(description) = edit.description.as_ref().filter(|description| **description != before.description) {
        told.push(("description", "Description changed".to_owned()));
        after.description.clone_from(description);
    }
    if edit.project_name.is_some() && edit.project_name != before.project_name {
        after.project_name.clone_from(&edit.project_name);
        let [from, to] = [before, &after].map(|row| row.project_name.as_deref().unwrap_or("none"));
        told.push(("project_name", format!("Project: {from} → {to}")));
    }
    if edit.category.is_some() && edit.category != before.category {
        after.category = edit.category;
        let [from, to] = [before, &after].map(|row| row.category.map_or("none", Category::display));
        told.push(("category", format!("Category: {from} → {to}")));
    }
    if let Some(priority) = edit.priority.filter(|priority| *priority != before.priority) {
        told.push(("priority", format!("Priority: {} → {}", before.priority.display(), priority.display())));
        after.priority = priority;
        move_deadlines(before, &mut after, policies);
        after = after.wound(Some(before), now);
    }
    Ok((after, told))
}

fn move_deadlines(before: &row::Model, after: &mut row::Model, policies: &Policies) {
    let (policy, from) = (before.kind.policy(policies), before.created_at);
    let due = |priority| policy.response_due(priority, from);
    if before.opened_at.is_none() && before.response_due_at == due(before.priority) {
        after.response_due_at = due(after.priority);
    }
    let pauses = TimeDelta::microseconds(before.paused_micros);
    let due = |priority| policy.resolution_due(priority, from).map(|due_at| due_at + pauses);
    if before.resolved_at.is_none() && before.resolution_due_at == due(before.priority) {
        after.resolution_due_at = due(after.priority);
    }
}
