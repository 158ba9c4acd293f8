//! Every setting: from flags, the environment and `.env`, checked once, explained where it is wrong.
//!
//! Flags win over the environment, the environment over `.env`. A blank value counts as not given. All that is
//! wrong is told at once, by the setting's name, and the process ends with code 2. Secrets never show in
//! `--help`, in `Debug` output or in a message about a mistake. No other module reads the environment.

mod costs;
mod env_file;
mod files;
mod given;
mod media;
mod meta;
mod names;
mod notices;
mod pace;
mod read;
mod redis_url;
mod rules;
mod signing_in;
mod warnings;

pub use costs::Budget;
pub use env_file::{load_env_file, variable_names};
pub use files::Bucket;
pub use media::{EmailSender, Mail, MailSecurity, MailServer, SmsSender};
pub use meta::{Meta, MetaPrices};
pub use names::{known_names, settings_table, unknown_variables};
pub use notices::{Named, Notices, QuietHours, TemplateOf, Templates};
pub use pace::Pace;
pub use rules::{Rule, RuleName, Rules};

use crate::kit::telemetry::LogFormat;
use crate::kit::{E164, Error, Result, token};
use chrono::TimeDelta;
use chrono_tz::Tz;
use clap::error::ErrorKind;
use clap::{ArgMatches, Command, FromArgMatches};
use ipnet::IpNet;
use secrecy::SecretString;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use url::Url;

/// Where a provider's messages come in.
pub const WEBHOOK_PATH: &str = "/api/whatsapp/webhook";
/// Where a provider's status callbacks come in.
pub const STATUS_PATH: &str = "/api/whatsapp/status";
/// The same for Meta alone.
pub const META_WEBHOOK_PATH: &str = "/api/whatsapp/meta/webhook";
/// Where the simulator's stand-in for Meta's API is mounted.
pub const SIMULATED_META_PATH: &str = "/simulator/meta";
/// Where the simulator's stand-in for Twilio's API is mounted.
pub const SIMULATED_API_PATH: &str = "/simulator/twilio";

/// Where Twilio's API answers when nothing else is said.
const TWILIO_API: &str = "https://api.twilio.com";
/// The simulator's account: Twilio's form of a SID, and nobody's.
pub(crate) const SIMULATED_ACCOUNT: &str = "AC00000000000000000000000000000000";
/// The simulator's sender, from the range kept for fiction.
const SIMULATED_SENDER: &str = "+12025550100";

/// Who may use the floor's six options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ChatAccess {
    /// Only numbers that somebody registered.
    #[default]
    Registered,
    /// Every number: for trials and the demo.
    Open,
}

