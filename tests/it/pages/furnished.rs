//! A desk with as much on it as a plant's: what its pages look like is looked at with this.

use super::floor_furnished::Records;
use super::inbox::person;
use crate::attachments::PNG;
use crate::support::app::{OPERATOR, STRANGER, TestApp, number};
use crate::support::user::User;
use andon::db::Door;
use andon::people::{Actor, Role};
use andon::records_io::{Kind, waiting};
use andon::simulator::{Enclosure, Incoming};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

/// A picture of one point.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const TITLES: [&str; 4] = [
    "The checkout shows an error after paying by card, and the order is there twice",
    "Label printer in hall 2 prints blank labels",
    "Reports of last month cannot be opened",
    "A_very_long_name_without_any_blank_in_it_that_would_break_a_narrow_page_apart_if_it_were_not_wrapped",
];

/// Those who work there, and a ticket with everything on it.
pub(crate) struct Furnished {
    pub(crate) dev: User,
    /// A ticket that waits for its client.
    pub(crate) waiting: i64,
    /// The one with everything on it.
    pub(crate) first: i64,
    /// Whose conversation the desk has.
    talks: i64,
    floor: Floor,
    /// A webhook whose receiver nobody finds.
    hook: i64,
    /// The plant's records.
    records: Records,
}

impl Furnished {
    /// An admin `boss`, a client `client1`, a support person `dev1`, and two dozen tickets.
    pub(crate) async fn on(app: &TestApp) -> Self {
        let (admin, client) = (app.user("boss", Role::Admin).await, app.user("client1", Role::Client).await);
        let dev = app.user("dev1", Role::Support).await;
        let mut ids = Vec::new();
        for nth in 0..24 {
            let priority = ["HIGH", "MEDIUM", "LOW"][nth % 3];
            let body = json!({"project_name": "Web shop", "title": TITLES[nth % TITLES.len()],
                "description": "Since this morning.\nIt happens with every card, on phones and computers alike.",
                "priority": priority, "category": "BUG"});
            let (_, ticket) = client.post("/api/tickets/", body).await;
            let id = ticket["id"].as_i64().expect("a ticket");
            ids.push(id);
            if nth % 2 == 0 {
                admin.post(&format!("/api/tickets/{id}/assign/"), json!({"assigned_to": dev.id})).await;
                dev.post(&format!("/api/tickets/{id}/start_work/"), json!({})).await;
            }
            if nth % 6 == 0 {
                dev.post(&format!("/api/tickets/{id}/hold/"), json!({"reason": "A part is missing"})).await;
            }
            if nth % 10 == 8 {
                dev.post(&format!("/api/tickets/{id}/finish_work/"), json!({"comment": "It runs again"})).await;
            }
        }
        let (first, waiting) = (ids[0], ids[8]);
        admin.post(&format!("/api/tickets/{first}/add_comment/"), json!({"comment": "The part is ordered."})).await;
        let picture = json!({"file_data": PICTURE, "filename": "photo.png"});
        client.post(&format!("/api/tickets/{first}/add_attachment/"), picture).await;
        let floor = floor(app, &admin).await;
        let records = Records::on(app, &admin).await;
        let talks = conversations(app, &admin).await;
        let hook = hook(app, &admin).await;
        andon::figures::once(&app.server.app).await.expect("the days are counted");
        Self { dev, waiting, first, talks, floor, hook, records }
    }

