//! What the endpoints of BOMs take: queries and bodies, by the rules that files go by too.

use super::BY_NUMBER;
use crate::boms::Update;
use crate::boms::desk::Filter;
use crate::boms::model::{Change, Status};
use crate::boms::records::{self, Line};
use crate::kit::rules;
use crate::web::page::Part;
use crate::web::read::{self, Raw};
use crate::web::{Fields, Form};
use sea_orm::Iterable as _;
use serde_json::Value;
use utoipa::ToSchema;

/// The name of the one order of revisions: the highest number first.
pub(super) const NEWEST_FIRST: &str = "-number";
/// The most components that a BOM has here; a file may say more.
const MAX_COMPONENTS: usize = 5_000;
/// What can be changed about a component.
const CHANGES: [&str; 4] = ["QUANTITY", "UNIT_COST", "REPLACE", "REMOVE"];

/// Which BOMs are asked for.
pub struct Asked {
    /// Which BOMs.
    pub filter: Filter,
    /// Which part of the list.
    pub part: Part,
}

impl Form for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = Filter {
            words: fields.optional("q", read::line(1..=100)),
            number: fields.optional("number", read::ruled(rules::key)),
            is_pending: fields.optional("pending", read::boolean),
        };
        Some(Self { filter, part: Part::read(fields, BY_NUMBER) })
    }
}

/// Which revisions are asked for.
pub struct AskedRevisions {
    pub(super) status: Option<Status>,
    pub(super) part: Part,
}

impl Form for AskedRevisions {
    fn read(fields: &mut Fields) -> Option<Self> {
        let known: Vec<Status> = Status::iter().collect();
        let status = fields.optional("status", read::one_of(&known, Status::as_str));
        Some(Self { status, part: Part::read(fields, NEWEST_FIRST) })
    }
}

/// A component as it is handed in; of one that is there, what is not said stays.
#[derive(ToSchema)]
#[schema(as = ComponentSaid)]
#[expect(dead_code, reason = "for the contract; what is read is a record's line")]
pub(super) struct Said {
    #[schema(example = "BRG-6204", min_length = 1, max_length = 255)]
    number: String,
    /// Its number where nothing is said.
    #[schema(example = "Bearing", max_length = 20_000)]
    name: Option<String>,
    /// More than 0, with up to six decimals.
    #[schema(example = "4", pattern = r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
    quantity: Option<String>,
    /// 0 or more, with up to six decimals.
    #[schema(example = "12.50", pattern = r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
    unit_cost: Option<String>,
}

/// A new BOM.
#[derive(ToSchema)]
pub struct NewBom {
    #[schema(example = "BOM-888", min_length = 1, max_length = 255)]
    pub(super) number: String,
    #[schema(example = "Gearbox", min_length = 1, max_length = 20_000)]
    pub(super) product: String,
    /// All its components, in order, each once.
    #[schema(value_type = Vec<Said>, max_items = 5_000)]
    pub(super) components: Vec<Line>,
}

impl Form for NewBom {
    fn read(fields: &mut Fields) -> Option<Self> {
        let number = fields.required("number", read::ruled(rules::key));
        let product = fields.required("product", read::ruled(rules::filled(rules::text)));
        let components = fields.required("components", components);
        Some(Self { number: number?, product: product?, components: components? })
    }
}

/// What is to be changed of a BOM; what is not said stays.
#[derive(ToSchema)]
pub struct BomChange {
    #[schema(example = "Gearbox II", min_length = 1, max_length = 20_000)]
    pub(super) product: Option<String>,
    /// All its components, in order, each once.
    #[schema(value_type = Option<Vec<Said>>, max_items = 5_000)]
    pub(super) components: Option<Vec<Line>>,
}

impl Form for BomChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let product = fields.optional("product", read::ruled(rules::filled(rules::text)));
        Some(Self { product, components: fields.optional("components", components) })
    }
}