/// The settings of one process, checked.
///
/// As `#[command(flatten)] settings: Settings` it brings its flags and variables into a command; a mistake is a
/// [`clap::Error`] (exit code 2) that names each wrong setting and the mend.
#[expect(clippy::struct_excessive_bools, reason = "switches of their own, each a setting")]
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Folder for everything Andon keeps on disk.
    pub data_dir: PathBuf,
    /// How many bytes one attachment may have.
    pub max_attachment: usize,
    /// Where attachments are kept; none for the folder `files` in the data folder.
    pub bucket: Option<Bucket>,
    /// Networks whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests a minute that one address may make without proving who it is; none for no limit.
    pub request_limit: Option<NonZeroU32>,
    /// Bearer token of the admin endpoints.
    pub admin_token: Option<SecretString>,
    /// Key that signs tokens; none where the one in the database counts.
    pub jwt_secret: Option<SecretString>,
    /// Beginnings of phone numbers that count as valid in any case.
    pub allowed_numbers: Vec<String>,
    /// Name of the company, one line.
    pub company: String,
    /// Time zone in which people read dates.
    pub timezone: Tz,
    /// For how long the texts of messages are kept; none for ever.
    pub keep_messages: Option<TimeDelta>,
    /// Whether WhatsApp is on at all.
    pub whatsapp_enabled: bool,
    /// Silence after which a conversation is dormant; more than zero.
    pub session_timeout: TimeDelta,
    /// Whether Redis was asked for.
    pub use_redis: bool,
    /// What all of Andon's names in Redis begin with.
    pub redis_prefix: String,
    /// Account SID at Twilio.
    pub twilio_account_sid: Option<String>,
    /// Auth token at Twilio; signs webhooks and sends messages.
    pub twilio_auth_token: Option<SecretString>,
    /// Auth token that comes next; its signatures count already.
    pub twilio_auth_token_next: Option<SecretString>,
    /// The WhatsApp number that Andon writes from.
    pub whatsapp_sender: Option<E164>,
    /// From what Andon's text messages come; none where it sends none.
    pub sms_sender: Option<SmsSender>,
    /// How fast each WhatsApp sender may send.
    pub whatsapp_pace: Pace,
    /// How fast each sender of text messages may send.
    pub sms_pace: Pace,
    /// WhatsApp by Meta's own API.
    pub meta: Meta,
    /// How e-mails leave; none where none do.
    pub mail: Option<Mail>,
    /// What messages may cost a month; none for no bound.
    pub budget: Option<Budget>,
    /// How people are told.
    pub notices: Notices,
    /// Who may use the floor's six options.
    pub chat_access: ChatAccess,
    /// Messages a minute that one number gets answered at once; none for no limit.
    pub sender_limit: Option<NonZeroU32>,
    /// Folder of the operator's flow files.
    pub flows_dir: Option<PathBuf>,
    /// Folder of the operator's wording files.
    pub wording_dir: Option<PathBuf>,
    /// Networks beside the public ones that webhooks may call.
    pub webhook_networks: Vec<IpNet>,
    /// For how long the answers of a dormant form are kept.
    pub draft_life: TimeDelta,
    /// Whether choices are shown to be tapped, where a channel can.
    pub has_taps: bool,
    /// Whether the simulator is mounted; only ever on a loopback address.
    pub simulator: bool,
    /// Whether this is the demo, which is open to this machine and to nobody else.
    pub is_demo: bool,
    /// What to log, in tracing's directive syntax.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Bearer token that reads the figures.
    pub metrics_token: Option<SecretString>,
    /// Address and port on which the figures are shown without a token.
    pub metrics_bind: Option<SocketAddr>,
    /// Given address of the database; [`Settings::database_url`] knows the default.
    database_url: Option<SecretString>,
    /// Given address of Redis; [`Settings::redis_url`] knows the default.
    redis_url: Option<SecretString>,
    /// Given public origin; [`Settings::public_origin`] knows what stands in for it.
    pub public_url: Option<Url>,
    /// The webhook's address as it was written, without query and fragment: signatures cover it byte for byte.
    webhook_url: Option<String>,
    /// Given address of Twilio's API; [`Settings::twilio_api_base`] knows what stands in for it.
    twilio_api_base: Option<Url>,
}

impl Settings {
    /// Reads settings from names and values alone, without the process's environment: for tests and tools.
    ///
    /// # Errors
    /// [`crate::kit::error::Kind::Setting`] with all that is wrong, one line each; an unknown name counts.
    pub fn from_variables<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self> {
        let command = <Self as clap::Args>::augment_args(Command::new("andon")).mut_args(|arg| arg.env(None::<&str>));
        let mut typed = vec!["andon".to_owned()];
        for (name, value) in pairs {
            let flag = names::flag_of(name.as_ref())
                .ok_or_else(|| Error::setting(format!("{} is no setting of Andon", name.as_ref())))?;
            typed.push(format!("--{flag}={}", value.as_ref()));
        }
        let matches = command.try_get_matches_from(typed).map_err(|e| Error::setting(e.to_string()))?;
        let given = given::Given::from_arg_matches(&matches).map_err(|e| Error::setting(e.to_string()))?;
        read::read(given).map_err(|problems| Error::setting(problems.join("\n")))
    }

