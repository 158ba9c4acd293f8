//! Lists by page: which part of a list is asked for, and the links to the parts beside it.
//!
//! A cursor names the place of one row in one order, so that what is added or taken away meanwhile neither doubles a
//! row nor hides one. It is opaque, but nothing in it is trusted: it can ask for no more than a query can, and one of
//! another order is refused.

use super::AsReceived;
use super::form::Fields;
use super::read::{self, Raw};
use crate::app::App;
use crate::kit::Result;
use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use utoipa::{IntoParams, ToSchema};

/// How many rows a page has where nothing else is asked for. **Source**: desk.md.
pub const USUAL_SIZE: i64 = 20;
/// The most rows of a page. **Source**: desk.md.
pub const MOST: i64 = 100;
/// The longest cursor, in characters.
const MAX_CURSOR: usize = 512;

/// The place of one row in one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The order's name.
    #[serde(rename = "o")]
    pub order: String,
    /// The stretch of the order in which the row lies, for orders of several.
    #[serde(rename = "s")]
    pub stretch: usize,
    /// What the row is ordered by, where that is not its number alone.
    #[serde(rename = "k")]
    pub key: Option<String>,
    /// The row.
    #[serde(rename = "i")]
    pub id: i64,
    /// Whether the page lies before the row, not behind it.
    #[serde(rename = "b")]
    pub is_before: bool,
}

impl Cursor {
    /// The place behind the row with this number, in an order by number.
    pub fn of_id(order: &str, id: i64) -> Self {
        Self { order: order.to_owned(), stretch: 0, key: None, id, is_before: false }
    }

    /// The place behind the row with this key, in an order by a key that no two rows share.
    pub fn of_key(order: &str, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::of_id(order, 0) }
    }

    /// As it stands in a link.
    pub fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// What was [`Self::written`].
    pub fn read(raw: Raw<'_>) -> Result<Self, String> {
        let text = read::line(1..=MAX_CURSOR)(raw)?;
        let cursor = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        // Before PostgreSQL would say it.
        let cursor = cursor.filter(|cursor| !cursor.key.as_deref().unwrap_or_default().contains('\0'));
        cursor.ok_or_else(|| "must be the cursor of a page's next or previous".to_owned())
    }
}

/// The parameters that every list by page takes, for the contract.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many rows a page has; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<i64>,
    /// The place of the page; carried by the links in `next` and `previous`.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// Whether to count the rows of all pages too.
    pub count: Option<bool>,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many rows at most.
    pub size: u64,
    /// Behind or before which row; none for the first page.
    pub cursor: Option<Cursor>,
    /// Whether the whole list is to be counted too.
    pub is_counted: bool,
}

impl Part {
    /// Reads `page_size`, `cursor` and `count`; `order` is the name of the order that is asked for.
    pub fn read(fields: &mut Fields, order: &str) -> Self {
        let size = fields.optional("page_size", read::whole(1..=MOST)).unwrap_or(USUAL_SIZE);
        let cursor = fields.optional("cursor", Cursor::read);
        if cursor.as_ref().is_some_and(|cursor| cursor.order != order) {
            fields.wrong("cursor", format!("belongs to another order than {order}"));
        }
        let is_counted = fields.optional("count", read::boolean).unwrap_or_default();
        Self { size: size.unsigned_abs(), cursor, is_counted }
    }

    /// Whether the page lies before its cursor's row.
    pub fn is_before(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| cursor.is_before)
    }

    /// How many rows to ask for: one more than are shown, to learn whether there are more.
    pub fn fetched(&self) -> u64 {
        self.size + 1
    }

    /// How many rows there are in all, where that was asked for; else `count` is not run.
    ///
    /// # Errors
    /// Those of `count`.
    pub async fn counted(&self, count: impl Future<Output = Result<u64>>) -> Result<Option<u64>> {
        if self.is_counted { count.await.map(Some) } else { Ok(None) }
    }

    /// Cuts what was fetched, in the direction of the page, to what is shown, in the order of the list, and tells
    /// where the pages beside it begin. `at` is the place of a row; its direction is set here.
    pub fn cut<T>(&self, mut rows: Vec<T>, at: impl Fn(&T) -> Cursor) -> Cut<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        if self.is_before() {
            rows.reverse();
        }
        let (has_next, has_previous) = match &self.cursor {
            None => (has_more, false),
            Some(cursor) if cursor.is_before => (true, has_more),
            Some(_) => (has_more, true),
        };
        let beside = |row: Option<&T>, is_before| row.map(|row| Cursor { is_before, ..at(row) });
        let next = beside(rows.last().filter(|_| has_next), false);
        let previous = beside(rows.first().filter(|_| has_previous), true);
        Cut { rows, next, previous }
    }
}

