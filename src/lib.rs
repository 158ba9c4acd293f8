//! Andon: a self-hosted operations desk whose front door is WhatsApp.
//!
//! The modules below are listed from the ground up; a module may import only modules listed above it.
//! `tests/architecture.rs` holds the list to that.

/// Time, phone numbers, references, errors, logging, the outgoing HTTP client.
pub mod kit;
/// Providers: their requests become signals, our messages become their requests.
pub mod channels;
/// Who Andon knows, how to reach them, and what they may.
pub mod people;
/// A stand-in for Twilio, and a phone in the browser.
pub mod simulator;