/// A change that somebody proposes.
#[derive(ToSchema)]
#[schema(as = RevisionSubmitted)]
pub struct Proposal {
    /// The number of the component to change.
    #[schema(example = "BRG-6204", min_length = 1, max_length = 255)]
    component: String,
    /// `QUANTITY` and `UNIT_COST` take `value`, `REPLACE` takes `replacement` and its unit cost as `value`.
    #[schema(value_type = String, example = "QUANTITY", pattern = "^(QUANTITY|UNIT_COST|REPLACE|REMOVE)$")]
    change: Change,
    /// The quantity or the unit cost.
    #[schema(example = "6", pattern = r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
    #[expect(dead_code, reason = "for the contract; it is read into the change")]
    value: Option<String>,
    /// The number of the component that takes its place.
    #[schema(min_length = 1, max_length = 255)]
    #[expect(dead_code, reason = "for the contract; it is read into the change")]
    replacement: Option<String>,
    #[schema(example = "Two more bearings on the new shaft", min_length = 1, max_length = 20_000)]
    reason: String,
}

impl Proposal {
    /// The same as the update of a BOM, by somebody.
    pub fn update(self, bom: String, submitted_by: i64) -> Update {
        Update { bom, component: self.component, change: self.change, reason: self.reason, submitted_by }
    }
}

impl Form for Proposal {
    fn read(fields: &mut Fields) -> Option<Self> {
        let component = fields.required("component", read::ruled(rules::key));
        let reason = fields.required("reason", read::ruled(rules::filled(rules::text)));
        let word = fields.required("change", read::one_of(&CHANGES, |change| change));
        let change = match word {
            Some("QUANTITY") => fields.required("value", read::ruled(records::quantity)).map(Change::Quantity),
            Some("UNIT_COST") => fields.required("value", read::ruled(records::unit_cost)).map(Change::UnitCost),
            Some("REPLACE") => {
                let number = fields.required("replacement", read::ruled(rules::key));
                let unit_cost = fields.required("value", read::ruled(records::unit_cost));
                number.zip(unit_cost).map(|(number, unit_cost)| Change::Replace { number, unit_cost })
            }
            Some("REMOVE") => Some(Change::Remove),
            _ => None,
        };
        // What this change does not take is looked at all the same.
        if word != Some("REPLACE") {
            let _unused = fields.optional("replacement", read::ruled(rules::key));
        }
        if word == Some("REMOVE") {
            let _unused = fields.optional("value", read::ruled(records::unit_cost));
        }
        let told = |fields: &mut Fields, name| fields.optional(name, |_| Ok(())).map(|()| String::new());
        let (value, replacement) = (told(fields, "value"), told(fields, "replacement"));
        Some(Self { component: component?, change: change?, value, replacement, reason: reason? })
    }
}

/// The components of a body: a list of objects, each component once.
fn components(raw: Raw<'_>) -> Result<Vec<Line>, String> {
    let Raw::Json(Value::Array(items)) = raw else { return Err("must be a list of components".to_owned()) };
    if items.len() > MAX_COMPONENTS {
        return Err(format!("has more than {MAX_COMPONENTS} components"));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(items.len());
    let mut seen = std::collections::HashSet::new();
    for (at, item) in items.iter().enumerate() {
        let line = line(item).map_err(|wrong| format!("number {}: {wrong}", at + 1))?;
        if !seen.insert(line.number.clone()) {
            return Err(format!("number {}: {} stands in this BOM twice", at + 1, line.number));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn line(item: &Value) -> Result<Line, String> {
    let Value::Object(object) = item else {
        return Err("must be an object with number, quantity, unit_cost".to_owned());
    };
    let mut fields = Fields::of_object(object.clone());
    let number = fields.required("number", read::ruled(rules::key));
    let name = fields.optional("name", read::ruled(rules::text));
    let quantity = fields.optional("quantity", read::ruled(records::quantity));
    let unit_cost = fields.optional("unit_cost", read::ruled(records::unit_cost));
    fields.finish().map_err(|wrong| {
        let said = wrong.into_iter().flat_map(|(name, whys)| whys.into_iter().map(move |why| format!("{name} {why}")));
        said.collect::<Vec<_>>().join("; ")
    })?;
    Ok(Line { number: number.unwrap_or_default(), name, quantity, unit_cost })
}
