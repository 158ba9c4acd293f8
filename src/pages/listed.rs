//! Lists in pages of fifty, with what stands around them: what their address asks for, read by the API's rule.

use crate::kit::Result;
use crate::pages::desk::Desk;
use crate::pages::links::{Asking, Group, Link};
use crate::web::page::{Cursor, Cut};
use crate::web::{Fields, Form};

/// How many rows a page has.
const SIZE: &str = "50";
/// The longest text that is searched for, in characters.
const MAX_SOUGHT: usize = 100;

/// What stands above a list.
pub(super) struct Head {
    pub(super) title: String,
    /// Where the list is.
    pub(super) here: &'static str,
    /// What can be searched for; empty where there is no search.
    pub(super) search: String,
    pub(super) sought: String,
    /// What else is asked for, to be kept by a search.
    pub(super) kept: Vec<(String, String)>,
    /// Where something is added to the list.
    pub(super) add: Option<(String, String)>,
}

/// What stands around the rows of a list.
pub(super) struct Frame {
    pub(super) head: Head,
    pub(super) groups: Vec<Group>,
    /// What is said where there are no rows.
    pub(super) none: String,
    /// Where the whole list is, where this is not that.
    pub(super) clear: Option<(&'static str, String)>,
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
}

impl Frame {
    /// Around the rows of `cut`. `words_of` begins the keys of what an empty list says: `none`, `none_found` and `clear`.
    pub(super) fn new<T>(desk: &Desk, asking: &Asking, head: Head, words_of: &str, cut: &Cut<T>) -> Self {
        let says = |key: &str| desk.words().w(format!("{words_of}.{key}"));
        let is_narrowed = asking.kept.iter().any(|(name, _)| name != "sort");
        Self {
            none: says(if is_narrowed { "none_found" } else { "none" }),
            clear: is_narrowed.then(|| (head.here, says("clear"))),
            next: beside(asking, cut.next.as_ref()),
            previous: beside(asking, cut.previous.as_ref()),
            groups: Vec::new(),
            head,
        }
    }

    pub(super) fn groups(self, groups: Vec<Group>) -> Self {
        Self { groups, ..self }
    }
}

/// What the address of this page asks of the list at `here`, by these parameters and the cursor.
///
/// # Errors
/// What the API would refuse.
pub(super) fn asked<T: Form>(desk: &Desk, here: &'static str, known: &[&str]) -> Result<(Asking, T)> {
    let query = desk.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asking = Asking::of(here, known, query);
    let mut read = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &asking.kept {
        // More is not looked for; it is what is typed by hand, so it is no mistake.
        let most = if name == "q" { MAX_SOUGHT } else { usize::MAX };
        read.append_pair(name, &value.chars().take(most).collect::<String>());
    }
    read.append_pair("page_size", SIZE);
    if let Some((_, cursor)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "cursor") {
        read.append_pair("cursor", &cursor);
    }
    let form = Fields::of_query(&read.finish()).into_form()?;
    Ok((asking, form))
}

impl Head {
    /// With a search over what `search` says.
    pub(super) fn new(asking: &Asking, here: &'static str, title: String, search: String) -> Self {
        let kept = asking.kept.iter().filter(|(name, _)| name != "q").cloned().collect();
        Self { title, here, search, sought: asking.get("q").unwrap_or_default().to_owned(), kept, add: None }
    }

    pub(super) fn add(self, href: impl Into<String>, label: String) -> Self {
        Self { add: Some((href.into(), label)), ..self }
    }
}

/// The address of the page beside this one.
pub(super) fn beside(asking: &Asking, cursor: Option<&Cursor>) -> Option<String> {
    cursor.map(|cursor| asking.with("cursor", Some(&cursor.written())))
}

/// Links to the values of one parameter, each with its label; none is any.
pub(super) fn group(asking: &Asking, label: String, name: &str, values: Vec<(Option<String>, String)>) -> Group {
    let links = values.into_iter().map(|(value, label)| Link {
        href: asking.with(name, value.as_deref()),
        is_on: asking.get(name) == value.as_deref(),
        label,
    });
    Group { label, links: links.collect() }
}
