//! What finished forms do: one set a kind of action, in the transaction of their messages.
//!
//! A set runs in a savepoint. Where it fails as a whole, each of its forms is tried alone, so that one bad form
//! spoils only itself; its writer is told, and the answers are kept.

mod desk;

use super::change;
use super::engine::Finished;
use super::session::Stood;
use crate::app::App;
use crate::channels::Place;
use crate::db::{Tx, is_outage, is_transient};
use crate::kit::{Error, Result};
use crate::tickets::{Follower, Viewer};
use crate::{boms, defects, maintenance};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An action that was refused: which question to ask again, and what to say.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The question whose answer does not do; none where no answer would help.
    pub question: Option<&'static str>,
    /// The wording's key.
    pub key: &'static str,
    /// What the wording speaks of.
    pub vars: Value,
}

/// What the reply speaks of, or why there is none.
pub(super) type Outcome = Result<Value, Refused>;

/// A form with the person who filled it in.
pub(super) type Form = (Viewer, Finished);

/// Carries out the forms; answers in their order.
pub(super) async fn carry_out(
    app: &App,
    followers: &'static [Follower],
    tx: &Tx,
    forms: &[Form],
) -> Result<Vec<Outcome>> {
    let mut kinds: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, form)) in forms.iter().enumerate() {
        kinds.entry(form.action.as_str()).or_default().push(index);
    }
    let mut outcomes: Vec<Option<Outcome>> = vec![None; forms.len()];
    for indices in kinds.into_values() {
        let set: Arc<Vec<Form>> = Arc::new(indices.iter().map(|&index| forms[index].clone()).collect());
        for (index, outcome) in indices.into_iter().zip(set_or_each(app, followers, tx, set).await?) {
            outcomes[index] = Some(outcome);
        }
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(failed()))).collect())
}

async fn set_or_each(app: &App, followers: &'static [Follower], tx: &Tx, set: Arc<Vec<Form>>) -> Result<Vec<Outcome>> {
    match in_savepoint(app, followers, tx, Arc::clone(&set)).await {
        Err(error) if is_hopeless(&error) => Err(error),
        Err(error) if set.len() > 1 => {
            tracing::warn!(cause = error.private(), forms = set.len(), "a set of forms failed and is tried one by one");
            let mut outcomes = Vec::with_capacity(set.len());
            for form in set.iter() {
                outcomes.extend(Box::pin(set_or_each(app, followers, tx, Arc::new(vec![form.clone()]))).await?);
            }
            Ok(outcomes)
        }
        Err(error) => {
            tracing::error!(cause = error.private(), "a form could not be carried out: {error}");
            Ok(vec![Err(failed())])
        }
        done => done,
    }
}

/// Whether trying the forms one by one would meet the same: the database is away, or wants it all again.
fn is_hopeless(error: &Error) -> bool {
    is_outage(error) || is_transient(error)
}

async fn in_savepoint(app: &App, followers: &'static [Follower], tx: &Tx, set: Arc<Vec<Form>>) -> Result<Vec<Outcome>> {
    let app = app.clone();
    tx.savepoint(move |tx| Box::pin(async move { run(&app, followers, tx, &set).await })).await
}

/// The actions that a flow file may name, with what carries them out.
fn run<'a>(
    app: &'a App,
    followers: &'static [Follower],
    tx: &'a Tx,
    set: &'a [Form],
) -> BoxFuture<'a, Result<Vec<Outcome>>> {
    match set.first().map(|(_, form)| form.action.as_str()) {
        Some("report_defect") => Box::pin(report_defects(app, tx, set)),
        Some("report_maintenance") => Box::pin(report_maintenance(app, tx, set)),
        Some("submit_bom_update") => Box::pin(submit_bom_updates(app, tx, set)),
        Some("raise_incident") => Box::pin(desk::raise(app, tx, set)),
        Some(name) if desk::is_upon_ticket(name) => Box::pin(desk::act(tx, followers, set)),
        _ => Box::pin(async { Ok(set.iter().map(|_| Err(failed())).collect()) }),
    }
}

