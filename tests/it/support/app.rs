//! One Andon with a database of its own, a clock that a test moves, and the simulator for a provider.
//!
//! Everything goes through the public door: phones write over signed webhooks, replies leave through the
//! simulator's API, statuses come back over HTTP. [`TestApp::settle`] waits by doing the work, never by sleeping.

use super::databases::{Backend, Database};
use andon::cli::seed;
use andon::config::Settings;
use andon::kit::{Clock, E164, Instant};
use andon::server::{Jobs, Server};
use andon::simulator::{Bubble, Incoming, Sent, Side};
use chrono::{TimeDelta, TimeZone as _, Utc};
use reqwest::StatusCode;
use serde_json::Value;

/// When every test begins: the second of product.md's examples.
pub(crate) fn beginning() -> Instant {
    Utc.with_ymd_and_hms(2026, 1, 18, 14, 30, 22).single().expect("a valid instant")
}

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TOKEN: &str = "a-token-for-tests";
pub(crate) const ADMIN_TOKEN: &str = "an-admin-token-for-tests";
pub(crate) const PLANT: &str = "+12025550100";
pub(crate) const OPERATOR: &str = "+12025550101";
pub(crate) const STRANGER: &str = "+12025550199";

pub(crate) struct TestApp {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    database: Database,
}

impl TestApp {
    /// A seeded plant whose chat takes registered numbers.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::with(backend, &[]).await
    }

    /// The same with other settings.
    pub(crate) async fn with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let database = Database::create(backend).await;
        let clock = Clock::manual(beginning());
        let url = database.url();
        let server = serve(&url, clock.clone(), settings).await.expect("the server starts");
        seed::run(&server.app.db, server.app.settings.timezone).await.expect("the demo records load");
        let http = andon::kit::http::client().expect("a client");
        Self { server, clock, http, database }
    }

    /// Stops and starts again on the same database.
    pub(crate) async fn restart(mut self, settings: &[(&str, &str)]) -> Self {
        let url = self.database.url();
        self.server.stop().await.expect("the server stops");
        self.server = serve(&url, self.clock.clone(), settings).await.expect("the server starts again");
        self
    }

    /// Stops and drops the database.
    pub(crate) async fn end(self) {
        self.server.stop().await.expect("the server stops");
        self.database.destroy().await;
    }

    pub(crate) fn backend(&self) -> Backend {
        self.database.backend()
    }

    pub(crate) fn simulator(&self) -> &andon::simulator::Simulator {
        self.server.simulator.as_ref().expect("the simulator is on in tests")
    }

    /// Does all the work there is: replies leave, statuses come back.
    pub(crate) async fn settle(&self) {
        self.server.settle().await.expect("the database answers");
    }

    /// Moves the clock and lets what fell due happen.
    pub(crate) async fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
        self.settle().await;
    }

    /// Somebody writes; answers with what the plant replied to it.
    pub(crate) async fn says(&self, phone: &str, text: &str) -> Vec<String> {
        self.sends(Incoming::text(&number(phone), text)).await.1
    }

    /// Somebody sends something; answers with what became of it and what the plant replied.
    pub(crate) async fn sends(&self, incoming: Incoming) -> (Sent, Vec<String>) {
        let phone = incoming.from.clone();
        let before = self.replies(&phone).len();
        let sent = self.simulator().send(incoming).await;
        self.settle().await;
        (sent, self.replies(&phone).split_off(before))
    }

    /// What the plant wrote to this phone so far.
    pub(crate) fn replies(&self, phone: &E164) -> Vec<String> {
        self.bubbles(phone.as_str()).into_iter().map(|bubble| bubble.text).collect()
    }

    /// The plant's messages on this phone, with their statuses.
    pub(crate) fn bubbles(&self, phone: &str) -> Vec<Bubble> {
        let shown = self.simulator().transcript(&number(phone)).into_iter();
        shown.filter(|bubble| bubble.side == Side::In).collect()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    /// GET as an admin.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.http.get(self.url(path)).bearer_auth(ADMIN_TOKEN)).await
    }

    /// Another method as an admin.
    pub(crate) async fn request(&self, method: reqwest::Method, path: &str) -> (StatusCode, Value) {
        answer(self.http.request(method, self.url(path)).bearer_auth(ADMIN_TOKEN)).await
    }

    /// The state of this phone's session, as an admin sees it.
    pub(crate) async fn state(&self, phone: &str) -> Option<String> {
        let (_, sessions) = self.get("/api/whatsapp/sessions").await;
        sessions["sessions"][format!("whatsapp:{phone}")]["state"].as_str().map(str::to_owned)
    }

    /// How many rows a table has: to see that nothing was stored.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        use sea_orm::ConnectionTrait as _;
        let statement = sea_orm::Statement::from_string(self.server.app.db.backend(), format!("SELECT COUNT(*) AS n FROM {table}"));
        let row = self.server.app.db.read().query_one_raw(statement).await.expect("the table can be read");
        row.expect("a count is one row").try_get("", "n").expect("a count is a number")
    }
}

async fn serve(url: &str, clock: Clock, more: &[(&str, &str)]) -> andon::kit::Result<Server> {
    let mut settings = vec![
        ("ANDON_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", url),
        ("ANDON_SIMULATOR", "true"),
        ("ANDON_COMPANY", "Test Plant"),
        ("ANDON_ADMIN_TOKEN", ADMIN_TOKEN),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_WHATSAPP_NUMBER", PLANT),
    ];
    settings.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    settings.extend_from_slice(more);
    Server::start(Settings::from_variables(settings)?, clock, Jobs::ByHand).await
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let text = response.text().await.expect("the answer has a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number in E.164 form")
}
