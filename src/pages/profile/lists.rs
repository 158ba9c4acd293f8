//! Where one is signed in, and the tokens of one's programs.

use super::{Once, profile};
use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::form::{Field, FormShown};
use crate::pages::posted::Posted;
use crate::people::store::{api_tokens, browsers};
use crate::people::tokens;
use crate::web::form::missing;
use crate::web::{Fields, Form, read};
use axum::response::Response;

/// The most sign-ins that are shown.
const MOST: u64 = 50;
/// The longest life of a token that runs out, in days.
const MAX_DAYS: i64 = 3_660;

/// Somewhere one is signed in.
pub(super) struct Device {
    pub(super) id: i64,
    pub(super) called: String,
    pub(super) network: String,
    pub(super) since: String,
    pub(super) seen: String,
    pub(super) is_this: bool,
}

/// A token of a program.
pub(super) struct TokenRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) made: String,
    pub(super) used: Option<String>,
    pub(super) ends: Option<String>,
}

pub(super) async fn devices(desk: &Desk) -> Result<Vec<Device>> {
    let (words, now) = (desk.words(), desk.now);
    let rows = browsers::of(desk.app.db.read(), desk.actor().person_id, now, MOST).await?;
    let shown = rows.into_iter().map(|row| Device {
        id: row.id,
        called: row.agent.filter(|_| row.cookie_hash.is_some()).unwrap_or_else(|| words.w("devices.program")),
        network: row.network,
        since: words.when(row.created_at, now).html(),
        seen: words.when(row.seen_at.unwrap_or(row.rotated_at), now).html(),
        is_this: row.token == desk.who().sign_in,
    });
    Ok(shown.collect())
}

pub(super) async fn tokens(desk: &Desk) -> Result<Vec<TokenRow>> {
    let (words, now) = (desk.words(), desk.now);
    let rows = api_tokens::of(desk.app.db.read(), desk.actor().person_id).await?;
    let shown = rows.into_iter().map(|row| TokenRow {
        id: row.id,
        name: row.name,
        scope: words.w(if row.can_write { "tokens.write" } else { "tokens.read" }),
        made: words.when(row.created_at, now).html(),
        used: row.last_used_at.map(|at| words.when(at, now).html()),
        ends: row.expires_at.map(|at| words.when(at, now).html()),
    });
    Ok(shown.collect())
}

pub(super) fn new_token(desk: &Desk) -> FormShown {
    let words = desk.words();
    let scopes = ["read", "write"].map(|scope| (scope.to_owned(), words.w(format!("tokens.{scope}"))));
    FormShown::new("token", "/profile/tokens", words.w("tokens.make"))
        .field(Field::new(words, "text", "name", 100).called(words.w("tokens.name")))
        .field(Field::new(words, "select", "scope", 5).value("read").choices(scopes))
        .field(Field::new(words, "text", "days", 4).optional().hint(words.w("tokens.days_hint")))
}

/// A token to make.
struct NewToken(tokens::Asked);

impl Form for NewToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", read::line(1..=100));
        let scope = fields.required("scope", read::one_of(&["read", "write"], |scope| scope));
        let days = fields.optional("days", read::whole(1..=MAX_DAYS));
        Some(Self(tokens::Asked { name: name?, can_write: scope? == "write", days }))
    }
}

/// One of one's own rows.
struct Row(i64);

impl Form for Row {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("id", read::id).map(Self)
    }
}

/// `POST /profile/tokens`: the token is shown this once.
pub(in crate::pages) async fn make_token(desk: Desk, posted: Posted) -> Result<Response> {
    let made = async {
        posted.must_be_genuine()?;
        let NewToken(asked) = posted.typed.read()?;
        tokens::make(&desk.app, desk.actor(), asked).await
    };
    let once = match made.await {
        Ok((token, _)) => Once { token: Some(token), ..Once::default() },
        Err(error) => Once::refused("token", &posted.typed, error),
    };
    profile(&desk, once).await
}

/// `POST /profile/tokens/revoke`.
pub(in crate::pages) async fn revoke_token(desk: Desk, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let Row(id) = posted.typed.read()?;
    let token = api_tokens::by_id(desk.app.db.read(), id).await?;
    let token = token.filter(|token| token.person_id == desk.actor().person_id).ok_or_else(|| missing("token"))?;
    tokens::revoke(&desk.app, desk.actor(), token).await?;
    Ok(redirect("/profile?done=revoked"))
}

/// `POST /profile/devices/end`.
pub(in crate::pages) async fn end_device(desk: Desk, posted: Posted) -> Result<Response> {
    posted.must_be_genuine()?;
    let (Row(id), person) = (posted.typed.read()?, desk.actor().person_id);
    let db = desk.app.db.through(desk.actor().door);
    if !db.write(move |tx| Box::pin(async move { browsers::end(tx, person, id).await })).await? {
        return Err(missing("sign-in"));
    }
    Ok(redirect("/profile?done=ended"))
}
