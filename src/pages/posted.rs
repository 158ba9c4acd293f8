//! A form that was sent: what was typed, and whether the form is the sender's own.

use super::desk::visitor;
use super::remembered::WAS;
use super::session::must_be_ours;
use crate::app::App;
use crate::kit::error::Kind;
use crate::kit::{Error, Result};
use crate::web::form::collected;
use crate::web::{Fields, Form};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

/// The largest form without files: the longest text, every character of it escaped, fits.
const MAX_FORM: usize = 512 * 1024;
/// The field with the form's token.
pub(super) const TOKEN: &str = "token";

/// What was typed, as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    /// What stands in an address.
    pub(super) fn of_query(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of a field; empty where it was not sent.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Refuses what was sent, and left blank, of these fields.
    ///
    /// # Errors
    /// The first that is.
    pub(super) fn must_not_be_blank(&self, names: &[&'static str]) -> Result<()> {
        let is_blank = |name: &str| self.0.iter().any(|(known, value)| known == name && value.trim().is_empty());
        let blank = names.iter().find(|name| is_blank(name));
        blank.map_or(Ok(()), |name| Err(Error::field(*name, "must not be empty")))
    }

    /// All values of a field, in the order in which they were sent.
    pub(super) fn each(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// All values of a field, parted by commas.
    pub(super) fn all(&self, name: &str) -> String {
        let all = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        all.collect::<Vec<_>>().join(",")
    }

    /// The same with another value of one field.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: String) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
        self
    }

    /// Reads it by the rules of the API; what is blank counts as not given.
    ///
    /// # Errors
    /// All fields that are wrong.
    pub(super) fn read<T: Form>(&self) -> Result<T> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut seen: Vec<&str> = vec![TOKEN, WAS];
        for (name, _) in &self.0 {
            if !seen.contains(&name.as_str()) {
                seen.push(name);
                query.append_pair(name, &self.all(name));
            }
        }
        Fields::of_query(&query.finish()).into_form()
    }
}

/// A form that was sent.
pub(super) struct Posted {
    pub(super) typed: Typed,
    is_genuine: bool,
}

impl Posted {
    /// Lets a form pass that is the sender's own. One that is not may be an old one: it is shown again.
    ///
    /// # Errors
    /// [`Kind::Forbidden`], with the member `stale`.
    pub(super) fn must_be_genuine(&self) -> Result<()> {
        if self.is_genuine { Ok(()) } else { Err(stale()) }
    }
}

/// A form whose token is not its sender's.
pub(super) fn stale() -> Error {
    Error::new(Kind::Forbidden, "This page was open for a long time. Please send it again.").with("stale", true)
}

impl FromRequest<App> for Posted {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        must_be_ours(app, &parts.method, &parts.headers)?;
        let named = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !named.starts_with("application/x-www-form-urlencoded") {
            return Err(Error::new(Kind::UnknownForm, "A page's form is expected."));
        }
        let visitor = visitor(&parts)?;
        let bytes = collected(body, MAX_FORM).await?;
        let pairs = form_urlencoded::parse(&bytes);
        // A browser sends every line break as two signs.
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect();
        let typed = Typed(pairs);
        let is_genuine = visitor.knows(typed.get(TOKEN));
        Ok(Self { typed, is_genuine })
    }
}
