//! Who may do what: every endpoint of the contract, asked by everybody, compared with one table that a person can read.
//!
//! A cell is the answer's status. Where an object is named in the path, and it matters whose it is, there are two: to
//! an object of one's own, and to a foreign one. What those are for whom says [`plant::Plant::ticket`] for tickets; else own
//! is: oneself, one's own token, file or notification, a machine, plan or failure of one's own department.
//!
//! Every cell gets objects made for it, in the state in which the endpoint would do its work.

mod bodies;
mod plant;

use crate::facts;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use plant::{Plant, WHO, Whose};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

facts!["who_may": everybody_may_what_the_table_says_and_nothing_else];

/// The last column is a token for programs: an admin's, of the scope `read`.
const TABLE: &str = "
                                                                   nobody  OPERATOR SUPERVISOR CLIENT   SUPPORT  ADMIN    read
POST   /api/auth/login                                             200     200      200        200      200      200      200
POST   /api/auth/logout                                            401     200      200        200      200      200      403
POST   /api/auth/refresh                                           401     200      200        200      200      200      200
GET    /api/tokens                                                 401     200      200        200      200      200      403
POST   /api/tokens                                                 401     201      201        201      201      201      403
DELETE /api/tokens/{id}                                            401     200/404  200/404    200/404  200/404  200/200  403/403

GET    /api/users                                                  401     200      200        200      200      200      200
POST   /api/users                                                  401     403      403        403      403      201      403
GET    /api/users/by_role                                          401     200      200        200      200      200      200
GET    /api/users/{id}                                             401     200/404  200/404    200/404  200/404  200/200  200/200
PATCH  /api/users/{id}                                             401     200/404  200/404    200/404  200/404  200/200  403/403
DELETE /api/users/{id}                                             401     403/404  403/404    403/404  403/404  403/204  403/403
DELETE /api/users/{id}/second_factor                               401     403/404  403/404    403/404  403/404  200/200  403/403
POST   /api/users/{id}/activate                                    401     403/404  403/404    403/404  403/404  200/200  403/403
POST   /api/users/{id}/deactivate                                  401     403/404  403/404    403/404  403/404  403/200  403/403
GET    /api/profiles                                               401     200      200        200      200      200      200
PATCH  /api/profile/update                                         401     200      200        200      200      200      403
GET    /api/profile/whatsapp                                       401     200      200        200      200      200      200
POST   /api/profile/whatsapp/code                                  401     201      201        201      201      201      403
POST   /api/profile/whatsapp/confirm                               401     409      409        409      409      409      403
POST   /api/profile/whatsapp/send                                  401     202      202        202      202      202      403
POST   /api/profile/whatsapp/verify                                401     400      400        400      400      400      403

GET    /api/tickets                                                401     200      200        200      200      200      200
POST   /api/tickets                                                401     403      403        201      403      201      403
GET    /api/tickets/{id}                                           401     200/404  200/200    200/404  200/404  200/200  200/200
PATCH  /api/tickets/{id}                                           401     200/404  200/403    200/404  403/404  200/200  403/403
GET    /api/tickets/{id}/history                                   401     200/404  200/200    200/404  200/404  200/200  200/200
POST   /api/tickets/{id}/open_ticket                               401     403/404  200/403    403/404  403/404  200/200  403/403
POST   /api/tickets/{id}/assign                                    401     403/404  200/403    403/404  403/404  200/200  403/403
POST   /api/tickets/{id}/set_sla                                   401     403/404  403/403    403/404  403/404  200/200  403/403
POST   /api/tickets/{id}/start_work                                401     403/404  403/403    403/404  200/404  403/403  403/403
POST   /api/tickets/{id}/hold                                      401     403/404  200/403    403/404  200/404  200/200  403/403
POST   /api/tickets/{id}/resume                                    401     403/404  200/403    403/404  200/404  200/200  403/403
POST   /api/tickets/{id}/finish_work                               401     403/404  403/403    403/404  200/404  403/403  403/403
POST   /api/tickets/{id}/approve                                   401     200/404  200/403    200/404  403/404  200/403  403/403
POST   /api/tickets/{id}/reject                                    401     200/404  200/403    200/404  403/404  200/403  403/403
POST   /api/tickets/{id}/cancel                                    401     200/404  200/403    200/404  403/404  200/200  403/403
POST   /api/tickets/{id}/add_comment                               401     200/404  200/200    200/404  200/404  200/200  403/403
POST   /api/tickets/{id}/add_attachment                            401     200/404  200/200    200/404  200/404  200/200  403/403
GET    /api/tickets/{id}/get_attachments                           401     200/404  200/200    200/404  200/404  200/200  200/200
GET    /api/tickets/{id}/attachments/{attachment_id}               401     200/404  200/200    200/404  200/404  200/200  200/200
DELETE /api/tickets/{id}/delete_attachment/{attachment_id}         401     200/404  200/403    200/404  200/404  200/403  403/403

