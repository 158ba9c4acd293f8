//! Reports on machines, on a real database.

use super::*;
use crate::db::test_db;
use crate::kit::E164;
use crate::machines::NewMachine;
use crate::people::Role;
use crate::people::store::{NewPerson, register};
use chrono::TimeDelta;

#[tokio::test]
async fn a_report_opens_a_ticket_of_the_machines_department_with_a_deadline() {
    let (db, _folder) = test_db().await;
    let due_at = db.now() + TimeDelta::hours(44);
    let reported = db.write(move |tx| {
        Box::pin(async move {
            let press = NewMachine {
                number: "MACH-001".to_owned(),
                name: "Press".to_owned(),
                location: "Hall 1".to_owned(),
                department: "Forming".to_owned(),
                spot: None,
            };
            machines::add(tx, &[press]).await?;
            let whatsapp = E164::parse("+12025550101").expect("a number");
            let new = NewPerson {
                name: "Operator".to_owned(),
                role: Role::Operator,
                department: None,
                language: None,
                whatsapp,
            };
            register(tx, &[new]).await?;
            let report = |machine: &str, urgency: &str| Report {
                machine: machine.to_owned(),
                issue_type: "BEARING".to_owned(),
                urgency: urgency.to_owned(),
                media: vec![],
                place: None,
                reporter: 1,
            };
            let reports = [
                report("MACH-001", "LOW"),
                report("MACH-002", "LOW"),
                report("mach-001", "MEDIUM"),
                report("MACH-001", "SOON"),
                report("MACH-001", "HIGH"),
            ];
            let given = Given { reference: Some("MAINT-555".to_owned()), resolution_due_at: Some(due_at) };
            record(tx, &Policies::default(), &reports, &[given]).await
        })
    });
    let reported = reported.await.expect("a write");
    let summary: Vec<Result<(&str, i64), &str>> = reported
        .iter()
        .map(|outcome| match outcome {
            Ok(made) => Ok((made.reference.as_str(), made.sla_hours)),
            Err(no) => Err(no.key()),
        })
        .collect();
    let expected = [
        Ok(("MAINT-555", 72)),
        Err("chat.refused.machine_unknown"),
        Ok(("MAINT-20260118143022", 48)),
        Err("chat.refused.choice_unknown"),
        Ok(("MAINT-20260118143022-2", 24)),
    ];
    assert_eq!(summary, expected);

    let references = ["MAINT-555", "MAINT-20260118143022-2"].map(str::to_owned);
    let made = tickets::by_references(db.read(), &references).await.expect("a read");
    assert_eq!(made["MAINT-555"].resolution_due_at, Some(due_at));
    let urgent = &made["MAINT-20260118143022-2"];
    assert_eq!(urgent.resolution_due_at, Some(db.now() + TimeDelta::hours(24)));
    assert_eq!(urgent.department.as_deref(), Some("Forming"));
    assert_eq!(urgent.title, "MACH-001: Bearing");
}
