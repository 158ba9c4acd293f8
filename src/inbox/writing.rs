//! What the desk writes: words of its own while the window is open, an approved template while it is shut, and notes
//! that stay at the desk.

use super::store::entries::{self, Kind, New};
use super::store::{self, Head};
use super::taking::address;
use super::{MAX_NOTE, Window, reading};
use crate::app::App;
use crate::bus::Poke;
use crate::channels::{Medium, Template};
use crate::chat::{self, desk};
use crate::config::TemplateOf;
use crate::db::{Change, Tx};
use crate::delivery::store::give_template;
use crate::kit::error::Kind as Failure;
use crate::kit::{Error, Result};
use crate::people::Actor;
use crate::people::store::Known;
use crate::web::form::missing;
use serde_json::{Map, Value};

/// The longest value that fills a template, as with notices.
const MAX_VALUE: usize = 200;

/// An approved template that may go to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its key in forms: the file of its words and its language.
    pub key: String,
    /// The file of its words, `ticket.created`.
    pub words: String,
    /// Its language.
    pub language: String,
    /// What fills it, in order: the names that its words know it by.
    pub variables: Vec<String>,
}

/// Why nothing was written, for whoever tried.
fn refusal(what: &'static str, says: &'static str) -> Error {
    Error::new(Failure::Conflict, says).with(what, true)
}

/// Writes to somebody in words of one's own. A form that was sent before is done already.
///
/// # Errors
/// [`Failure::Conflict`] where the bot has the conversation, where the window is shut, and where the number is somebody
/// else's now; a field where the text is too long.
pub async fn write(app: &App, actor: &Actor, person_id: i64, text: String, once: String) -> Result<()> {
    let most = app.max_chars();
    if text.chars().count() > most {
        return Err(Error::field("text", format!("must have 1 to {most} characters")));
    }
    let input = (app.clone(), actor.clone(), text, once);
    let db = app.db.through(actor.door);
    let writing = db.write_with(input, move |tx, (app, actor, text, once)| {
        Box::pin(async move {
            let Some(to) = ready(tx, actor, person_id, once).await? else { return Ok(()) };
            if to.window == Window::Shut {
                let says = "They last wrote over 24 hours ago: WhatsApp takes only an approved template now.";
                return Err(refusal("shut", says));
            }
            let token = desk::say(app, tx, &to.known, text.clone()).await?;
            spoke(tx, actor, person_id, once, token).await
        })
    });
    writing.await?;
    told(app, person_id);
    Ok(())
}

/// Writes to somebody by a template, while only that may go.
///
/// # Errors
/// As with [`write`]; also where the window is open, and where the person wants no notices. Fields where there is no
/// such template, or a value is missing.
pub async fn write_by_template(
    app: &App,
    actor: &Actor,
    person_id: i64,
    key: &str,
    values: Vec<String>,
    once: String,
) -> Result<()> {
    let all = app.settings.notices.templates.all();
    let chosen = all.into_iter().find(|template| key_of(template) == key);
    let chosen = chosen.ok_or_else(|| Error::field("template", "must be one of those that are approved"))?;
    let values: Vec<String> =
        values.iter().map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    if values.len() != chosen.variables.len() || values.iter().any(String::is_empty) {
        return Err(Error::field("value", "is missing"));
    }
    if values.iter().any(|value| value.chars().count() > MAX_VALUE) {
        return Err(Error::field("value", format!("must have 1 to {MAX_VALUE} characters")));
    }
    let body = preview(app, chosen, &values);
    let template = Template { id: chosen.content_sid.clone(), named: chosen.named(), variables: values };
    let input = (app.clone(), actor.clone(), template, body, once);
    let db = app.db.through(actor.door);
    let writing = db.write_with(input, move |tx, (app, actor, template, body, once)| {
        Box::pin(async move {
            let Some(to) = ready(tx, actor, person_id, once).await? else { return Ok(()) };
            if to.window != Window::Shut {
                return Err(refusal("open", "They wrote within 24 hours: write to them in words of your own."));
            }
            if to.head.opted_out_at.is_some() {
                return Err(refusal("opted_out", "They asked for no messages but answers to their own."));
            }
            let token = desk::say(app, tx, &to.known, body.clone()).await?;
            give_template(tx, &token, template).await?;
            spoke(tx, actor, person_id, once, token).await
        })
    });
    writing.await?;
    told(app, person_id);
    Ok(())
}

