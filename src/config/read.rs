//! From what was written to what it means: every setting's check, and the words for what is wrong with it.
//!
//! All mistakes are gathered, each as `NAME: what is wrong; the mend`. A value that may hold a secret is never
//! repeated.

use super::given::Given;
use super::{ChatAccess, Settings, TWILIO_API, costs, files, media, meta, names, notices, pace, redis_url, signing_in};
use crate::kit::E164;
use chrono::TimeDelta;
use chrono_tz::{TZ_VARIANTS, Tz};
use clap::ValueEnum;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use url::Url;

/// How like a time zone's name must be to be suggested.
const LIKE_ENOUGH: f64 = 0.6;
/// Longest session time-out, a year: longer is a slip.
const MAX_TIMEOUT_SECONDS: i64 = 366 * 24 * 3600;
/// Longest life of a draft, ten years: longer is a slip.
const MAX_DRAFT_DAYS: i64 = 3660;
/// Longest life of a message's text, a century: longer is a slip, for 0 means for ever.
const MAX_KEEP_DAYS: i64 = 36_600;
/// Highest limit a minute: higher is a slip, for 0 means none.
const MAX_A_MINUTE: i64 = 1_000_000;
/// Largest attachment, in megabytes: it is in memory as a whole.
const MAX_ATTACHMENT_MEGABYTES: i64 = 100;
/// Longest company name, so that a greeting still fits a message.
const MAX_COMPANY_CHARS: usize = 100;

