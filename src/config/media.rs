//! The settings of what goes out beside WhatsApp: text messages and e-mails.
//!
//! The mail server's address may hold a password, so no message about a mistake repeats it.

use super::given;
use super::read::{Problems, optional, secret};
use crate::kit::{E164, EmailAddress};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;
use std::net::IpAddr;
use url::Url;

/// The longest name of the sender of e-mails.
const MAX_NAME_CHARS: usize = 100;
/// The demo's sender, from the domain kept for examples.
const SIMULATED_FROM: &str = "andon@example.com";

/// From what Andon's text messages come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsSender {
    /// A number of ours.
    Number(E164),
    /// A Messaging Service at Twilio, `MG…`, which picks one of its numbers.
    Service(String),
}

/// How e-mails leave.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The server that takes them; none where the simulator stands in for one that is not there yet.
    pub server: Option<MailServer>,
    /// From whom they come.
    pub from: EmailSender,
}

/// From whom e-mails come: `Andon <andon@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailSender {
    /// The name that is shown.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// A server that takes e-mails.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its name, or its IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from being read on its way.
    pub security: MailSecurity,
    /// The name and the password it asks for.
    pub login: Option<(String, SecretString)>,
}

/// How the connection to a mail server is kept from being read on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS by STARTTLS, or no e-mail.
    StartTls,
    /// TLS by STARTTLS where the server offers it.
    StartTlsIfOffered,
    /// None.
    Plain,
}

impl MailServer {
    /// Whether the server is on this machine.
    pub fn is_here(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The demo's e-mails: the simulator takes them.
pub(super) fn simulated() -> Mail {
    let address = EmailAddress::parse(SIMULATED_FROM).expect("the constant is an address");
    Mail { server: None, from: EmailSender { name: Some("Andon".to_owned()), address } }
}

/// From what text messages come, if they do; none where something is wrong with it, which is noted.
pub(super) fn sms_sender(number: Option<String>, service: Option<String>, wrong: &mut Problems) -> Option<SmsSender> {
    let number = wrong.note("TWILIO_SMS_NUMBER", optional(number, |text| E164::parse(text).map_err(|e| e.to_string())));
    let service = wrong.note("TWILIO_MESSAGING_SERVICE_SID", optional(service, messaging_service));
    match (number?, service?) {
        (Some(_), Some(_)) => {
            let why = "is given, and TWILIO_SMS_NUMBER as well; keep one of them";
            wrong.add("TWILIO_MESSAGING_SERVICE_SID", why);
            None
        }
        (number, service) => number.map(SmsSender::Number).or(service.map(SmsSender::Service)),
    }
}

/// How e-mails leave, if they do; none where something is wrong with it, which is noted. With the simulator a sender is
/// enough: it stands in for the server as well.
pub(super) fn mail(given: given::Mail, simulator: Option<bool>, wrong: &mut Problems) -> Option<Mail> {
    let url = wrong.note("SMTP_URL", secret("SMTP_URL", given.smtp_url, given.smtp_url_file));
    let server = url.and_then(|url| wrong.note("SMTP_URL", url.map(|url| server(&url)).transpose()));
    let from = wrong.note("EMAIL_FROM", optional(given.email_from, sender));
    match (server?, from?) {
        (None, None) => None,
        (Some(_), None) => {
            wrong.add("EMAIL_FROM", "is missing, and SMTP_URL is given; write it like Andon <andon@example.com>");
            None
        }
        (None, Some(_)) if simulator != Some(true) => {
            wrong.add("SMTP_URL", "is missing, and EMAIL_FROM is given; write it like smtp://user:password@host:587");
            None
        }
        (server, Some(from)) => Some(Mail { server, from }),
    }
}

/// **Source**: Twilio's OpenAPI, `^MG[0-9a-fA-F]{32}$`.
fn messaging_service(text: &str) -> Result<String, String> {
    let is_one = text
        .strip_prefix("MG")
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_one { Ok(text.to_owned()) } else { Err(format!("{text:?} is none; it is MG and 32 hexadecimal digits")) }
}

/// `Andon <andon@example.com>`, or the address alone.
fn sender(text: &str) -> Result<EmailSender, String> {
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    let address = EmailAddress::parse(address)
        .map_err(|_| format!("{text:?} is no sender; write it like Andon <andon@example.com>"))?;
    if name.chars().any(char::is_control) || name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("its name must be one line of at most {MAX_NAME_CHARS} characters"));
    }
    Ok(EmailSender { name: Some(name.to_owned()).filter(|name| !name.is_empty()), address })
}

