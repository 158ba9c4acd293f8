//! Twilio (being written).

pub mod signature;
