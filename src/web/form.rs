//! What comes in: JSON bodies and queries, read field by field, so that all that is wrong is told together.
//!
//! A [`Form`] reads its fields; what is missing, wrong or unknown becomes one refusal with the name of each field.
//! A body is one JSON object of at most [`MAX_BODY`] bytes, sent as JSON; none at all counts as `{}`. Parameters of a
//! query that nobody asked for are passed over, fields of a body are not.

use super::read::Raw;
use crate::app::App;
use crate::kit::error::{Fields as Wrong, Kind};
use crate::kit::{Error, Result};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The largest JSON body: the longest description, every character of it escaped, fits well.
pub const MAX_BODY: usize = 512 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Something that is read from fields.
pub trait Form: Sized {
    /// Reads every field; `None` where something that it needs is wrong, which `fields` then knows.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A JSON body, read.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

/// A query, read.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// What a request says of a field that may be left out, and where null is an answer: in a change, the value goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// It does not name the field.
    #[default]
    Nothing,
    /// Null.
    Null,
    /// A value.
    Is(T),
}

impl<T> Said<T> {
    /// Whether the field was named.
    pub fn is_said(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Nothing | Self::Null => None,
        }
    }
}

/// The fields of one request, and what was found wrong with them so far.
#[derive(Debug)]
pub struct Fields {
    source: Source,
    known: Vec<&'static str>,
    wrong: Wrong,
}

#[derive(Debug)]
enum Source {
    Json(Map<String, Value>),
    Query(HashMap<String, String>),
}

impl Fields {
    /// The fields of a JSON object.
    pub fn of_object(object: Map<String, Value>) -> Self {
        Self { source: Source::Json(object), known: Vec::new(), wrong: Wrong::new() }
    }

    /// The parameters of a query; a blank one counts as not given, and of one given twice the last counts.
    pub fn of_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let source = Source::Query(pairs.filter(|(_, value)| !value.trim().is_empty()).collect());
        Self { source, known: Vec::new(), wrong: Wrong::new() }
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &'static str, read: impl Fn(Raw<'_>) -> Result<T, String>) -> Option<T> {
        let value = self.optional(name, read);
        if value.is_none() && !self.wrong.contains_key(name) {
            self.wrong(name, "is missing");
        }
        value
    }

    /// A field that may be missing or null.
    pub fn optional<T>(&mut self, name: &'static str, read: impl Fn(Raw<'_>) -> Result<T, String>) -> Option<T> {
        self.said(name, read).value()
    }

    /// A field that may be missing, and where null is an answer. One that is wrong counts as not named here.
    pub fn said<T>(&mut self, name: &'static str, read: impl Fn(Raw<'_>) -> Result<T, String>) -> Said<T> {
        self.known.push(name);
        let outcome = match &self.source {
            Source::Json(object) => match object.get(name) {
                None => return Said::Nothing,
                Some(Value::Null) => return Said::Null,
                Some(value) => read(Raw::Json(value)),
            },
            Source::Query(parameters) => match parameters.get(name) {
                None => return Said::Nothing,
                Some(text) => read(Raw::Text(text)),
            },
        };
        match outcome {
            Ok(value) => Said::Is(value),
            Err(why) => {
                self.wrong(name, why);
                Said::Nothing
            }
        }
    }

    /// Whether the field was sent, whatever it holds.
    pub fn has(&self, name: &str) -> bool {
        match &self.source {
            Source::Json(object) => object.contains_key(name),
            Source::Query(parameters) => parameters.contains_key(name),
        }
    }

    /// Notes that a field is wrong, and why; the end of a sentence that begins with its name.
    pub fn wrong(&mut self, name: &'static str, why: impl Into<String>) {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.wrong.entry(name.to_owned()).or_default().push(why.into());
    }

    /// Reads the form.
    ///
    /// # Errors
    /// All fields that are wrong, each with what is allowed.
    pub fn into_form<T: Form>(mut self) -> Result<T> {
        let form = T::read(&mut self);
        match (form, self.finish()) {
            (Some(form), Ok(())) => Ok(form),
            (_, wrong) => Err(Error::fields(wrong.err().unwrap_or_default())),
        }
    }

    /// Ends the reading: whether every field that was sent is known and right.
    ///
    /// # Errors
    /// All fields that are wrong, each with what is allowed.
    pub fn finish(mut self) -> Result<(), Wrong> {
        if let Source::Json(object) = &self.source {
            let unknown: Vec<String> =
                object.keys().filter(|name| !self.known.contains(&name.as_str())).cloned().collect();
            let allowed = self.known.join(", ");
            for name in unknown {
                let why = if allowed.is_empty() {
                    "is not known here; no fields are".to_owned()
                } else {
                    format!("is not known here; there are {allowed}")
                };
                self.wrong.insert(name, vec![why]);
            }
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }
}

