//! One running Andon: database, channels, routes and jobs, from settings to a listening address.

use crate::app::{App, Health, Parts, RulesInForce};
use crate::bus::{Bus, Limit, Poke};
use crate::chat::flow::Flows;
use crate::chat::late::Late;
use crate::config::{
    MailSecurity, MailServer, Rules, SIMULATED_ACCOUNT, SIMULATED_API_PATH, SIMULATED_META_PATH, Settings, SmsSender,
    WEBHOOK_PATH, simulated_sender,
};
use crate::db::{self, Db, News};
use crate::delivery::dispatch::Dispatcher;
use crate::delivery::receipts;
use crate::doctor::token;
use crate::kit::{Clock, Error, Metrics, Result, Tide, http};
use crate::proof::Proof;
use crate::pulse::Pulse;
use crate::scrape::{self, Sources};
use crate::simulator::{MetaSetup, Pace, Setup, Simulator};
use crate::vault::Vault;
use crate::web::forgive_trailing_slash;
use crate::web::serve::serve;
use crate::webhooks_in::Door;
use crate::webhooks_out::Caller;
use crate::wording::Wording;
use crate::wording::in_force::WordsInForce;
use crate::worker::{self, Hands};
use crate::{attachments, catalog, chat, delivery, inbox, notify, people, rules, texts};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Layer as _;
use tower::util::MapRequestLayer;

/// A stop takes no longer than this, whatever is going on; service managers kill after 90 seconds and less.
const LONGEST_STOP: Duration = Duration::from_secs(15);

/// Who runs the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// They run by themselves, on pokes and timers.
    Running,
    /// [`Server::settle`] runs them: for tests, which then need no sleeping.
    ByHand,
}

/// One running Andon.
pub struct Server {
    /// What every feature uses.
    pub app: App,
    /// The door in.
    pub door: Door,
    /// The way out.
    pub dispatcher: Dispatcher,
    /// Late answers.
    pub late: Late,
    /// Those who have the desk open.
    pub live: notify::live::Live,
    /// Calls webhooks.
    pub caller: Caller,
    /// The stand-in for the providers, where it is on.
    pub simulator: Option<Simulator>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it shows its figures without a token, if anywhere.
    pub metrics_address: Option<SocketAddr>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _lock: Option<std::fs::File>,
}

impl Server {
    /// Opens the database, brings it up to date, and starts to listen.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Setting`] for what an operator can mend in the settings or files, else
    /// [`crate::kit::error::Kind::Unavailable`].
    pub async fn start(mut settings: Settings, clock: Clock, jobs: Jobs) -> Result<Self> {
        let wording =
            Wording::load(settings.wording_dir.as_deref()).map_err(|problems| mistakes("wording", &problems))?;
        let flows =
            Flows::load(settings.flows_dir.as_deref(), &wording).map_err(|problems| mistakes("flow", &problems))?;
        let flows = Arc::new(flows);
        let url = settings.database_url();
        let lock = db::sqlite_file(&url).map(|file| db::lock(&file)).transpose()?;
        let listener = listen(settings.bind, "ANDON_BIND").await?;
        settings.bind = listener.local_addr().map_err(Error::internal)?;
        let address = settings.bind;
        let figures = match settings.metrics_bind {
            Some(bind) => Some(listen(bind, "ANDON_METRICS_BIND").await?),
            None => None,
        };
        let metrics_address = figures.as_ref().and_then(|listener| listener.local_addr().ok());

        let metrics = Metrics::default();
        let bus = Bus::new(&settings, &clock)?;
        let ringer = bus.clone();
        let database = Db::open(&url, clock.clone()).await?.measured_by(&metrics);
        let database = database.heralded_by(move |news| match news {
            News::Notice => ringer.poke(Poke::Notify),
            News::Change(change) => ringer.tell_desk([change]),
        });
        db::migrations::run(&database).await?;
        if lock.is_some() {
            // Nobody else has this file, so whoever had leases is gone.
            database.write(|tx| Box::pin(delivery::store::processes::give_all_up(tx))).await?;
        }
        token::remember(&database, &settings).await?;
        let proof = Proof::new(&people::signing_key(&database, &settings).await?);
        let client = http::client()?;
        let vault = Vault::of(&settings)?;
        let mail = stand_in_for_mail(&mut settings).await?;
        let channels = catalog::channels(&settings, client.clone());
        let simulator = simulator(&settings, client, &clock, jobs);
        let in_force = RulesInForce::new(Rules::of(&settings));
        let app = App::new(Parts {
            settings,
            db: database,
            clock,
            bus,
            words: WordsInForce::new(wording),
            channels,
            proof,
            vault,
            rules: in_force,
            health: Health::default(),
            pulse: Pulse::default(),
            tide: Tide::default(),
            metrics,
        });
        rules::refresh(&app).await?;
        texts::reload(&app).await?;
        let ways = chat::Ways { flows: Arc::clone(&flows), followers: catalog::FOLLOWERS };
        for limit in [Limit::SignInsFromOne, Limit::SignInsFromAll] {
            let (attempts, clock) = (Arc::clone(&app.proof.attempts), app.clock.clone());
            app.bus.counts(limit, move |place, times| attempts.failed_elsewhere(&clock, limit, place, times));
        }
        let pace = delivery::pace::Pace::new(&app);
        let door = Door::new(&app, chat::inbound::start(&app, &ways), receipts::start(&app, &pace));
        let dispatcher = Dispatcher::new(&app, &pace);
        let sources = Sources::new(&app, &door, &dispatcher);
        let late = Late::new(&app, &ways);
        let live = notify::live::Live::new(&app, catalog::NOTICES);
        let caller = Caller::new(&app)?;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        if let Some(figures) = figures {
            tasks.spawn(serve(
                figures,
                MapRequestLayer::new(forgive_trailing_slash).layer(scrape::routes(sources.clone())),
                stop.clone(),
            ));
        }
        let routes = catalog::routes((&app, &ways), &door, &sources, &live, simulator.as_ref());
        let service = MapRequestLayer::new(forgive_trailing_slash).layer(routes);
        tasks.spawn(serve(listener, service, stop.clone()));
        if let Some((simulator, mail)) = simulator.clone().zip(mail) {
            tasks.spawn(simulator.take_mail(mail));
        }
        tasks.spawn(chat::mirror::run(app.clone(), stop.clone()));
        if jobs == Jobs::Running {
            let (dispatcher, late, live, caller) = (dispatcher.clone(), late.clone(), live.clone(), caller.clone());
            worker::start(&app, &door, Hands { dispatcher, late, live, caller }, &tasks, &stop);
        }
        Ok(Self {
            app,
            door,
            dispatcher,
            late,
            live,
            caller,
            simulator,
            address,
            metrics_address,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// Runs the jobs by hand until there is nothing left to do, the simulator's callbacks included.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn settle(&self) -> Result<()> {
        rules::refresh(&self.app).await?;
        loop {
            if let Some(simulator) = &self.simulator {
                simulator.settle().await;
            }
            texts::reload(&self.app).await?;
            self.live.push().await?;
            self.live.tell_changes().await?;
            self.live.check().await?;
            let told = notify::once(&self.app, catalog::NOTICES).await?;
            let fetched = attachments::fetch::once(&self.app).await?
                + inbox::media::once(&self.app).await?
                + delivery::prices::once(&self.app).await?;
            let called = self.caller.drain().await? + inbox::return_left(&self.app).await?;
            if fetched + self.late.once().await? + told + called + self.dispatcher.drain().await? == 0 {
                return Ok(());
            }
        }
    }

    /// Stops listening, lets the jobs finish what they began, closes the database.
    ///
    /// # Errors
    /// When the database refuses to close.
    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.live.close();
        if let Some(simulator) = &self.simulator {
            simulator.close();
        }
        self.tasks.close();
        if tokio::time::timeout(LONGEST_STOP, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not end in time; it is taken up at the next start");
        }
        self.app.db.clone().close().await
    }
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        Error::setting(format!(
            "{address} cannot be listened on: {e}. Is another program there? Set {setting} to a free one."
        ))
    })
}

