//! Andon: a self-hosted operations desk whose front door is WhatsApp.
//!
//! The modules below are listed from the ground up; a module may import only modules listed above it.
//! `tests/architecture.rs` holds the list to that.

/// BOMs: what a product is made of, in revisions that somebody decides.
pub mod boms;
/// "Something changed": pokes that wake the jobs.
pub mod bus;
/// Providers: their requests become signals, our messages become their requests.
pub mod channels;
/// The commands of the program.
pub mod cli;
/// The database: transactions, batches, migrations.
pub mod db;
/// Defects: tickets that hold their orders.
pub mod defects;
/// The one way out: deliveries, attempts, receipts.
pub mod delivery;
/// Time, phone numbers, references, errors, logging, the outgoing HTTP client.
pub mod kit;
/// Machines: where they stand, and whose department answers for them.
pub mod machines;
/// Maintenance: tickets for machines that need mending.
pub mod maintenance;
/// Orders: where they stand, and the holds that stop them.
pub mod orders;
/// Events: what happened, in the transaction in which it happened.
pub mod outbox;
/// Who Andon knows, how to reach them, and what they may.
pub mod people;
/// Deadlines: how long a ticket may take, and how much of that is left.
pub mod sla;
/// SOP failures: tickets for procedures that were not kept.
pub mod sop_failures;
/// Tickets: anything somebody must act on before a deadline.
pub mod tickets;