impl<T: Form> FromRequest<App> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = collected(body, MAX_BODY).await?;
        if bytes.is_empty() {
            return Fields::of_object(Map::new()).into_form().map(Self);
        }
        if !is_json(&parts.headers) {
            let says = "Send JSON, with Content-Type: application/json.";
            return Err(Error::new(Kind::UnknownForm, says));
        }
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(object)) => Fields::of_object(object).into_form().map(Self),
            Ok(_) => Err(Error::bad_request("The body must be a JSON object, like {\"name\": \"value\"}.")),
            Err(wrong) => Err(Error::bad_request(format!("The body is not JSON that can be read: {wrong}."))),
        }
    }
}

impl<T: Form> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Fields::of_query(parts.uri.query().unwrap_or_default()).into_form().map(Self)
    }
}

/// The bytes of a body.
///
/// # Errors
/// [`Kind::TooLarge`] where there are more than `most`; [`Kind::BadRequest`] where they do not arrive.
pub async fn collected(body: axum::body::Body, most: usize) -> Result<Vec<u8>> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, most).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Error::new(Kind::TooLarge, format!("The body may have {most} bytes at most.")))
        }
        Ok(Err(_)) => Err(Error::bad_request("The body broke off.")),
        Err(_) => Err(Error::bad_request("The body did not arrive in time.")),
    }
}

/// The number of the row that the path's parameter `name` means, or [`Kind::NotFound`] with `what` it would be, such
/// as "ticket": what is no number is the number of nothing.
///
/// # Errors
/// Where it is no number.
pub async fn id_in_path(parts: &mut Parts, name: &str, what: &str) -> Result<i64> {
    let path = axum::extract::Path::<BTreeMap<String, String>>::from_request_parts(parts, &()).await;
    let id = path.ok().and_then(|path| path.get(name)?.parse().ok()).filter(|id| *id > 0);
    id.ok_or_else(|| missing(what))
}

/// There is no such thing, or not for this asker.
pub fn missing(what: &str) -> Error {
    Error::not_found(format!("There is no such {what} among those you may see. Please check its number."))
}

/// Whether the body says that it is JSON: `application/json` or another type whose suffix is `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq)]
    struct Report {
        title: String,
        order: i64,
        note: Said<String>,
    }

    impl Form for Report {
        fn read(fields: &mut Fields) -> Option<Self> {
            let title = fields.required("title", read::line(1..=5));
            let order = fields.required("order", read::id);
            let note = fields.said("note", read::text(0..=5));
            Some(Self { title: title?, order: order?, note })
        }
    }

    fn form(value: Value) -> Result<Report> {
        let Value::Object(object) = value else { return Err(Error::bad_request("no object")) };
        Fields::of_object(object).into_form()
    }

    #[test]
    fn all_that_is_wrong_is_told_together() {
        let refused = form(json!({"title": "too long", "note": 7, "other": 1})).expect_err("it is wrong");
        let fields = &refused.details().expect("fields").fields;
        assert_eq!(
            json!(fields),
            json!({
                "title": ["must have 1 to 5 characters; these are 8"],
                "order": ["is missing"],
                "note": ["must be text"],
                "other": ["is not known here; there are title, order, note"],
            })
        );
        assert_eq!(refused.public(), "Please check these fields: note, order, other, title.");
    }

    #[test]
    fn missing_and_null_are_told_apart() {
        let with = |note| Report { title: "A".to_owned(), order: 7, note };
        assert_eq!(form(json!({"title": "A", "order": 7})).expect("a report"), with(Said::Nothing));
        assert_eq!(form(json!({"title": "A", "order": 7, "note": null})).expect("a report"), with(Said::Null));
        let said = form(json!({"title": "A", "order": 7, "note": "x"})).expect("a report");
        assert_eq!(said, with(Said::Is("x".to_owned())));
    }

    #[test]
    fn a_query_is_read_by_the_same_rule() {
        let read: Report = Fields::of_query("title=A&order=7&note=&utm=1").into_form().expect("a report");
        assert_eq!(read, Report { title: "A".to_owned(), order: 7, note: Said::Nothing });
        assert!(Fields::of_query("title=A&order=x").into_form::<Report>().is_err());
    }
}
