//! Replies kept at hand: made and changed at the desk, by name, in as many languages as somebody wrote them in.

use super::store::kept;
use crate::app::App;
use crate::db::Tx;
use crate::kit::{Error, Instant, Result};
use crate::people::Actor;
use crate::web::{Fields, Form, read};
use crate::wording::FALLBACK;
use std::collections::BTreeMap;

/// The longest name, in characters.
const MAX_NAME: usize = 60;
/// The longest reply, in characters.
const MAX_BODY: usize = 2000;

/// A reply kept at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    /// Its row.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// In which language it is.
    pub language: String,
    /// Its words, with fields.
    pub body: String,
}

/// A reply as somebody wants it kept.
#[derive(Clone, Debug)]
pub struct Edited {
    /// What it is called.
    pub name: String,
    /// In which language it is.
    pub language: String,
    /// Its words.
    pub body: String,
}

impl Form for Edited {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", read::line(1..=MAX_NAME));
        let language = fields.required("language", read::line(1..=16));
        let body = fields.required("body", read::text(1..=MAX_BODY));
        Some(Self { name: name?, language: language?, body: body? })
    }
}

/// All, by name and language.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App) -> Result<Vec<Canned>> {
    let shown = |row: kept::row::Model| Canned { id: row.id, name: row.name, language: row.language, body: row.body };
    Ok(kept::all(app.db.read()).await?.into_iter().map(shown).collect())
}

/// Of each name the one in this language; else that of the desk's reader, else English, else whichever there is.
pub fn of_language(all: Vec<Canned>, language: &str, readers: &str) -> Vec<Canned> {
    let rank = |canned: &Canned| match canned.language.as_str() {
        code if code == language => 0,
        code if code == readers => 1,
        FALLBACK => 2,
        _ => 3,
    };
    let mut best: BTreeMap<String, Canned> = BTreeMap::new();
    for canned in all {
        match best.get(&canned.name) {
            Some(known) if rank(known) <= rank(&canned) => {}
            _ => drop(best.insert(canned.name.clone(), canned)),
        }
    }
    best.into_values().collect()
}

/// Keeps a reply; it replaces that of the same name and language.
///
/// # Errors
/// A field where there is no such language.
pub async fn edit(app: &App, actor: &Actor, edited: Edited) -> Result<()> {
    let wording = app.wording();
    if !wording.languages().contains(&edited.language.as_str()) {
        let all = wording.languages().join(", ");
        return Err(Error::field("language", format!("must be one of {all}")));
    }
    let by = actor.person_id;
    let db = app.db.through(actor.door);
    db.write_with(edited, move |tx, edited| {
        Box::pin(async move { kept::put(tx, &edited.name, &edited.language, &edited.body, by).await })
    })
    .await
}

/// Takes a reply away; until house-keeping, or another of its name, it can be put back.
///
/// # Errors
/// Where there is none.
pub async fn remove(app: &App, actor: &Actor, id: i64) -> Result<()> {
    let was_there = app.db.through(actor.door).write(move |tx| Box::pin(kept::remove(tx, id))).await?;
    if was_there { Ok(()) } else { Err(unknown()) }
}

/// Puts a reply back.
///
/// # Errors
/// Where none was taken away.
pub async fn put_back(app: &App, actor: &Actor, id: i64) -> Result<()> {
    let was_away = app.db.through(actor.door).write(move |tx| Box::pin(kept::put_back(tx, id))).await?;
    if was_away { Ok(()) } else { Err(unknown()) }
}

/// Deletes the replies that were taken away before; answers with how many.
///
/// # Errors
/// When the database is away.
pub async fn delete_removed(tx: &Tx, before: Instant) -> Result<u64> {
    kept::delete_removed(tx, before).await
}

fn unknown() -> Error {
    Error::not_found("There is no such reply.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_in_the_persons_language_where_there_is_one() {
        let canned = |name: &str, language: &str| Canned {
            id: 0,
            name: name.to_owned(),
            language: language.to_owned(),
            body: String::new(),
        };
        let all = vec![canned("a", "en"), canned("a", "es"), canned("b", "fr"), canned("b", "en"), canned("c", "ar")];
        let languages = |of: &str, readers: &str| {
            let found = of_language(all.clone(), of, readers);
            found.into_iter().map(|canned| canned.language).collect::<Vec<_>>()
        };
        assert_eq!(languages("es", "en"), ["es", "en", "ar"]);
        assert_eq!(languages("pt", "fr"), ["en", "fr", "ar"]);
    }
}
