//! What the endpoints of tickets take, read field by field.

use crate::kit::Instant;
use crate::tickets::action::Action;
use crate::tickets::edit::Edit;
use crate::tickets::incident::{Category, Incident, MAX_DESCRIPTION, MAX_PROJECT, MAX_TITLE};
use crate::tickets::life_cycle::MAX_WORDS;
use crate::tickets::model::{Kind, Priority};
use crate::tickets::{Given, NewTicket};
use crate::web::read;
use crate::web::{Fields, Form};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// The longest estimate, in characters.
const MAX_ESTIMATE: usize = 100;

/// An incident to raise.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewIncident)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// The client's project; one line.
    #[schema(min_length = 1, max_length = 150, example = "Web shop")]
    pub project_name: String,
    /// One line.
    #[schema(min_length = 1, max_length = 300, example = "The checkout shows an error")]
    pub title: String,
    /// As many lines as it takes.
    #[schema(min_length = 1, max_length = 20_000, example = "Since this morning, after paying by card.")]
    pub description: String,
    /// How much it matters.
    #[schema(example = "HIGH")]
    pub priority: Priority,
    /// What sort of incident.
    #[schema(example = "BUG")]
    pub category: Category,
}

impl Form for Create {
    fn read(fields: &mut Fields) -> Option<Self> {
        let project_name = fields.required("project_name", read::line(1..=MAX_PROJECT));
        let title = fields.required("title", read::line(1..=MAX_TITLE));
        let description = fields.required("description", read::text(1..=MAX_DESCRIPTION));
        let priority = fields.required("priority", read::one_of(&Priority::ALL, Priority::as_str));
        let category = fields.required("category", read::one_of(&Category::ALL, Category::as_str));
        let (project_name, title, description) = (project_name?, title?, description?);
        Some(Self { project_name, title, description, priority: priority?, category: category? })
    }
}

impl Create {
    /// The ticket that this person raises with it.
    pub fn by(self, requester: i64) -> NewTicket {
        NewTicket {
            kind: Kind::Incident,
            given: Given::default(),
            title: self.title,
            description: self.description,
            media_json: "[]".to_owned(),
            place_json: None,
            priority: self.priority,
            requester_id: Some(requester),
            department: None,
            incident: Some(Incident { category: self.category, project_name: self.project_name }),
        }
    }
}

/// What is to be changed; what is missing stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TicketChange)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// One line.
    #[schema(example = "The checkout shows error 500", min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// As many lines as it takes.
    #[schema(min_length = 1, max_length = 20_000)]
    pub description: Option<String>,
    /// The client's project; incidents only.
    #[schema(min_length = 1, max_length = 150)]
    pub project_name: Option<String>,
    /// What sort of incident; incidents only.
    pub category: Option<Category>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// The version that was looked at.
    #[schema(example = 1, minimum = 0)]
    pub version: Option<i32>,
}

impl Form for Change {
    fn read(fields: &mut Fields) -> Option<Self> {
        if fields.has("status") {
            let why = "changes by actions only: POST /api/tickets/{id}/ with open_ticket, start_work, hold, resume, \
                       finish_work, approve, reject or cancel behind it";
            fields.wrong("status", why);
        }
        if fields.has("assigned_to") {
            fields.wrong("assigned_to", "changes by an action only: POST /api/tickets/{id}/assign/");
        }
        Some(Self {
            title: fields.optional("title", read::line(1..=MAX_TITLE)),
            description: fields.optional("description", read::text(1..=MAX_DESCRIPTION)),
            project_name: fields.optional("project_name", read::line(1..=MAX_PROJECT)),
            category: fields.optional("category", read::one_of(&Category::ALL, Category::as_str)),
            priority: fields.optional("priority", read::one_of(&Priority::ALL, Priority::as_str)),
            version: version(fields),
        })
    }
}

impl Change {
    /// What is to be changed.
    pub fn edit(self) -> Edit {
        Edit {
            title: self.title,
            description: self.description,
            project_name: self.project_name,
            category: self.category,
            priority: self.priority,
        }
    }
}

/// An action with the version that was looked at.
pub trait Doing: Form {
    /// Both.
    fn doing(self) -> (Action, Option<i32>);
}

