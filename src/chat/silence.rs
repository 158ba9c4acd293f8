//! Conversations that the desk has: the bot is silent in them.
//!
//! What the person writes is stored and shown; it starts nothing, changes no form, is not counted as writing too fast
//! and gets no answer of ours. Only the words by which people want no notices, or want them again, count here too: that
//! is theirs by law, whoever reads it first.

use super::consent;
use super::inbound::{Chat, Fresh};
use super::store;
use crate::app::App;
use crate::db::Tx;
use crate::files::store::message_media::{self, Came};
use crate::kit::{Instant, Result};
use std::collections::HashMap;

/// What the desk has to do with a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtTheDesk {
    /// Whether somebody there has it.
    pub(super) is_taken: bool,
    /// How many messages nobody there has looked at.
    pub(super) unread: i32,
    /// When person or desk last wrote.
    pub(super) last_at: Option<Instant>,
}

impl AtTheDesk {
    pub(super) fn of(row: &store::conversation::Model) -> Self {
        Self { is_taken: row.taken_at.is_some(), unread: row.unread, last_at: row.last_at }
    }
}

/// Notes that these messages came, for the desk to look at, and answers with those that the bot answers. A statement
/// where there are files, and those of consent where somebody said a word about notices; else none.
pub(super) async fn keep<'a>(
    app: &App,
    tx: &Tx,
    fresh: Vec<Fresh<'a>>,
    chats: &mut HashMap<i64, Chat>,
) -> Result<Vec<Fresh<'a>>> {
    for Fresh { known, .. } in &fresh {
        let Some(chat) = chats.get_mut(&known.person_id) else { continue };
        chat.desk.unread = chat.desk.unread.saturating_add(1);
        chat.desk.last_at = Some(tx.now());
        if chat.desk.is_taken {
            chat.address_id = known.address_id;
        }
    }
    let is_known = |fresh: &&Fresh<'_>| {
        let is_taken = chats.get(&fresh.known.person_id).is_some_and(|chat| chat.desk.is_taken);
        is_taken || fresh.known.role.is_some() || app.chat_is_open()
    };
    // A stranger's files stay where they are, until somebody speaks to them.
    let came = fresh.iter().filter(is_known).map(|fresh| Came {
        message_id: fresh.row,
        person_id: fresh.known.person_id,
        media: &fresh.inbound.media,
    });
    message_media::note(tx, &came.collect::<Vec<_>>()).await?;
    let is_taken = |fresh: &Fresh<'_>| chats.get(&fresh.known.person_id).is_some_and(|chat| chat.desk.is_taken);
    let (silent, others): (Vec<Fresh<'a>>, Vec<Fresh<'a>>) = fresh.into_iter().partition(is_taken);
    consent::keep(tx, &consent::said_in_silence(&app.wording(), &silent)).await?;
    Ok(others)
}
