//! Who may see and do what in the pages: every page asked by everybody, compared with one table that a person can read.
//!
//! A cell is the answer's status. Where an object is named in the path there are two: to an object of one's own, and to a
//! foreign one, as in `who_may.rs`. 303 is where a form leads on, or a guest to signing in.

use crate::facts;
use crate::pages::forged::attach;
use crate::support::app::TestApp;
use crate::support::databases::Backend;
use crate::support::user::User;
use crate::support::window::Window;
use andon::people::Role;
use andon::tickets::{Category, Given, Incident, Kind, NewTicket, Priority};
use reqwest::StatusCode;
use serde_json::json;
use std::fmt::Write as _;

facts!["pages::seen_by":
    everybody_sees_what_the_table_says_and_nothing_else,
    a_ticket_offers_exactly_what_its_reader_may_do,
    a_list_shows_what_its_reader_may_see,
];

const WHO: [Option<Role>; 6] =
    [None, Some(Role::Operator), Some(Role::Supervisor), Some(Role::Client), Some(Role::Support), Some(Role::Admin)];

const TABLE: &str = "
                                                      nobody  OPERATOR SUPERVISOR CLIENT   SUPPORT  ADMIN
GET  /                                                303     303      303        303      303      303
GET  /sign-in                                         200     303      303        303      303      303
GET  /profile                                         303     200      200        200      200      200
POST /profile                                         401     303      303        303      303      303
POST /profile/second-factor                           401     200      200        200      200      200
POST /profile/summary                                 401     403      303        403      403      303
POST /profile/tokens                                  401     200      200        200      200      200
GET  /now                                             303     200      200        200      200      200
GET  /notifications                                   303     200      200        200      200      200
GET  /inbox                                           303     403      200        403      403      200
GET  /inbox/replies                                   303     403      200        403      403      200
GET  /people                                          303     403      200        403      403      200
GET  /people/new                                      303     403      403        403      403      200
GET  /floor/orders                                    303     403      200        403      403      200
GET  /floor/orders/new                                303     403      200        403      403      200
GET  /floor/machines                                  303     403      200        403      403      200
GET  /floor/machines/new                              303     403      200        403      403      200
GET  /floor/records                                   303     403      200        403      403      200
GET  /floor/records/out/orders.csv                    303     403      200        403      403      200
GET  /floor/records/out/people.csv                    303     403      404        403      403      200
GET  /reports                                         303     403      200        403      403      200
GET  /reports/times                                   303     403      200        403      403      200
GET  /reports/sla                                     303     403      200        403      403      200
GET  /reports/hours                                   303     403      200        403      403      200
GET  /reports/messages                                303     403      403        403      403      200
GET  /reports/chats                                   303     403      403        403      403      200
GET  /messages/texts                                  303     403      200        403      403      200
GET  /messages/texts/chat.miss.menu                   303     403      200        403      403      200
POST /messages/texts/chat.miss.menu                   401     403      403        403      403      303
GET  /messages/templates                              303     403      200        403      403      200
GET  /settings/state                                  303     403      403        403      403      200
GET  /settings/audit                                  303     403      403        403      403      200
GET  /settings/system                                 303     403      403        403      403      200
GET  /settings/rules                                  303     403      403        403      403      200
POST /settings/rules/digest                           401     403      403        403      403      303
GET  /settings/webhooks                               303     403      403        403      403      200
GET  /settings/webhooks/new                           303     403      403        403      403      200
GET  /floor/defects                                   303     403      200        403      403      200
GET  /tickets                                         303     200      200        200      200      200
GET  /tickets/board                                   303     200      200        200      200      200
GET  /tickets/new                                     303     403      403        200      403      200
POST /tickets/new                                     401     403      403        303      403      303
GET  /tickets/{id}                                    303     200/404  200/200    200/404  200/404  200/200
POST /tickets/{id}/open_ticket                        401     403/404  303/403    403/404  403/404  303/303
POST /tickets/{id}/assign                             401     403/404  303/403    403/404  403/404  303/303
POST /tickets/{id}/set_sla                            401     403/404  403/403    403/404  403/404  303/303
POST /tickets/{id}/start_work                         401     403/404  403/403    403/404  303/404  403/403
POST /tickets/{id}/cancel                             401     303/404  303/403    303/404  403/404  303/303
POST /tickets/{id}/add_comment                        401     303/404  303/303    303/404  303/404  303/303
POST /tickets/{id}/edit                               401     303/404  303/403    303/404  403/404  303/303
POST /tickets/{id}/attach                             401     303/404  303/303    303/404  303/404  303/303
GET  /tickets/{id}/attachments/{attachment}           303     200/404  200/200    200/404  200/404  200/200
POST /tickets/{id}/attachments/{attachment}/delete    401     303/404  303/403    303/404  303/404  303/403
POST /tickets/{id}/attachments/{attachment}/restore   401     404/404  404/404    404/404  404/404  404/404
POST /tickets/assign                                  401     200      200        200      200      303
POST /tickets/views                                   401     303      303        303      303      303
POST /notifications/read                              401     303      303        303      303      303
POST /people/{other}/delete                            401     404      404        404      404      303
GET  /floor/labels                                    303     403      200        403      403      200
GET  /floor/walls                                     303     403      200        403      403      200
GET  /wall                                            401     401      401        401      401      401
GET  /wall/enter                                      200     200      200        200      200      200
POST /live-ticket                                     401     200      200        200      200      200
";