    /// The demo's settings: a data folder of its own (`andon-demo`), SQLite, the simulator with made-up
    /// credentials, chat open to every number. Nothing is taken from the environment.
    pub fn demo(data_dir: Option<PathBuf>, bind: SocketAddr) -> Self {
        let mut settings = Self {
            bind,
            data_dir: data_dir.unwrap_or_else(|| PathBuf::from("andon-demo")),
            max_attachment: 16 * 1024 * 1024,
            bucket: None,
            trusted_proxies: Vec::new(),
            request_limit: None,
            admin_token: None,
            jwt_secret: None,
            allowed_numbers: Vec::new(),
            company: "Demo Plant".to_owned(),
            timezone: Tz::UTC,
            keep_messages: None,
            whatsapp_enabled: true,
            session_timeout: TimeDelta::hours(1),
            use_redis: false,
            redis_prefix: redis_url::PREFIX.to_owned(),
            twilio_account_sid: None,
            twilio_auth_token: None,
            twilio_auth_token_next: None,
            whatsapp_sender: None,
            sms_sender: Some(SmsSender::Number(simulated_sender())),
            whatsapp_pace: Pace::Unlimited,
            sms_pace: Pace::Unlimited,
            meta: Meta::none(),
            mail: Some(media::simulated()),
            budget: None,
            notices: notices::usual(),
            chat_access: ChatAccess::Open,
            sender_limit: NonZeroU32::new(30),
            flows_dir: None,
            wording_dir: None,
            webhook_networks: Vec::new(),
            draft_life: TimeDelta::days(7),
            has_taps: true,
            simulator: true,
            is_demo: true,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            metrics_token: None,
            metrics_bind: None,
            database_url: None,
            redis_url: None,
            public_url: None,
            webhook_url: None,
            twilio_api_base: None,
        };
        settings.make_up_credentials();
        settings
    }

    /// The simulator's account, a fresh token and a sender, where none of them is known; at Meta only where Meta is wanted,
    /// and at Twilio not where Meta alone is.
    fn make_up_credentials(&mut self) {
        if self.meta.is_wanted() {
            self.meta.make_up_the_rest();
            if self.twilio_account_sid.is_none() && self.whatsapp_sender.is_none() {
                return;
            }
        }
        if self.twilio_account_sid.is_none() && self.twilio_auth_token.is_none() {
            self.twilio_account_sid = Some(SIMULATED_ACCOUNT.to_owned());
            self.twilio_auth_token = Some(token::fresh().into());
        }
        if self.whatsapp_sender.is_none() {
            self.whatsapp_sender = Some(simulated_sender());
        }
    }

    /// The address of the database; without a given one, SQLite's `andon.db` in the data folder.
    ///
    /// **Shape**: begins with `sqlite:`, `postgres:`, `postgresql:` or `mysql:`.
    pub fn database_url(&self) -> SecretString {
        self.database_url.clone().unwrap_or_else(|| {
            // sqlx cuts at `?` and decodes percent signs, so a folder's name must not hold either in the raw.
            let file = self.data_dir.join("andon.db").to_string_lossy().replace('%', "%25").replace('?', "%3F");
            format!("sqlite://{file}?mode=rwc").into()
        })
    }

    /// The address of Redis, which may hold a password; `None` unless Redis was asked for.
    pub fn redis_url(&self) -> Option<SecretString> {
        self.use_redis.then(|| self.redis_url.clone().unwrap_or_else(|| redis_url::HERE.into()))
    }

    /// Where the world reaches Andon: `ANDON_PUBLIC_URL`, else the origin of `WHATSAPP_WEBHOOK_URL`.
    ///
    /// **Shape**: scheme, host and port; its path is `/`.
    pub fn public_origin(&self) -> Option<Url> {
        let origin_of = |url: &String| Url::parse(&Url::parse(url).ok()?.origin().ascii_serialization()).ok();
        self.public_url.clone().or_else(|| self.webhook_url.as_ref().and_then(origin_of))
    }

