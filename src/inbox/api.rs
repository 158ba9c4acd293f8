//! The endpoints of conversations, for ADMIN, and for SUPERVISOR those of the people they see.

use super::model::{Item, Listed, Said, Which, Window};
use super::{Conversation, Desker, LATEST, Place};
use super::{assign, hand_back, head, list as find, note, one, take_over, transcript, write};
use crate::app::App;
use crate::chat::Ways;
use crate::kit::{Error, Instant, Result, token};
use crate::people::Actor;
use crate::web::form::missing;
use crate::web::page::{Cursor, Here, Page, Paging, Part};
use crate::web::refusals::{OfActs, OfLists, OfReading};
use crate::web::{Body, Fields, Form, Query, Said as Stated, read};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest key of a request that is done once.
const MAX_KEY: usize = 64;
/// The longest text that is read; a channel's own limit is shorter.
const MAX_TEXT: usize = 20_000;

/// Every endpoint of conversations.
pub fn routes(ways: &Ways) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(read_transcript, say))
        .routes(routes!(take))
        .routes(routes!(give_back))
        .routes(routes!(give))
        .routes(routes!(keep_note))
        .layer(Extension(ways.clone()))
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationShown {
    /// The person's id: each has one conversation.
    id: i64,
    /// What they are called: by the desk, else by themselves, else by their number.
    #[schema(example = "Floor operator")]
    name: String,
    /// Null of somebody who is not registered.
    role: Option<String>,
    /// The number they wrote from last, in E.164, or Meta's id of somebody who hides theirs.
    #[schema(example = "+12025550101")]
    number: String,
    /// Where the bot is: `MENU`, or a form and its question.
    #[schema(example = "create_defect.severity")]
    state: String,
    /// Messages that nobody at the desk looked at.
    unread: i32,
    /// When the person or the desk last wrote.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Instant>,
    /// What was said last.
    last_text: Option<String>,
    /// Since when the desk has it; null while the bot has.
    #[schema(value_type = Option<String>, format = DateTime)]
    taken_at: Option<Instant>,
    taken_by: Option<i64>,
    assigned_to: Option<i64>,
    assigned_to_name: Option<String>,
    /// Until when free text may go; null while only approved templates may.
    #[schema(value_type = Option<String>, format = DateTime)]
    window_until: Option<Instant>,
    /// Whether they want no notices.
    opted_out: bool,
}

impl From<Listed> for ConversationShown {
    fn from(Listed { head, last, holder, window }: Listed) -> Self {
        Self {
            id: head.person_id,
            name: head.called().to_owned(),
            role: head.role().map(|role| role.as_str().to_owned()),
            state: head.state,
            unread: head.unread,
            last_at: head.last_at,
            last_text: last.map(|last| last.text),
            taken_at: head.taken_at,
            taken_by: head.taken_by,
            assigned_to: head.assigned_to,
            assigned_to_name: holder,
            window_until: if let Window::Open(until) = window { Some(until) } else { None },
            opted_out: head.opted_out_at.is_some(),
            number: head.value,
        }
    }
}

/// Something in a transcript.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Utterance)]
pub struct UtteranceShown {
    /// `person`, `bot`, `desk`, `notice`; `note` of what only the desk sees, `event` of what it did.
    #[schema(example = "person")]
    by: String,
    /// Who at the desk, where it is known.
    by_name: Option<String>,
    /// The words; of an event its name, `TAKEN`.
    #[schema(example = "The press in hall 2 stands still")]
    text: String,
    /// What could be tapped under it.
    #[schema(example = json!(["High", "Low"]))]
    choices: Vec<String>,
    /// How many files came with it.
    files: usize,
    /// How it stands, where we sent it: `queued`, `sent`, `delivered`, `read`, `failed`.
    status: Option<String>,
    /// Why it failed.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

impl From<Item> for UtteranceShown {
    fn from(item: Item) -> Self {
        let blank = |by: &str, text: String| Self {
            by: by.to_owned(),
            by_name: None,
            text,
            choices: Vec::new(),
            files: 0,
            status: None,
            error: None,
            at: item.place.at,
        };
        match item.said {
            Said::Heard(heard) => Self { files: heard.media.len(), ..blank("person", heard.text) },
            Said::Sent(sent) => Self {
                by_name: if let super::Who::Desk(name) = &sent.who { name.clone() } else { None },
                choices: sent
                    .choices
                    .map_or_else(Vec::new, |all| all.options.into_iter().map(|one| one.title).collect()),
                files: sent.files.len(),
                status: Some(sent.status.to_lowercase()),
                error: sent.why,
                ..blank(sent.who.as_str(), sent.text)
            },
            Said::Noted { kind, by, body } if kind == "NOTE" => Self { by_name: by, ..blank("note", body) },
            Said::Noted { kind, by, .. } => Self { by_name: by, ..blank("event", kind) },
        }
    }
}

/// What was said in a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transcript)]
pub struct TranscriptShown {
    /// The oldest first.
    results: Vec<UtteranceShown>,
    /// What goes into `before` for what was said earlier; null where this is the beginning.
    before: Option<String>,
}

/// Which conversations are asked for.
pub struct Asked {
    which: Which,
    words: Option<String>,
    part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let which = fields.optional("which", read::one_of(&Which::ALL, Which::as_str)).unwrap_or_default();
        let words = fields.optional("q", read::line(1..=100));
        Some(Self { which, words, part: Part::read(fields, LATEST) })
    }
}