async fn report_defects(app: &App, tx: &Tx, set: &[Form]) -> Result<Vec<Outcome>> {
    let reports: Vec<defects::Report> = set
        .iter()
        .map(|(reporter, form)| defects::Report {
            order: value(form, "order"),
            defect_type: value(form, "defect_type"),
            severity: value(form, "severity"),
            description: value(form, "description"),
            media: form.answers.iter().flat_map(|(_, answer)| answer.media.clone()).collect(),
            reporter: reporter.person_id,
        })
        .collect();
    let reported = defects::report(tx, &app.rules().policies, &reports).await?;
    let outcomes = reported.into_iter().zip(&reports).map(|(outcome, report)| match outcome {
        Ok(made) => Ok(json!({"reference": made.reference, "ticket_id": made.ticket_id})),
        Err(no) => Err(Refused { question: no.question(), key: no.key(), vars: json!({"key": report.order}) }),
    });
    Ok(outcomes.collect())
}

async fn report_maintenance(app: &App, tx: &Tx, set: &[Form]) -> Result<Vec<Outcome>> {
    let reports: Vec<maintenance::Report> = set
        .iter()
        .map(|(reporter, form)| maintenance::Report {
            machine: value(form, "machine"),
            issue_type: value(form, "issue_type"),
            urgency: value(form, "urgency"),
            place: form.place.as_ref().map(place),
            media: form.answers.iter().flat_map(|(_, answer)| answer.media.clone()).collect(),
            reporter: reporter.person_id,
        })
        .collect();
    let reported = maintenance::report(tx, &app.rules().policies, &reports).await?;
    let outcomes = reported.into_iter().zip(&reports).map(|(outcome, report)| match outcome {
        Ok(made) => Ok(json!({"reference": made.reference, "sla_hours": made.sla_hours, "ticket_id": made.ticket_id})),
        Err(no) => Err(Refused { question: no.question(), key: no.key(), vars: json!({"key": report.machine}) }),
    });
    Ok(outcomes.collect())
}

async fn submit_bom_updates(app: &App, tx: &Tx, set: &[Form]) -> Result<Vec<Outcome>> {
    // An answer is only taken in this form; one that is not was stored by another version of the program.
    let changes: Vec<Option<boms::Change>> =
        set.iter().map(|(_, form)| change::parse(&value(form, "change"))).collect();
    let updates: Vec<boms::Update> = set
        .iter()
        .zip(&changes)
        .filter_map(|((submitted_by, form), change)| {
            Some(boms::Update {
                bom: value(form, "bom"),
                component: value(form, "component"),
                change: change.clone()?,
                reason: value(form, "reason"),
                submitted_by: submitted_by.person_id,
            })
        })
        .collect();
    tracing::debug!(updates = updates.len(), company = app.settings.company, "BOM updates");
    let mut submitted = boms::submit(tx, &updates).await?.into_iter().zip(&updates);
    let outcomes = changes.iter().map(|change| {
        let again = Refused { question: Some("change"), key: "chat.refused.change_unreadable", vars: Value::Null };
        let Some((outcome, update)) = change.as_ref().and_then(|_| submitted.next()) else { return Err(again) };
        match outcome {
            Ok(made) => Ok(json!({
                "bom": update.bom, "component": update.component,
                "revision": made.revision, "cost_change": made.cost_change,
            })),
            Err(no) => Err(Refused {
                question: no.question(),
                key: no.key(),
                vars: json!({"key": update.bom, "component": update.component}),
            }),
        }
    });
    Ok(outcomes.collect())
}

fn place(stood: &Stood) -> Place {
    let (latitude, longitude) = stood.spot.degrees();
    Place { latitude, longitude, label: stood.label.clone() }
}

pub(super) fn value(form: &Finished, question: &str) -> String {
    form.answer(question).map(|answer| answer.value.clone()).unwrap_or_default()
}

pub(super) fn failed() -> Refused {
    Refused { question: None, key: "chat.refused.failed", vars: Value::Null }
}