    /// What an admin looks at: a short name, and the address.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        let mut pages = vec![
            ("now", "/now".to_owned()),
            ("notices", "/notifications".to_owned()),
            ("people", "/people".to_owned()),
            ("person", format!("/people/{}", self.dev.id)),
            ("list", "/tickets".to_owned()),
            ("board", "/tickets/board".to_owned()),
            ("ticket", format!("/tickets/{}", self.first)),
            ("new", "/tickets/new".to_owned()),
            ("new-person", "/people/new".to_owned()),
            ("profile", "/profile".to_owned()),
            ("nowhere", "/nowhere".to_owned()),
            ("inbox", "/inbox".to_owned()),
            ("conversation", format!("/inbox/{}", self.talks)),
            ("replies", "/inbox/replies".to_owned()),
            ("labels", "/floor/labels".to_owned()),
            ("walls", "/floor/walls".to_owned()),
            ("wall-door", "/wall/enter".to_owned()),
            ("labels-refused", "/floor/labels?kind=orders&numbers=ORD-12345+ORD-1&start=0".to_owned()),
            ("merge", format!("/inbox/{}/merge", self.talks)),
            ("orders", "/floor/orders".to_owned()),
            ("orders-all", "/floor/orders?all=true&sort=number".to_owned()),
            ("order", format!("/floor/orders/{}", self.floor.order)),
            ("new-order", "/floor/orders/new".to_owned()),
            ("machines", "/floor/machines".to_owned()),
            ("machine", format!("/floor/machines/{}", self.floor.machine)),
            ("new-machine", "/floor/machines/new".to_owned()),
            ("records", "/floor/records".to_owned()),
            ("verdicts", format!("/floor/records/{}", self.floor.file)),
            ("state", "/settings/state".to_owned()),
            ("rules", "/settings/rules".to_owned()),
            ("hooks", "/settings/webhooks".to_owned()),
            ("hook", format!("/settings/webhooks/{}", self.hook)),
            ("new-hook", "/settings/webhooks/new".to_owned()),
            ("audit", "/settings/audit".to_owned()),
            ("system", "/settings/system".to_owned()),
            ("reports", "/reports".to_owned()),
            ("report-times", "/reports/times".to_owned()),
            ("report-sla", "/reports/sla".to_owned()),
            ("report-hours", "/reports/hours".to_owned()),
            ("report-messages", "/reports/messages".to_owned()),
            ("report-chats", "/reports/chats".to_owned()),
            ("defects", "/floor/defects".to_owned()),
            ("texts", "/messages/texts".to_owned()),
            ("text", "/messages/texts/notice.ticket.opened.text".to_owned()),
            ("text-arabic", "/messages/texts/chat.menu.text?language=ar".to_owned()),
            ("templates", "/messages/templates".to_owned()),
        ];
        pages.extend(self.records.pages());
        pages
    }

    /// What a client and a support person look at besides.
    pub(crate) fn theirs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("now", "/now".to_owned()),
            ("list", "/tickets".to_owned()),
            ("waiting", format!("/tickets/{}", self.waiting)),
            ("ticket", format!("/tickets/{}", self.first)),
            ("notices", "/notifications".to_owned()),
        ]
    }
}

/// What the floor's pages are about.
struct Floor {
    /// An order with everything on it.
    order: i64,
    /// A machine that is down.
    machine: i64,
    /// A file with wrong lines.
    file: i64,
}

/// The plant has other deadlines and a budget than Andon comes with.
async fn rules(app: &TestApp, boss: &Actor) {
    use andon::config::{Rule, RuleName};
    let app = &app.server.app;
    let figures = json!({"HIGH": 12, "MEDIUM": 36, "LOW": 96});
    let deadlines = json!({"answer_minutes": null, "solution_hours": figures});
    let budget = json!({"sum": "12500 USD", "holds_back": true});
    for (name, is) in [(RuleName::Maintenance, deadlines), (RuleName::Budget, budget)] {
        let rule = Rule::read(name, &is).expect("a rule");
        andon::rules::change(app, boss, name, rule, None).await.expect("it holds");
    }
    andon::rules::put_back(app, boss, RuleName::Budget).await.expect("it is put back");
}

/// A webhook that was called and not reached.
async fn hook(app: &TestApp, admin: &User) -> i64 {
    let url = "https://a-receiver-with-a-rather-long-name-of-its-own.invalid/hooks/andon?key=0123456789abcdef";
    let new = json!({"url": url, "events": ["order.held"], "description": "Orders on hold, for those who plan"});
    let (_, made) = admin.post("/api/webhooks/", new).await;
    let id = made["id"].as_i64().expect("a webhook");
    let at = app.server.app.clock.now().format("%Y-%m-%d %H:%M:%S");
    let calls = app.connection().await;
    for (event, status, code) in [("order.held", "DELIVERED", 200), ("webhook.test", "PARKED", 503)] {
        let call = format!(
            "INSERT INTO webhook_calls (webhook_id, message, event, status, attempts, tries, give_up_at, last_attempt_at, \
             took_ms, status_code, answer, problem, created_at) VALUES ({id}, 'msg_{code}', '{event}', '{status}', 2, 2, \
             '{at}', '{at}', 38, {code}, 'The receiver says why, at some length', \
             'It failed ({code}): look into its own log, and see what it says of that.', '{at}')"
        );
        calls.execute_unprepared(&call).await.expect("it is committed");
    }
    id
}