/// Notes something that only the desk sees.
///
/// # Errors
/// A field where it is too long.
pub async fn note(app: &App, actor: &Actor, person_id: i64, text: String, once: String) -> Result<()> {
    if text.chars().count() > MAX_NOTE {
        return Err(Error::field("note", format!("must have 1 to {MAX_NOTE} characters")));
    }
    let by = actor.person_id;
    let db = app.db.through(actor.door);
    let noting = db.write_with((text, once), move |tx, (text, once)| {
        Box::pin(async move {
            desk::held(tx, person_id).await?.ok_or_else(|| missing("conversation"))?;
            if entries::is_done(tx, once).await? {
                return Ok(());
            }
            chat::store::desk::noted(tx, person_id).await?;
            let note = New::of(person_id, Kind::Note, Some(by));
            entries::add(tx, vec![New { body: text.clone(), once: Some(once.clone()), ..note }]).await
        })
    });
    noting.await?;
    app.bus.tell_desk([Change::Conversation(person_id)]);
    Ok(())
}

/// The approved templates that a channel takes, those in this language first.
pub fn offered(app: &App, language: &str) -> Vec<Offered> {
    let carriers = app.carriers(Medium::Whatsapp);
    let is_taken = |template: &&TemplateOf| {
        let variables = template.variables.clone();
        let filled = Template { id: template.content_sid.clone(), named: template.named(), variables };
        carriers.iter().any(|channel| channel.takes(&filled))
    };
    let shown = |template: &TemplateOf| Offered {
        key: key_of(template),
        words: template.words.clone(),
        language: template.language.clone(),
        variables: template.variables.clone(),
    };
    let all = app.settings.notices.templates.all();
    let mut offered: Vec<Offered> = all.into_iter().filter(is_taken).map(shown).collect();
    offered.sort_by_key(|template| template.language != language);
    offered
}

fn key_of(template: &TemplateOf) -> String {
    format!("{}/{}", template.words, template.language)
}

/// What the template will say, in the words that it was approved for.
fn preview(app: &App, template: &TemplateOf, values: &[String]) -> String {
    let filled = template.variables.iter().zip(values).map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let vars = Value::Object(filled.collect::<Map<String, Value>>());
    let key = format!("notice.{}.text", template.words);
    let wording = app.wording();
    if wording.has(&template.language, &key) {
        return wording.render(&template.language, &key, &vars).trim().to_owned();
    }
    let mut lines = vec![template.words.clone()];
    lines.extend_from_slice(values);
    lines.join("\n")
}

/// A conversation that the desk may write in.
struct Ready {
    head: Head,
    known: Known,
    window: Window,
}

/// Holds the conversation; none where the form was done before.
async fn ready(tx: &Tx, actor: &Actor, person_id: i64, once: &str) -> Result<Option<Ready>> {
    let row = desk::held(tx, person_id).await?.ok_or_else(|| missing("conversation"))?;
    if entries::is_done(tx, once).await? {
        return Ok(None);
    }
    if row.taken_at.is_none() {
        return Err(refusal("bot", "The bot has this conversation. Take it over first."));
    }
    let head = store::head(tx.conn(), &actor.sight(), person_id).await?.ok_or_else(|| missing("conversation"))?;
    let known = address(tx, &head).await?;
    let known = known.ok_or_else(|| refusal("moved", "This number belongs to somebody else now."))?;
    let window = reading::window_of(tx.conn(), &head, tx.now()).await?;
    Ok(Some(Ready { head, known, window }))
}

async fn spoke(tx: &Tx, actor: &Actor, person_id: i64, once: &str, token: String) -> Result<()> {
    chat::store::desk::spoke(tx, person_id).await?;
    let message = New::of(person_id, Kind::Message, Some(actor.person_id));
    let message = New { once: Some(once.to_owned()), delivery_token: Some(token), ..message };
    entries::add(tx, vec![message]).await
}

fn told(app: &App, person_id: i64) {
    app.bus.poke(Poke::Dispatch);
    app.bus.tell_desk([Change::Conversation(person_id)]);
}