/// Checks everything; the settings, or all that is wrong with them.
pub(super) fn read(given: Given) -> Result<Settings, Vec<String>> {
    let Given { server, attachments, signing_in: identity, company, database, whatsapp, twilio, .. } = given;
    let (chat, simulator, logging, watching) = (given.chat, given.simulator, given.logging, given.watching);
    let mut wrong = Problems(Vec::new());
    let bind = wrong.note("ANDON_BIND", bind(&server.bind));
    let public_url = wrong.note("ANDON_PUBLIC_URL", optional(server.public_url, origin));
    let max_attachment = wrong
        .note("ANDON_MAX_ATTACHMENT", whole(&attachments.max_attachment, "megabytes", 1, MAX_ATTACHMENT_MEGABYTES));
    let bucket = files::bucket(attachments, &mut wrong);
    let trusted_proxies = wrong.note("ANDON_TRUSTED_PROXIES", networks(&server.trusted_proxies.unwrap_or_default()));
    let request_limit = wrong.note("ANDON_REQUEST_LIMIT", a_minute(&server.request_limit, "requests"));
    let admin_token =
        wrong.note("ANDON_ADMIN_TOKEN", secret("ANDON_ADMIN_TOKEN", server.admin_token, server.admin_token_file));
    let jwt_secret =
        secret("ANDON_JWT_SECRET", identity.jwt_secret, identity.jwt_secret_file).and_then(signing_in::long_enough);
    let jwt_secret = wrong.note("ANDON_JWT_SECRET", jwt_secret);
    let allowed_numbers =
        wrong.note("ANDON_ALLOW_NUMBERS", signing_in::beginnings(&identity.allow_numbers.unwrap_or_default()));
    let company_name = wrong.note("ANDON_COMPANY", one_line(&company.company));
    let timezone = wrong.note("ANDON_TIMEZONE", timezone(&company.timezone));
    let database_url =
        wrong.note("DATABASE_URL", secret("DATABASE_URL", database.database_url, database.database_url_file));
    let database_url =
        database_url.and_then(|url| wrong.note("DATABASE_URL", url.map(|u| database_address(&u)).transpose()));
    let keep_messages = wrong.note("ANDON_KEEP_MESSAGES", whole(&database.keep_messages, "days", 0, MAX_KEEP_DAYS));
    let whatsapp_enabled = wrong.note("ENABLE_WHATSAPP", boolean(&whatsapp.enable_whatsapp));
    let webhook_url = wrong.note("WHATSAPP_WEBHOOK_URL", optional(whatsapp.webhook_url, webhook));
    let session_timeout =
        wrong.note("WHATSAPP_SESSION_TIMEOUT", whole(&whatsapp.session_timeout, "seconds", 1, MAX_TIMEOUT_SECONDS));
    let use_redis = wrong.note("WHATSAPP_USE_REDIS", boolean(&whatsapp.use_redis));
    let redis_url = wrong.note("REDIS_URL", secret("REDIS_URL", whatsapp.redis_url, whatsapp.redis_url_file));
    let redis_url = redis_url.and_then(|url| wrong.note("REDIS_URL", url.map(redis_url::address).transpose()));
    let redis_prefix = wrong.note("ANDON_REDIS_PREFIX", redis_url::prefix(whatsapp.redis_prefix));
    let account_sid = wrong.note("TWILIO_ACCOUNT_SID", optional(twilio.twilio_account_sid, account_sid));
    let auth_token = wrong.note(
        "TWILIO_AUTH_TOKEN",
        secret("TWILIO_AUTH_TOKEN", twilio.twilio_auth_token, twilio.twilio_auth_token_file),
    );
    let next_token = wrong.note(
        "TWILIO_AUTH_TOKEN_NEXT",
        secret("TWILIO_AUTH_TOKEN_NEXT", twilio.twilio_auth_token_next, twilio.twilio_auth_token_next_file),
    );
    let number = wrong.note("TWILIO_WHATSAPP_NUMBER", optional(twilio.twilio_whatsapp_number, sender));
    let from = wrong.note("TWILIO_WHATSAPP_FROM", optional(twilio.twilio_whatsapp_from, sender));
    let api_base = wrong.note("TWILIO_API_BASE", api_base(&twilio.twilio_api_base));
    let whatsapp_pace = wrong.note("ANDON_WHATSAPP_RATE", optional(twilio.whatsapp_rate, pace::pace));
    let sms_pace = wrong.note("ANDON_SMS_RATE", optional(twilio.sms_rate, pace::pace));
    let sms_sender = media::sms_sender(twilio.twilio_sms_number, twilio.twilio_messaging_service_sid, &mut wrong);
    let meta = meta::read(given.meta, &mut wrong);
    let notices = notices::read(given.notices, &mut wrong);
    let chat_access = wrong.note("ANDON_CHAT_ACCESS", choice::<ChatAccess>(&chat.chat_access));
    let sender_limit = wrong.note("ANDON_SENDER_LIMIT", a_minute(&chat.sender_limit, "messages"));
    let flows_dir = wrong.note("ANDON_FLOWS_DIR", optional(chat.flows_dir, folder));
    let wording_dir = wrong.note("ANDON_WORDING_DIR", optional(chat.wording_dir, folder));
    let webhook_networks =
        wrong.note("ANDON_WEBHOOK_NETWORKS", networks(&given.webhooks.webhook_networks.unwrap_or_default()));
    let draft_days = wrong.note("ANDON_DRAFT_DAYS", whole(&chat.draft_days, "days", 0, MAX_DRAFT_DAYS));
    let has_taps = wrong.note("ANDON_TAPS", boolean(&chat.taps));
    let simulator = wrong.note("ANDON_SIMULATOR", boolean(&simulator.simulator));
    let mail = media::mail(given.mail, simulator, &mut wrong);
    let budget = costs::budget(given.costs, &mut wrong);
    let log = wrong.note("ANDON_LOG", log_filter(&logging.log));
    let log_format = wrong.note("ANDON_LOG_FORMAT", choice(&logging.log_format));
    let metrics_token = wrong.note(
        "ANDON_METRICS_TOKEN",
        secret("ANDON_METRICS_TOKEN", watching.metrics_token, watching.metrics_token_file),
    );
    let metrics_bind = wrong.note("ANDON_METRICS_BIND", optional(watching.metrics_bind, self::bind));

    if let (Some(Some(number)), Some(Some(from))) = (&number, &from)
        && number != from
    {
        wrong.add("TWILIO_WHATSAPP_NUMBER", "differs from TWILIO_WHATSAPP_FROM, its other name; keep one of them");
    }
    if let (Some(true), Some(at)) = (simulator, bind)
        && !at.ip().is_loopback()
    {
        let why = format!(
            "true needs a loopback address, because whoever reaches the simulator can speak for any phone; set \
             ANDON_BIND=127.0.0.1:{} or ANDON_SIMULATOR=false",
            at.port()
        );
        wrong.add("ANDON_SIMULATOR", &why);
    }
    if !wrong.0.is_empty() {
        return Err(wrong.0);
    }
    let settings = (|| {
        Some(Settings {
            bind: bind?,
            data_dir: PathBuf::from(server.data_dir),
            max_attachment: usize::try_from(max_attachment?).unwrap_or(1) * 1024 * 1024,
            bucket,
            trusted_proxies: trusted_proxies?,
            request_limit: request_limit?,
            admin_token: admin_token?,
            jwt_secret: jwt_secret?,
            allowed_numbers: allowed_numbers?,
            company: company_name?,
            timezone: timezone?,
            keep_messages: keep_messages.map(|days| (days > 0).then(|| TimeDelta::days(days)))?,
            whatsapp_enabled: whatsapp_enabled?,
            session_timeout: TimeDelta::seconds(session_timeout?),
            use_redis: use_redis?,
            redis_prefix: redis_prefix?,
            twilio_account_sid: account_sid?,
            twilio_auth_token: auth_token?,
            twilio_auth_token_next: next_token?,
            whatsapp_sender: number?.or(from?),
            sms_sender,
            whatsapp_pace: whatsapp_pace?.unwrap_or_default(),
            sms_pace: sms_pace?.unwrap_or_default(),
            meta: meta?,
            mail,
            budget,
            notices: notices?,
            chat_access: chat_access?,
            sender_limit: sender_limit?,
            flows_dir: flows_dir?,
            wording_dir: wording_dir?,
            webhook_networks: webhook_networks?,
            // A form that is not dormant yet keeps its answers in any case.
            draft_life: TimeDelta::days(draft_days?).max(TimeDelta::seconds(session_timeout?)),
            has_taps: has_taps?,
            simulator: simulator?,
            is_demo: false,
            log: log?,
            log_format: log_format?,
            metrics_token: metrics_token?,
            metrics_bind: metrics_bind?,
            database_url: database_url?,
            redis_url: redis_url?,
            public_url: public_url?,
            webhook_url: webhook_url?,
            twilio_api_base: api_base?,
        })
    })();
    let mut settings = settings.expect("a setting without a value has left a problem above");
    if settings.simulator {
        settings.make_up_credentials();
    }
    Ok(settings)
}

