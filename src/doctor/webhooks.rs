//! Webhooks: whose calls fail, and what was given up.

use super::Report;
use crate::db::Db;
use crate::kit::Result;
use crate::webhooks_out::store::{calls, first, row};
use crate::webhooks_out::{MOST, origin};

const AREA: &str = "Webhooks";

pub(super) async fn examine(db: &Db, report: &mut Report) -> Result<()> {
    let webhooks = first(db.read(), MOST).await?;
    if webhooks.is_empty() {
        report.fine(AREA, "None are set up.");
        return Ok(());
    }
    let ids: Vec<i64> = webhooks.iter().map(|webhook| webhook.id).collect();
    let parked = calls::parked(db.read(), &ids).await?;
    let mut well = 0;
    for webhook in &webhooks {
        let parked = parked.get(&webhook.id).copied().unwrap_or_default();
        if webhook.is_active && webhook.failing_since.is_none() && parked == 0 {
            well += 1;
        } else {
            let (says, mend) = told(webhook, parked);
            report.look(AREA, says, mend);
        }
    }
    if well > 0 {
        report.fine(AREA, format!("{well} of {} work.", webhooks.len()));
    }
    Ok(())
}

/// What is to be said of one that is not well. The report may be shown to others, so of its address only the origin.
fn told(webhook: &row::Model, parked: i64) -> (String, String) {
    let (id, origin) = (webhook.id, origin(&webhook.url));
    let mut parts = Vec::new();
    if !webhook.is_active {
        parts.push("is switched off".to_owned());
    }
    if let Some(since) = webhook.failing_since {
        let since = since.format("%Y-%m-%d %H:%M UTC");
        parts.push(format!("fails since {since}: {}", webhook.last_failure.as_deref().unwrap_or_default()));
    }
    if parked > 0 {
        let calls = if parked == 1 { "call" } else { "calls" };
        parts.push(format!("has {parked} {calls} given up"));
    }
    let says = format!("{id} ({origin}) {}", parts.join("; "));
    let mend = match (parked, webhook.is_active) {
        (1.., _) => format!(
            "GET /api/webhooks/{id}/calls/?status=PARKED lists what was given up, POST …/calls/{{call}}/retry/ sends it again."
        ),
        (_, false) => format!("PATCH /api/webhooks/{id}/ is_active to true, or take it away."),
        _ => format!("Its calls are tried again for a day; POST /api/webhooks/{id}/test/ tries it at once."),
    };
    (says.trim_end_matches('.').to_owned() + ".", mend)
}
