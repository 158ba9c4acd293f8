//! What people write, message by message, through all six flows, and what must come of each message.

/// How many orders, machines and BOMs the plant has besides the demo's.
pub(crate) const ORDERS: u32 = 5_000;
pub(crate) const MACHINES: u32 = 500;
pub(crate) const BOMS: u32 = 500;

/// One message of a conversation.
pub(crate) struct Step {
    /// What the person writes.
    pub(crate) text: String,
    /// Words that the reply must hold.
    pub(crate) reply: &'static str,
    /// Where the conversation stands afterwards.
    pub(crate) state: &'static str,
    /// What the message brings about, once.
    pub(crate) effect: Option<Effect>,
}

/// What a finished form leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A ticket with the message for a description, and a hold on its order.
    Defect,
    /// A ticket for a machine.
    Maintenance,
    /// A revision with the message for a reason.
    Revision,
}

/// What is written: as it stands, or the number of a record, or words that occur nowhere else.
enum Says {
    Words(&'static str),
    Order,
    Machine,
    Bom,
    Remark,
}
use Says::{Bom, Machine, Order, Remark, Words};

type Line = (Says, &'static str, &'static str);

const DEFECT: &[Line] = &[
    (Words("hi"), "Welcome to", "MENU"),
    (Words("1"), "Order Number", "create_defect.order"),
    (Order, "Order found: ORD-", "create_defect.defect_type"),
    (Words("Internal Reject"), "Severity", "create_defect.severity"),
    (Words("High"), "Description", "create_defect.description"),
    (Remark, "Reference: DEF-", "MENU"),
];
const ORDER_STATUS: &[Line] = &[
    (Words("menu"), "Welcome to", "MENU"),
    (Words("2"), "Order Number", "order_status.order"),
    (Order, "Order Status: ORD-", "MENU"),
];
const MAINTENANCE: &[Line] = &[
    (Words("Hello"), "Welcome to", "MENU"),
    (Words("report maintenance issue"), "Machine ID", "report_maintenance.machine"),
    (Machine, "Machine found: MACH-", "report_maintenance.issue_type"),
    (Words("bearing"), "Urgency", "report_maintenance.urgency"),
    (Words("2"), "Ticket: MAINT-", "MENU"),
];
const SOP_FAILURE: &[Line] =
    &[(Words("4"), "SOP ID", "view_sop_failure.sop_failure"), (Words("SOP-999"), "SOP Failure: SOP-999", "MENU")];
const SLA_STATUS: &[Line] = &[
    (Words("hi"), "Welcome to", "MENU"),
    (Words("5"), "Ticket ID", "sla_status.ticket"),
    (Words("MAINT-555"), "SLA Status: MAINT-555", "MENU"),
];
const BOM_UPDATE: &[Line] = &[
    (Words("hi"), "Welcome to", "MENU"),
    (Words("6"), "BOM ID", "submit_bom_update.bom"),
    (Bom, "BOM found: BOM-", "submit_bom_update.component"),
    (Words("2"), "Component: BRG-6204", "submit_bom_update.change"),
    (Words("quantity 12"), "Reason", "submit_bom_update.reason"),
    (Remark, "New Revision", "MENU"),
];
const FLOWS: [(&[Line], Option<Effect>); 6] = [
    (DEFECT, Some(Effect::Defect)),
    (ORDER_STATUS, None),
    (MAINTENANCE, Some(Effect::Maintenance)),
    (SOP_FAILURE, None),
    (SLA_STATUS, None),
    (BOM_UPDATE, Some(Effect::Revision)),
];

/// The n-th message of a person, from 0. Each begins with another flow, and after the sixth with the first again.
pub(crate) fn step(person: u32, nth: u32) -> Step {
    let (mut flow, mut at) = (person as usize % FLOWS.len(), nth as usize);
    let once_around: usize = FLOWS.iter().map(|(lines, _)| lines.len()).sum();
    at %= once_around;
    while at >= FLOWS[flow].0.len() {
        at -= FLOWS[flow].0.len();
        flow = (flow + 1) % FLOWS.len();
    }
    let (lines, effect) = FLOWS[flow];
    let (says, reply, state) = &lines[at];
    // A form's questions name one record: its first message decides.
    let record = person.wrapping_mul(7).wrapping_add((nth - u32::try_from(at).unwrap_or(0)).wrapping_mul(13));
    let text = match says {
        Words(words) => (*words).to_owned(),
        Order => order(record % ORDERS),
        Machine => machine(record % MACHINES),
        Bom => bom(record % BOMS),
        Remark => format!("Scratches on the sealing face, remark {person}-{nth}"),
    };
    Step { text, reply, state, effect: effect.filter(|_| at + 1 == lines.len()) }
}

pub(crate) fn order(index: u32) -> String {
    format!("ORD-{}", 500_000 + index)
}

pub(crate) fn machine(index: u32) -> String {
    format!("MACH-{}", 1_000 + index)
}

pub(crate) fn bom(index: u32) -> String {
    format!("BOM-{}", 5_000 + index)
}
