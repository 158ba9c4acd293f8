//! The demo's records as data, and as what the features take.

use crate::boms::{Component, NewBom};
use crate::kit::decimal::millionths;
use crate::kit::earth::Spot;
use crate::kit::{E164, Error, Result};
use crate::machines::NewMachine;
use crate::orders::{NewOrder, Status};
use crate::people::Role;
use crate::people::store::NewPerson;
use chrono::{Days, NaiveDate};

/// The company's people: role, WhatsApp number, department.
const PEOPLE: [(Role, &str, Option<&str>); 5] = [
    (Role::Operator, "+12025550101", Some("Machining")),
    (Role::Supervisor, "+12025550102", Some("Machining")),
    (Role::Admin, "+12025550103", None),
    (Role::Support, "+12025550104", None),
    (Role::Client, "+12025550105", None),
];

/// Operators at the same machines who read other languages: language, name, WhatsApp number.
const SPEAKERS: [(&str, &str, &str); 4] = [
    ("es", "Operario", "+12025550111"),
    ("fr", "Opérateur", "+12025550112"),
    ("pt", "Operador", "+12025550113"),
    ("ar", "عامل الإنتاج", "+12025550114"),
];

/// Number, name, where it stands, department, latitude and longitude.
type DemoMachine = (&'static str, &'static str, &'static str, &'static str, Option<(f64, f64)>);
const MACHINES: [DemoMachine; 6] = [
    ("MACH-001", "CNC lathe", "Hall 1, bay 2", "Machining", Some((50.1100, 8.6820))),
    ("MACH-002", "Milling centre", "Hall 1, bay 4", "Machining", Some((50.1102, 8.6824))),
    ("MACH-003", "Hydraulic press", "Hall 2, bay 1", "Forming", Some((50.1108, 8.6832))),
    ("MACH-004", "Assembly line A", "Hall 3", "Assembly", Some((50.1115, 8.6841))),
    ("MACH-005", "Paint booth", "Hall 4", "Finishing", None),
    ("MACH-006", "Packing robot", "Hall 5, dock 1", "Shipping", Some((50.1300, 8.7200))),
];

/// Number, customer, product, pieces (ordered, completed, rejected), days from today (start, due), status.
type DemoOrder = (&'static str, &'static str, &'static str, (i64, i64, i64), (i64, i64), Status);
const ORDERS: [DemoOrder; 8] = [
    ("ORD-12345", "Harbour Marine", "Gearbox GX-20", (200, 150, 3), (-12, 7), Status::InProgress),
    ("ORD-12346", "Alpine Lifts", "Drive shaft DS-4", (500, 0, 0), (2, 14), Status::Scheduled),
    ("ORD-12347", "Delta Farm Machines", "Hydraulic pump HP-7", (100, 40, 6), (-10, 1), Status::InProgress), // at risk
    ("ORD-12348", "City Waterworks", "Valve block VB-2", (120, 80, 4), (-20, -2), Status::InProgress),       // overdue
    ("ORD-12349", "Harbour Marine", "Coupling C-11", (300, 300, 5), (-30, -5), Status::Completed),
    ("ORD-12350", "Northern Rail", "Brake caliper BC-9", (80, 0, 0), (10, 30), Status::Pending),
    (HELD_ORDER, "Alpine Lifts", "Gearbox GX-30", (60, 30, 8), (-8, 9), Status::InProgress),
    ("ORD-12352", "City Waterworks", "Pump housing PH-3", (40, 0, 0), (-15, 5), Status::Cancelled),
];
/// The order that an open defect holds.
pub(super) const HELD_ORDER: &str = "ORD-12351";

/// Number, name, quantity, unit cost.
type DemoComponent = (&'static str, &'static str, &'static str, &'static str);
const BOMS: [(&str, &str, &[DemoComponent]); 2] = [
    (
        "BOM-888",
        "Gearbox GX-20",
        &[
            ("HSG-100", "Housing", "1", "84.00"),
            ("BRG-6204", "Ball bearing 6204", "4", "12.50"),
            ("SHF-020", "Input shaft", "1", "46.20"),
            ("SEAL-35", "Shaft seal 35 mm", "2", "3.15"),
            ("BLT-M8", "Bolt M8 x 30", "24", "0.18"),
            ("OIL-220", "Gear oil, litres", "1.5", "6.40"),
        ],
    ),
    (
        "BOM-889",
        "Hydraulic pump HP-7",
        &[
            ("HSG-210", "Pump housing", "1", "61.00"),
            ("ROT-07", "Rotor", "1", "38.75"),
            ("SEAL-18", "Shaft seal 18 mm", "2", "2.40"),
            ("BLT-M6", "Bolt M6 x 20", "12", "0.12"),
        ],
    ),
];

pub(super) fn demo_people() -> Result<Vec<NewPerson>> {
    let others = SPEAKERS.iter().map(|(language, name, number)| {
        Ok(NewPerson {
            name: (*name).to_owned(),
            role: Role::Operator,
            department: Some("Machining".to_owned()),
            language: Some((*language).to_owned()),
            whatsapp: E164::parse(number).map_err(Error::internal)?,
        })
    });
    let people = PEOPLE.iter().map(|(role, number, department)| {
        Ok(NewPerson {
            name: name_of(*role).to_owned(),
            role: *role,
            department: department.map(str::to_owned),
            language: None,
            whatsapp: E164::parse(number).map_err(Error::internal)?,
        })
    });
    people.chain(others).collect()
}

fn name_of(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Support => "Support",
        Role::Client => "Client",
        Role::Operator => "Operator",
        Role::Supervisor => "Supervisor",
    }
}

pub(super) fn demo_machines() -> Vec<NewMachine> {
    let machines = MACHINES.iter().map(|(number, name, location, department, spot)| NewMachine {
        number: (*number).to_owned(),
        name: (*name).to_owned(),
        location: (*location).to_owned(),
        department: (*department).to_owned(),
        spot: spot.and_then(|(latitude, longitude)| Spot::at(latitude, longitude)),
    });
    machines.collect()
}

pub(super) fn demo_orders(today: NaiveDate) -> Vec<NewOrder> {
    let orders = ORDERS.iter().map(|(number, customer, product, pieces, days, status)| NewOrder {
        number: (*number).to_owned(),
        customer: (*customer).to_owned(),
        product: (*product).to_owned(),
        quantity_ordered: pieces.0,
        quantity_completed: pieces.1,
        quantity_rejected: pieces.2,
        starts_on: day_from(today, days.0),
        due_on: day_from(today, days.1),
        status: *status,
    });
    orders.collect()
}

fn day_from(today: NaiveDate, days: i64) -> NaiveDate {
    let span = Days::new(days.unsigned_abs());
    let day = if days < 0 { today.checked_sub_days(span) } else { today.checked_add_days(span) };
    day.unwrap_or(today)
}

pub(super) fn demo_boms() -> Result<Vec<NewBom>> {
    let boms = BOMS.iter().map(|(number, product, components)| {
        let components: Result<Vec<Component>> = components.iter().map(demo_component).collect();
        Ok(NewBom { number: (*number).to_owned(), product: (*product).to_owned(), components: components? })
    });
    boms.collect()
}

fn demo_component((number, name, quantity, unit_cost): &DemoComponent) -> Result<Component> {
    let read = |text: &str| millionths(text).map_err(|why| Error::internal(format!("{text} {why}")));
    Ok(Component {
        number: (*number).to_owned(),
        name: (*name).to_owned(),
        quantity: read(quantity)?,
        unit_cost: read(unit_cost)?,
    })
}