/// The mistakes found so far.
pub(super) struct Problems(Vec<String>);

impl Problems {
    pub(super) fn add(&mut self, name: &str, why: &str) {
        self.0.push(format!("{name}: {why}"));
    }

    /// The value; or `None`, and the mistake is kept.
    pub(super) fn note<T>(&mut self, name: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|why| self.add(name, &why)).ok()
    }
}

/// A secret from its own variable or from the file that `<NAME>_FILE` names; a blank one counts as none.
pub(super) fn secret(name: &str, value: Option<String>, file: Option<String>) -> Result<Option<SecretString>, String> {
    let text = match (present(value), present(file)) {
        (Some(_), Some(_)) => return Err(format!("is given, and {name}_FILE as well; keep one of them")),
        (Some(value), None) => value,
        (None, Some(path)) => std::fs::read_to_string(&path)
            .map_err(|e| format!("the file {path} that {name}_FILE names cannot be read: {e}"))?,
        (None, None) => return Ok(None),
    };
    if text.trim().contains(['\n', '\r']) {
        return Err("holds more than one line; a secret is one line".to_owned());
    }
    Ok(present(Some(text.trim().to_owned())).map(SecretString::from))
}

fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

pub(super) fn optional<T>(
    text: Option<String>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    present(text).map(|text| read(&text)).transpose()
}

fn bind(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric
        .parse()
        .map_err(|_| format!("{text:?} is no IP address with a port; write it like 127.0.0.1:8000 or [::1]:8000"))
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no; write true or false")),
    }
}

pub(super) fn whole(text: &str, unit: &str, least: i64, most: i64) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{text:?} is no whole number of {unit} from {least} to {most}"))
}

/// So many a minute; none where there is no limit.
fn a_minute(text: &str, unit: &str) -> Result<Option<NonZeroU32>, String> {
    let number = whole(text, unit, 0, MAX_A_MINUTE)?;
    Ok(u32::try_from(number).ok().and_then(NonZeroU32::new))
}

fn choice<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| {
        let names: Vec<_> =
            T::value_variants().iter().filter_map(T::to_possible_value).map(|v| v.get_name().to_owned()).collect();
        format!("{text:?} is not known; write {}", names.join(" or "))
    })
}

fn one_line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("must be one line without control characters".to_owned());
    }
    if text.chars().count() > MAX_COMPANY_CHARS {
        return Err(format!("is longer than {MAX_COMPANY_CHARS} characters; shorten it"));
    }
    Ok(text.to_owned())
}