    /// Where this machine reaches Andon, `http://127.0.0.1:8000`: the bound address, loopback where it is "any".
    pub fn local_origin(&self) -> String {
        let ip = match self.bind.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.bind.port()))
    }

    /// The URLs, without query, under which a provider may have called `path`, likeliest first; never empty.
    ///
    /// `path` is the path as received. The webhook's configured URL is given exactly as it was written, since a
    /// signature covers it byte for byte. Without a public URL, and for the simulator, the local one is there.
    pub fn public_urls(&self, path: &str) -> Vec<String> {
        let mut urls = Vec::new();
        match path.trim_end_matches('/') {
            WEBHOOK_PATH => urls.extend(self.webhook_url.clone()),
            STATUS_PATH => urls.extend(self.public_status_url()),
            _ => {}
        }
        let origin = self.public_origin().map(|url| url.origin().ascii_serialization());
        if origin.is_none() || self.simulator {
            urls.push(format!("{}{path}", self.local_origin()));
        }
        urls.extend(origin.map(|origin| format!("{origin}{path}")));
        let mut seen = std::collections::HashSet::new();
        urls.retain(|url| seen.insert(url.clone()));
        urls
    }

    /// Where a provider sends status callbacks; `None` where it could not reach us.
    pub fn status_callback_url(&self) -> Option<String> {
        if self.simulator { Some(self.local_origin() + STATUS_PATH) } else { self.public_status_url() }
    }

    /// The status callbacks' public URL: beside the webhook where its path is ours, so that a proxy's prefix stays.
    fn public_status_url(&self) -> Option<String> {
        let beside = self.webhook_url.as_deref().and_then(|url| url.trim_end_matches('/').strip_suffix(WEBHOOK_PATH));
        let base = beside.map(str::to_owned);
        let base = base.or_else(|| self.public_origin().map(|url| url.origin().ascii_serialization()))?;
        Some(base + STATUS_PATH)
    }

    /// Where Twilio's API answers: as given, else the simulator where it is on, else Twilio.
    #[expect(clippy::missing_panics_doc, reason = "the two addresses are always well formed")]
    pub fn twilio_api_base(&self) -> Url {
        let stand_in = || Url::parse(&(self.local_origin() + SIMULATED_API_PATH)).expect("made of a socket address");
        let twilio = || Url::parse(TWILIO_API).expect("the constant is a URL");
        self.twilio_api_base.clone().unwrap_or_else(|| if self.simulator { stand_in() } else { twilio() })
    }

    /// Account SID, token and the next token; `None` unless SID and token are both there.
    pub fn twilio_credentials(&self) -> Option<(String, SecretString, Option<SecretString>)> {
        let (sid, token) = self.twilio_account_sid.clone().zip(self.twilio_auth_token.clone())?;
        Some((sid, token, self.twilio_auth_token_next.clone()))
    }

    /// Whether somebody may have this number: a numbering plan has it, or the operator allows it.
    pub fn takes_number(&self, number: &E164) -> bool {
        self.is_demo || number.is_valid() || self.allowed_numbers.iter().any(|head| number.as_str().starts_with(head))
    }

    /// Whether requests can come from this machine only.
    pub fn listens_on_loopback(&self) -> bool {
        self.bind.ip().is_loopback()
    }

    /// What an operator should hear at start, a sentence or two each; none of it keeps Andon from starting.
    pub fn warnings(&self) -> Vec<String> {
        warnings::of(self)
    }
}

impl clap::Args for Settings {
    fn augment_args(command: Command) -> Command {
        command.args(arguments())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = given::Given::from_arg_matches(matches)?;
        read::read(given).map_err(|problems| clap::Error::raw(ErrorKind::ValueValidation, problems.join("\n       ")))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments of [`given::Given`], with what holds for all of them: values of the environment stay hidden in
/// `--help`, outer white space is forgiven, and a blank value is the default.
fn arguments() -> Vec<clap::Arg> {
    let command = <given::Given as clap::Args>::augment_args(Command::new("settings"));
    let finish = |arg: &clap::Arg| {
        let default = arg.get_default_values().first().map(|v| v.to_string_lossy().into_owned()).unwrap_or_default();
        arg.clone().hide_env_values(true).value_parser(move |typed: &str| {
            let typed = typed.trim();
            Ok::<String, Infallible>(if typed.is_empty() { default.clone() } else { typed.to_owned() })
        })
    };
    command.get_arguments().map(finish).collect()
}

/// The simulator's number, where none is set.
pub(crate) fn simulated_sender() -> E164 {
    E164::parse(SIMULATED_SENDER).expect("the constant is in E.164 form")
}
