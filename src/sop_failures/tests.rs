//! SOP failures on a real database: taken in, and looked up.

use super::*;
use crate::db::{Db, test_db};

async fn hand_in(db: &Db, reports: Vec<Report>) -> Result<Vec<Result<Reported, Refusal>>> {
    db.write_with(reports, move |tx, reports| Box::pin(async move { report(tx, &Policies::default(), reports).await }))
        .await
}

fn a_report(reference: Option<&str>) -> Report {
    Report {
        reference: reference.map(str::to_owned),
        procedure: "Torque check".to_owned(),
        failure_type: "Step skipped".to_owned(),
        department: "Assembly".to_owned(),
        description: "Found in the audit".to_owned(),
        media: vec![],
        reporter: None,
    }
}

#[tokio::test]
async fn a_failure_is_due_in_a_day_and_keeps_the_reference_it_has() {
    let (db, _folder) = test_db().await;
    let nameless = Report { procedure: " ".to_owned(), ..a_report(None) };
    let reported = hand_in(&db, vec![a_report(Some("SOP-999")), nameless, a_report(None)]).await.expect("a write");
    let references: Vec<Result<&str, &Refusal>> =
        reported.iter().map(|outcome| outcome.as_ref().map(|made| made.reference.as_str())).collect();
    assert_eq!(references, [Ok("SOP-999"), Err(&Refusal::ProcedureMissing), Ok("SOP-20260118143022")]);
    assert!(hand_in(&db, vec![a_report(Some("SOP-999"))]).await.is_err(), "the reference is taken");
}

#[tokio::test]
async fn a_look_up_finds_failures_only_and_says_what_is_known() {
    let (db, _folder) = test_db().await;
    hand_in(&db, vec![a_report(Some("SOP-999"))]).await.expect("a write");
    let keys = ["SOP-999", "SOP-998", "999"].map(str::to_owned);
    let looked_up = look_up(db.read(), &keys, db.now(), Tz::UTC).await.expect("a look-up");
    let expected = json!({
        "number": "SOP-999",
        "procedure": "Torque check",
        "failure_type": "Step skipped",
        "department": "Assembly",
        "status": "NEW",
        "reported": "2026-01-18 14:30 UTC",
        "holder": null,
        "escalation": "Not escalated",
        "escalation_level": 0,
        "escalated_at": null,
        "clock": "OK",
        "time_left": "24h 00m",
    });
    let (facts, visibility) = &looked_up.found["SOP-999"];
    assert_eq!((facts, visibility.kind), (&expected, Kind::SopFailure));
    for missing in ["SOP-998", "999"] {
        let near: Vec<&str> = looked_up.near[missing].iter().map(|(reference, _)| reference.as_str()).collect();
        assert_eq!(near, ["SOP-999"], "{missing}");
    }
}
