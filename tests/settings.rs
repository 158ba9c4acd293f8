//! Settings through the public door: what is accepted, how a mistake is told, what stays hidden.
//!
//! Variables come from lists, never from this process's environment; the two tests that are about the real
//! environment run this very test program again as a child.

use andon::config::{self, ChatAccess, Settings};
use andon::kit::E164;
use andon::kit::telemetry::LogFormat;
use clap::{Args as _, Command, FromArgMatches as _};
use secrecy::ExposeSecret as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a-token-nobody-may-see";

fn good(pairs: &[(&str, &str)]) -> Settings {
    Settings::from_variables(pairs.iter().copied()).expect("good settings")
}

fn refused(pairs: &[(&str, &str)]) -> String {
    Settings::from_variables(pairs.iter().copied()).expect_err("a bad setting").public().to_owned()
}

fn database(pairs: &[(&str, &str)]) -> String {
    good(pairs).database_url().expose_secret().to_owned()
}

#[test]
fn nothing_given_is_a_working_default() {
    let settings = good(&[]);
    assert_eq!(settings.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.data_dir, Path::new("andon-data"));
    assert_eq!(settings.database_url().expose_secret(), "sqlite://andon-data/andon.db?mode=rwc");
    assert_eq!(settings.company, "Andon");
    assert_eq!(settings.timezone, chrono_tz::UTC);
    assert_eq!(settings.chat_access, ChatAccess::Registered);
    assert_eq!(settings.session_timeout, chrono::TimeDelta::hours(1));
    assert_eq!(settings.draft_life, chrono::TimeDelta::days(7));
    assert_eq!(settings.sender_limit.map(NonZeroU32::get), Some(30));
    assert_eq!(settings.request_limit.map(NonZeroU32::get), Some(300));
    assert_eq!(settings.keep_messages, Some(chrono::TimeDelta::days(365)));
    assert_eq!(settings.log_format, LogFormat::Text);
    assert!(settings.whatsapp_enabled && !settings.simulator && !settings.use_redis);
    assert!(settings.twilio_credentials().is_none());
    assert_eq!(settings.twilio_api_base().as_str(), "https://api.twilio.com/");
    assert_eq!(settings.public_origin(), None);
    assert_eq!(settings.status_callback_url(), None);
}

#[test]
fn zero_means_no_limit_and_for_ever() {
    let none = [("ANDON_SENDER_LIMIT", "0"), ("ANDON_REQUEST_LIMIT", "0"), ("ANDON_KEEP_MESSAGES", "0")];
    let settings = good(&none);
    assert_eq!((settings.sender_limit, settings.request_limit, settings.keep_messages), (None, None, None));
}

#[test]
fn a_form_is_kept_at_least_until_it_is_dormant() {
    let settings = good(&[("ANDON_DRAFT_DAYS", "0"), ("WHATSAPP_SESSION_TIMEOUT", "600")]);
    assert_eq!(settings.draft_life, settings.session_timeout);
}

#[test]
fn a_blank_value_counts_as_not_given() {
    let names: Vec<String> = config::known_names();
    let settings = Settings::from_variables(names.iter().map(|name| (name, "  "))).expect("blanks are no mistake");
    assert_eq!(format!("{settings:?}"), format!("{:?}", good(&[])));
}