/// Thirty orders, one of them held twice; a machine that broke twice; and a file that waits.
async fn floor(app: &TestApp, admin: &User) -> Floor {
    let today = app.server.app.clock.now().date_naive();
    let day = |days: i64| (today + chrono::TimeDelta::days(days)).to_string();
    for nth in 0..30 {
        let days = i64::try_from(nth).expect("a small number");
        let body = json!({"number": format!("ORD-20{nth:03}"), "customer": "Harbour Marine and Sons, shipyard of the north",
            "product": TITLES[nth % TITLES.len()], "quantity_ordered": 100, "quantity_completed": nth * 4,
            "starts_on": day(-1 - days % 20), "due_on": day(days % 25 - 3),
            "status": (["IN_PROGRESS", "SCHEDULED"][nth % 2])});
        admin.post("/api/orders/", body).await;
    }
    let held = app.rows("SELECT id FROM orders WHERE number = 'ORD-12351'").await;
    let order = held[0].try_get::<i64>("", "id").expect("an order");
    let reason = json!({"reason": "The customer asked to wait until their own hall is ready for it."});
    admin.post(&format!("/api/orders/{order}/hold/"), reason).await;
    for kind in ["Hydraulic", "Electrical"] {
        for text in ["hi", "3", "MACH-002", kind, "High"] {
            app.simulator().send(Incoming::text(&number(OPERATOR), text)).await;
        }
    }
    let machine = app.rows("SELECT id FROM machines WHERE number = 'MACH-002'").await;
    let machine = machine[0].try_get::<i64>("", "id").expect("a machine");
    let boss = Actor {
        person_id: admin.id,
        username: "boss".to_owned(),
        role: Role::Admin,
        department: None,
        door: Door::Page,
        sign_in: None,
    };
    let lines = "number,customer,product,quantity_ordered,starts_on,due_on\n\
        ORD-901,Northwind,Gearbox,10,2026-01-20,2026-02-20\nORD-902,Northwind,Gearbox,ten,2026-01-20,31.02.2026\n\
        ORD-12345,Harbour Marine,Gearbox GX-20,210,2026-01-06,2026-01-25\nORD-903,,Gearbox,10,2026-01-20,2026-02-20\n";
    rules(app, &boss).await;
    let keeping = waiting::keep(&app.server.app, &boss, Kind::Orders, "orders of this week.csv", lines.as_bytes());
    Floor { order, machine, file: keeping.await.expect("a file") }
}

/// Two conversations, one of a stranger, one that the desk has taken over, with a picture and a note. Answers with whose
/// that is.
async fn conversations(app: &TestApp, admin: &User) -> i64 {
    let photo = Enclosure { content_type: "image/png".to_owned(), bytes: PNG.to_vec() };
    let says = |text: &str| Incoming::text(&number(OPERATOR), text);
    for text in
        ["hi", "1", "ORD-12345", "A_very_long_word_without_any_blank_in_it_that_would_break_a_narrow_page_apart"]
    {
        app.simulator().send(says(text)).await;
    }
    app.simulator().send(Incoming { media: vec![photo], ..says("") }).await;
    let name = Some("Somebody with a rather long name of their own, as WhatsApp has it".to_owned());
    let stranger = Incoming::text(&number(STRANGER), "مرحبا، الماكينة رقم ٧ لا تعمل منذ الصباح");
    app.simulator().send(Incoming { profile_name: name, ..stranger }).await;
    let talks = person(app, OPERATOR).await;
    for (what, body) in [
        ("take_over", json!({})),
        ("notes", json!({"text": "Known for being exact.\nAsk for the batch."})),
        ("messages", json!({"text": "We are looking into it."})),
    ] {
        let (status, told) = admin.post(&format!("/api/conversations/{talks}/{what}/"), body).await;
        assert!(status.is_success(), "{what}: {told}");
    }
    talks
}