/// Everybody, and what they look at.
struct House {
    app: TestApp,
    people: Vec<(Option<Role>, Option<User>, Window)>,
    boss: User,
    client: User,
    operator: User,
    worker: User,
}

impl House {
    async fn build(backend: Backend) -> Self {
        let app = TestApp::with(backend, &[("ANDON_REQUEST_LIMIT", "0")]).await;
        let boss = app.user("boss", Role::Admin).await;
        let client = app.user("other.client", Role::Client).await;
        let operator = app.user_of("other.operator", Role::Operator, Some("Assembly")).await;
        let worker = app.user("other.support", Role::Support).await;
        let mut people = Vec::new();
        for who in WHO {
            let (user, window) = match who {
                Some(role) => {
                    let name = role.as_str().to_lowercase();
                    let department = (role != Role::Client).then_some("Machining");
                    let user = app.user_of(&name, role, department).await;
                    (Some(user), Window::of(&app, &name).await)
                }
                None => (None, Window::new(&app)),
            };
            people.push((who, user, window));
        }
        Self { app, people, boss, client, operator, worker }
    }

    /// A new ticket of somebody's own, or a foreign one.
    async fn ticket(&self, who: Option<Role>, is_own: bool, action: &str) -> i64 {
        let id_of = |role| {
            self.people.iter().find(|(who, ..)| *who == Some(role)).and_then(|(_, user, _)| Some(user.as_ref()?.id))
        };
        let (by, department) = match (who, is_own) {
            (Some(Role::Operator), true) => (id_of(Role::Operator), Some("Machining")),
            (Some(Role::Supervisor), true) => (Some(self.operator.id), Some("Machining")),
            (Some(Role::Supervisor), false) => (Some(self.operator.id), Some("Assembly")),
            (Some(Role::Client | Role::Admin), true) => (who.and_then(id_of), None),
            _ => (Some(self.client.id), None),
        };
        let is_theirs = who == Some(Role::Support) && is_own;
        let incident = Incident { category: Category::Bug, project_name: "Web shop".to_owned() };
        let new = NewTicket {
            kind: if department.is_some() { Kind::Maintenance } else { Kind::Incident },
            given: Given::default(),
            title: "It stands still".to_owned(),
            description: "Since noon.".to_owned(),
            media_json: "[]".to_owned(),
            place_json: None,
            priority: Priority::High,
            requester_id: by,
            department: department.map(str::to_owned),
            incident: department.is_none().then_some(incident),
        };
        let making = self.app.server.app.db.write(move |tx| {
            let new = new.clone();
            Box::pin(async move { andon::tickets::create(tx, &andon::sla::Policies::default(), vec![new]).await })
        });
        let id = making.await.expect("a ticket")[0].id;
        if is_theirs || action == "start_work" {
            let worker = if is_theirs { id_of(Role::Support).expect("one") } else { self.worker.id };
            let (status, done) =
                self.boss.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": worker})).await;
            assert!(status.is_success(), "{done}");
        }
        id
    }

