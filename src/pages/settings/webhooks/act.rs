//! What is done with a webhook: changing it, a test call, off and on, another secret, taking it away, a call again.

use super::edit::Facts;
use super::{HERE, Told, one};
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::redirect;
use crate::pages::posted::Posted;
use crate::webhooks_out::api::{Kinds, Seen, SeenCall};
use crate::webhooks_out::sign::Secret;
use crate::webhooks_out::{Wish, desk as use_cases};
use axum::Extension;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;

/// What came of it.
enum Came {
    /// It is done: where that is said.
    To(String),
    /// It has a secret to show.
    Secret(Secret),
}

/// `POST /settings/webhooks/{id}`.
pub(super) async fn change(
    desk: Desk,
    Seen { admin, webhook }: Seen,
    Extension(Kinds(kinds)): Extension<Kinds>,
    posted: Posted,
) -> Result<Response> {
    let changing = async {
        posted.must_be_genuine()?;
        let Facts(wish) = posted.typed.read()?;
        let is_changed = |field| posted.typed.is_changed(field);
        let wish = Wish {
            url: wish.url.filter(|_| is_changed("url")),
            events: wish.events.filter(|_| is_changed("events")),
            description: wish.description.filter(|_| is_changed("description")),
            ..wish
        };
        use_cases::alter(&desk.app, &admin, kinds, webhook.id, wish).await
    };
    match changing.await {
        Ok(_) => Ok(redirect(&format!("{HERE}/{}?done=saved", webhook.id))),
        Err(error) => {
            let told = Told { refused: Some(("change", &posted.typed, error)), ..Told::default() };
            one(&desk, kinds, webhook, told).await
        }
    }
}

/// `POST /settings/webhooks/{id}/{act}`.
pub(super) async fn act(
    desk: Desk,
    seen: Seen,
    Path((_, act)): Path<(String, String)>,
    Extension(Kinds(kinds)): Extension<Kinds>,
    posted: Posted,
) -> Result<Response> {
    let came = match posted.must_be_genuine() {
        Ok(()) => done(&desk, &seen, kinds, &act).await,
        Err(stale) => Err(stale),
    };
    match came {
        Ok(Came::To(address)) => Ok(redirect(&address)),
        Ok(Came::Secret(secret)) => {
            let told = Told { secret: Some(secret), ..Told::default() };
            let mut response = one(&desk, kinds, seen.webhook, told).await?;
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(error) if error.kind() == Kind::NotFound => Err(error),
        Err(error) => {
            let told = Told { refused: Some((&act, &posted.typed, error)), ..Told::default() };
            one(&desk, kinds, seen.webhook, told).await
        }
    }
}

async fn done(desk: &Desk, Seen { admin, webhook }: &Seen, kinds: &[&str], act: &str) -> Result<Came> {
    let (app, id) = (&desk.app, webhook.id);
    let here = |done: &str| Came::To(format!("{HERE}/{id}?done={done}"));
    let switched = |is_active| Wish { is_active: Some(is_active), ..Wish::default() };
    match act {
        "test" => use_cases::try_out(app, admin, id).await.map(|_| here("hook_tested")),
        "switch_off" => use_cases::alter(app, admin, kinds, id, switched(false)).await.map(|_| here("hook_off")),
        "switch_on" => use_cases::alter(app, admin, kinds, id, switched(true)).await.map(|_| here("hook_on")),
        "secret" => use_cases::another_secret(app, admin, id).await.map(|(secret, _)| Came::Secret(secret)),
        "delete" => {
            use_cases::take_away(app, admin, id).await?;
            Ok(Came::To(format!("{HERE}?done=hook_deleted")))
        }
        _ => Err(Error::not_found("There is no such action.")),
    }
}

/// `POST /settings/webhooks/{id}/calls/{call}/retry`.
pub(super) async fn retry(
    desk: Desk,
    SeenCall { seen: Seen { admin, webhook }, call }: SeenCall,
    Extension(Kinds(kinds)): Extension<Kinds>,
    posted: Posted,
) -> Result<Response> {
    let retrying = async {
        posted.must_be_genuine()?;
        use_cases::again(&desk.app, &admin, webhook.id, call.id).await
    };
    match retrying.await {
        Ok(_) => Ok(redirect(&format!("{HERE}/{}?done=hook_again", webhook.id))),
        Err(error) => {
            let told = Told { refused: Some(("retry", &posted.typed, error)), ..Told::default() };
            one(&desk, kinds, webhook, told).await
        }
    }
}
