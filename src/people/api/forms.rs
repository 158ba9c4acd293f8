//! What people's endpoints take: users to make and to change, and how a list is narrowed.

use crate::people::Role;
use crate::people::store::user_changes::UserChanges;
use crate::people::store::users::{Filter, NewUser, Stretch, User};
use crate::proof;
use crate::web::page::{Cursor, Part};
use crate::web::read::{self, Raw};
use crate::web::{Fields, Form, Said};
use serde_json::Value;
use utoipa::ToSchema;

/// The longest first or last name.
const MAX_NAME: usize = 150;
/// The longest department.
const MAX_DEPARTMENT: usize = 100;
/// The longest password that is looked at, in bytes: 128 characters of four.
const MAX_PASSWORD_BYTES: usize = 512;
/// What users are listed by.
const ORDER: &str = "id";

/// Somebody to make a user.
#[derive(ToSchema)]
#[schema(as = NewUser)]
#[expect(dead_code, reason = "the shape is for the contract; the fields are read one by one")]
pub struct Creating {
    /// Letters, digits and `@.+-_`; kept in small letters.
    #[schema(example = "dev1", min_length = 1, max_length = 150)]
    username: String,
    #[schema(example = "dev1@example.com", max_length = 254)]
    email: Option<String>,
    #[schema(example = "Dev", max_length = 150)]
    first_name: Option<String>,
    #[schema(example = "One", max_length = 150)]
    last_name: Option<String>,
    role: Role,
    /// E.164.
    #[schema(example = "+12025550142", pattern = r"^(\+[1-9][0-9]{6,14})?$")]
    phone_number: Option<String>,
    /// E.164; nobody else's.
    #[schema(example = "+12025550142", pattern = r"^(\+[1-9][0-9]{6,14})?$")]
    whatsapp_number: Option<String>,
    #[schema(example = "IT", max_length = 100)]
    department: Option<String>,
    #[schema(example = "en")]
    language: Option<String>,
    /// No name of theirs, and not among the first that anybody would try.
    #[schema(min_length = 8, max_length = 128, format = Password, example = "correct horse battery")]
    password: String,
    #[schema(format = Password, example = "correct horse battery")]
    password_confirm: String,
}

/// Somebody to make a user, read.
pub struct NewAccount {
    /// Who.
    pub user: NewUser,
    /// Their password.
    pub password: String,
}

impl Form for NewAccount {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("username", read::username);
        let email = fields.optional("email", or_empty(read::email));
        let (first_name, last_name) = (fields.optional("first_name", name_of), fields.optional("last_name", name_of));
        let role = fields.required("role", read::one_of(&Role::ALL, Role::as_str));
        let phone_number = fields.optional("phone_number", or_empty(read::phone));
        let whatsapp_number = fields.optional("whatsapp_number", or_empty(read::phone));
        let department = fields.optional("department", read::line(0..=MAX_DEPARTMENT));
        let language = fields.optional("language", read::line(1..=16));
        let password = new_password(fields, true, [name.as_deref(), email.as_deref()]);
        let number = |number: Option<String>| number.and_then(|number| crate::kit::E164::parse(&number).ok());
        let user = NewUser {
            username: name?,
            email: email.filter(|email| !email.is_empty()),
            first_name,
            last_name,
            role: role?,
            phone_number: number(phone_number),
            whatsapp_number: number(whatsapp_number),
            department,
            language,
        };
        Some(Self { user, password: password? })
    }
}

/// What to change about a user; what is left out stays, null or an empty text takes it away.
#[derive(ToSchema)]
#[schema(as = UserChanges)]
#[expect(dead_code, reason = "the shape is for the contract; the fields are read one by one")]
pub struct Changing {
    #[schema(min_length = 1, max_length = 150)]
    username: Option<String>,
    #[schema(max_length = 254)]
    email: Option<String>,
    #[schema(example = "Dev", max_length = 150)]
    first_name: Option<String>,
    #[schema(example = "One", max_length = 150)]
    last_name: Option<String>,
    role: Option<Role>,
    /// E.164.
    phone_number: Option<String>,
    /// E.164; nobody else's.
    whatsapp_number: Option<String>,
    #[schema(example = "Assembly", max_length = 100)]
    department: Option<String>,
    language: Option<String>,
    is_active: Option<bool>,
    /// Ends every other sign-in of theirs.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: Option<String>,
    #[schema(format = Password)]
    password_confirm: Option<String>,
}

/// What to change about a user, read.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub(super) changes: UserChanges,
    pub(super) is_active: Option<bool>,
    pub(super) password: Option<String>,
}

