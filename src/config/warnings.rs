//! What an operator should hear at start although nothing is wrong enough to stop.
//!
//! Each says what will happen and what to do about it. None repeats a secret.

use super::{MailSecurity, Settings, WEBHOOK_PATH};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

/// Shortest admin token that cannot be guessed by trying.
const MIN_TOKEN_CHARS: usize = 16;

/// The warnings for these settings, the weightiest first.
pub(super) fn of(settings: &Settings) -> Vec<String> {
    let mut told = Vec::new();
    if settings.meta.is_wanted() {
        meta(settings, &mut told);
    }
    twilio(settings, &mut told);
    public_url(settings, &mut told);
    mail(settings, &mut told);
    admin_token(settings, &mut told);
    if let Some(endpoint) = settings.bucket.as_ref().and_then(|bucket| bucket.endpoint.as_ref())
        && endpoint.scheme() == "http"
        && !is_loopback(endpoint)
    {
        told.push(format!("ANDON_FILES_ENDPOINT is {endpoint}: attachments travel unencrypted. Use https."));
    }
    if settings.redis_url.is_some() && !settings.use_redis {
        told.push("REDIS_URL is set, but Redis is not used: that takes WHATSAPP_USE_REDIS=true.".to_owned());
    }
    told
}

/// Whether messages really go out to people.
fn is_real(settings: &Settings) -> bool {
    settings.whatsapp_enabled
        && !settings.simulator
        && (settings.twilio_credentials().is_some() || settings.meta.can_send())
}

fn twilio(settings: &Settings, told: &mut Vec<String>) {
    if !settings.whatsapp_enabled {
        told.push(
            "ENABLE_WHATSAPP is false: webhooks are answered with 503 and nothing is sent by WhatsApp.".to_owned(),
        );
        return;
    }
    if settings.simulator {
        if settings.twilio_api_base.is_none() {
            told.push("ANDON_SIMULATOR is on: messages go to the phone at /simulator, not to Twilio.".to_owned());
        }
        return;
    }
    if settings.twilio_credentials().is_none() && settings.meta.is_wanted() {
        return;
    }
    if settings.twilio_credentials().is_none() {
        told.push(
            "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN not configured. Every webhook is answered with 403, and WhatsApp \
             messages wait unsent. Both stand on the first page of console.twilio.com; put them into .env and start \
             again."
                .to_owned(),
        );
        return;
    }
    if settings.whatsapp_sender.is_none() {
        told.push(
            "TWILIO_WHATSAPP_NUMBER is not configured: WhatsApp messages wait unsent. It is your sender at Twilio, or \
             the sandbox's +14155238886."
                .to_owned(),
        );
    }
    if settings.twilio_account_sid.as_deref().is_some_and(|sid| !looks_like_account(sid)) {
        told.push(
            "TWILIO_ACCOUNT_SID does not look like one (AC and 32 hexadecimal digits); Twilio may refuse it."
                .to_owned(),
        );
    }
    if let (Some(now), Some(next)) = (&settings.twilio_auth_token, &settings.twilio_auth_token_next)
        && same(now, next)
    {
        told.push(
            "TWILIO_AUTH_TOKEN_NEXT is the same as TWILIO_AUTH_TOKEN; the rotation is over, remove it.".to_owned(),
        );
    }
    let api = settings.twilio_api_base();
    if api.scheme() == "http" && !is_loopback(&api) {
        told.push(format!("TWILIO_API_BASE is {api}: the token travels unencrypted. Use https."));
    }
    if settings.chat_access == super::ChatAccess::Open {
        told.push(
            "ANDON_CHAT_ACCESS is open: every WhatsApp number may report, ask and put orders on hold. `registered` is \
             the safe choice."
                .to_owned(),
        );
    }
}

