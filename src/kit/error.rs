//! The application's error: what the caller may read, and apart from it what only the log may say.
//!
//! Features refuse with enums of their own that know no HTTP; they become an [`Error`] at the edge, and
//! `web/problem.rs` alone turns an [`Error`] into a response.

use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is; decides the HTTP status at the edge and the exit code of the CLI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be understood or breaks a rule of form (400).
    BadRequest,
    /// Nobody is signed in, or the credentials are wrong (401).
    Unauthorized,
    /// The asker may not do this (403).
    Forbidden,
    /// There is no such thing, or not for this asker (404).
    NotFound,
    /// The state of things does not allow it now (409).
    Conflict,
    /// It is no longer what the caller believes it to be (412).
    Outdated,
    /// More than we take at once (413).
    TooLarge,
    /// It is written in a form that we do not read (415).
    UnknownForm,
    /// The caller asked too often (429).
    TooMany,
    /// Something that we need is away; trying again later may help (503).
    Unavailable,
    /// A setting or a file of the operator's is wrong (exit code 2).
    Setting,
    /// A programmer's error (500).
    Internal,
}

/// A failure with its public text and its private cause.
pub struct Error {
    kind: Kind,
    public: Cow<'static, str>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    details: Option<Box<Details>>,
}

/// What is wrong with each field of a request, by the field's name.
pub type Fields = BTreeMap<String, Vec<String>>;

/// What a caller may read beyond the text.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// What is wrong with each field.
    pub fields: Fields,
    /// Members of their own in the answer, such as the present status.
    pub members: Map<String, Value>,
    /// After how long it is worth another try.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// A failure whose whole story may be told to the caller.
    pub fn new(kind: Kind, public: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, public: public.into(), cause: None, details: None }
    }

    /// [`Kind::BadRequest`] with the given text.
    pub fn bad_request(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::BadRequest, public)
    }

    /// [`Kind::BadRequest`] for fields that are wrong, each with what is and what to write instead.
    pub fn fields(fields: Fields) -> Self {
        let names = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut error = Self::bad_request(format!("Please check these fields: {names}."));
        error.details_mut().fields = fields;
        error
    }

    /// [`Kind::BadRequest`] for one field that is wrong.
    pub fn field(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self::fields(Fields::from([(name.into(), vec![what.into()])]))
    }

    /// [`Kind::NotFound`] with the given text.
    pub fn not_found(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, public)
    }

    /// [`Kind::Unavailable`] with the given text.
    pub fn unavailable(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, public)
    }

    /// [`Kind::Setting`] with the given text.
    pub fn setting(public: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Setting, public)
    }

    /// [`Kind::Internal`] with the given text; the text is for the log, the caller reads a general sentence.
    pub fn internal(private: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "Something went wrong on our side; it has been logged.").because(private)
    }

    /// Adds the private cause, for the log only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a member of its own to the answer, such as `status` to a conflict.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details_mut().members.insert(name.to_owned(), value.into());
        self
    }

    /// Says after how long it is worth another try.
    #[must_use]
    pub fn again_after(mut self, wait: Duration) -> Self {
        self.details_mut().retry_after = Some(wait);
        self
    }

    /// The same failure for another caller; of a cause that is no copy's to give, its words stay.
    #[must_use]
    pub fn again(&self) -> Self {
        let error = Self::new(self.kind, self.public.clone());
        let error = Self { details: self.details.clone(), ..error };
        if self.cause.is_some() { error.because(self.private()) } else { error }
    }

    /// What a caller may read beyond the text.
    pub fn details(&self) -> Option<&Details> {
        self.details.as_deref()
    }

    fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text that the caller may read.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The private cause and its sources, joined; empty when there is none.
    pub fn private(&self) -> String {
        let mut parts = Vec::new();
        let mut next: Option<&(dyn StdError + 'static)> = self.cause.as_deref().map(|c| c as _);
        while let Some(error) = next {
            parts.push(error.to_string());
            next = error.source();
        }
        parts.dedup();
        parts.join(": ")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.public)?;
        match self.private() {
            text if text.is_empty() => Ok(()),
            text => write!(f, " ({text})"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|c| c as _)
    }
}

/// A database that does not answer is no fault of the request: 503, and the caller may try again.
impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::unavailable("The database does not answer right now. Nothing was changed; please try again.")
            .because(error)
    }
}
