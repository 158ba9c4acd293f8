//! What a page of the desk knows of its reader.

use super::dress::Page;
use super::session::Visitor;
use super::words::Words;
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Instant, Result};
use crate::notify::store::inbox;
use crate::people::browser::AtTheDesk;
use crate::people::{Actor, SignedIn};
use crate::tickets::Viewer;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// More unread notices than so many are not counted.
const MOST_COUNTED: u64 = 99;

/// Who looks at this page, whoever it is.
///
/// # Errors
/// Where the page is not behind [`super::session::recognise`].
pub(super) fn visitor(parts: &Parts) -> Result<Visitor> {
    parts.extensions.get::<Visitor>().cloned().ok_or_else(|| Error::internal("a page that recognises nobody"))
}

/// A page for everybody, signed in or not.
pub(super) struct Hall {
    pub(super) app: App,
    pub(super) visitor: Visitor,
    pub(super) path: String,
}

impl Hall {
    pub(super) fn words(&self) -> &Words {
        &self.visitor.words
    }

    pub(super) fn page(&self, title: String) -> Page {
        Page::new(&self.app, &self.visitor, &self.path, title)
    }
}

impl FromRequestParts<App> for Hall {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { app: app.clone(), visitor: visitor(parts)?, path })
    }
}

/// A page for somebody who is signed in.
pub(super) struct Desk {
    pub(super) app: App,
    pub(super) visitor: Visitor,
    pub(super) person: AtTheDesk,
    pub(super) path: String,
    pub(super) now: Instant,
    /// What they have not read at the desk: the ticket of each, the latest first.
    pub(super) unread: Vec<Option<i64>>,
}

impl Desk {
    pub(super) fn words(&self) -> &Words {
        &self.visitor.words
    }

    pub(super) fn who(&self) -> &SignedIn {
        &self.person.signed_in
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.person.signed_in.actor
    }

    pub(super) fn viewer(&self) -> Viewer {
        Viewer::from(self.actor())
    }

    pub(super) fn page(&self, title: String) -> Page {
        let unread = match u64::try_from(self.unread.len()) {
            Ok(0) => None,
            Ok(count) if count <= MOST_COUNTED => Some(count.to_string()),
            _ => Some(format!("{MOST_COUNTED}+")),
        };
        Page { unread, ..Page::new(&self.app, &self.visitor, &self.path, title) }
    }
}

impl FromRequestParts<App> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Hall { app, visitor, path } = Hall::from_request_parts(parts, app).await?;
        let person = visitor.person.clone().ok_or_else(|| Error::new(Kind::Unauthorized, "Sign in first."))?;
        let (now, person_id) = (app.clock.now(), person.signed_in.actor.person_id);
        let unread = inbox::unread_at_the_desk(app.db.read(), person_id, MOST_COUNTED + 1).await?;
        Ok(Self { app, visitor, person, path, now, unread })
    }
}
