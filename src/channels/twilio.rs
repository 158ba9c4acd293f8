//! Twilio (being written).
