//! What STOP and START do: whether an address gets notices, and what becomes of those that wait.
//!
//! On WhatsApp the chat hears them. On text messages the provider does, keeps a list of its own and answers by itself;
//! what is said here only follows that list, so that nothing is sent in vain.

use super::inbound::Fresh;
use super::pick::clean;
use super::taps::{Says, Tap};
use crate::db::Tx;
use crate::delivery;
use crate::kit::Result;
use crate::kit::typed::bare;
use crate::people;
use crate::wording::Wording;
use std::collections::HashMap;

/// What a text message says to the provider's own list, as a whole message in any case.
///
/// **Source**: Twilio, "Advanced opt-out", the default keywords of long codes, read in November 2026.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("STOP", Keyword::Stop),
    ("STOPALL", Keyword::Stop),
    ("UNSUBSCRIBE", Keyword::Stop),
    ("CANCEL", Keyword::Stop),
    ("END", Keyword::Stop),
    ("QUIT", Keyword::Stop),
    ("REVOKE", Keyword::Stop),
    ("OPTOUT", Keyword::Stop),
    ("START", Keyword::Start),
    ("YES", Keyword::Start),
    ("UNSTOP", Keyword::Start),
    ("HELP", Keyword::Help),
    ("INFO", Keyword::Help),
];

/// What people write in other languages to get no more messages, or messages again. The provider's list knows them only
/// where they were added to it; that nothing is sent to somebody who wrote one is kept here in any case.
const OTHER_LANGUAGES: &[(&str, Keyword)] = &[
    // Spanish
    ("BAJA", Keyword::Stop),
    ("ALTO", Keyword::Stop),
    ("PARAR", Keyword::Stop),
    ("DETENER", Keyword::Stop),
    ("CANCELAR", Keyword::Stop),
    ("ALTA", Keyword::Start),
    ("ACTIVAR", Keyword::Start),
    ("AYUDA", Keyword::Help),
    // French; Canada's carriers ask for the first.
    ("ARRET", Keyword::Stop),
    ("DESABONNER", Keyword::Stop),
    ("DESABONNEMENT", Keyword::Stop),
    ("DESINSCRIRE", Keyword::Stop),
    ("REABONNER", Keyword::Start),
    ("ACTIVER", Keyword::Start),
    ("AIDE", Keyword::Help),
    // Portuguese
    ("SAIR", Keyword::Stop),
    ("PARE", Keyword::Stop),
    ("DESCADASTRAR", Keyword::Stop),
    ("ATIVAR", Keyword::Start),
    ("AJUDA", Keyword::Help),
    // Arabic
    ("ايقاف", Keyword::Stop),
    ("اوقف", Keyword::Stop),
    ("الغاء", Keyword::Stop),
    ("الغاء الاشتراك", Keyword::Stop),
    ("اشتراك", Keyword::Start),
    ("تفعيل", Keyword::Start),
    ("مساعده", Keyword::Help),
];

/// A word of a text message that the provider answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// No messages any more.
    Stop,
    /// Messages again.
    Start,
    /// What this is.
    Help,
}

impl Keyword {
    /// The keyword that this message is, if it is one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let of_provider = KEYWORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
        let bare = bare(text).to_uppercase();
        let of_others = || OTHER_LANGUAGES.iter().find(|(word, _)| bare == *word);
        of_provider.or_else(of_others).map(|(_, keyword)| *keyword)
    }
}

/// Which addresses want notices from now on, and which want none, by what they last wrote in these text messages.
pub(super) fn said_by_text(texts: &[Fresh<'_>]) -> HashMap<i64, bool> {
    let said = texts.iter().filter_map(|fresh| match Keyword::of(&fresh.inbound.text)? {
        Keyword::Stop => Some((fresh.known.address_id, false)),
        Keyword::Start => Some((fresh.known.address_id, true)),
        Keyword::Help => None,
    });
    said.collect()
}

/// The same of messages on WhatsApp that nobody answers, because the desk has the conversation: the words, and the taps
/// that say them, by which the chat would hear it.
pub(super) fn said_in_silence(wording: &Wording, silent: &[Fresh<'_>]) -> HashMap<i64, bool> {
    let said = silent.iter().filter_map(|fresh| {
        let tap = fresh.inbound.tapped.as_deref().and_then(|payload| Tap::read(&clean(payload)));
        let word = bare(&fresh.inbound.text);
        let says = |what: &str| match &tap {
            Some(tap) => matches!(tap.says(), Some(Says::Word(word)) if *word == what),
            None => wording.knows(&format!("chat.words.{what}"), &word),
        };
        let wants = if says("stop") { Some(false) } else { says("start").then_some(true) };
        Some((fresh.known.address_id, wants?))
    });
    said.collect()
}

/// Keeps what the owners of these addresses want; who wants no notices gets none that still waits.
pub(super) async fn keep(tx: &Tx, wanted: &HashMap<i64, bool>) -> Result<()> {
    let those = |want: bool| wanted.iter().filter(move |(_, to)| **to == want).map(|(id, _)| *id).collect::<Vec<i64>>();
    people::store::consent(tx, &those(true), true).await?;
    people::store::consent(tx, &those(false), false).await?;
    delivery::store::withdraw(tx, &those(false)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_a_whole_message() {
        for (text, expected) in [
            (" stop\n", Some(Keyword::Stop)),
            ("OptOut", Some(Keyword::Stop)),
            ("start", Some(Keyword::Start)),
            ("Help", Some(Keyword::Help)),
            ("Baja", Some(Keyword::Stop)),
            ("Arrêt.", Some(Keyword::Stop)),
            ("SAIR", Some(Keyword::Stop)),
            ("إيقاف", Some(Keyword::Stop)),
            ("إلغاء الاشتراك", Some(Keyword::Stop)),
            ("alta", Some(Keyword::Start)),
            ("تفعيل", Some(Keyword::Start)),
            ("ajuda", Some(Keyword::Help)),
            ("please stop", None),
            ("hi", None),
            ("", None),
        ] {
            assert_eq!(Keyword::of(text), expected, "{text}");
        }
    }
}