/// What is set of Meta is enough to take messages and to send them, or it is said what is not.
fn meta(settings: &Settings, told: &mut Vec<String>) {
    let meta = &settings.meta;
    if settings.simulator || !settings.whatsapp_enabled {
        return;
    }
    if !meta.can_send() {
        told.push(
            "WHATSAPP_ACCESS_TOKEN or WHATSAPP_PHONE_NUMBER_ID is not configured: nothing is sent by Meta. The token is a \
             system user's, from Meta's Business Settings; the id stands under WhatsApp > API Setup."
                .to_owned(),
        );
    }
    if meta.app_secret.is_none() {
        told.push(
            "WHATSAPP_APP_SECRET is not configured: every webhook of Meta's is answered with 403. It stands in Meta's App \
             Dashboard under App settings > Basic."
                .to_owned(),
        );
    }
    let api = settings.meta_api_base();
    if api.scheme() == "http" && !is_loopback(&api) {
        told.push(format!("META_API_BASE is {api}: the token travels unencrypted. Use https."));
    }
}

fn public_url(settings: &Settings, told: &mut Vec<String>) {
    if !is_real(settings) {
        return;
    }
    let Some(origin) = settings.public_origin() else {
        if settings.twilio_credentials().is_none() {
            return; // Meta signs the body, not the address
        }
        told.push(
            "Neither WHATSAPP_WEBHOOK_URL nor ANDON_PUBLIC_URL is set: Twilio's signatures cover the public address, so \
             its webhooks will be refused, and no delivery receipts come back. Set WHATSAPP_WEBHOOK_URL as it stands at \
             Twilio."
                .to_owned(),
        );
        return;
    };
    let shown = origin.origin().ascii_serialization();
    if is_loopback(&origin) {
        told.push(format!(
            "The public address {shown} is loopback: Twilio cannot reach it. Use the address of your tunnel or proxy."
        ));
    } else if origin.scheme() == "http" {
        told.push(format!(
            "The public address {shown} is not encrypted: phone numbers and texts can be read on the way. Use https."
        ));
    }
    if origin.host_str().is_some_and(|host| host.contains('_')) {
        told.push(format!(
            "The host of {shown} holds an underscore: Twilio takes no status callbacks there, so delivery receipts are \
             missing. Use another host name."
        ));
    }
    if let Some(webhook) = settings.webhook_url.as_deref() {
        if !webhook.trim_end_matches('/').ends_with(WEBHOOK_PATH) {
            told.push(format!(
                "WHATSAPP_WEBHOOK_URL does not end in {WEBHOOK_PATH}, where Andon listens; that works only behind a \
                 proxy that rewrites the path."
            ));
        }
        if Url::parse(webhook).is_ok_and(|url| url.origin() != origin.origin()) {
            told.push(format!(
                "WHATSAPP_WEBHOOK_URL and ANDON_PUBLIC_URL ({shown}) have different origins; usually they are the same."
            ));
        }
    }
}

fn mail(settings: &Settings, told: &mut Vec<String>) {
    let Some(server) = settings.mail.as_ref().and_then(|mail| mail.server.as_ref()) else { return };
    let may_be_plain = matches!(server.security, MailSecurity::Plain | MailSecurity::StartTlsIfOffered);
    if may_be_plain && server.login.is_some() && !server.is_here() {
        told.push(format!(
            "SMTP_URL lets the password travel to {} unencrypted. Use ?tls=required, or smtps://.",
            server.host
        ));
    }
}

fn admin_token(settings: &Settings, told: &mut Vec<String>) {
    match settings.admin_token.as_ref().map(|token| token.expose_secret().chars().count()) {
        None if settings.simulator => {}
        None => told.push(
            "ANDON_ADMIN_TOKEN is not set: the admin endpoints (test message, sessions) are for admins who sign in only. \
             Any random text of 32 characters serves."
                .to_owned(),
        ),
        Some(chars) if chars < MIN_TOKEN_CHARS => told.push(format!(
            "ANDON_ADMIN_TOKEN is shorter than {MIN_TOKEN_CHARS} characters and can be guessed; choose a longer random one."
        )),
        Some(_) => {}
    }
}

/// Twilio's form of an account SID.
///
/// **Source**: Twilio's OpenAPI, `^AC[0-9a-fA-F]{32}$`.
fn looks_like_account(sid: &str) -> bool {
    sid.strip_prefix("AC").is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether two secrets are the same; not for answering strangers, as it takes no constant time.
fn same(left: &SecretString, right: &SecretString) -> bool {
    left.expose_secret() == right.expose_secret()
}