/// The rows of a page, and where the pages beside it begin.
#[derive(Clone, Debug)]
pub struct Cut<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
    /// Where the previous page begins; none on the first.
    pub previous: Option<Cursor>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The address of the next page; null on the last.
    next: Option<String>,
    /// The address of the previous page; null on the first.
    previous: Option<String>,
    /// How many there are on all pages; only where `count=true` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1, required = false)]
    count: Option<u64>,
    /// What is on this page.
    results: Vec<T>,
}

impl<T> Page<T> {
    /// The page of these rows, each as it is shown.
    pub fn of<R>(cut: Cut<R>, count: Option<u64>, here: &Here, shown: impl FnMut(R) -> T) -> Self {
        let (next, previous) = (here.link(cut.next.as_ref()), here.link(cut.previous.as_ref()));
        Self { next, previous, count, results: cut.rows.into_iter().map(shown).collect() }
    }
}

/// Where a list was asked for: what the links to its other pages begin with.
#[derive(Clone, Debug)]
pub struct Here {
    /// `https://desk.example`: the public URL where one is set, else the host that was asked. Where the world's webhooks
    /// come in, the desk need not be.
    origin: String,
    received: AsReceived,
}

impl Here {
    /// The address of the same list with another cursor.
    pub fn link(&self, cursor: Option<&Cursor>) -> Option<String> {
        cursor.map(|cursor| self.with("cursor", &cursor.written()))
    }

    /// What addresses begin with, `https://desk.example`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of the same list with another value of one parameter.
    pub fn with(&self, parameter: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let asked = self.received.0.query().unwrap_or_default();
        query.extend_pairs(form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name != parameter));
        query.append_pair(parameter, value);
        format!("{}{}?{}", self.origin, self.received.0.path(), query.finish())
    }
}

impl FromRequestParts<App> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let public = app.settings.public_url.as_ref().map(|url| url.origin().ascii_serialization());
        let asked = || parts.headers.get(HOST)?.to_str().ok().map(|host| format!("http://{host}"));
        let origin = public.or_else(asked).unwrap_or_else(|| app.settings.local_origin());
        let received = parts.extensions.get().cloned();
        Ok(Self { origin, received: received.unwrap_or_else(|| AsReceived(parts.uri.clone())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: i64) -> Cursor {
        Cursor { order: "-id".to_owned(), stretch: 0, key: None, id, is_before: false }
    }

    fn part(cursor: Option<Cursor>) -> Part {
        Part { size: 2, cursor, is_counted: false }
    }

    #[test]
    fn a_page_knows_the_pages_beside_it() {
        let before = |id| Cursor { is_before: true, ..at(id) };
        for (cursor, fetched, shown, next, previous) in [
            (None, vec![9, 8], vec![9, 8], None, None),
            (None, vec![9, 8, 7], vec![9, 8], Some(8), None),
            (Some(at(8)), vec![7], vec![7], None, Some(7)),
            (Some(at(8)), vec![7, 6, 5], vec![7, 6], Some(6), Some(7)),
            (Some(at(8)), vec![], vec![], None, None),
            (Some(before(7)), vec![8, 9], vec![9, 8], Some(8), None),
            (Some(before(6)), vec![7, 8, 9], vec![8, 7], Some(7), Some(8)),
        ] {
            let cut = part(cursor.clone()).cut(fetched, |id| at(*id));
            let places = (cut.next.map(|next| next.id), cut.previous.map(|previous| previous.id));
            assert_eq!((cut.rows, places), (shown, (next, previous)), "{cursor:?}");
        }
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let written = at(7).written();
        assert_eq!(Cursor::read(Raw::Text(&written)), Ok(at(7)));
        let with_nul = Cursor { key: Some("a\0".to_owned()), ..at(7) }.written();
        for text in ["7", "e30", "", "{}", "ü", &"A".repeat(600), &with_nul] {
            assert!(Cursor::read(Raw::Text(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_link_keeps_the_query_and_the_path() {
        let received = AsReceived("/api/tickets/?status=NEW&cursor=old&q=a%20b".parse().expect("a path"));
        let here = Here { origin: "https://desk.example".to_owned(), received };
        let link = here.link(Some(&at(7))).expect("a link");
        assert_eq!(link, format!("https://desk.example/api/tickets/?status=NEW&q=a+b&cursor={}", at(7).written()));
    }

    #[test]
    fn the_size_is_bounded_and_the_order_kept() {
        let read = |query: &str| {
            let mut fields = Fields::of_query(query);
            Part::read(&mut fields, "-id")
        };
        assert_eq!(read(""), Part { size: 20, cursor: None, is_counted: false });
        assert_eq!(read("page_size=100&count=true").size, 100);
        assert_eq!(read(&format!("cursor={}", at(7).written())).cursor, Some(at(7)));
    }
}
