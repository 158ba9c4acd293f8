//! What endpoints answer where they refuse, for the contract: one set a sort of endpoint, each a [`Problem`].

use super::problem::Problem;
use std::collections::BTreeMap;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema as _};

/// The type of every refusal. **Source**: RFC 9457, 3.
pub const PROBLEM_TYPE: &str = "application/problem+json";
/// What each refusal means.
pub(super) const MEANINGS: [(u16, &str); 10] = [
    (400, "Something in it is wrong; `errors` says what, by field"),
    (401, "Nobody is signed in"),
    (403, "Not for the asker; `detail` says for whom"),
    (404, "There is no such thing among those that the asker may see"),
    (409, "Not as things are now; `detail` says why"),
    (412, "It was changed meanwhile; `version` is the present one"),
    (413, "It is too large"),
    (415, "It is not written in a form that this endpoint reads"),
    (429, "Too many requests"),
    (503, "Too much to do, or the database is away; try again later"),
];

/// A set of refusals.
macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident = $statuses:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&$statuses)
            }
        }
    };
}

refusals! {
    /// Of lists.
    OfLists = [400, 401, 403, 429, 503]
}
refusals! {
    /// Of reading one thing.
    OfReading = [401, 403, 404, 429, 503]
}
refusals! {
    /// Of making something.
    OfCreating = [400, 401, 403, 409, 413, 415, 429, 503]
}
refusals! {
    /// Of doing something with one thing.
    OfActs = [400, 401, 403, 404, 409, 413, 415, 429, 503]
}
refusals! {
    /// Of changing one thing that has a version.
    OfChanges = [400, 401, 403, 404, 409, 412, 413, 415, 429, 503]
}
refusals! {
    /// Of taking something away.
    OfTakingAway = [401, 403, 404, 409, 429, 503]
}

fn responses(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let said = MEANINGS.iter().filter(|(status, _)| statuses.contains(status));
    said.map(|(status, meaning)| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let response = ResponseBuilder::new().description(*meaning).content(PROBLEM_TYPE, problem);
        (status.to_string(), RefOr::T(response.build()))
    })
    .collect()
}
