//! Andon: a self-hosted operations desk whose front door is WhatsApp.
//!
//! The modules below are listed from the ground up; a module may import only modules listed above it.
//! `tests/architecture.rs` holds the list to that.

/// Time, phone numbers, references, errors, logging, the outgoing HTTP client.
pub mod kit;
/// Every word a person reads, in tables per language that the operator can change.
pub mod wording;
/// Providers: their requests become signals, our messages become their requests.
pub mod channels;
/// Who Andon knows, how to reach them, and what they may.
pub mod people;
/// Forms filled in by message: a pure engine and what surrounds it.
pub mod chat;
