//! One text: what it says and where that comes from, how people read it, a form to change it, and its versions.

use super::texts::{HERE, href, named};
use super::{direction, language, wrong};
use crate::channels::Medium;
use crate::chat::Ways;
use crate::kit::{Error, Result};
use crate::pages::desk::Desk;
use crate::pages::dress::{Page, redirect, shown};
use crate::pages::posted::Posted;
use crate::people::store::records::names_of;
use crate::people::{Administrator, Keeper};
use crate::texts::preview::{Preview, previews};
use crate::texts::{self, Edited, model};
use crate::web::problem;
use crate::wording::Wording;
use crate::wording::desk::{Changed, MAX_TEXT_CHARS, Written};
use crate::wording::html::{escaped, paragraphs};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// A layer that says something: where it stands, and what it says.
struct Layer {
    class: &'static str,
    name: String,
    text: String,
    holds: bool,
}

/// A message as it would be read.
struct Reading {
    medium: String,
    subject: Option<String>,
    /// Everything in it escaped.
    html: String,
    is_bubble: bool,
    parts: Option<String>,
}

/// A version of the text.
struct Version {
    who: String,
    when: String,
    /// None: what the files say.
    text: Option<String>,
    holds: bool,
}

/// The form.
struct Form {
    text: String,
    seen: i64,
    most: usize,
    /// What is wrong with the text.
    wrong: Option<String>,
    /// Why it was not sent.
    refused: Option<String>,
    may_put_back: bool,
}

#[derive(Template)]
#[template(path = "text.html")]
struct Text {
    page: Page,
    key: String,
    action: String,
    back: String,
    languages: Vec<(String, String, bool)>,
    language: String,
    direction: &'static str,
    is_list: bool,
    is_tried: bool,
    layers: Vec<Layer>,
    values: Vec<String>,
    readings: Vec<Vec<Reading>>,
    form: Option<Form>,
    versions: Vec<Version>,
}

/// What somebody just sent.
#[derive(Default)]
struct Sent {
    text: Option<String>,
    /// The words with it in them.
    tried: Option<Wording>,
    error: Option<Error>,
}

/// `GET /messages/texts/{key}`.
pub(super) async fn page(desk: Desk, _: Keeper, Path(key): Path<String>) -> Result<Response> {
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "language");
    let language = language(&desk, asked.as_ref().map(|(_, language)| &**language));
    answer(&desk, &language, &key, Sent::default()).await
}

/// `POST /messages/texts/{key}`: shows how it would read, keeps it, or puts it back.
pub(super) async fn change(
    desk: Desk,
    Administrator(actor): Administrator,
    Extension(ways): Extension<Ways>,
    Path(key): Path<String>,
    posted: Posted,
) -> Result<Response> {
    let typed = &posted.typed;
    let (language, act) = (typed.get("language").to_owned(), typed.get("act"));
    let text = typed.get("text").trim().to_owned();
    let seen = typed.get("seen").parse().unwrap_or_default();
    let edited = Edited { text: Changed { language: language.clone(), key: key.clone(), text: text.clone() }, seen };
    let doing = async {
        posted.must_be_genuine()?;
        match act {
            "preview" => {
                let tried = texts::tried(&desk.app, &ways.flows, &edited.text);
                let tried = tried.map_err(|wrong| Error::field("text", wrong.to_string()).because(wrong))?;
                Ok(Some(tried))
            }
            "put_back" => texts::put_back(&desk.app, &actor, edited).await.map(|()| None),
            _ => texts::change(&desk.app, &ways.flows, &actor, edited).await.map(|()| None),
        }
    };
    let outcome = doing.await;
    match outcome {
        Ok(None) => {
            let done = if act == "put_back" { "text_put_back" } else { "text_changed" };
            Ok(redirect(&format!("{}&done={done}", href(&language, &key))))
        }
        Ok(tried) => answer(&desk, &language, &key, Sent { text: Some(text), tried, error: None }).await,
        Err(error) => answer(&desk, &language, &key, Sent { text: Some(text), tried: None, error: Some(error) }).await,
    }
}

