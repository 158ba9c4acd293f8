//! What the walk stands on: everybody who asks, and for each question an object in the state in which the endpoint
//! would do its work.

use super::bodies::{bom, failure, machine, order, own_number, owned, plan, revision, shift, webhook};
use crate::support::app::{OPERATOR, TestApp};
use crate::support::user::{PASSWORD, User};
use andon::people::Role;
use andon::tickets::{Category, Given, Incident, Kind, NewTicket, Priority};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The columns of the table.
pub(super) const WHO: [Who; 7] = [
    Who::Nobody,
    Who::Person(Role::Operator),
    Who::Person(Role::Supervisor),
    Who::Person(Role::Client),
    Who::Person(Role::Support),
    Who::Person(Role::Admin),
    Who::Program,
];
/// The department of those who ask, and another.
pub(super) const OURS: &str = "Machining";
pub(super) const THEIRS: &str = "Assembly";

const UNSIGNED: &str = "MessageSid=SM00000000000000000000000000000001&MessageStatus=sent&Body=hi\
                        &From=whatsapp%3A%2B12025550101&To=whatsapp%3A%2B12025550100";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Nobody,
    Person(Role),
    /// An admin's token for programs, which may only read.
    Program,
}

/// Whose the object in the path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    Own,
    Foreign,
}

/// Everybody and everything that is needed.
pub(super) struct Plant<'a> {
    app: &'a TestApp,
    people: HashMap<Who, User>,
    /// An admin who does what has to be done before.
    boss: User,
    /// A client, a support person and an operator whom nobody who asks has to do with.
    other_client: User,
    other_support: User,
    other_operator: User,
    /// A notification of each of those who ask, and one of somebody else.
    notifications: HashMap<Option<Who>, i64>,
    webhook: Option<i64>,
    made: u32,
}

impl<'a> Plant<'a> {
    pub(super) async fn furnish(app: &'a TestApp) -> Self {
        let boss = app.user("boss", Role::Admin).await;
        let other_client = app.user("other.client", Role::Client).await;
        let other_support = app.user("other.support", Role::Support).await;
        let other_operator = app.user_of("other.operator", Role::Operator, Some(THEIRS)).await;
        let mut people = HashMap::new();
        for who in WHO {
            if let Who::Person(role) = who {
                let department = (role != Role::Client).then_some(OURS);
                people.insert(who, app.user_of(&role.as_str().to_lowercase(), role, department).await);
            }
        }
        let admin = &people[&Who::Person(Role::Admin)];
        let (_, token) = admin.post("/api/tokens/", json!({"name": "Reads", "scope": "read"})).await;
        let program = admin.with_token(token["token"].as_str().expect("a token"));
        people.insert(Who::Program, program);
        let notifications = HashMap::new();
        let (webhook, made) = (None, 0);
        let mut plant =
            Self { app, people, boss, other_client, other_support, other_operator, notifications, webhook, made };
        plant.tell_everybody().await;
        plant
    }

    /// Asks, and answers with the status.
    pub(super) async fn ask(&mut self, method: &Method, path: &str, who: Who, whose: Whose) -> String {
        let address = self.address(path, who, whose).await;
        let body = self.body(method, path, who);
        // Who signs out is gone, so it is somebody else of that role.
        let stand_in = match who {
            Who::Person(role) if path == "/api/auth/logout" => Some(self.somebody(role).await),
            _ => None,
        };
        let request = match stand_in.as_ref().or_else(|| self.people.get(&who)) {
            Some(person) => person.request(method.clone(), &address),
            None => self.app.http.request(method.clone(), self.app.url(&address)),
        };
        let request = match body {
            Some(body) => request.json(&body),
            // A message as a provider sends it, but for its signature.
            None if path.starts_with("/api/whatsapp/") && *method == Method::POST && !address.contains('?') => {
                request.header("content-type", "application/x-www-form-urlencoded").body(UNSIGNED)
            }
            None => request,
        };
        request.send().await.expect("an answer").status().as_str().to_owned()
    }

