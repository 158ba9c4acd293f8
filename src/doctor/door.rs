//! The way in: the public address is called as Twilio calls it, from this machine out and in again.
//!
//! First a bare look, then a signed request to both addresses that Twilio calls. It speaks of a status that nobody
//! knows, and what is no news is taken, checked and dropped: nothing is stored. The same request goes to the server
//! directly; the difference tells what lies between.

use super::{PATIENCE, Report};
use crate::channels::twilio::signature::{self, Param};
use crate::config::{STATUS_PATH, Settings, WEBHOOK_PATH};
use crate::kit::token;
use secrecy::ExposeSecret as _;
use std::error::Error as _;
use url::{Host, Url};

const AREA: &str = "Public address";
/// A status of a message that Twilio never names.
const NO_NEWS: &str = "andon-doctor";

pub(super) async fn examine(settings: &Settings, http: &reqwest::Client, is_running: bool, report: &mut Report) {
    if settings.simulator {
        return report.fine(AREA, "The simulator needs none.");
    }
    if !settings.whatsapp_enabled {
        return report.look(
            AREA,
            "WhatsApp is switched off (ENABLE_WHATSAPP=false).",
            "Webhooks get 503 until it is on.",
        );
    }
    let Some((_, token, _)) = settings.twilio_credentials() else { return };
    if settings.public_origin().is_none() {
        let mend = "Set WHATSAPP_WEBHOOK_URL to the address that stands at Twilio, letter for letter.";
        return report.wrong(AREA, "No public address is set, so Twilio's signatures cannot be checked.", mend);
    }
    let webhook = settings.public_urls(WEBHOOK_PATH).swap_remove(0);
    let probe = Probe { http, token: token.expose_secret(), account: settings.twilio_account_sid.as_deref() };
    if !look(&webhook, &probe, is_running, report).await {
        return;
    }
    let urls = [(webhook, WEBHOOK_PATH), (settings.status_callback_url().unwrap_or_default(), STATUS_PATH)];
    for (public, path) in urls.iter().filter(|(public, _)| !public.is_empty()) {
        let outside = probe.post(public, public).await;
        let inside = probe.post(&format!("{}{path}", settings.local_origin()), public).await;
        let (level, says, mend) = judge(public, &outside, if is_running { inside.status() } else { None });
        report.add(AREA, level, says, mend);
    }
}

/// A bare look at the webhook, as from a browser. Answers whether Andon was found there.
async fn look(webhook: &str, probe: &Probe<'_>, is_running: bool, report: &mut Report) -> bool {
    if Url::parse(webhook).is_ok_and(|url| is_loopback(&url)) {
        let mend = "Set WHATSAPP_WEBHOOK_URL to the address of your tunnel or proxy.";
        report.wrong(AREA, format!("{webhook} is this machine's own: Twilio cannot reach it."), mend);
    }
    let answer = match probe.http.get(webhook).timeout(PATIENCE).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let (why, mend) = unreachable(&error);
            report.wrong(AREA, format!("{webhook} cannot be reached: {why}"), mend);
            return false;
        }
    };
    let status = answer.status().as_u16();
    let target = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
    let is_andon = answer.text().await.is_ok_and(|text| text == r#"{"status":"ok"}"#);
    let (says, mend) = match (status, target) {
        (200, _) if is_andon => {
            report.fine(AREA, format!("{webhook} leads to Andon."));
            return true;
        }
        (200, _) => (
            "answers, but not as Andon does".to_owned(),
            "Another program, or a page of the tunnel's, answers there. Let the address lead to ANDON_BIND.",
        ),
        (301..=308, target) => (
            format!("redirects to {}", target.as_deref().and_then(|to| to.split('?').next()).unwrap_or("nowhere")),
            "Twilio loses the form at a redirect. Put the final address into Twilio's Console and WHATSAPP_WEBHOOK_URL.",
        ),
        (404 | 405, _) => (
            format!("answers {status}"),
            "The path is not passed on as it is. It ends in /api/whatsapp/webhook; let the proxy pass that path.",
        ),
        (502..=504, _) if !is_running => {
            (format!("answers {status}"), "The tunnel or proxy is up, Andon is not. Start it.")
        }
        (502..=504 | 530, _) => (
            format!("answers {status}"),
            "The tunnel or proxy is up, but does not reach Andon. Let it lead to the port of ANDON_BIND.",
        ),
        _ => (
            format!("answers {status}"),
            "Something in front of Andon refuses: a login page, a firewall or the proxy. Let the path through.",
        ),
    };
    report.wrong(AREA, format!("{webhook} {says}."), mend);
    false
}

/// Asks as Twilio does.
struct Probe<'a> {
    http: &'a reqwest::Client,
    token: &'a str,
    account: Option<&'a str>,
}

/// What came of a signed request.
enum Answered {
    Status(u16),
    Not { why: String, mend: &'static str },
}

impl Answered {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(*status),
            Self::Not { .. } => None,
        }
    }
}

impl Probe<'_> {
    /// Posts to `url` what is signed over `public`.
    async fn post(&self, url: &str, public: &str) -> Answered {
        let sid = format!("SM{}", token::fresh());
        let fields = [
            ("MessageSid", sid.as_str()),
            ("AccountSid", self.account.unwrap_or_default()),
            ("MessageStatus", NO_NEWS),
        ];
        let bytes = |text: &str| text.as_bytes().to_vec();
        let params: Vec<Param> = fields.iter().map(|(name, value)| (bytes(name), bytes(value))).collect();
        let signed = signature::sign(self.token, public, &params);
        let request = self.http.post(url).timeout(PATIENCE).header(signature::HEADER, signed).form(&fields);
        match request.send().await {
            Ok(answer) => Answered::Status(answer.status().as_u16()),
            Err(error) => {
                let (why, mend) = unreachable(&error);
                Answered::Not { why, mend }
            }
        }
    }
}