#[test]
fn booleans_are_read_as_people_write_them() {
    for (typed, meant) in [
        ("true", true),
        ("1", true),
        ("Yes", true),
        ("ON", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("off", false),
    ] {
        assert_eq!(good(&[("ENABLE_WHATSAPP", typed)]).whatsapp_enabled, meant, "{typed}");
    }
}

#[test]
fn a_bad_setting_is_named_with_its_mend() {
    for (name, typed, told) in [
        ("ANDON_BIND", "8000", r#"ANDON_BIND: "8000" is no IP address with a port; write it like 127.0.0.1:8000"#),
        (
            "ANDON_TIMEZONE",
            "Europe/Berln",
            r#"ANDON_TIMEZONE: "Europe/Berln" is no IANA time zone; did you mean Europe/Berlin?"#,
        ),
        ("ANDON_TIMEZONE", "berlin", "did you mean Europe/Berlin?"),
        ("ANDON_TIMEZONE", "new york", "did you mean America/New_York?"),
        ("ANDON_TIMEZONE", "qqq", "write it like Europe/Berlin"),
        ("ANDON_PUBLIC_URL", "andon.example.com", "ANDON_PUBLIC_URL: is no web address"),
        ("ANDON_PUBLIC_URL", "https://andon.example.com/desk", "write https://andon.example.com"),
        ("ANDON_PUBLIC_URL", "ftp://andon.example.com", "it begins with https:// or http://"),
        (
            "ANDON_TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            r#"ANDON_TRUSTED_PROXIES: "proxy" is neither an IP address nor a network"#,
        ),
        (
            "ANDON_WEBHOOK_NETWORKS",
            "10.0.0.0/8,erp.local",
            r#"ANDON_WEBHOOK_NETWORKS: "erp.local" is neither an IP address nor a network"#,
        ),
        ("ANDON_CHAT_ACCESS", "everyone", r#"ANDON_CHAT_ACCESS: "everyone" is not known; write registered or open"#),
        ("ANDON_COMPANY", "two\nlines", "ANDON_COMPANY: must be one line"),
        ("ANDON_FLOWS_DIR", "no/such/folder", "ANDON_FLOWS_DIR: no/such/folder is no folder"),
        (
            "ANDON_SENDER_LIMIT",
            "many",
            r#"ANDON_SENDER_LIMIT: "many" is no whole number of messages from 0 to 1000000"#,
        ),
        ("ANDON_REQUEST_LIMIT", "-1", r#"ANDON_REQUEST_LIMIT: "-1" is no whole number of requests from 0 to 1000000"#),
        ("ANDON_KEEP_MESSAGES", "1y", r#"ANDON_KEEP_MESSAGES: "1y" is no whole number of days from 0 to 36600"#),
        ("ANDON_DRAFT_DAYS", "-1", r#"ANDON_DRAFT_DAYS: "-1" is no whole number of days from 0 to 3660"#),
        ("WHATSAPP_SESSION_TIMEOUT", "1h", r#"WHATSAPP_SESSION_TIMEOUT: "1h" is no whole number of seconds"#),
        ("WHATSAPP_SESSION_TIMEOUT", "0", "from 1 to"),
        ("ENABLE_WHATSAPP", "maybe", r#"ENABLE_WHATSAPP: "maybe" is neither yes nor no; write true or false"#),
        (
            "TWILIO_WHATSAPP_NUMBER",
            "whatsapp:0044 20 7946 0018",
            "TWILIO_WHATSAPP_NUMBER: 0044 20 7946 0018 is not a phone number",
        ),
        ("TWILIO_WHATSAPP_NUMBER", "0044 20 7946 0018", "did you mean +442079460018?"),
        ("TWILIO_ACCOUNT_SID", "SK0123", "TWILIO_ACCOUNT_SID: is the SID of an API key"),
        ("TWILIO_ACCOUNT_SID", "AC/../x", "TWILIO_ACCOUNT_SID: must be letters and digits only"),
        ("TWILIO_API_BASE", "api.twilio.com", "TWILIO_API_BASE: is no web address"),
        ("DATABASE_URL", "oracle://db", "DATABASE_URL: must begin with sqlite:, postgres: or mysql:"),
        ("DATABASE_URL", "postgres://db.example.com", "DATABASE_URL: names no database"),
        ("DATABASE_URL", "sqlite::memory:", "DATABASE_URL: is a database in memory"),
        ("DATABASE_URL", "SQLITE://:memory:?cache=shared", "DATABASE_URL: is a database in memory"),
        ("DATABASE_URL", "sqlite://%3Amemory%3A", "DATABASE_URL: is a database in memory"),
        ("DATABASE_URL", "sqlite://a.db?cache=shared&mode=memory", "name a file, like sqlite://andon-data/andon.db"),
        ("DATABASE_URL", "sqlite:", "DATABASE_URL: names no file"),
        ("DATABASE_URL", "sqlite://?mode=rwc", "write it like sqlite://andon-data/andon.db"),
        ("REDIS_URL", "http://redis.example.com", "REDIS_URL: must begin with redis://"),
        (
            "REDIS_URL",
            "redis://host/first",
            "REDIS_URL: cannot be read; write it like redis://user:password@host:6379/0",
        ),
        ("ANDON_REDIS_PREFIX", "two words:", "ANDON_REDIS_PREFIX: must be at most 100 letters"),
        ("ANDON_LOG", "info,andon=shout", "ANDON_LOG: "),
        ("ANDON_LOG_FORMAT", "xml", r#"ANDON_LOG_FORMAT: "xml" is not known; write text or json"#),
    ] {
        let text = refused(&[(name, typed)]);
        assert!(text.starts_with(&format!("{name}: ")) && text.contains(told), "{name}={typed}: {text}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = refused(&[("ANDON_BIND", "x"), ("ANDON_TIMEZONE", "y"), ("ANDON_LOG_FORMAT", "z")]);
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn a_mistake_is_a_usage_error_of_clap() {
    let command = Settings::augment_args(Command::new("andon")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.try_get_matches_from(["andon", "--timezone", "Mars/Base"]).expect("clap takes any text");
    let error = Settings::from_arg_matches(&matches).expect_err("no such zone");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn a_switch_may_stand_alone() {
    let command = Settings::augment_args(Command::new("andon")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.try_get_matches_from(["andon", "--simulator"]).expect("a flag without a value");
    assert!(Settings::from_arg_matches(&matches).expect("good settings").simulator);
}

#[test]
fn a_secret_never_shows_in_an_error() {
    let hidden = [
        ("DATABASE_URL", format!("postgres://andon:{TOKEN}@host:notaport/andon")),
        ("DATABASE_URL", format!("oracle://andon:{TOKEN}@host/andon")),
        ("DATABASE_URL", format!("postgres://andon:{TOKEN}@host")),
        ("DATABASE_URL", TOKEN.to_owned()),
        ("REDIS_URL", format!("redis://:{TOKEN}@host:notaport")),
        ("ANDON_PUBLIC_URL", format!("https://andon:{TOKEN}@andon.example.com")),
        ("WHATSAPP_WEBHOOK_URL", format!("https://andon:{TOKEN}@andon.example.com/api/whatsapp/webhook")),
        ("TWILIO_AUTH_TOKEN", format!("{TOKEN}\n{TOKEN}")),
    ];
    for (name, value) in &hidden {
        let text = refused(&[(name, value)]);
        assert!(text.starts_with(name) && !text.contains(TOKEN), "{text}");
    }
}

#[test]
fn a_secret_never_shows_in_debug_output_nor_in_warnings() {
    let database = format!("mysql://andon:{TOKEN}@host/andon");
    let redis = format!("redis://:{TOKEN}@host");
    let names = ["ANDON_ADMIN_TOKEN", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_NEXT"];
    let mut pairs: Vec<_> = names.iter().map(|name| (*name, TOKEN)).collect();
    pairs.extend([("DATABASE_URL", database.as_str()), ("REDIS_URL", redis.as_str()), ("TWILIO_ACCOUNT_SID", SID)]);
    let settings = good(&pairs);
    assert!(!format!("{settings:?}").contains(TOKEN));
    assert!(!settings.warnings().join("\n").contains(TOKEN));
    let (sid, token, next) = settings.twilio_credentials().expect("SID and token are there");
    assert_eq!((sid.as_str(), token.expose_secret()), (SID, TOKEN));
    assert_eq!(next.expect("the next token").expose_secret(), TOKEN);
}

#[test]
fn a_secret_comes_from_a_file_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("written");
    let path = file.to_str().expect("an ordinary path");
    let settings = good(&[("ANDON_ADMIN_TOKEN_FILE", path)]);
    assert_eq!(settings.admin_token.expect("read from the file").expose_secret(), TOKEN);

    // A compose file often passes the plain variable on, blank.
    assert!(good(&[("ANDON_ADMIN_TOKEN", ""), ("ANDON_ADMIN_TOKEN_FILE", path)]).admin_token.is_some());

    let both = refused(&[("ANDON_ADMIN_TOKEN", "x"), ("ANDON_ADMIN_TOKEN_FILE", path)]);
    assert!(both.contains("ANDON_ADMIN_TOKEN: is given, and ANDON_ADMIN_TOKEN_FILE as well"), "{both}");

    let missing = refused(&[("DATABASE_URL_FILE", "no/such/file")]);
    assert!(
        missing.starts_with("DATABASE_URL: the file no/such/file that DATABASE_URL_FILE names cannot be read: "),
        "{missing}"
    );

    std::fs::write(&file, " \n").expect("written");
    assert!(good(&[("TWILIO_AUTH_TOKEN_FILE", path)]).twilio_auth_token.is_none(), "white space is no secret");
}

#[test]
fn a_database_address_is_made_ready_for_the_driver() {
    for (typed, ready) in [
        ("sqlite:///srv/andon.db", "sqlite:///srv/andon.db?mode=rwc"),
        ("sqlite://a.db?mode=ro", "sqlite://a.db?mode=ro"),
        ("sqlite://a.db?cache=shared", "sqlite://a.db?cache=shared&mode=rwc"),
        ("sqlite:a.db?x=mode%3D", "sqlite:a.db?x=mode%3D&mode=rwc"),
        ("postgres://u:p%40@h:5432/andon", "postgres://u:p%40@h:5432/andon"),
        ("postgresql://h/andon", "postgresql://h/andon"),
        ("mariadb://u@h/andon", "mysql://u@h/andon"),
    ] {
        assert_eq!(database(&[("DATABASE_URL", typed)]), ready, "{typed}");
    }
    assert_eq!(database(&[("ANDON_DATA_DIR", "a?b%c")]), "sqlite://a%3Fb%25c/andon.db?mode=rwc");
}

#[test]
fn redis_is_used_only_when_asked_for_and_then_by_default_on_this_machine() {
    let address = |pairs: &[_]| good(pairs).redis_url().map(|url| url.expose_secret().to_owned());
    let (asked, elsewhere) = (("WHATSAPP_USE_REDIS", "true"), ("REDIS_URL", "redis://redis.example.com/2"));
    assert_eq!(address(&[]), None);
    assert_eq!(address(&[elsewhere]), None);
    assert_eq!(address(&[asked]).as_deref(), Some("redis://127.0.0.1:6379"));
    assert_eq!(address(&[asked, elsewhere]).as_deref(), Some("redis://redis.example.com/2"));
}

#[test]
fn the_sender_is_read_under_both_names_and_in_both_forms() {
    for pair in [
        ("TWILIO_WHATSAPP_NUMBER", "whatsapp:+12025550123"),
        ("TWILIO_WHATSAPP_NUMBER", "+12025550123"),
        ("TWILIO_WHATSAPP_FROM", "WhatsApp:+12025550123"),
    ] {
        assert_eq!(good(&[pair]).whatsapp_sender.expect("a sender").as_str(), "+12025550123", "{pair:?}");
    }
    let both = refused(&[("TWILIO_WHATSAPP_NUMBER", "+12025550123"), ("TWILIO_WHATSAPP_FROM", "+12025550124")]);
    assert!(both.contains("differs from TWILIO_WHATSAPP_FROM"), "{both}");
}

#[test]
fn the_public_origin_is_that_of_the_webhook_unless_given() {
    let webhook = ("WHATSAPP_WEBHOOK_URL", "https://plant.example.com:8443/api/whatsapp/webhook#rc=5&rp=all");
    let origin = |pairs: &[_]| good(pairs).public_origin().map(|url| url.to_string());
    assert_eq!(origin(&[webhook]).as_deref(), Some("https://plant.example.com:8443/"));
    let given = ("ANDON_PUBLIC_URL", "https://desk.example.com");
    assert_eq!(origin(&[webhook, given]).as_deref(), Some("https://desk.example.com/"));
}

#[test]
fn the_urls_a_provider_may_have_called_are_known() {
    let path = "/api/whatsapp/webhook";
    for (pairs, urls, status) in [
        (vec![], vec!["http://127.0.0.1:8000/api/whatsapp/webhook"], None),
        (
            vec![("ANDON_PUBLIC_URL", "https://p.example.com/")],
            vec!["https://p.example.com/api/whatsapp/webhook"],
            Some("https://p.example.com/api/whatsapp/status"),
        ),
        (
            // Written as the operator wrote it: the fragment and the query are not part of it, its case is.
            vec![("WHATSAPP_WEBHOOK_URL", "https://P.example.com/floor/api/whatsapp/webhook?x=1#rc=5")],
            vec!["https://P.example.com/floor/api/whatsapp/webhook", "https://p.example.com/api/whatsapp/webhook"],
            Some("https://P.example.com/floor/api/whatsapp/status"),
        ),
        (
            vec![("ANDON_BIND", "0.0.0.0:80"), ("WHATSAPP_WEBHOOK_URL", "https://p.example.com/hook")],
            vec!["https://p.example.com/hook", "https://p.example.com/api/whatsapp/webhook"],
            Some("https://p.example.com/api/whatsapp/status"),
        ),
    ] {
        let settings = good(&pairs);
        assert_eq!(settings.public_urls(path), urls, "{pairs:?}");
        assert_eq!(settings.status_callback_url().as_deref(), status, "{pairs:?}");
    }
    let anywhere = good(&[("ANDON_BIND", "0.0.0.0:80")]);
    assert_eq!(anywhere.local_origin(), "http://127.0.0.1:80");
}

#[test]
fn the_simulator_stays_on_loopback() {
    let text = refused(&[("ANDON_SIMULATOR", "true"), ("ANDON_BIND", "0.0.0.0:8000")]);
    assert!(text.starts_with("ANDON_SIMULATOR: true needs a loopback address"), "{text}");
    let settings = good(&[("ANDON_SIMULATOR", "true"), ("ANDON_BIND", "localhost:9000")]);
    assert_eq!(settings.twilio_api_base().as_str(), "http://127.0.0.1:9000/simulator/twilio");
    assert_eq!(settings.status_callback_url().as_deref(), Some("http://127.0.0.1:9000/api/whatsapp/status"));
    assert!(settings.twilio_credentials().is_some(), "made-up credentials, so that it works at once");
}

#[test]
fn the_demo_keeps_to_itself() {
    let bind = "127.0.0.1:8000".parse().expect("an address");
    let (demo, other) = (Settings::demo(None, bind), Settings::demo(Some(PathBuf::from("d")), bind));
    assert_eq!(demo.database_url().expose_secret(), "sqlite://andon-demo/andon.db?mode=rwc");
    assert_eq!(other.data_dir, Path::new("d"));
    assert!(demo.simulator && demo.chat_access == ChatAccess::Open);
    assert_eq!(demo.twilio_api_base().host_str(), Some("127.0.0.1"));
    assert_eq!(demo.whatsapp_sender.as_ref().map(E164::as_str), Some("+12025550100"));
    assert!(demo.sms_sender.is_some() && demo.mail.as_ref().is_some_and(|mail| mail.server.is_none()));
    let token = |settings: &Settings| settings.twilio_credentials().expect("made up").1.expose_secret().to_owned();
    assert_ne!(token(&demo), token(&other), "a token is never the same twice");
}

#[test]
fn warnings_say_what_will_not_work() {
    let real = [("TWILIO_ACCOUNT_SID", SID), ("TWILIO_AUTH_TOKEN", TOKEN), ("TWILIO_WHATSAPP_NUMBER", "+12025550100")];
    let with = |more: &[(&'static str, &'static str)]| {
        let pairs: Vec<_> = real.iter().chain(more).copied().collect();
        good(&pairs).warnings().join("\n")
    };
    let quiet = [
        ("WHATSAPP_WEBHOOK_URL", "https://p.example.com/api/whatsapp/webhook"),
        ("ANDON_ADMIN_TOKEN", "0123456789abcdef0123456789abcdef"),
    ];
    assert_eq!(with(&quiet), "", "a complete setup is not nagged");

    let bare = good(&[]).warnings().join("\n");
    assert!(
        bare.contains("TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured. Every webhook is answered with 403")
    );
    assert!(bare.contains("ANDON_ADMIN_TOKEN is not set"));
    for (more, told) in [
        (vec![], "Neither WHATSAPP_WEBHOOK_URL nor ANDON_PUBLIC_URL is set"),
        (vec![("ANDON_PUBLIC_URL", "http://localhost:8000")], "http://localhost:8000 is loopback"),
        (vec![("ANDON_PUBLIC_URL", "http://p.example.com")], "is not encrypted"),
        (vec![("ANDON_PUBLIC_URL", "https://my_plant.example.com")], "holds an underscore"),
        (vec![("WHATSAPP_WEBHOOK_URL", "https://p.example.com/hook")], "does not end in /api/whatsapp/webhook"),
        (vec![quiet[0], ("ANDON_PUBLIC_URL", "https://q.example.com")], "have different origins"),
        (vec![("ANDON_ADMIN_TOKEN", "short")], "shorter than 16 characters"),
        (vec![("ANDON_CHAT_ACCESS", "open")], "ANDON_CHAT_ACCESS is open"),
        (vec![("REDIS_URL", "redis://host")], "that takes WHATSAPP_USE_REDIS=true"),
        (vec![("TWILIO_AUTH_TOKEN_NEXT", TOKEN)], "the rotation is over"),
        (vec![("TWILIO_API_BASE", "http://stand-in.example.com")], "unencrypted"),
        (vec![("ANDON_SIMULATOR", "yes")], "not to Twilio"),
        (vec![("ENABLE_WHATSAPP", "false")], "answered with 503"),
        (
            vec![("SMTP_URL", "smtp://u:visible@mail.example.com?tls=none"), ("EMAIL_FROM", "andon@example.com")],
            "the password travel to mail.example.com unencrypted",
        ),
    ] {
        let text = with(&more);
        assert!(text.contains(told) && !text.contains("visible"), "{more:?}: {text}");
    }
    let odd = good(&[("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_AUTH_TOKEN", TOKEN)]).warnings().join("\n");
    assert!(
        odd.contains("does not look like one") && odd.contains("TWILIO_WHATSAPP_NUMBER is not configured"),
        "{odd}"
    );
}