    /// The address to ask, with the numbers of objects made for it.
    async fn address(&mut self, path: &str, who: Who, whose: Whose) -> String {
        let mut address = path.to_owned();
        if path == "/api/users/by_role" {
            address += "?role=SUPPORT";
        }
        if path == "/api/whatsapp/test" {
            address += "?phone_number=%2B12025550142&message=Hello";
        }
        if !path.contains('{') {
            return address;
        }
        if path.contains("{phone_number}") {
            self.app.says(OPERATOR, "hi").await;
            return address.replace("{phone_number}", OPERATOR);
        }
        let resource = path.split('/').nth(2).unwrap_or_default();
        let id = match resource {
            "tickets" => self.ticket(path, who, whose).await,
            "users" => self.user(who, whose).await,
            "tokens" | "ticket_views" => self.owned(who, whose, resource).await,
            "notifications" => {
                self.notification(path, self.notifications[&Some(who).filter(|_| whose == Whose::Own)]).await
            }
            "orders" => self.order(path).await,
            "machines" => self.machine(whose).await,
            "conversations" => super::bodies::conversation(self.app, path, whose).await,
            "shifts" => self.shift().await,
            "maintenance_plans" => self.plan(whose).await,
            "boms" => self.bom().await,
            "webhooks" => self.webhook(path).await,
            _ => self.sop_failure(whose).await,
        };
        if path.contains("{attachment_id}") {
            let by = match (whose, self.people.get(&who)) {
                (Whose::Own, Some(person)) if who != Who::Program => person,
                (Whose::Own, _) => &self.people[&Who::Person(Role::Admin)],
                (Whose::Foreign, _) if who == Who::Person(Role::Supervisor) => &self.other_operator,
                (Whose::Foreign, _) => &self.other_client,
            };
            let attachment = json!({"file_data": "SGVsbG8h", "filename": "note.txt"});
            let (_, added) = by.post(&format!("/api/tickets/{id}/add_attachment/"), attachment).await;
            address = address.replace("{attachment_id}", &number(&added["attachment_id"]).to_string());
        }
        if path.contains("{call}") {
            let call = made(&self.boss, &format!("/api/webhooks/{id}/test/"), json!({})).await;
            address = address.replace("{call}", &call.to_string());
        }
        if path.contains("{number}") {
            let proposed = self.boss.post(&format!("/api/boms/{id}/revisions/"), revision()).await.1;
            address = address.replace("{number}", &number(&proposed["number"]).to_string());
        }
        address.replace("{id}", &id.to_string())
    }

    /// What is sent.
    fn body(&mut self, method: &Method, path: &str, who: Who) -> Option<Value> {
        let nth = self.next();
        let refresh = self.people.get(&who).map_or("x", |person| &*person.refresh);
        let last = path.rsplit('/').next().unwrap_or_default();
        Some(match (method.as_str(), path) {
            ("POST", _) if path.starts_with("/api/conversations/") => return super::bodies::of_conversation(last),
            ("POST", "/api/auth/login") => json!({"username": "boss", "password": PASSWORD}),
            ("POST", "/api/auth/refresh") => json!({"refresh": refresh}),
            ("POST", "/api/tokens" | "/api/ticket_views") | ("PATCH", "/api/ticket_views/{id}") => owned(path),
            ("POST", "/api/users") => json!({"username": format!("new{nth}"), "role": "CLIENT",
                "password": PASSWORD, "password_confirm": PASSWORD}),
            ("PATCH", "/api/users/{id}" | "/api/profile/update") => json!({"first_name": format!("Name {nth}")}),
            ("POST", "/api/profile/whatsapp/confirm" | "/api/profile/whatsapp/send") => own_number(),
            ("POST", "/api/profile/whatsapp/verify") => json!({"code": "7KQ2M9XB"}),
            ("POST", "/api/tickets") => crate::tickets::incident(),
            ("PATCH", "/api/tickets/{id}") => json!({"title": "The checkout shows nothing"}),
            ("POST", "/api/tickets/{id}/add_attachment") => json!({"file_data": "SGVsbG8h"}),
            ("POST", "/api/orders") => order(nth),
            ("PATCH", "/api/orders/{id}") => json!({"quantity_completed": nth}),
            ("POST", "/api/machines") => machine(nth, OURS),
            ("PATCH", "/api/machines/{id}") => json!({"location": format!("Hall {nth}")}),
            ("POST", "/api/shifts") => shift(nth, self.other_operator.id),
            ("PATCH", "/api/shifts/{id}") => json!({"note": format!("Bring gauge {nth}")}),
            ("POST", "/api/maintenance_plans") => plan(nth, Whose::Own),
            ("PATCH", "/api/maintenance_plans/{id}") => json!({"title": format!("Change oil {nth}")}),
            ("POST", "/api/boms") => bom(nth),
            ("PATCH", "/api/boms/{id}") => json!({"product": format!("Gearbox {nth}")}),
            ("POST", "/api/boms/{id}/revisions") => revision(),
            ("POST", "/api/webhooks") => webhook(),
            ("PATCH", "/api/webhooks/{id}") => json!({"description": format!("Orders {nth}")}),
            ("POST", "/api/sop_failures") => failure(OURS),
            ("PATCH", "/api/sop_failures/{id}") => json!({"failure_type": format!("Step {nth} skipped")}),
            _ => match last {
                "assign" => json!({"assigned_to": self.other_support.id}),
                "set_sla" => json!({"resolution_due_at": "2026-01-20T12:00:00Z"}),
                "hold" | "cancel" | "release" => json!({"reason": "It has to wait"}),
                "reject" if path.contains("/boms/") => json!({"reason": "Too dear"}),
                "finish_work" | "reject" | "add_comment" => json!({"comment": "See there"}),
                _ => return None,
            },
        })
    }

