//! What clients and support people do by chat: raise an incident, and act on a ticket of theirs. By the same use cases
//! as the API.

use super::{Form, Outcome, Refused, failed, value};
use crate::app::App;
use crate::db::Tx;
use crate::kit::Result;
use crate::sla::format_left;
use crate::tickets::incident::{MAX_PROJECT, MAX_TITLE};
use crate::tickets::model::{Status, Viewer, WAITING_APPROVAL};
use crate::tickets::{
    self, Action, Category, Changed, Follower, Given, Incident, Key, Kind, NewTicket, Priority, Refusal, Wish,
};
use serde_json::{Value, json};

/// Whether an action of this name is one upon a ticket.
pub(super) fn is_upon_ticket(name: &str) -> bool {
    action(name, String::new()).is_some()
}

/// What an action of this name does, with the words that go with it.
fn action(name: &str, words: String) -> Option<Action> {
    Some(match name {
        "open_ticket" => Action::Open { notes: None },
        "start_work" => Action::Start,
        "hold_ticket" => Action::Hold { reason: words },
        "resume_ticket" => Action::Resume,
        "finish_work" => Action::Finish { comment: words },
        "approve_ticket" => Action::Approve { comment: None },
        "reject_ticket" => Action::Reject { comment: words },
        "comment_ticket" => Action::Comment { comment: words },
        _ => return None,
    })
}

/// Raises incidents, as a set.
pub(super) async fn raise(app: &App, tx: &Tx, set: &[Form]) -> Result<Vec<Outcome>> {
    let incidents: Vec<Option<NewTicket>> = set.iter().map(|(viewer, form)| incident(viewer, form)).collect();
    let mut raised =
        tickets::create(tx, &app.rules().policies, incidents.iter().flatten().cloned().collect()).await?.into_iter();
    let outcomes = incidents.iter().map(|incident| match incident.as_ref().and_then(|_| raised.next()) {
        Some(ticket) => {
            let time = ticket.response_due_at.map(|due_at| format_left(due_at - ticket.created_at));
            Ok(json!({"reference": ticket.reference, "response_time": time, "ticket_id": ticket.id}))
        }
        None => Err(Refused { question: None, key: "chat.refused.choice_unknown", vars: Value::Null }),
    });
    Ok(outcomes.collect())
}

/// None where a choice is none of ours: the flow file is checked, but a session may be older.
fn incident(viewer: &Viewer, form: &super::Finished) -> Option<NewTicket> {
    let line = |question: &str, most: usize| value(form, question).replace('\n', " ").chars().take(most).collect();
    let media: Vec<_> = form.answers.iter().flat_map(|(_, answer)| answer.media.clone()).collect();
    Some(NewTicket {
        kind: Kind::Incident,
        given: Given::default(),
        title: line("summary", MAX_TITLE),
        description: value(form, "description"),
        media_json: json!(media).to_string(),
        place_json: None,
        priority: Priority::named(&value(form, "priority"))?,
        requester_id: Some(viewer.person_id),
        department: None,
        incident: Some(Incident {
            category: Category::named(&value(form, "category"))?,
            project_name: line("project", MAX_PROJECT),
        }),
    })
}

/// Does one thing to each of these tickets, as a set.
pub(super) async fn act(tx: &Tx, followers: &[Follower], set: &[Form]) -> Result<Vec<Outcome>> {
    let wanted: Vec<(String, Action)> = set
        .iter()
        .filter_map(|(_, form)| {
            let words = [value(form, "comment"), value(form, "reason")].concat();
            Some((value(form, "ticket"), action(&form.action, words)?))
        })
        .collect();
    let wishes = set.iter().zip(&wanted).map(|((viewer, _), (reference, action))| Wish {
        viewer,
        key: Key::Reference(reference),
        action,
        version: None,
    });
    let done = tickets::act_all(tx, &wishes.collect::<Vec<_>>(), followers).await?;
    let outcomes = done.into_iter().zip(set).zip(&wanted).map(|((done, (viewer, _)), (reference, _))| match done {
        Ok(Changed { ticket, .. }) => Ok(json!({
            "reference": ticket.reference, "title": ticket.title, "status": ticket.status.as_str(),
        })),
        Err(refusal) => Err(refused(&refusal, reference, viewer)),
    });
    Ok(outcomes.collect())
}

fn refused(refusal: &Refusal, reference: &str, viewer: &Viewer) -> Refused {
    let key = match refusal {
        Refusal::NotFound => "chat.refused.ticket_unknown",
        Refusal::NotAllowed { .. } => "chat.refused.ticket_not_yours",
        Refusal::WrongStatus { status, .. } => {
            let is_a_client = viewer.role == Some(crate::people::Role::Client);
            let waits = is_a_client && *status == Status::Resolved;
            let status = if waits { WAITING_APPROVAL } else { status.as_str() };
            let vars = json!({"key": reference, "status": status});
            return Refused { question: None, key: "chat.refused.ticket_status", vars };
        }
        _ => return failed(),
    };
    Refused { question: None, key, vars: json!({"key": reference}) }
}
