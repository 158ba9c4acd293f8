//! Who looks at a page: by the cookie of a sign-in, or as a guest; and whether a form is theirs.
//!
//! A form carries a token that is made of the sign-in, or of a guest's cookie, with the desk's key: a page of another site
//! can neither read it nor make one. What a browser says of where a form comes from has to agree.

use super::dress;
use super::words::Words;
use crate::app::App;
use crate::inbox;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::people::browser::{self, AtTheDesk};
use crate::proof::opaque;
use crate::web::cookies::{SESSION, SESSION_BEHIND_TLS, cookie};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, HOST, HeaderValue, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use subtle::ConstantTimeEq as _;
use url::Url;

/// The cookie of a guest, of which the token of their forms is made.
const GUEST: &str = "andon_guest";
/// The cookie with the choice between light and dark.
pub(super) const THEME: &str = "andon_theme";
/// Where the cookie of a screen goes, and how long it is kept. **Source**: RFC 6265bis, 5.5: 400 days at most.
const WALL: &str = "/wall";
const WALL_LIFE: TimeDelta = TimeDelta::days(400);
/// How long the choice is kept.
const THEME_LIFE: TimeDelta = TimeDelta::days(365);

/// Whoever looks at a page.
#[derive(Clone)]
pub(super) struct Visitor {
    /// Who they are, where they are signed in.
    pub(super) person: Option<AtTheDesk>,
    pub(super) words: Words,
    /// `light` or `dark`, where they chose.
    pub(super) theme: Option<&'static str>,
    /// What their forms carry, masked.
    token: Vec<u8>,
    /// How many conversations wait for the desk; none for those who see none.
    pub(super) waiting: Option<u64>,
}

impl Visitor {
    /// A guest of whom nothing is known.
    pub(super) fn nobody(app: &App, headers: &HeaderMap) -> Self {
        Self { person: None, words: accepted(app, headers), theme: theme(headers), token: Vec::new(), waiting: None }
    }

    /// Whether a form with this token is theirs.
    pub(super) fn knows(&self, token: &str) -> bool {
        let unmasked = unmasked(token).unwrap_or_default();
        !self.token.is_empty() && bool::from(self.token.as_slice().ct_eq(&unmasked))
    }

    /// The token as one page carries it: written otherwise on each, so that how small a page can be made tells nothing
    /// of it. **Source**: BREACH, breachattack.com, "masking secrets".
    pub(super) fn written_token(&self) -> String {
        let mask: Vec<u8> = self.token.iter().map(|_| rand::random()).collect();
        let masked = self.token.iter().zip(&mask).map(|(secret, mask)| secret ^ mask);
        URL_SAFE_NO_PAD.encode(masked.chain(mask.iter().copied()).collect::<Vec<u8>>())
    }
}

/// Says who looks, to whatever comes behind, and gives refusals the pages' dress.
pub(super) async fn recognise(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visitor, fresh) = match visitor(&app, &parts).await {
        Ok(known) => known,
        Err(error) => {
            return dress::dressed(&app, &Visitor::nobody(&app, &parts.headers), &parts, error.into_response()).await;
        }
    };
    if let Some(person) = &visitor.person {
        parts.extensions.insert(person.signed_in.clone());
        parts.extensions.insert(person.signed_in.actor.clone());
    }
    parts.extensions.insert(visitor.clone());
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let mut response = dress::dressed(&app, &visitor, &asked, response).await;
    if let Some(nonce) = fresh {
        set(&mut response, &written(&app, GUEST, &nonce, None));
    }
    response
}

async fn visitor(app: &App, parts: &Parts) -> Result<(Visitor, Option<String>)> {
    let headers = &parts.headers;
    let person = match cookie(headers, session_cookie(app)) {
        Some(cookie) => browser::by_cookie(app, cookie).await?,
        None => None,
    };
    let theme = theme(headers);
    if let Some(person) = person {
        let token = form_token(app, "at the desk", &person.signed_in.sign_in);
        let words = Words::new(app, &person.language);
        let actor = &person.signed_in.actor;
        let waiting = if parts.method == Method::GET && actor.role.sees_conversations() {
            Some(inbox::count_waiting(&app.db, &actor.sight()).await?)
        } else {
            None
        };
        return Ok((Visitor { person: Some(person), words, theme, token, waiting }, None));
    }
    let known = cookie(headers, GUEST).filter(|nonce| nonce.len() >= 40).map(str::to_owned);
    let fresh = known.is_none().then(opaque);
    let nonce = known.or_else(|| fresh.clone()).unwrap_or_default();
    let token = form_token(app, "a guest", &nonce);
    Ok((Visitor { person: None, words: accepted(app, headers), theme, token, waiting: None }, fresh))
}

