//! One Andon with a database of its own, a clock that a test moves, and the simulator for a provider.
//!
//! Everything goes through the public door: phones write over signed webhooks, replies leave through the
//! simulator's API, statuses come back over HTTP. [`TestApp::settle`] waits by doing the work, never by sleeping.

use super::databases::{Backend, Database};
use super::migrated;
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
        let database = migrated::database(backend).await;
        let clock = Clock::manual(beginning());
        let url = database.url();
        let server = serve(&url, clock.clone(), settings, Jobs::ByHand).await.expect("the server starts");
        seed::run(&server.app.db, server.app.settings.timezone).await.expect("the demo records load");
        let http = andon::kit::http::client().expect("a client");
        Self { server, clock, http, database }
    }

    /// A seeded plant as it runs in earnest: by the machine's clock.
    pub(crate) async fn running(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let (database, clock) = (migrated::database(backend).await, Clock::System);
        let server = serve(&database.url(), clock.clone(), settings, Jobs::Running).await.expect("the server starts");
        seed::run(&server.app.db, server.app.settings.timezone).await.expect("the demo records load");
        let http = andon::kit::http::client().expect("a client");
        Self { server, clock, http, database }
    }

    /// Stops and starts again on the same database.
    pub(crate) async fn restart(mut self, settings: &[(&str, &str)]) -> Self {
        let url = self.database.url();
        self.server.stop().await.expect("the server stops");
        self.server = serve(&url, self.clock.clone(), settings, Jobs::ByHand).await.expect("the server starts again");
        self
    }

    /// Stops and drops the database.
    pub(crate) async fn end(self) {
        self.server.stop().await.expect("the server stops");
        self.database.destroy().await;
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
        let rows = self.rows(&format!("SELECT COUNT(*) AS n FROM {table}")).await;
        rows[0].try_get("", "n").expect("a count is a number")
    }

    /// What a query finds.
    pub(crate) async fn rows(&self, query: &str) -> Vec<sea_orm::QueryResult> {
        use sea_orm::ConnectionTrait as _;
        let statement = sea_orm::Statement::from_string(self.server.app.db.backend(), query.to_owned());
        self.server.app.db.read().query_all_raw(statement).await.expect("the tables can be read")
    }
}

/// Where all tests of this run keep attachments: under their hashes they do not get in one another's way.
pub(crate) fn data_dir() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("andon-it-{}", std::process::id()))
}

async fn serve(url: &str, clock: Clock, more: &[(&str, &str)], jobs: Jobs) -> andon::kit::Result<Server> {
    let data_dir = data_dir().to_string_lossy().into_owned();
    let mut settings = vec![
        ("ANDON_BIND", "127.0.0.1:0"),
        ("ANDON_DATA_DIR", &*data_dir),
        ("DATABASE_URL", url),
        ("ANDON_SIMULATOR", "true"),
        ("ANDON_COMPANY", "Test Plant"),
        ("ANDON_TAPS", "false"), // what is said in full can be compared; what is tapped has tests of its own
        ("ANDON_ADMIN_TOKEN", ADMIN_TOKEN),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_WHATSAPP_NUMBER", PLANT),
    ];
    settings.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    settings.extend_from_slice(more);
    Server::start(Settings::from_variables(settings)?, clock, jobs).await
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let text = response.text().await.expect("the answer has a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number in E.164 form")
}

/// A database that a test can take away and bring back.
pub(crate) enum Removable {
    /// A server behind a proxy that is cut.
    Server(super::proxy::Proxy),
    /// A file that another connection keeps for itself.
    File { url: String, holder: tokio::sync::Mutex<Option<sea_orm::DatabaseConnection>> },
}

impl Removable {
    pub(crate) async fn take_away(&self) {
        match self {
            Self::Server(proxy) => proxy.cut(),
            Self::File { url, holder } => {
                use sea_orm::ConnectionTrait as _;
                let mut options = sea_orm::ConnectOptions::new(url.clone());
                options.max_connections(1).sqlx_logging(false);
                let connection = sea_orm::Database::connect(options).await.expect("the file opens");
                connection.execute_unprepared("BEGIN IMMEDIATE").await.expect("the file is taken");
                *holder.lock().await = Some(connection);
            }
        }
    }

