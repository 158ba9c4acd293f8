//! Andon: a self-hosted operations desk whose front door is WhatsApp.
//!
//! The modules below are listed from the ground up; a module may import only modules listed above it.
//! `tests/architecture.rs` holds the list to that.

/// Time, phone numbers, references, errors, logging, figures, the outgoing HTTP client.
pub mod kit;
/// Deadlines: policies and clocks.
pub mod sla;
/// Every setting: documented, checked, explained.
pub mod config;
/// The database: transactions, batches, migrations.
pub mod db;
/// "Something changed": pokes that wake the jobs.
pub mod bus;
/// Every word a person reads, per language, with the operator's changes.
pub mod wording;
/// Pictures and papers: text in any direction, drawn as PNG and PDF.
pub mod drawing;
/// Providers: their requests become signals, our messages become their requests.
pub mod channels;
/// Proofs of who somebody is: passwords and signed tokens.
pub mod proof;
/// Where files are kept.
pub mod vault;
/// How the jobs of this process went.
pub mod pulse;
/// What every feature may use.
pub mod app;
/// What endpoints share: problems, guards, paths.
pub mod web;
/// Events: what happened, in the transaction in which it happened.
pub mod outbox;
/// Who Andon knows, how to reach them, and what they may.
pub mod people;
/// What happened, for whoever asks.
pub mod audit;
/// The one way out: deliveries, attempts, receipts.
pub mod delivery;
/// What the desk says otherwise than the settings: deadlines, quiet hours, patience, budget.
pub mod rules;
/// How Andon is.
pub mod health;
/// What is attached, and what is still to be fetched.
pub mod files;
/// Whatever somebody must act on before a deadline.
pub mod tickets;
/// Attachments of tickets: adding, taking away, photos from the chat.
pub mod attachments;
/// Orders, their progress and their holds.
pub mod orders;
/// Machines.
pub mod machines;
/// Shifts, and the word before they begin.
pub mod shifts;
/// Preventive maintenance: what is to be done with a machine every so many days.
pub mod plans;
/// Bills of materials and their revisions.
pub mod boms;
/// Defects: tickets that hold an order.
pub mod defects;
/// Broken machines: tickets with a machine.
pub mod maintenance;
/// SOP failures: tickets with a procedure.
pub mod sop_failures;
/// Screens on the wall: how a department stands.
pub mod walls;
/// An order's progress as a picture and a defect's report as PDF, behind signed addresses.
pub mod papers;
/// Records in and out: CSV files, taken over as a whole or not at all.
pub mod records_io;
/// Everything in one file, and the way back.
pub mod backup;
/// What an admin has Andon do once.
pub mod chores;
/// The chat: flows, engine, sessions, the message step.
pub mod chat;
/// The one door in.
pub mod webhooks_in;
/// What arrived while we were down.
pub mod reconcile;
/// Webhooks out: what happened, told to other programs.
pub mod webhooks_out;
/// Events become notices: who is told, in which words, and what they have read.
pub mod notify;
/// Every conversation, and what the desk does in it.
pub mod inbox;
/// Texts that were changed at the desk.
pub mod texts;
/// What time lets go.
pub mod housekeeping;
/// What happened on each day, counted: what reports are added up from.
pub mod figures;
/// The week in numbers, by e-mail, to who wants it.
pub mod summaries;
/// What Prometheus reads.
pub mod scrape;
/// The desk in the browser.
pub mod pages;
/// Stand-ins for the providers, and a phone in the browser.
pub mod simulator;
/// Every list: channels, routes.
pub mod catalog;
/// Whether everything is as it should be, and what to do where it is not.
pub mod doctor;
/// The jobs.
pub mod worker;
/// One running Andon.
pub mod server;
/// The command line.
pub mod cli;