/// Before which place.
pub struct Earlier(Option<Place>);

impl Form for Earlier {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.optional("before", read_place)))
    }
}

/// The order of a transcript, for its cursors.
const SAID: &str = "said";

/// A place as it stands in an address.
pub fn written(place: Place) -> String {
    let key = Some(place.at.to_rfc3339_opts(SecondsFormat::Micros, true));
    let stretch = usize::try_from(place.rank).unwrap_or_default();
    Cursor { stretch, key, ..Cursor::of_id(SAID, place.id) }.written()
}

/// What was [`written`].
///
/// # Errors
/// What is wrong with it.
pub fn read_place(raw: read::Raw<'_>) -> Result<Place, String> {
    let cursor = Cursor::read(raw)?;
    let is_ours = cursor.order == SAID;
    let at = cursor.key.and_then(|key| key.parse().ok()).filter(|_| is_ours);
    let rank = i32::try_from(cursor.stretch).ok();
    let place = at.zip(rank).map(|(at, rank)| Place { at, rank, id: cursor.id });
    place.ok_or_else(|| "must be the cursor of a transcript's before".to_owned())
}

/// Words to somebody.
#[derive(ToSchema)]
#[schema(as = NewUtterance)]
pub struct Saying {
    #[schema(example = "Which press is it?", min_length = 1, max_length = 20_000)]
    text: String,
    /// A key of your own: sent twice with the same one, it goes once.
    #[schema(max_length = 64)]
    key: Option<String>,
}

impl Form for Saying {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text = fields.required("text", read::text(1..=MAX_TEXT));
        let key = fields.optional("key", read::line(1..=MAX_KEY));
        Some(Self { text: text?, key })
    }
}

/// How the bot goes on.
#[derive(ToSchema)]
pub struct HandBack {
    /// Whether it drops what is open and shows its menu; else it goes on where it was.
    starts_over: Option<bool>,
}

impl Form for HandBack {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { starts_over: fields.optional("starts_over", read::boolean) })
    }
}

/// Whose it is to be.
#[derive(ToSchema)]
pub struct AssignConversation {
    /// A user's id; null for nobody.
    #[schema(minimum = 1)]
    to: Option<i64>,
}

impl Form for AssignConversation {
    fn read(fields: &mut Fields) -> Option<Self> {
        match fields.said("to", read::id) {
            Stated::Is(to) => Some(Self { to: Some(to) }),
            Stated::Null => Some(Self { to: None }),
            Stated::Nothing => {
                fields.wrong("to", "is missing");
                None
            }
        }
    }
}

async fn shown(app: &App, actor: &Actor, id: i64) -> Result<Json<ConversationShown>> {
    let head = head(app, actor, id).await?;
    let one = one(app, head).await?.ok_or_else(|| missing("conversation"))?;
    Ok(Json(one.into()))
}

/// List conversations, the last written in first.
#[utoipa::path(
    get, path = "/api/conversations", tag = "Conversations", operation_id = "list_conversations",
    params(
        ("which" = Option<String>, Query, example = "taken", pattern = "^(all|waiting|mine|unassigned|taken|unread)$"),
        ("q" = Option<String>, Query, description = "Words in the name, the number or what was written; 100 characters at most"),
        Paging,
    ),
    responses((status = 200, body = Page<ConversationShown>), OfLists),
    security(("bearer" = [])),
)]
pub async fn list(
    Desker(actor): Desker,
    State(app): State<App>,
    here: Here,
    Query(Asked { which, words, part }): Query<Asked>,
) -> Result<Json<Page<ConversationShown>>> {
    if part.is_counted {
        return Err(Error::field("count", "is not counted of conversations"));
    }
    let cut = find(&app.db, &actor, which, words.as_deref(), &part, app.clock.now()).await?;
    Ok(Json(Page::of(cut, None, &here, ConversationShown::from)))
}