/// What a signed request to the public address says, beside what the same one said to the server directly.
fn judge(public: &str, outside: &Answered, inside: Option<u16>) -> (super::Level, String, String) {
    use super::Level::{Fine, Look, Wrong};
    let status = match outside {
        Answered::Status(status) => *status,
        Answered::Not { why, mend } => return (Wrong, format!("{public} takes no POST: {why}"), (*mend).to_owned()),
    };
    let wrong = |says: &str, mend: &str| (Wrong, format!("{public} {says}."), mend.to_owned());
    match (status, inside) {
        (200..=299, _) => (Fine, format!("{public} takes a request that Twilio would have signed."), String::new()),
        (403, Some(403)) => wrong(
            "refuses a rightly signed request (403), and so does Andon itself",
            "The server runs with another TWILIO_AUTH_TOKEN or WHATSAPP_WEBHOOK_URL than this command reads. Restart it \
             where this .env is; its log names the addresses it tried.",
        ),
        (403, Some(200..=299)) => wrong(
            "refuses a rightly signed request (403), while Andon itself takes it",
            "Something in between drops the X-Twilio-Signature header, changes the form, or refuses by itself. Let the \
             proxy pass headers and body as they are.",
        ),
        (403, _) => wrong(
            "refuses a rightly signed request (403)",
            "TWILIO_AUTH_TOKEN or WHATSAPP_WEBHOOK_URL differ from what the server runs with, or a proxy drops the \
             X-Twilio-Signature header.",
        ),
        (503, Some(503)) => wrong("answers 503", "Andon takes nothing in: its database is away, or WhatsApp is off."),
        (301..=308, _) => wrong("redirects a POST", "Twilio loses the form at a redirect. Use the final address."),
        (404 | 405, _) => wrong(
            &format!("answers {status} to a POST"),
            "The proxy must pass both /api/whatsapp/webhook and /api/whatsapp/status, with POST.",
        ),
        (429, _) => (
            Look,
            format!("{public} answers 429."),
            "Something limits requests; Twilio must not be limited.".to_owned(),
        ),
        _ => wrong(&format!("answers {status} to a POST"), "Look at the proxy's log and at Andon's."),
    }
}

/// Why no answer came, and the mend.
fn unreachable(error: &reqwest::Error) -> (String, &'static str) {
    let mut story = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        story.push(cause.to_string());
        next = cause.source();
    }
    let story = story.join(": ");
    explain(&story, error.is_timeout())
}

fn explain(story: &str, is_timeout: bool) -> (String, &'static str) {
    let lower = story.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["certificate", "unknownissuer"]) {
        let why = match () {
            () if has(&["expired"]) => "its certificate has expired.",
            () if has(&["notvalidforname", "not valid for name"]) => "its certificate is for another name.",
            () if has(&["unknownissuer"]) => "nobody that everybody trusts signed its certificate.",
            () => "its certificate does not hold.",
        };
        (
            why.to_owned(),
            "Twilio refuses it as well. Get one that everybody trusts, for this very host (Let's Encrypt).",
        )
    } else if has(&["dns", "lookup", "name or service not known"]) {
        (
            "its name is not known.".to_owned(),
            "Check the host name and its DNS entry; a free tunnel changes its name at each start.",
        )
    } else if has(&["refused"]) {
        ("nothing listens there.".to_owned(), "Start the tunnel or proxy, or open its port in the firewall.")
    } else if is_timeout {
        (
            "it does not answer.".to_owned(),
            "A firewall drops the request, or this network's router does not lead its own address back in; then try \
             from outside.",
        )
    } else {
        (
            "the connection breaks off.".to_owned(),
            "Look at the proxy's log: TLS versions, or http where https is spoken.",
        )
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn what_lies_between_is_told_by_comparing() {
        for (outside, inside, level, word) in [
            (200, Some(200), Level::Fine, "takes"),
            (204, None, Level::Fine, "takes"),
            (403, Some(403), Level::Wrong, "Restart it"),
            (403, Some(200), Level::Wrong, "X-Twilio-Signature"),
            (403, Some(204), Level::Wrong, "X-Twilio-Signature"),
            (403, None, Level::Wrong, "TWILIO_AUTH_TOKEN"),
            (503, Some(503), Level::Wrong, "database"),
            (404, Some(204), Level::Wrong, "/api/whatsapp/status"),
            (302, Some(200), Level::Wrong, "final address"),
            (500, Some(200), Level::Wrong, "log"),
        ] {
            let (found, says, mend) = judge("https://plant.example/x", &Answered::Status(outside), inside);
            assert!(found == level && format!("{says} {mend}").contains(word), "{outside} {inside:?}: {says} {mend}");
        }
    }

    #[test]
    fn why_nothing_answers_is_told_apart() {
        for (story, is_timeout, word) in [
            ("client error (Connect): dns error: failed to lookup address information", false, "name is not known"),
            ("tcp connect error: Connection refused (os error 111)", false, "nothing listens"),
            ("operation timed out", true, "does not answer"),
            ("invalid peer certificate: UnknownIssuer", false, "trusts"),
            ("invalid peer certificate: Expired", false, "expired"),
            ("invalid peer certificate: certificate not valid for name \"x\"", false, "another name"),
            ("received corrupt message of type InvalidContentType", false, "breaks off"),
        ] {
            assert!(explain(story, is_timeout).0.contains(word), "{story}");
        }
    }
}