    async fn ask(&self, nth: usize, method: &str, path: &str, is_own: bool) -> StatusCode {
        let (who, user, window) = &self.people[nth];
        let mut address = path.to_owned();
        if path.contains("{id}") {
            let action = path.rsplit('/').next().unwrap_or_default();
            let id = self.ticket(*who, is_own, action).await;
            if path.contains("{attachment}") {
                let by = user.as_ref().filter(|_| is_own).unwrap_or(match who {
                    Some(Role::Supervisor) => &self.operator,
                    _ => &self.client,
                });
                let file = json!({"file_data": "SGVsbG8h", "filename": "note.txt"});
                let (_, added) = by.post(&format!("/api/tickets/{id}/add_attachment/"), file).await;
                address = address.replace("{attachment}", &added["attachment_id"].to_string());
            }
            address = address.replace("{id}", &id.to_string());
            if action == "attach" {
                return attach(window, id, Some(&window.token()), b"A note", "note.txt").await;
            }
        }
        if method == "GET" {
            return window.get(&address).await.status;
        }
        if path == "/people/{other}/delete" {
            let name = format!("goes{nth}");
            let other = self.app.user(&name, Role::Client).await.id;
            return window.post(&format!("/people/{other}/delete"), &[]).await.status;
        }
        if path == "/tickets/assign" {
            let ticket = format!("{}-0", self.ticket(Some(Role::Client), true, "").await);
            let fields = [("ticket", ticket.as_str()), ("assigned_to", &self.worker.id.to_string())];
            return window.post(path, &fields).await.status;
        }
        if path == "/live-ticket" {
            let request = window.request(reqwest::Method::POST, path).header("x-form-token", window.token());
            return window.send(request).await.status;
        }
        let worker = self.worker.id.to_string();
        let fields: &[(&str, &str)] = match path.rsplit('/').next().unwrap_or_default() {
            "profile" => &[("first_name", "Name")],
            "summary" => &[("weekly_summary", "false")],
            "tokens" => &[("name", "Export"), ("scope", "read")],
            "digest" => &[("minutes", "7")],
            "new" => &[
                ("title", "A title"),
                ("description", "A text"),
                ("project_name", "Shop"),
                ("priority", "LOW"),
                ("category", "BUG"),
            ],
            "assign" => &[("assigned_to", worker.as_str())],
            "edit" => &[("description", "Since noon, every card.")],
            "views" => &[("name", "Late"), ("query", "overdue=true")],
            "chat.miss.menu" => &[("language", "en"), ("text", "Pardon?"), ("act", "save"), ("seen", "0")],
            "set_sla" => &[("resolution_due_at", "2026-01-20T12:00")],
            "cancel" => &[("reason", "It has to be")],
            "add_comment" => &[("comment", "See there")],
            _ => &[],
        };
        window.post(&address, fields).await.status
    }
}

async fn everybody_sees_what_the_table_says_and_nothing_else(backend: Backend) {
    let house = House::build(backend).await;
    let mut differs = String::new();
    for line in TABLE.lines().filter(|line| line.contains('/')) {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
        let cells: Vec<&str> = words.collect();
        assert_eq!(cells.len(), WHO.len(), "{line}");
        let mut answered = Vec::new();
        for (nth, cell) in cells.iter().enumerate() {
            let mut statuses = vec![house.ask(nth, method, path, true).await.as_str().to_owned()];
            if cell.contains('/') {
                statuses.push(house.ask(nth, method, path, false).await.as_str().to_owned());
            }
            answered.push(statuses.join("/"));
        }
        if answered != cells {
            writeln!(differs, "{method} {path}\n  {answered:?}\n  {cells:?}   <- the table").expect("text grows");
        }
    }
    assert!(differs.is_empty(), "these lines came out otherwise:\n{differs}");
    house.app.end().await;
}

async fn a_ticket_offers_exactly_what_its_reader_may_do(backend: Backend) {
    let house = House::build(backend).await;
    for (who, user, window) in house.people.iter().skip(1) {
        let user = user.as_ref().expect("somebody signed in");
        let id = house.ticket(*who, true, "").await;
        let (_, ticket) = user.get(&format!("/api/tickets/{id}/")).await;
        let allowed: Vec<&str> =
            ticket["allowed_actions"].as_array().expect("a list").iter().filter_map(|one| one.as_str()).collect();
        let page = window.get(&format!("/tickets/{id}")).await;
        let start = format!("action=\"/tickets/{id}/");
        let offered = page.html.split(&start).skip(1);
        let offered: Vec<&str> =
            offered.filter_map(|rest| rest.split('"').next()).filter(|name| *name != "attach").collect();
        let may_edit = offered.contains(&"edit");
        let offered: Vec<&str> = offered.into_iter().filter(|name| *name != "edit").collect();
        assert_eq!(offered, allowed, "{who:?}");
        let (status, _) = user.patch(&format!("/api/tickets/{id}/"), json!({"description": "Since noon!"})).await;
        assert_eq!(status.is_success(), may_edit, "{who:?}");
    }
    house.app.end().await;
}

async fn a_list_shows_what_its_reader_may_see(backend: Backend) {
    let house = House::build(backend).await;
    for (who, ..) in house.people.iter().skip(1) {
        house.ticket(*who, true, "").await;
        house.ticket(*who, false, "").await;
    }
    for (who, user, window) in house.people.iter().skip(1) {
        let user = user.as_ref().expect("somebody signed in");
        let (_, list) = user.get("/api/tickets/?status=NEW,OPENED,IN_PROGRESS,ON_HOLD,RESOLVED&page_size=50").await;
        let mut expected: Vec<i64> =
            list["results"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_i64()).collect();
        for path in ["/tickets", "/tickets/board"] {
            let page = window.get(path).await;
            let links = page.html.split("href=\"/tickets/").skip(1).filter_map(|rest| rest.split('"').next());
            let mut shown: Vec<i64> = links.filter_map(|id| id.parse().ok()).collect();
            shown.sort_unstable();
            shown.dedup();
            expected.sort_unstable();
            assert_eq!(shown, expected, "{who:?} {path}");
        }
    }
    house.app.end().await;
}
