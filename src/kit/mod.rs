//! Small things every other module may use: time, phone numbers, references, errors, logging and the one
//! outgoing HTTP client. Nothing here knows a feature.

pub mod clock;
pub mod decimal;
pub mod error;
pub mod http;
pub mod nearest;
pub mod phone;
pub mod reference;
pub mod telemetry;
pub mod token;

pub use clock::{Clock, Instant};
pub use error::{Error, Result};
pub use phone::E164;