    /// A ticket on which the last part of the path is possible.
    ///
    /// Own: what a CLIENT or ADMIN raised, what is assigned to SUPPORT, what an OPERATOR reported, what the department of
    /// a SUPERVISOR answers for. Foreign: another client's incident, with another support person; for a
    /// SUPERVISOR a floor ticket of another department.
    async fn ticket(&mut self, path: &str, who: Who, whose: Whose) -> i64 {
        let one = |who: Who| self.people.get(&who).map(|person| person.id);
        let (raised_by, department) = match (who, whose) {
            (Who::Person(Role::Operator | Role::Supervisor), Whose::Own) => {
                (one(Who::Person(Role::Operator)), Some(OURS))
            }
            (Who::Person(Role::Supervisor), Whose::Foreign) => (Some(self.other_operator.id), Some(THEIRS)),
            (Who::Person(Role::Client | Role::Admin), Whose::Own) => (one(who), None),
            (Who::Program, Whose::Own) => (one(Who::Person(Role::Admin)), None),
            _ => (Some(self.other_client.id), None),
        };
        let support = Who::Person(Role::Support);
        let is_theirs = who == support && whose == Whose::Own;
        let id = self.new_ticket(raised_by, department).await;
        let worker = if is_theirs { &self.people[&support] } else { &self.other_support };
        let steps: &[&str] = match path.rsplit('/').next().unwrap_or_default() {
            // A support person sees it once it is theirs.
            "open_ticket" | "{id}" | "cancel" | "assign" | "set_sla" if !is_theirs => &[],
            "hold" | "finish_work" => &["assign", "start_work"],
            "resume" => &["assign", "start_work", "hold"],
            "approve" | "reject" => &["assign", "start_work", "finish_work"],
            _ => &["assign"],
        };
        for step in steps {
            let (by, body) = match *step {
                "assign" => (&self.boss, json!({"assigned_to": worker.id})),
                "hold" => (worker, json!({"reason": "A part is missing"})),
                "finish_work" => (worker, json!({"comment": "It runs again"})),
                _ => (worker, json!({})),
            };
            let (status, done) = by.post(&format!("/api/tickets/{id}/{step}/"), body).await;
            assert!(status.is_success(), "{path} {who:?} {whose:?}, {step}: {done}");
        }
        id
    }

    /// An incident, or a broken machine of a department.
    async fn new_ticket(&self, raised_by: Option<i64>, department: Option<&str>) -> i64 {
        let incident = Incident { category: Category::Bug, project_name: "Web shop".to_owned() };
        let new = NewTicket {
            kind: if department.is_some() { Kind::Maintenance } else { Kind::Incident },
            given: Given::default(),
            title: "It stands still".to_owned(),
            description: "Since noon.".to_owned(),
            media_json: "[]".to_owned(),
            place_json: None,
            priority: Priority::High,
            requester_id: raised_by,
            department: department.map(str::to_owned),
            incident: department.is_none().then_some(incident),
        };
        let made = self.app.server.app.db.write(move |tx| {
            let new = new.clone();
            Box::pin(async move { andon::tickets::create(tx, &andon::sla::Policies::default(), vec![new]).await })
        });
        made.await.expect("a new ticket")[0].id
    }