GET    /api/ticket_views                                           401     200      200        200      200      200      200
POST   /api/ticket_views                                           401     201      201        201      201      201      403
PATCH  /api/ticket_views/{id}                                      401     200/404  200/404    200/404  200/404  200/404  403/403
DELETE /api/ticket_views/{id}                                      401     204/404  204/404    204/404  204/404  204/404  403/403
GET    /api/conversations                                          401     403      200        403      403      200      200
GET    /api/conversations/{id}                                     401     403      200/404    403      403      200/200  200/200
GET    /api/conversations/{id}/messages                            401     403      200/404    403      403      200/200  200/200
POST   /api/conversations/{id}/messages                            401     403      201/404    403      403      201/201  403/403
POST   /api/conversations/{id}/take_over                           401     403      200/404    403      403      200/200  403/403
POST   /api/conversations/{id}/hand_back                           401     403      200/404    403      403      200/200  403/403
POST   /api/conversations/{id}/assign                              401     403      200/404    403      403      200/200  403/403
POST   /api/conversations/{id}/notes                               401     403      201/404    403      403      201/201  403/403

GET    /api/orders                                                 401     403      200        403      403      200      200
POST   /api/orders                                                 401     403      201        403      403      201      403
GET    /api/orders/{id}                                            401     403      200        403      403      200      200
PATCH  /api/orders/{id}                                            401     403      200        403      403      200      403
POST   /api/orders/{id}/hold                                       401     403      200        403      403      200      403
POST   /api/orders/{id}/release                                    401     403      200        403      403      200      403
GET    /api/machines                                               401     403      200        403      403      200      200
POST   /api/machines                                               401     403      201        403      403      201      403
GET    /api/machines/{id}                                          401     403      200/200    403      403      200/200  200/200
PATCH  /api/machines/{id}                                          401     403      200/403    403      403      200/200  403/403
GET    /api/shifts                                                 401     403      200        403      403      200      200
POST   /api/shifts                                                 401     403      201        403      403      201      403
GET    /api/shifts/{id}                                            401     403      200        403      403      200      200
PATCH  /api/shifts/{id}                                            401     403      200        403      403      200      403
DELETE /api/shifts/{id}                                            401     403      204        403      403      204      403
GET    /api/maintenance_plans                                      401     403      200        403      403      200      200
POST   /api/maintenance_plans                                      401     403      201        403      403      201      403
GET    /api/maintenance_plans/{id}                                 401     403      200/200    403      403      200/200  200/200
PATCH  /api/maintenance_plans/{id}                                 401     403      200/403    403      403      200/200  403/403
DELETE /api/maintenance_plans/{id}                                 401     403      204/403    403      403      204/204  403/403
POST   /api/maintenance_plans/{id}/done                            401     403      200/403    403      403      200/200  403/403
GET    /api/boms                                                   401     403      200        403      403      200      200
POST   /api/boms                                                   401     403      201        403      403      201      403
GET    /api/boms/{id}                                              401     403      200        403      403      200      200
PATCH  /api/boms/{id}                                              401     403      200        403      403      200      403
GET    /api/boms/{id}/revisions                                    401     403      200        403      403      200      200
POST   /api/boms/{id}/revisions                                    401     403      201        403      403      201      403
GET    /api/boms/{id}/revisions/{number}                           401     403      200        403      403      200      200
POST   /api/boms/{id}/revisions/{number}/approve                   401     403      200        403      403      200      403
POST   /api/boms/{id}/revisions/{number}/reject                    401     403      200        403      403      200      403
GET    /api/sop_failures                                           401     403      200        403      403      200      200
POST   /api/sop_failures                                           401     403      201        403      403      201      403
GET    /api/sop_failures/{id}                                      401     403      200/200    403      403      200/200  200/200
PATCH  /api/sop_failures/{id}                                      401     403      200/403    403      403      200/200  403/403