fn form_token(app: &App, of: &str, what: &str) -> Vec<u8> {
    app.proof.seed.secret("a form", &format!("{of} {what}")).to_vec()
}

/// The secret in a token as a page carries it: its first half, by its second.
fn unmasked(token: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (masked, mask) = bytes.split_at_checked(bytes.len() / 2)?;
    Some(masked.iter().zip(mask).map(|(masked, mask)| masked ^ mask).collect())
}

fn accepted(app: &App, headers: &HeaderMap) -> Words {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Words::accepted(app, header)
}

fn theme(headers: &HeaderMap) -> Option<&'static str> {
    let chosen = cookie(headers, THEME)?;
    ["light", "dark"].into_iter().find(|known| *known == chosen)
}

/// Refuses what a page of another site sends.
///
/// # Errors
/// [`Kind::Forbidden`].
pub(super) fn must_be_ours(app: &App, method: &Method, headers: &HeaderMap) -> Result<()> {
    if method.is_safe() || is_ours(app, headers) {
        return Ok(());
    }
    Err(Error::new(Kind::Forbidden, "This was sent by a page of another site."))
}

fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site_is_ours = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin_is_ours = text(ORIGIN.as_str()).is_none_or(|origin| {
        let Ok(origin) = Url::parse(origin) else { return false };
        let public = app.settings.public_origin().map(|url| url.origin());
        let authority = origin[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        public.is_some_and(|public| public == origin.origin()) || text(HOST.as_str()) == Some(authority.as_str())
    });
    site_is_ours && origin_is_ours
}

/// The name of the cookie of those who are signed in.
fn session_cookie(app: &App) -> &'static str {
    if is_behind_tls(app) { SESSION_BEHIND_TLS } else { SESSION }
}

fn is_behind_tls(app: &App) -> bool {
    app.settings.public_origin().is_some_and(|url| url.scheme() == "https")
}

/// Gives the browser the cookie of its sign-in.
pub(super) fn sign_in(app: &App, response: &mut Response, value: &str) {
    set(response, &written(app, session_cookie(app), value, Some(browser::LONGEST)));
}

/// Takes it away.
pub(super) fn sign_out(app: &App, response: &mut Response) {
    set(response, &written(app, session_cookie(app), "", Some(TimeDelta::zero())));
}

/// The secret that a screen on the wall brings along.
pub(super) fn wall<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie(headers, wall_cookie(app))
}

/// Lets a screen keep the secret of its wall, for as long as browsers keep anything; it goes to the wall alone.
pub(super) fn let_in(app: &App, response: &mut Response, secret: &str) {
    let (name, life) = (wall_cookie(app), WALL_LIFE.num_seconds());
    let secure = if is_behind_tls(app) { "; Secure" } else { "" };
    set(response, &format!("{name}={secret}; Path={WALL}; SameSite=Strict; HttpOnly; Max-Age={life}{secure}"));
}

fn wall_cookie(app: &App) -> &'static str {
    if is_behind_tls(app) { "__Secure-andon-wall" } else { "andon-wall" }
}

/// Keeps the choice between light and dark; none is what the system says.
pub(super) fn choose_theme(app: &App, response: &mut Response, theme: Option<&str>) {
    let life = if theme.is_some() { THEME_LIFE } else { TimeDelta::zero() };
    set(response, &written(app, THEME, theme.unwrap_or_default(), Some(life)));
}

fn written(app: &App, name: &str, value: &str, life: Option<TimeDelta>) -> String {
    let mut text = format!("{name}={value}; Path=/; SameSite=Lax; HttpOnly");
    if is_behind_tls(app) {
        text += "; Secure";
    }
    match life {
        Some(life) => format!("{text}; Max-Age={}", life.num_seconds()),
        None => text,
    }
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