    pub(crate) async fn bring_back(&self) {
        match self {
            Self::Server(proxy) => proxy.mend(),
            Self::File { holder, .. } => {
                use sea_orm::ConnectionTrait as _;
                if let Some(connection) = holder.lock().await.take() {
                    connection.execute_unprepared("ROLLBACK").await.expect("the file is let go");
                    connection.close().await.expect("the connection closes");
                }
            }
        }
    }
}

impl TestApp {
    /// A plant whose database can be taken away.
    pub(crate) async fn with_a_database_to_take_away(backend: Backend) -> (Self, Removable) {
        let database = Database::create(backend).await;
        let clock = Clock::manual(beginning());
        let mut url = database.url();
        let removable = if backend == Backend::Sqlite {
            Removable::File { url: url.clone(), holder: tokio::sync::Mutex::new(None) }
        } else {
            let mut parsed = reqwest::Url::parse(&url).expect("a URL");
            let port = parsed.port().unwrap_or(if backend == Backend::Postgres { 5432 } else { 3306 });
            let proxy =
                super::proxy::Proxy::start(format!("{}:{port}", parsed.host_str().unwrap_or("127.0.0.1"))).await;
            parsed.set_host(Some("127.0.0.1")).expect("a host");
            parsed.set_port(Some(proxy.address.port())).expect("a port");
            url = parsed.to_string();
            Removable::Server(proxy)
        };
        let server = serve(&url, clock.clone(), &[], Jobs::ByHand).await.expect("the server starts");
        seed::run(&server.app.db, server.app.settings.timezone).await.expect("the demo records load");
        let http = andon::kit::http::client().expect("a client");
        (Self { server, clock, http, database }, removable)
    }

    /// Somebody writes while nothing can be stored: what became of the webhook, and how many replies came.
    pub(crate) async fn sends_into_the_dark(&self, phone: &str, text: &str) -> (Sent, usize) {
        let before = self.bubbles(phone).len();
        let sent = self.simulator().send(Incoming::text(&number(phone), text)).await;
        (sent, self.bubbles(phone).len() - before)
    }

    /// Another process on the same database, which sends through the same provider.
    pub(crate) async fn process_beside(&self, settings: &[(&str, &str)]) -> Server {
        let (provider, public) = (self.url("/simulator/twilio"), self.url(""));
        let mut all = vec![("ANDON_SIMULATOR", "false"), ("TWILIO_API_BASE", &provider), ("ANDON_PUBLIC_URL", &public)];
        all.extend_from_slice(settings);
        let server = serve(&self.database.url(), self.clock.clone(), &all, Jobs::ByHand).await;
        server.expect("the database is there to be shared")
    }

    /// The same on threads of its own, with which it can be killed.
    pub(crate) async fn process_beside_in(&self, threads: &tokio::runtime::Runtime) -> Server {
        let (provider, public) = (self.url("/simulator/twilio"), self.url(""));
        let (url, clock) = (self.database.url(), self.clock.clone());
        let starting = threads.spawn(async move {
            let settings =
                [("ANDON_SIMULATOR", "false"), ("TWILIO_API_BASE", &*provider), ("ANDON_PUBLIC_URL", &*public)];
            serve(&url, clock, &settings, Jobs::ByHand).await
        });
        starting.await.expect("no panic").expect("the database is there to be shared")
    }

    /// A connection of its own to this one's database.
    pub(crate) async fn connection(&self) -> sea_orm::DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(self.database.url());
        options.max_connections(1).sqlx_logging(false);
        sea_orm::Database::connect(options).await.expect("the database answers")
    }

    /// Keeps the messages from being written until the connection is closed: the database is there, and slow.
    pub(crate) async fn hold_up_writing(&self) -> sea_orm::DatabaseConnection {
        use sea_orm::{ConnectionTrait as _, DbBackend};
        let holder = self.connection().await;
        let statements: &[&str] = match holder.get_database_backend() {
            DbBackend::Postgres => &["BEGIN", "LOCK TABLE messages IN EXCLUSIVE MODE"],
            DbBackend::MySql => &["LOCK TABLES messages WRITE"],
            _ => &["BEGIN IMMEDIATE"],
        };
        for statement in statements {
            holder.execute_unprepared(statement).await.expect("the table is held");
        }
        holder
    }

    /// Tries to start another server on this one's database; answers with why it would not.
    pub(crate) async fn second_server(&self) -> Option<String> {
        serve(&self.database.url(), self.clock.clone(), &[], Jobs::ByHand).await.err().map(|error| error.to_string())
    }
}
