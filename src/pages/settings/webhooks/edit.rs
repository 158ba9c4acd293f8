//! The forms of a webhook, and making one.

use super::{HERE, Told, one};
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, shown};
use crate::pages::form::{Field, FormShown, Outcome, refuse};
use crate::pages::posted::{Posted, Typed};
use crate::people::Administrator;
use crate::web::{Fields, Form, read};
use crate::webhooks_out::api::Kinds;
use crate::webhooks_out::api::forms::MAX_DESCRIPTION;
use crate::webhooks_out::model::ALL;
use crate::webhooks_out::store::row;
use crate::webhooks_out::{MAX_URL, Wish, desk as use_cases};
use askama::Template;
use axum::Extension;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;

/// The longest list of kinds, in characters.
const MAX_KINDS: usize = 10_000;

/// A webhook as it was typed.
pub(super) struct Facts(pub(super) Wish);

impl Form for Facts {
    fn read(fields: &mut Fields) -> Option<Self> {
        let url = fields.required("url", read::line(1..=MAX_URL));
        let description = fields.optional("description", read::line(0..=MAX_DESCRIPTION));
        let events = fields.required("events", read::line(1..=MAX_KINDS));
        let events = events?.split(',').map(str::to_owned).collect();
        let description = Some(description.unwrap_or_default());
        Some(Self(Wish { url: Some(url?), events: Some(events), description, is_active: None }))
    }
}

#[derive(Template)]
#[template(path = "hook_new.html")]
struct Adding {
    page: Page,
    title: String,
    form: FormShown,
}

/// `GET /settings/webhooks/new`.
pub(super) async fn adding(desk: Desk, _: Administrator, Extension(Kinds(kinds)): Extension<Kinds>) -> Response {
    form_to_add(&desk, kinds, None)
}

/// `POST /settings/webhooks/new`: shows the secret this once.
pub(super) async fn add(
    desk: Desk,
    Administrator(admin): Administrator,
    Extension(Kinds(kinds)): Extension<Kinds>,
    posted: Posted,
) -> Result<Response> {
    let adding = async {
        posted.must_be_genuine()?;
        let Facts(wish) = posted.typed.read()?;
        use_cases::make(&desk.app, &admin, kinds, wish).await
    };
    match adding.await {
        Ok((secret, webhook)) => {
            let told = Told { secret: Some(secret), ..Told::default() };
            let mut response = one(&desk, kinds, webhook, told).await?;
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(error) => Ok(form_to_add(&desk, kinds, Some((&posted.typed, error)))),
    }
}

fn form_to_add(desk: &Desk, kinds: &[&str], refused: Option<(&Typed, Error)>) -> Response {
    let words = desk.words();
    let form = facts(desk, kinds, None, FormShown::new("hook", format!("{HERE}/new"), words.w("hooks.make")));
    let mut forms = vec![form];
    let Outcome { status, .. } = refuse(words, &mut forms, refused.map(|(typed, error)| ("hook", typed, error)));
    let title = words.w("hooks.add");
    let form = forms.swap_remove(0);
    shown(status, &Adding { page: desk.page(title.clone()), title, form })
}

/// All that can be done with a webhook.
pub(super) fn forms(desk: &Desk, kinds: &[&str], webhook: &row::Model) -> Vec<FormShown> {
    let words = desk.words();
    let act = |name: &'static str, tone: &'static str| {
        let form =
            FormShown::new(name, format!("{HERE}/{}/{name}", webhook.id), words.w(format!("hooks.{name}.submit")));
        let form = form.title(words.w(format!("hooks.{name}.title"))).intro(words.w(format!("hooks.{name}.says")));
        FormShown { is_open: false, ..form.tone(tone) }
    };
    let change = FormShown::new("change", format!("{HERE}/{}", webhook.id), words.w("save"));
    let change = FormShown { is_open: false, ..facts(desk, kinds, Some(webhook), change) }.remembering();
    vec![
        change.title(words.w("hooks.change")),
        act(if webhook.is_active { "switch_off" } else { "switch_on" }, "plain"),
        act("secret", "plain"),
        act("delete", "danger"),
    ]
}

fn facts(desk: &Desk, kinds: &[&str], webhook: Option<&row::Model>, form: FormShown) -> FormShown {
    let words = desk.words();
    let url = webhook.map(|webhook| webhook.url.clone()).unwrap_or_default();
    let description = webhook.map(|webhook| webhook.description.clone()).unwrap_or_default();
    let events = webhook.map(|webhook| webhook.kinds().join(",")).unwrap_or_default();
    let all = [(ALL.to_owned(), words.w("hooks.all"))].into_iter();
    let each = kinds.iter().map(|kind| ((*kind).to_owned(), (*kind).to_owned()));
    form.field(Field::new(words, "url", "url", MAX_URL).value(url).hint(words.w("hooks.url_hint")))
        .field(Field::new(words, "text", "description", MAX_DESCRIPTION).optional().value(description))
        .field(Field::new(words, "checks", "events", 0).value(events).choices(all.chain(each)))
}
