//! Which tickets are asked for, in which order: the parameters of a list.

use crate::tickets::incident::Category;
use crate::tickets::list::{Filter, Order};
use crate::tickets::model::{Kind, Priority, Status, Viewer, WAITING_APPROVAL};
use crate::web::page::Part;
use crate::web::read::{self, Raw};
use crate::web::{Fields, Form};

/// The longest text that is searched for, in characters.
const MAX_SEARCH: usize = 100;

/// Which tickets, in which order.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What may be said without knowing who asks.
    filter: Filter,
    assigned_to: Option<Who>,
    created_by: Option<Who>,
    /// In which order.
    pub order: Order,
    /// Which part.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let usual = Order::ALL[0];
        let sort = fields.optional("sort", read::one_of(&Order::ALL, Order::as_str));
        let order = sort.unwrap_or(usual);
        let filter = Filter {
            statuses: fields.optional("status", |raw| several(raw, Status::called, &statuses())).unwrap_or_default(),
            priorities: fields
                .optional("priority", |raw| several(raw, Priority::named, &Priority::ALL.map(Priority::as_str)))
                .unwrap_or_default(),
            categories: fields
                .optional("category", |raw| several(raw, Category::named, &Category::ALL.map(Category::as_str)))
                .unwrap_or_default(),
            kinds: fields
                .optional("kind", |raw| several(raw, Kind::named, &Kind::ALL.map(Kind::as_str)))
                .unwrap_or_default(),
            overdue: fields.optional("overdue", read::boolean),
            due_soon: fields.optional("due_soon", read::boolean),
            created_since: fields.optional("created_since", read::instant),
            created_until: fields.optional("created_until", read::instant),
            words: fields.optional("q", read::line(1..=MAX_SEARCH)),
            ..Filter::default()
        };
        let assigned_to = fields.optional("assigned_to", Who::read);
        let created_by = fields.optional("created_by", Who::read);
        Some(Self { filter, assigned_to, created_by, order, part: Part::read(fields, order.as_str()) })
    }
}

impl Asked {
    /// What may be asked for, said by this person.
    pub fn filter(&self, viewer: &Viewer) -> Filter {
        Filter {
            assigned_to: self.assigned_to.map(|who| who.id(viewer)),
            created_by: self.created_by.map(|who| who.id(viewer)),
            ..self.filter.clone()
        }
    }
}

/// Somebody in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever asks.
    Me,
    /// Somebody by id.
    Person(i64),
}

impl Who {
    fn id(self, viewer: &Viewer) -> i64 {
        match self {
            Self::Me => viewer.person_id,
            Self::Person(id) => id,
        }
    }

    fn read(raw: Raw<'_>) -> Result<Self, String> {
        match raw {
            Raw::Text("me") => Ok(Self::Me),
            raw => read::id(raw).map(Self::Person).map_err(|_| "must be a user's id, or me".to_owned()),
        }
    }
}

fn statuses() -> Vec<&'static str> {
    Status::ALL.map(Status::as_str).into_iter().chain([WAITING_APPROVAL]).collect()
}

/// Some of a list, by their stored names, parted by commas; none twice.
fn several<T: PartialEq>(raw: Raw<'_>, called: fn(&str) -> Option<T>, names: &[&str]) -> Result<Vec<T>, String> {
    let text = read::line(1..=MAX_SEARCH)(raw)?;
    let mut read = Vec::new();
    for name in text.split(',').map(str::trim) {
        let one =
            called(name).ok_or_else(|| format!("must be one or more of {}, parted by commas", names.join(", ")))?;
        if !read.contains(&one) {
            read.push(one);
        }
    }
    Ok(read)
}