    /// Oneself; or somebody without a history and without a department.
    async fn user(&mut self, who: Who, whose: Whose) -> i64 {
        match (whose, self.people.get(&who)) {
            (Whose::Own, Some(person)) => person.id,
            _ => self.somebody(Role::Client).await.id,
        }
    }

    async fn somebody(&mut self, role: Role) -> User {
        let name = format!("somebody{}", self.next());
        self.app.user(&name, role).await
    }

    async fn owned(&mut self, who: Who, whose: Whose, what: &str) -> i64 {
        let owner = match (who, whose) {
            (Who::Nobody, _) | (_, Whose::Foreign) => &self.other_client,
            (Who::Program, Whose::Own) => &self.people[&Who::Person(Role::Admin)],
            (_, Whose::Own) => &self.people[&who],
        };
        made(owner, &format!("/api/{what}/"), owned(what)).await
    }

    /// The same notification, which has failed, or still waits to be sent.
    async fn notification(&self, path: &str, id: i64) -> i64 {
        let state = match path.rsplit('/').next() {
            Some("retry") => "status = 'FAILED', status_rank = 3, due_at = NULL",
            Some("cancel") => "status = 'QUEUED', status_rank = 0, due_at = created_at",
            _ => return id,
        };
        crate::notifications::change(
            self.app,
            &format!("UPDATE deliveries SET medium = 'whatsapp', {state} WHERE id = {id}"),
        )
        .await;
        id
    }

    async fn order(&mut self, path: &str) -> i64 {
        let order = order(self.next());
        let id = made(&self.boss, "/api/orders/", order).await;
        if path.ends_with("/release") {
            self.boss.post(&format!("/api/orders/{id}/hold/"), json!({"reason": "It has to wait"})).await;
        }
        id
    }

    async fn machine(&mut self, whose: Whose) -> i64 {
        let machine = machine(self.next(), department(whose));
        made(&self.boss, "/api/machines/", machine).await
    }

    async fn shift(&mut self) -> i64 {
        let shift = shift(self.next(), self.other_operator.id);
        made(&self.boss, "/api/shifts/", shift).await
    }

    async fn plan(&mut self, whose: Whose) -> i64 {
        let plan = plan(self.next(), whose);
        made(&self.boss, "/api/maintenance_plans/", plan).await
    }

    async fn bom(&mut self) -> i64 {
        let bom = bom(self.next());
        made(&self.boss, "/api/boms/", bom).await
    }

    async fn sop_failure(&self, whose: Whose) -> i64 {
        made(&self.boss, "/api/sop_failures/", failure(department(whose))).await
    }

    /// There may be fifty: one is made where it may be taken away, else there is one for all.
    async fn webhook(&mut self, path: &str) -> i64 {
        match self.webhook {
            Some(webhook) if path != "/api/webhooks/{id}" => webhook,
            _ => {
                let webhook = made(&self.boss, "/api/webhooks/", webhook()).await;
                *self.webhook.insert(webhook)
            }
        }
    }

    /// Sees to it that everybody was told of something.
    async fn tell_everybody(&mut self) {
        let other = self.other_client.id;
        for who in WHO {
            let (raised_by, department, worker) = match who {
                Who::Person(Role::Support) => (other, None, &self.people[&who]),
                Who::Person(Role::Operator | Role::Supervisor) => {
                    (self.people[&who].id, Some(OURS), &self.other_support)
                }
                Who::Nobody => (other, None, &self.other_support),
                _ => (self.people[&who].id, None, &self.other_support),
            };
            let id = self.new_ticket(Some(raised_by), department).await;
            let (_, done) =
                self.boss.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": worker.id})).await;
            assert_eq!(done["status"], "OPENED", "{who:?}: {done}");
        }
        self.app.settle().await;
        for who in WHO {
            let person = self.people.get(&who).unwrap_or(&self.other_client);
            let (_, page) = person.get("/api/notifications/unread/").await;
            self.notifications.insert(Some(who), number(&page["results"][0]["id"]));
        }
        let (_, page) = self.other_client.get("/api/notifications/unread/").await;
        self.notifications.insert(None, number(&page["results"][0]["id"]));
    }

    fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }
}

async fn made(by: &User, path: &str, body: Value) -> i64 {
    let (status, made) = by.post(path, body).await;
    assert!(status.is_success(), "{path}: {made}");
    number(&made["id"])
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

fn department(whose: Whose) -> &'static str {
    if whose == Whose::Own { OURS } else { THEIRS }
}