GET    /api/notifications                                          401     200      200        200      200      200      200
GET    /api/notifications/unread                                   401     200      200        200      200      200      200
GET    /api/notifications/unread_count                             401     200      200        200      200      200      200
GET    /api/notifications/{id}                                     401     200/404  200/404    200/404  200/404  200/200  200/200
POST   /api/notifications/{id}/mark_as_read                        401     200/404  200/404    200/404  200/404  200/403  403/403
POST   /api/notifications/mark_all_as_read                         401     200      200        200      200      200      403
GET    /api/notifications/preferences                              401     200      200        200      200      200      200
PATCH  /api/notifications/preferences                              401     200      200        200      200      200      403
GET    /api/notifications/stats                                    401     403      403        403      403      200      200
POST   /api/notifications/{id}/retry                               401     403/404  403/404    403/404  403/404  200/200  403/403
POST   /api/notifications/{id}/cancel                              401     403/404  403/404    403/404  403/404  200/200  403/403
POST   /api/ws_ticket                                              401     200      200        200      200      200      403
GET    /ws/notifications                                           400     400      400        400      400      400      400
GET    /api/events                                                 401     403      403        403      403      200      200
GET    /api/webhooks                                               401     403      403        403      403      200      200
POST   /api/webhooks                                               401     403      403        403      403      201      403
GET    /api/webhooks/{id}                                          401     403      403        403      403      200      200
PATCH  /api/webhooks/{id}                                          401     403      403        403      403      200      403
DELETE /api/webhooks/{id}                                          401     403      403        403      403      204      403
POST   /api/webhooks/{id}/rotate_secret                            401     403      403        403      403      200      403
POST   /api/webhooks/{id}/test                                     401     403      403        403      403      202      403
GET    /api/webhooks/{id}/calls                                    401     403      403        403      403      200      200
GET    /api/webhooks/{id}/calls/{call}                             401     403      403        403      403      200      200
POST   /api/webhooks/{id}/calls/{call}/retry                       401     403      403        403      403      202      403

GET    /api/whatsapp/sessions                                      401     403      403        403      403      200      200
DELETE /api/whatsapp/sessions/{phone_number}                       401     403      403        403      403      200      403
POST   /api/whatsapp/test                                          401     403      403        403      403      200      403
GET    /api/whatsapp/webhook                                       200     200      200        200      200      200      200
POST   /api/whatsapp/webhook                                       403     403      403        403      403      403      403
GET    /api/whatsapp/meta/webhook                                  200     200      200        200      200      200      200
POST   /api/whatsapp/meta/webhook                                  403     403      403        403      403      403      403
POST   /api/whatsapp/status                                        403     403      403        403      403      403      403
GET    /health                                                     200     200      200        200      200      200      200
GET    /metrics                                                    401     401      401        401      401      401      401
";

/// A line of the table.
struct Row {
    method: Method,
    path: &'static str,
    cells: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| line.contains('/'));
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        let method = words.next().and_then(|method| method.parse().ok()).expect("a line begins with a method");
        let path = words.next().expect("a path comes next");
        Row { method, path, cells: words.collect() }
    };
    lines.map(row).collect()
}

/// The operations of the contract, `GET /api/tickets`.
fn operations(contract: &Value) -> BTreeSet<String> {
    let paths = contract["paths"].as_object().expect("paths");
    let of = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

async fn everybody_may_what_the_table_says_and_nothing_else(backend: Backend) {
    // Nobody is kept waiting: it is asked who may, not how often.
    let settings = [("ANDON_REQUEST_LIMIT", "0"), ("ANDON_WEBHOOK_NETWORKS", "127.0.0.0/8")];
    let app = TestApp::with(backend, &settings).await;
    let contract = app.get("/api/openapi.json").await.1;
    let rows = rows();
    let said: BTreeSet<String> = rows.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    assert_eq!(said, operations(&contract), "every operation has one line");

    let mut plant = Plant::furnish(&app).await;
    let (mut differs, mut undocumented) = (String::new(), String::new());
    for row in &rows {
        assert_eq!(row.cells.len(), WHO.len(), "{} {}", row.method, row.path);
        let answers = &contract["paths"][row.path][row.method.as_str().to_lowercase()]["responses"];
        let mut line = format!("{:<6} {:<58}", row.method.as_str(), row.path);
        let mut is_other = false;
        for (who, cell) in WHO.into_iter().zip(&row.cells) {
            let whose = if cell.contains('/') { &[Whose::Own, Whose::Foreign][..] } else { &[Whose::Own] };
            let mut answered = Vec::new();
            for whose in whose {
                let status = plant.ask(&row.method, row.path, who, *whose).await;
                if answers[&status].is_null() {
                    writeln!(undocumented, "{} {}: {status}", row.method, row.path).expect("text grows");
                }
                answered.push(status);
            }
            let answered = answered.join("/");
            is_other |= answered != **cell;
            write!(line, "  {answered:<8}").expect("text grows");
        }
        if is_other {
            writeln!(differs, "{line}\n{:<65}  {}   <- the table", "", row.cells.join("  ")).expect("text grows");
        }
    }
    assert!(differs.is_empty(), "these lines came out otherwise:\n{differs}");
    assert!(undocumented.is_empty(), "the contract does not have these answers:\n{undocumented}");
    app.end().await;
}