/// `smtps://user:password@host`, `smtp://host:587?tls=none`. The value is never repeated: it may hold a password.
fn server(given: &SecretString) -> Result<MailServer, String> {
    let url = Url::parse(given.expose_secret()).map_err(|error| {
        format!(
            "cannot be read ({error}); write it like smtp://user:password@host:587, in a password @ as %40, / as %2F"
        )
    })?;
    let (is_tls, port) = match url.scheme() {
        "smtps" => (true, 465),
        "smtp" => (false, 587),
        _ => return Err("must begin with smtp:// or smtps://".to_owned()),
    };
    let host = url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']')).unwrap_or_default();
    if host.is_empty() {
        return Err("names no host; write it like smtp://user:password@host:587".to_owned());
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("must end after host, port and ?tls=…; in a password, write / as %2F and # as %23".to_owned());
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| "holds a name or password that is no UTF-8");
        text.map(Cow::into_owned).map_err(str::to_owned)
    };
    let login = match (decoded(url.username())?, url.password()) {
        (user, None) if user.is_empty() => None,
        (user, Some(password)) if !user.is_empty() => Some((user, SecretString::from(decoded(password)?))),
        _ => return Err("needs a user name and a password, or neither".to_owned()),
    };
    let mut server = MailServer {
        host: host.to_owned(),
        port: url.port().unwrap_or(port),
        security: if is_tls { MailSecurity::Tls } else { MailSecurity::StartTls },
        login,
    };
    if !is_tls && server.is_here() {
        server.security = MailSecurity::Plain; // nothing leaves the machine
    }
    for (name, value) in url.query_pairs() {
        server.security = match (&*name, &*value, is_tls) {
            ("tls", "required", false) => MailSecurity::StartTls,
            ("tls", "opportunistic", false) => MailSecurity::StartTlsIfOffered,
            ("tls", "none", false) => MailSecurity::Plain,
            ("tls", _, false) => return Err("?tls= is required, opportunistic or none".to_owned()),
            ("tls", _, true) => return Err("smtps:// is TLS from the first byte; leave ?tls=… out".to_owned()),
            _ => return Err("takes nothing but ?tls=required, ?tls=opportunistic or ?tls=none".to_owned()),
        };
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_mail_server_is_read_from_its_address() {
        for (url, host, port, security, user) in [
            ("smtps://mail.example.com", "mail.example.com", 465, MailSecurity::Tls, None),
            ("smtp://mail.example.com", "mail.example.com", 587, MailSecurity::StartTls, None),
            ("smtp://a%40b:p%2Fw@mail.example.com:2525", "mail.example.com", 2525, MailSecurity::StartTls, Some("a@b")),
            ("smtp://relay.example:25?tls=none", "relay.example", 25, MailSecurity::Plain, None),
            ("smtp://relay.example?tls=opportunistic", "relay.example", 587, MailSecurity::StartTlsIfOffered, None),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, MailSecurity::Plain, None),
            ("smtp://localhost?tls=required", "localhost", 587, MailSecurity::StartTls, None),
            ("smtp://[::1]:2525/", "::1", 2525, MailSecurity::Plain, None),
        ] {
            let read = server(&SecretString::from(url)).expect(url);
            assert_eq!((read.host.as_str(), read.port, read.security), (host, port, security), "{url}");
            assert_eq!(read.login.as_ref().map(|(user, _)| user.as_str()), user, "{url}");
            assert!(!format!("{read:?}").contains("p/w"), "{read:?}");
        }
    }

    #[test]
    fn what_is_no_mail_server_is_told_without_its_password() {
        for (url, says) in [
            ("mail.example.com:587", "must begin with smtp://"),
            ("https://hunter2@mail.example.com", "must begin with smtp://"),
            ("smtp://", "names no host"),
            ("smtp://user:hunter2@", "cannot be read"),
            ("smtp://user@mail.example.com", "a user name and a password"),
            ("smtp://:hunter2@mail.example.com", "a user name and a password"),
            ("smtp://user:hunter2@mail.example.com/inbox", "must end after"),
            ("smtp://user:hunter2@mail.example.com?tls=maybe", "?tls= is required"),
            ("smtps://user:hunter2@mail.example.com?tls=none", "leave ?tls="),
            ("smtp://mail.example.com?timeout=5", "takes nothing but"),
        ] {
            let why = server(&SecretString::from(url)).expect_err(url);
            assert!(why.contains(says) && !why.contains("hunter2"), "{url}: {why}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let read = |text| sender(text).map(|sender| (sender.name, sender.address.to_string()));
        let named = Ok((Some("Andon, Plant 1".to_owned()), "andon@example.com".to_owned()));
        assert_eq!(read("Andon, Plant 1 <andon@Example.com>"), named);
        assert_eq!(read("\"Andon, Plant 1\" <andon@example.com>"), named);
        assert_eq!(read("andon@example.com"), Ok((None, "andon@example.com".to_owned())));
        for wrong in ["Andon", "Andon <andon>", "andon@example.com>", "<>"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_messaging_service_has_twilios_form() {
        assert!(messaging_service(&format!("MG{}", "0a".repeat(16))).is_ok());
        for wrong in ["MG1", "AC00000000000000000000000000000000", "mg00000000000000000000000000000000"] {
            assert!(messaging_service(wrong).is_err(), "{wrong}");
        }
    }

    fn good(pairs: &[(&str, &str)]) -> Settings {
        Settings::from_variables(pairs.iter().copied()).expect("good settings")
    }

    fn refused(pairs: &[(&str, &str)]) -> String {
        Settings::from_variables(pairs.iter().copied()).expect_err("settings that are refused").to_string()
    }

    #[test]
    fn what_goes_out_beside_whatsapp_is_whole_or_refused() {
        let service = ("TWILIO_MESSAGING_SERVICE_SID", "MG00000000000000000000000000000000");
        let number = ("TWILIO_SMS_NUMBER", "+12025550123");
        assert_eq!(good(&[service]).sms_sender, Some(SmsSender::Service(service.1.to_owned())));
        assert!(
            matches!(good(&[number]).sms_sender, Some(SmsSender::Number(number)) if number.as_str() == "+12025550123")
        );
        assert!(good(&[]).sms_sender.is_none() && good(&[]).mail.is_none());
        let (url, from) =
            (("SMTP_URL", "smtps://u:visible@mail.example.com"), ("EMAIL_FROM", "Andon <andon@example.com>"));
        let mail = good(&[url, from]).mail.expect("e-mails are sent");
        assert_eq!(mail.server.map(|server| (server.host, server.port)), Some(("mail.example.com".to_owned(), 465)));
        assert_eq!(mail.from.name.as_deref(), Some("Andon"));
        let simulated = good(&[from, ("ANDON_SIMULATOR", "true")]).mail.expect("the simulator takes them");
        assert!(simulated.server.is_none());
        for (pairs, told) in [
            (vec![number, service], "keep one of them"),
            (vec![url], "EMAIL_FROM: is missing"),
            (vec![from], "SMTP_URL: is missing"),
            (vec![url, ("EMAIL_FROM", "Andon")], "EMAIL_FROM: \"Andon\" is no sender"),
            (vec![("SMTP_URL", "smtp://u:visible@"), from], "SMTP_URL: cannot be read"),
        ] {
            let text = refused(&pairs);
            assert!(text.contains(told) && !text.contains("visible"), "{pairs:?}: {text}");
        }
    }
}
