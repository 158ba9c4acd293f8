//! BOMs as lines: one a component, those of a BOM together; a BOM without components is one line without.

use super::{Join, Plant, Records};
use crate::boms::records::{self, Line, Record};
use crate::db::Tx;
use crate::kit::decimal::decimal;
use crate::kit::records::{Judged, Wrong};
use crate::kit::{Instant, Result};
use crate::records_io::cells::Cells;
use crate::records_io::table::Columns;
use sea_orm::DatabaseConnection;

/// BOMs, by number.
pub(in crate::records_io) struct Boms;

#[async_trait::async_trait]
impl Records for Boms {
    type Record = Record;

    const COLUMNS: Columns = Columns {
        needed: &["number", "component"],
        all: &["number", "product", "component", "name", "quantity", "unit_cost"],
    };
    const JOIN: Option<Join<Record>> = Some(join);

    fn read(cells: &mut Cells, _plant: &Plant<'_>) -> Record {
        let (number, product) = (cells.key("number"), cells.text("product"));
        if ["component", "name", "quantity", "unit_cost"].iter().all(|column| cells.is_blank(column)) {
            return Record { number, product, components: Vec::new() };
        }
        let component = Line {
            number: cells.key("component"),
            name: cells.text_or_blank("name"),
            quantity: cells.read("quantity", records::quantity),
            unit_cost: cells.read("unit_cost", records::unit_cost),
        };
        Record { number, product, components: vec![component] }
    }

    fn key(record: &Record) -> &str {
        &record.number
    }

    async fn judge(conn: &DatabaseConnection, records: &[Record], _now: Instant) -> Result<Vec<Judged>> {
        records::judge(conn, records).await
    }

    async fn put(tx: &Tx, records: &[Record]) -> Result<()> {
        records::put(tx, records, None).await
    }

    async fn page(conn: &DatabaseConnection, after: Option<&str>, most: u64) -> Result<Vec<Record>> {
        records::page(conn, after, most).await
    }

    fn lines(record: Record) -> Vec<Vec<String>> {
        let Record { number, product, components } = record;
        let product = product.unwrap_or_default();
        let line = |component: Line| {
            let quantity = component.quantity.map(|quantity| decimal(quantity, 0)).unwrap_or_default();
            let cost = component.unit_cost.map(|cost| decimal(cost, 2)).unwrap_or_default();
            let name = component.name.unwrap_or_default();
            vec![number.clone(), product.clone(), component.number, name, quantity, cost]
        };
        if components.is_empty() {
            let blank = String::new;
            return vec![vec![number, product, blank(), blank(), blank(), blank()]];
        }
        components.into_iter().map(line).collect()
    }
}

fn join(into: &mut Record, mut next: Record) -> Result<(), Wrong> {
    if next.product != into.product {
        let reason = "is another product than in the lines above; a BOM has one";
        return Err(Wrong::new("product", next.product.unwrap_or_default(), reason));
    }
    let component = next.components.pop().filter(|_| !into.components.is_empty());
    let Some(component) = component else {
        return Err(Wrong::new(
            "component",
            "",
            "is empty; only a BOM without components has such a line, and no other",
        ));
    };
    if into.components.iter().any(|line| line.number == component.number) {
        return Err(Wrong::new("component", component.number, "stands in this BOM twice"));
    }
    into.components.push(component);
    Ok(())
}