/// One conversation.
#[utoipa::path(
    get, path = "/api/conversations/{id}", tag = "Conversations", operation_id = "get_conversation",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = ConversationShown), OfReading),
    security(("bearer" = [])),
)]
pub async fn get(seen: Conversation, State(app): State<App>) -> Result<Json<ConversationShown>> {
    shown(&app, &seen.actor, seen.head.person_id).await
}

/// What was said last in a conversation, or before a place in it: 50 at most.
#[utoipa::path(
    get, path = "/api/conversations/{id}/messages", tag = "Conversations", operation_id = "get_transcript",
    params(("id" = i64, Path, minimum = 1), ("before" = Option<String>, Query, max_length = 512)),
    responses((status = 200, body = TranscriptShown), (status = 400, body = crate::web::problem::Problem), OfReading),
    security(("bearer" = [])),
)]
pub async fn read_transcript(
    seen: Conversation,
    State(app): State<App>,
    Query(Earlier(before)): Query<Earlier>,
) -> Result<Json<TranscriptShown>> {
    let transcript = transcript(&app.db, seen.head.person_id, before).await?;
    let results = transcript.items.into_iter().map(UtteranceShown::from).collect();
    Ok(Json(TranscriptShown { results, before: transcript.before.map(written) }))
}

/// Write to somebody, in a conversation that the desk has, while the window is open.
#[utoipa::path(
    post, path = "/api/conversations/{id}/messages", tag = "Conversations", operation_id = "write_message",
    params(("id" = i64, Path, minimum = 1)), request_body = Saying,
    responses((status = 201, body = ConversationShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn say(
    seen: Conversation,
    State(app): State<App>,
    Body(Saying { text, key }): Body<Saying>,
) -> Result<(StatusCode, Json<ConversationShown>)> {
    let id = seen.head.person_id;
    write(&app, &seen.actor, id, text, key.unwrap_or_else(token::fresh)).await?;
    Ok((StatusCode::CREATED, shown(&app, &seen.actor, id).await?))
}

/// Take a conversation over: the bot is silent.
#[utoipa::path(
    post, path = "/api/conversations/{id}/take_over", tag = "Conversations", operation_id = "take_over_conversation",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = ConversationShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn take(seen: Conversation, State(app): State<App>) -> Result<Json<ConversationShown>> {
    take_over(&app, &seen.actor, seen.head.person_id).await?;
    shown(&app, &seen.actor, seen.head.person_id).await
}

/// Hand a conversation back to the bot.
#[utoipa::path(
    post, path = "/api/conversations/{id}/hand_back", tag = "Conversations", operation_id = "hand_back_conversation",
    params(("id" = i64, Path, minimum = 1)), request_body = HandBack,
    responses((status = 200, body = ConversationShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn give_back(
    seen: Conversation,
    State(app): State<App>,
    Extension(ways): Extension<Ways>,
    Body(HandBack { starts_over }): Body<HandBack>,
) -> Result<Json<ConversationShown>> {
    hand_back(&app, &ways, &seen.actor, seen.head.person_id, starts_over.unwrap_or_default()).await?;
    shown(&app, &seen.actor, seen.head.person_id).await
}

/// Give a conversation to somebody at the desk who sees it, or to nobody.
#[utoipa::path(
    post, path = "/api/conversations/{id}/assign", tag = "Conversations", operation_id = "assign_conversation",
    params(("id" = i64, Path, minimum = 1)), request_body = AssignConversation,
    responses((status = 200, body = ConversationShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn give(
    seen: Conversation,
    State(app): State<App>,
    Body(AssignConversation { to }): Body<AssignConversation>,
) -> Result<Json<ConversationShown>> {
    assign(&app, &seen.actor, &seen.head, to).await?;
    shown(&app, &seen.actor, seen.head.person_id).await
}

/// Note something in a conversation that only the desk sees.
#[utoipa::path(
    post, path = "/api/conversations/{id}/notes", tag = "Conversations", operation_id = "note_in_conversation",
    params(("id" = i64, Path, minimum = 1)), request_body = Saying,
    responses((status = 201, body = ConversationShown), OfActs),
    security(("bearer" = [])),
)]
pub async fn keep_note(
    seen: Conversation,
    State(app): State<App>,
    Body(Saying { text, key }): Body<Saying>,
) -> Result<(StatusCode, Json<ConversationShown>)> {
    let id = seen.head.person_id;
    note(&app, &seen.actor, id, text, key.unwrap_or_else(token::fresh)).await?;
    Ok((StatusCode::CREATED, shown(&app, &seen.actor, id).await?))
}