fn timezone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| {
        let whole = names::nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name()));
        // "Berlin" is meant as "Europe/Berlin": a city alone is compared with the last part.
        let by_city = TZ_VARIANTS.iter().find(|zone| {
            zone.name().rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
        });
        let near = by_city.map(|zone| zone.name());
        let near = near.or_else(|| whole.filter(|(_, likeness)| *likeness >= LIKE_ENOUGH).map(|(name, _)| name));
        let mend = near.map_or_else(|| "write it like Europe/Berlin".to_owned(), |n| format!("did you mean {n}?"));
        format!("{text:?} is no IANA time zone; {mend}")
    })
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let read = |item: &str| {
        let network = item.parse::<IpNet>().ok().map(|network| network.trunc());
        network.or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from)).ok_or_else(|| {
            format!("{item:?} is neither an IP address nor a network; write them like 127.0.0.1,10.0.0.0/8")
        })
    };
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect()
}

/// An absolute http(s) address without user name and password; those are not repeated in the message.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("is no web address ({e}); it begins with https:// or http://"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("is no web address; it begins with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or a password; take them out".to_owned());
    }
    Ok(url)
}

fn origin(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "must end after host and port, because Andon answers at the root; write {}",
            url.origin().ascii_serialization()
        ));
    }
    Ok(url)
}

/// The webhook's address as it was written, since signatures cover every byte of it; Twilio does not sign a fragment,
/// and the query that counts is the one received.
fn webhook(text: &str) -> Result<String, String> {
    web_address(text)?;
    Ok(text.split(['#', '?']).next().unwrap_or_default().to_owned())
}

/// The API's address; `None` where it is Twilio's own.
fn api_base(text: &str) -> Result<Option<Url>, String> {
    let url = web_address(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or a fragment; take them out".to_owned());
    }
    let is_twilio = url.as_str().trim_end_matches('/') == TWILIO_API;
    Ok((!is_twilio).then_some(url))
}

/// The SID goes into addresses, so its letters are checked; its exact form is Twilio's affair.
fn account_sid(text: &str) -> Result<String, String> {
    if text.starts_with("SK") {
        return Err("is the SID of an API key; the account's SID begins with AC".to_owned());
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("must be letters and digits only, AC and 32 hexadecimal digits".to_owned());
    }
    Ok(text.to_owned())
}

fn sender(text: &str) -> Result<E164, String> {
    let prefix = "whatsapp:";
    let begins = text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let number = if begins { &text[prefix.len()..] } else { text };
    E164::parse(number).map_err(|e| e.to_string())
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err(format!("{text} is no folder that can be read")) }
}

fn log_filter(text: &str) -> Result<String, String> {
    let read = tracing_subscriber::EnvFilter::try_new(text);
    read.map(|_| text.to_owned()).map_err(|e| format!("{text:?} cannot be read ({e}); write it like info,sqlx=warn"))
}

/// The database's address, ready for the driver. The value is never repeated: it may hold a password.
fn database_address(given: &SecretString) -> Result<SecretString, String> {
    use secrecy::ExposeSecret as _;
    let text = given.expose_secret();
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => {
            let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
            let mode = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "mode");
            refuse_memory(file, mode.as_ref().map(|(_, mode)| &**mode))?;
            // A file that is not there yet is made, unless the operator says how to open it.
            let joint = if rest.contains('?') { "&" } else { "?" };
            let end = if mode.is_some() { String::new() } else { format!("{joint}mode=rwc") };
            Ok(format!("sqlite:{rest}{end}").into())
        }
        scheme @ ("postgres" | "postgresql" | "mysql" | "mariadb") => {
            let scheme = if scheme == "mariadb" { "mysql" } else { scheme };
            let address = format!("{scheme}:{rest}");
            let url = Url::parse(&address)
                .map_err(|e| format!("cannot be read ({e}); in a password, write @ as %40, / as %2F, # as %23"))?;
            if !rest.starts_with("//") || url.path().trim_matches('/').is_empty() {
                return Err(format!("names no database; write it like {scheme}://user:password@host/andon"));
            }
            Ok(address.into())
        }
        _ => {
            Err("must begin with sqlite:, postgres: or mysql: (the value is not shown, it may hold a password)".into())
        }
    }
}

/// What is written and what is read go through connections of their own, so the database must be a file: one in
/// memory, and the temporary one that SQLite opens for an empty name, would be two databases.
fn refuse_memory(file: &str, mode: Option<&str>) -> Result<(), String> {
    let name = file.trim_start_matches('/');
    if name.is_empty() {
        return Err("names no file; write it like sqlite://andon-data/andon.db".to_owned());
    }
    if percent_decode_str(name).decode_utf8_lossy().contains(":memory:") || mode == Some("memory") {
        return Err("is a database in memory, which would be lost at every stop; name a file, like \
                    sqlite://andon-data/andon.db"
            .to_owned());
    }
    Ok(())
}