/// Where the simulator takes e-mails, where it stands in for the mail server as well: a port of its own on loopback.
async fn stand_in_for_mail(settings: &mut Settings) -> Result<Option<TcpListener>> {
    let is_on = settings.simulator && settings.listens_on_loopback();
    let Some(mail) = settings.mail.as_mut().filter(|mail| is_on && mail.server.is_none()) else { return Ok(None) };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Error::internal)?;
    let port = listener.local_addr().map_err(Error::internal)?.port();
    let (host, security) = ("127.0.0.1".to_owned(), MailSecurity::Plain);
    mail.server = Some(MailServer { host, port, security, login: None });
    Ok(Some(listener))
}

/// The stand-in for the providers: in the demo, or where it was asked for, and only on loopback.
fn simulator(settings: &Settings, http: reqwest::Client, clock: &Clock, jobs: Jobs) -> Option<Simulator> {
    if !settings.simulator || !settings.listens_on_loopback() {
        return None;
    }
    let stand_in = || (SIMULATED_ACCOUNT.to_owned(), crate::kit::token::fresh().into(), None);
    let credentials = settings.twilio_credentials();
    let is_default = credentials.is_none();
    let (account_sid, auth_token, _) = credentials.unwrap_or_else(stand_in);
    let sender = settings.whatsapp_sender.clone().unwrap_or_else(simulated_sender);
    let meta = settings.meta.clone();
    let meta =
        meta.access_token.zip(meta.app_secret).zip(meta.phone_number_id).map(|(secrets, phone_number_id)| MetaSetup {
            phone_number_id,
            account_id: meta.business_account_id.unwrap_or_default(),
            access_token: secrets.0,
            app_secret: secrets.1,
            webhook_url: settings.local_origin() + WEBHOOK_PATH,
            api_base: settings.local_origin() + SIMULATED_META_PATH,
            is_default,
        });
    let sms_sender = match &settings.sms_sender {
        Some(SmsSender::Number(number)) => number.clone(),
        Some(SmsSender::Service(_)) | None => sender.clone(),
    };
    let setup = Setup {
        account_sid,
        auth_token,
        sender,
        sms_sender,
        meta,
        company: settings.company.clone(),
        templates: Arc::clone(&settings.notices.templates),
        webhook_url: settings.local_origin() + WEBHOOK_PATH,
        api_base: settings.local_origin() + SIMULATED_API_PATH,
        http,
        clock: clock.clone(),
        pace: if jobs == Jobs::Running { Pace::Human } else { Pace::Instant },
    };
    Some(Simulator::new(setup))
}

fn mistakes<P: std::fmt::Display>(what: &str, problems: &[P]) -> Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::setting(format!("There are mistakes in the {what} files:\n{}", lines.join("\n")))
}