async fn answer(desk: &Desk, language: &str, key: &str, sent: Sent) -> Result<Response> {
    let (words, app) = (desk.words(), &desk.app);
    let wording = app.wording();
    if !texts::is_there(&wording, language, key) {
        return Err(Error::not_found("There is no such text."));
    }
    let is_list = matches!(wording.written_as(language, key), Some(Written::Words(_)));
    let versions = texts::versions(app.db.read(), language, key).await?;
    let status = sent.error.as_ref().map_or(StatusCode::OK, |error| problem::status(error.kind()));
    let company = &app.settings.company;
    let read = sent.tried.as_ref().unwrap_or(&wording);
    let readings = previews(read, company, language, key).into_iter();
    let title = words.fill("texts.one", &json!({ "key": key }));
    let page = Text {
        page: desk.page(title),
        key: key.to_owned(),
        action: href(language, key),
        back: format!("{HERE}?language={language}"),
        languages: languages(desk, language, key),
        language: language.to_owned(),
        direction: direction(language),
        is_list,
        is_tried: sent.tried.is_some(),
        layers: layers(desk, &wording, language, key),
        values: model::values(app.words.files(), language, key).into_iter().collect(),
        readings: readings.map(|one| one.into_iter().map(|preview| reading(desk, preview)).collect()).collect(),
        form: (desk.actor().is_admin() && !is_list).then(|| form(desk, &wording, (language, key), &sent, &versions)),
        versions: shown_versions(desk, versions).await?,
    };
    Ok(shown(status, &page))
}

/// The same text in each language: its address, the language's name, whether it is this one.
fn languages(desk: &Desk, language: &str, key: &str) -> Vec<(String, String, bool)> {
    let all = desk.words().languages().into_iter();
    all.map(|(code, name)| (href(&code, key), name, code == language)).collect()
}

fn layers(desk: &Desk, wording: &Wording, language: &str, key: &str) -> Vec<Layer> {
    let mut layers = wording.layers(language, key);
    layers.reverse();
    if layers.is_empty() {
        let english = wording.written_as(language, key).map(Written::joined).unwrap_or_default();
        let (class, name) = named(desk, None);
        return vec![Layer { class, name, text: english, holds: true }];
    }
    let layers = layers.into_iter().enumerate().map(|(at, (source, text))| {
        let (class, name) = named(desk, Some(source));
        Layer { class, name, text, holds: at == 0 }
    });
    layers.collect()
}

fn reading(desk: &Desk, preview: Preview) -> Reading {
    let words = desk.words();
    let Preview { medium, subject, text, parts } = preview;
    let name = medium.map_or("SYSTEM", |medium| crate::notify::shown::Medium::of(medium.as_str()).as_str());
    let has_markup = matches!(medium, Some(Medium::Whatsapp | Medium::Email));
    Reading {
        medium: words.w(format!("medium.{name}")),
        subject,
        html: if has_markup { paragraphs(&text) } else { escaped(&text) },
        is_bubble: has_markup,
        parts: parts.map(|parts| words.fill("texts.parts", &json!({ "count": parts }))),
    }
}

fn form(
    desk: &Desk,
    wording: &Wording,
    (language, key): (&str, &str),
    sent: &Sent,
    versions: &[texts::version::Model],
) -> Form {
    let holds = wording.written_as(language, key).map(Written::joined).unwrap_or_default();
    let told = sent.error.as_ref().map(|error| wrong::told(desk.words(), error));
    let (wrong, refused) = match told {
        Some((says, true)) => (Some(says), None),
        Some((says, false)) => (None, Some(says)),
        None => (None, None),
    };
    Form {
        text: sent.text.clone().unwrap_or(holds),
        seen: versions.first().map_or(0, |version| version.id),
        most: MAX_TEXT_CHARS,
        wrong,
        refused,
        may_put_back: versions.first().is_some_and(|version| version.text.is_some()),
    }
}

async fn shown_versions(desk: &Desk, versions: Vec<texts::version::Model>) -> Result<Vec<Version>> {
    let people: Vec<i64> = versions.iter().map(|version| version.changed_by).collect();
    let names = names_of(desk.app.db.read(), &people).await?;
    let shown = versions.into_iter().enumerate().map(|(at, version)| Version {
        who: names.get(&version.changed_by).cloned().unwrap_or_default(),
        when: desk.words().when(version.changed_at, desk.now).html(),
        text: version.text,
        holds: at == 0,
    });
    Ok(shown.collect())
}