impl Form for Change {
    fn read(fields: &mut Fields) -> Option<Self> {
        let changes = UserChanges {
            username: fields.optional("username", read::username),
            email: change(fields, "email", or_empty(read::email)),
            first_name: change(fields, "first_name", name_of),
            last_name: change(fields, "last_name", name_of),
            role: fields.optional("role", read::one_of(&Role::ALL, Role::as_str)),
            phone_number: change(fields, "phone_number", or_empty(read::phone)),
            whatsapp_number: change(fields, "whatsapp_number", or_empty(read::phone)),
            department: change(fields, "department", read::line(0..=MAX_DEPARTMENT)),
            language: fields.optional("language", read::line(1..=16)),
        };
        let is_active = fields.optional("is_active", read::boolean);
        let password = new_password(fields, false, [changes.username.as_deref(), changes.email.as_deref()]);
        Some(Self { changes, is_active, password })
    }
}

/// What somebody changes about themselves.
#[derive(ToSchema)]
#[schema(as = ProfileChanges)]
#[expect(dead_code, reason = "the shape is for the contract; the fields are read one by one")]
pub struct ChangingOneself {
    #[schema(example = "Dev", max_length = 150)]
    first_name: Option<String>,
    #[schema(example = "One", max_length = 150)]
    last_name: Option<String>,
    #[schema(example = "en")]
    language: Option<String>,
    /// Ends every other sign-in of yours.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: Option<String>,
    #[schema(format = Password)]
    password_confirm: Option<String>,
}

/// What somebody changes about themselves, read.
pub struct OwnChange(pub(super) Change);

impl Form for OwnChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let changes = UserChanges {
            first_name: change(fields, "first_name", name_of),
            last_name: change(fields, "last_name", name_of),
            language: fields.optional("language", read::line(1..=16)),
            ..UserChanges::default()
        };
        let password = new_password(fields, false, [None, None]);
        Some(Self(Change { changes, is_active: None, password }))
    }
}

/// Which users are asked for.
pub struct Listing {
    pub(super) filter: Filter,
    pub(super) part: Part,
}

impl Listing {
    pub(super) fn stretch(&self) -> Stretch {
        let from = self.part.cursor.as_ref().map(|cursor| cursor.id);
        Stretch { from, is_rising: !self.part.is_before(), most: Some(self.part.fetched()) }
    }

    pub(super) fn place(user: &User) -> Cursor {
        Cursor::of_id(ORDER, user.id)
    }
}

impl Form for Listing {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            role: fields.optional("role", read::one_of(&Role::ALL, Role::as_str)),
            is_active: fields.optional("is_active", read::boolean),
            department: fields.optional("department", read::line(1..=MAX_DEPARTMENT)),
            q: fields.optional("q", read::line(1..=100)),
        };
        Some(Self { filter, part: Part::read(fields, ORDER) })
    }
}

/// A role that is asked for.
pub struct WithRole(pub(super) Role);

impl Form for WithRole {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.required("role", read::one_of(&Role::ALL, Role::as_str)).map(Self)
    }
}

fn name_of(raw: Raw<'_>) -> Result<String, String> {
    read::line(0..=MAX_NAME)(raw)
}

/// A value, or an empty text.
fn or_empty<T: ToString>(read: impl Fn(Raw<'_>) -> Result<T, String>) -> impl Fn(Raw<'_>) -> Result<String, String> {
    move |raw| match raw {
        Raw::Json(Value::String(text)) if text.trim().is_empty() => Ok(String::new()),
        raw => read(raw).map(|value| value.to_string()),
    }
}

fn change(fields: &mut Fields, name: &'static str, read: impl Fn(Raw<'_>) -> Result<String, String>) -> Option<String> {
    match fields.said(name, read) {
        Said::Nothing => None,
        Said::Null => Some(String::new()),
        Said::Is(value) => Some(value),
    }
}

/// A password, twice.
pub(super) fn new_password(fields: &mut Fields, is_needed: bool, names: [Option<&str>; 2]) -> Option<String> {
    let [password, confirm] = ["password", "password_confirm"].map(|name| {
        let read = read::verbatim(1..=MAX_PASSWORD_BYTES);
        if is_needed { fields.required(name, read) } else { fields.optional(name, read) }
    });
    if let Some(why) =
        password.as_deref().and_then(|password| proof::unfit(password, &names.map(Option::unwrap_or_default)))
    {
        fields.wrong("password", why);
    }
    match (&password, &confirm) {
        (Some(password), Some(confirm)) if password != confirm => {
            fields.wrong("password_confirm", "is not the same as password");
        }
        (Some(_), None) if !is_needed => fields.wrong("password_confirm", "is missing"),
        (None, Some(_)) if !is_needed => fields.wrong("password", "is missing"),
        _ => {}
    }
    password
}
