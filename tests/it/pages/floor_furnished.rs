//! A plant's records with as much in them as there is in a plant, for the pages that show them.

use crate::support::app::TestApp;
use crate::support::user::User;
use andon::people::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// What the pages of the floor's records are looked at with: one of each.
pub(crate) struct Records {
    bom: i64,
    failure: i64,
    shift: i64,
    plan: i64,
}

async fn made(admin: &User, path: &str, body: Value) -> i64 {
    let (status, made) = admin.post(path, body).await;
    assert_eq!(status, StatusCode::CREATED, "{path}: {made}");
    made["id"].as_i64().expect("an id")
}

impl Records {
    /// Dozens of BOMs, SOP failures, shifts and plans.
    pub(crate) async fn on(app: &TestApp, admin: &User) -> Self {
        let worker = app.user_of("op-line-7", Role::Operator, Some("Machining")).await;
        let (mut failure, mut shift, mut plan) = (0, 0, 0);
        for nth in 0..24 {
            let failed = ["Step skipped", "Tool not calibrated"][nth % 2];
            let body = json!({"procedure": "Torque check after assembly of the gearbox, both sides",
                "failure_type": failed, "department": "Machining",
                "description": "The wrench was not calibrated.\nThree gearboxes were shipped."});
            failure = made(admin, "/api/sop_failures/", body).await;
            let at = format!("2030-02-{:02}T{:02}:00:00Z", 1 + nth / 6, 4 + nth % 6);
            let body = json!({"person": worker.id, "starts_at": at, "machine": "MACH-001",
                "note": "Bring the gauge of the tool store, and have it noted there"});
            shift = made(admin, "/api/shifts/", body).await;
            let body = json!({"number": format!("PM-{nth:03}"), "machine": "MACH-003", "every_days": 90,
                "title": "Change the hydraulic oil and look at every seal", "instructions": "Drain, rinse,\nfill 40 l of HLP 46",
                "next_on": format!("20{}-02-01", 25 + nth % 3 * 3), "responsible": [admin.id, worker.id]});
            plan = made(admin, "/api/maintenance_plans/", body).await;
        }
        let lines: Vec<Value> = (0..18)
            .map(|nth| {
                json!({"number": format!("PART-{nth:03}-OF-THE-GEARBOX"), "name": "Ball bearing with a long name, 6204-2RS",
                    "quantity": "4.5", "unit_cost": "1250.125"})
            })
            .collect();
        let body =
            json!({"number": "BOM-700", "product": "Gearbox GX-20 with a flange on either side", "components": lines});
        let bom = made(admin, "/api/boms/", body).await;
        for (component, change) in [("PART-003-OF-THE-GEARBOX", "QUANTITY"), ("PART-004-OF-THE-GEARBOX", "REMOVE")] {
            let mut body = json!({"component": component, "change": change,
                "reason": "Two more on the new shaft: the old one wore out within a year"});
            if change == "QUANTITY" {
                body["value"] = json!("6");
            }
            let (status, told) = admin.post(&format!("/api/boms/{bom}/revisions/"), body).await;
            assert_eq!(status, StatusCode::CREATED, "{told}");
        }
        let replaced = json!({"component": "PART-005-OF-THE-GEARBOX", "change": "REPLACE", "replacement": "PART-900",
            "value": "999", "reason": "The supplier changed it"});
        let (status, _) = admin.post(&format!("/api/boms/{bom}/revisions/"), replaced).await;
        assert_eq!(status, StatusCode::CREATED);
        let approved = admin.post(&format!("/api/boms/{bom}/revisions/2/approve/"), json!({})).await;
        assert_eq!(approved.0, StatusCode::OK, "{}", approved.1);
        Self { bom, failure, shift, plan }
    }

    /// What an admin looks at: a short name, and the address.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        vec![
            ("boms", "/floor/boms".to_owned()),
            ("bom", format!("/floor/boms/{}", self.bom)),
            ("bom-replaced", format!("/floor/boms/{}?revision=4", self.bom)),
            ("bom-in-force", format!("/floor/boms/{}?revision=2", self.bom)),
            ("bom-propose", format!("/floor/boms/{}/propose", self.bom)),
            ("sops", "/floor/sop-failures".to_owned()),
            ("sop", format!("/floor/sop-failures/{}", self.failure)),
            ("sop-new", "/floor/sop-failures/new".to_owned()),
            ("shifts", "/floor/shifts".to_owned()),
            ("shift", format!("/floor/shifts/{}", self.shift)),
            ("shift-new", "/floor/shifts/new".to_owned()),
            ("plans", "/floor/plans".to_owned()),
            ("plan", format!("/floor/plans/{}", self.plan)),
            ("plan-new", "/floor/plans/new".to_owned()),
            ("boms-none", "/floor/boms?q=nothing".to_owned()),
            ("shifts-none", "/floor/shifts?machine=MACH-006".to_owned()),
        ]
    }
}