/// A form whose fields make an action.
macro_rules! doing {
    (
        $(#[$doc:meta])* $form:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $reader:expr,)* }
        $self:ident => $action:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $form {
            $($(#[$field_doc])* pub $field: $type,)*
            /// The version that was looked at.
            #[schema(minimum = 0)]
            pub version: Option<i32>,
        }

        impl Form for $form {
            fn read(fields: &mut Fields) -> Option<Self> {
                $(let $field: Option<$type> = $reader(fields);)*
                let version = version(fields);
                Some(Self { $($field: $field?,)* version })
            }
        }

        impl Doing for $form {
            fn doing($self) -> (Action, Option<i32>) {
                let version = $self.version;
                ($action, version)
            }
        }
    };
}

doing! {
    /// Opening a ticket.
    OpenTicket {
        /// What the admin notes; the client reads it.
        #[schema(max_length = 20_000, example = "Looking into it")]
        admin_notes: Option<String> = words_or_none("admin_notes"),
    }
    self => Action::Open { notes: self.admin_notes }
}
doing! {
    /// Giving a ticket to people, and to nobody else.
    Assign {
        /// The ids of support people: one, or a list.
        #[schema(schema_with = one_or_more)]
        assigned_to: Vec<i64> = |fields: &mut Fields| fields.required("assigned_to", read::ids),
        /// Until when it must be resolved; what is missing stays.
        #[schema(value_type = Option<String>, format = DateTime)]
        resolution_due_at: Option<Instant> = instant_or_none("resolution_due_at"),
        /// How long they think it takes, in their words.
        #[schema(max_length = 100, example = "2 days")]
        estimated_resolution_time: Option<String> =
            |fields: &mut Fields| Some(fields.optional("estimated_resolution_time", read::line(1..=MAX_ESTIMATE))),
    }
    self => Action::Assign {
        people: self.assigned_to,
        resolution_due_at: self.resolution_due_at,
        estimate: self.estimated_resolution_time,
    }
}
doing! {
    /// Setting a ticket's deadlines, at least one; what is missing stays.
    SetSla {
        /// Until when it must be opened.
        #[schema(example = "2026-01-18T15:00:00Z", value_type = Option<String>, format = DateTime)]
        response_due_at: Option<Instant> = instant_or_none("response_due_at"),
        /// Until when it must be resolved.
        #[schema(value_type = Option<String>, format = DateTime)]
        resolution_due_at: Option<Instant> = instant_or_none("resolution_due_at"),
    }
    self => Action::SetSla { response_due_at: self.response_due_at, resolution_due_at: self.resolution_due_at }
}
doing! {
    /// Beginning the work.
    StartWork {}
    self => Action::Start
}
doing! {
    /// Waiting for something.
    Hold {
        /// For what.
        #[schema(min_length = 1, max_length = 20_000, example = "Waiting for a spare part")]
        reason: String = words("reason"),
    }
    self => Action::Hold { reason: self.reason }
}
doing! {
    /// Going on.
    Resume {}
    self => Action::Resume
}
doing! {
    /// Saying that it is done.
    FinishWork {
        /// What was done.
        #[schema(min_length = 1, max_length = 20_000, example = "The certificate was renewed")]
        comment: String = words("comment"),
    }
    self => Action::Finish { comment: self.comment }
}
doing! {
    /// Agreeing that it is done.
    Approve {
        /// A word with it.
        #[schema(max_length = 20_000, example = "Thank you")]
        comment: Option<String> = words_or_none("comment"),
    }
    self => Action::Approve { comment: self.comment }
}
doing! {
    /// Disagreeing.
    Reject {
        /// What is missing.
        #[schema(min_length = 1, max_length = 20_000, example = "The error is still there")]
        comment: String = words("comment"),
    }
    self => Action::Reject { comment: self.comment }
}
doing! {
    /// Giving it up.
    Cancel {
        /// Why.
        #[schema(min_length = 1, max_length = 20_000, example = "Raised twice")]
        reason: String = words("reason"),
    }
    self => Action::Cancel { reason: self.reason }
}
doing! {
    /// Adding a word.
    AddComment {
        /// The word.
        #[schema(min_length = 1, max_length = 20_000, example = "Any news?")]
        comment: String = words("comment"),
    }
    self => Action::Comment { comment: self.comment }
}

fn words(name: &'static str) -> impl Fn(&mut Fields) -> Option<String> {
    move |fields| fields.required(name, read::text(1..=MAX_WORDS))
}

fn words_or_none(name: &'static str) -> impl Fn(&mut Fields) -> Option<Option<String>> {
    move |fields| Some(fields.optional(name, read::text(0..=MAX_WORDS)))
}

fn instant_or_none(name: &'static str) -> impl Fn(&mut Fields) -> Option<Option<Instant>> {
    move |fields| Some(fields.optional(name, read::instant))
}

fn version(fields: &mut Fields) -> Option<i32> {
    let version = fields.optional("version", read::whole(0..=i64::from(i32::MAX)));
    version.and_then(|version| i32::try_from(version).ok())
}

fn one_or_more() -> RefOr<Schema> {
    use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
    let id = || {
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(1)).build()
    };
    let list = ArrayBuilder::new().items(id()).min_items(Some(1)).max_items(Some(100));
    let either = OneOfBuilder::new().item(id()).item(list).examples([serde_json::json!([2, 3])]).build();
    RefOr::T(Schema::OneOf(either))
}
