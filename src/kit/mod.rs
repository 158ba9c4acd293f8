//! Small things every other module may use: time, phone numbers, e-mail addresses, parts of text messages, money,
//! references, rules for values, rates, errors, logging, figures and the one outgoing HTTP client. Nothing here knows a
//! feature.

pub mod clock;
pub mod decimal;
pub mod earth;
pub mod email;
pub mod error;
pub mod handle;
pub mod http;
pub mod metrics;
pub mod money;
pub mod nearest;
pub mod phone;
pub mod process;
pub mod rate;
pub mod records;
pub mod reference;
pub mod rules;
pub mod sms;
pub mod stored;
pub mod telemetry;
pub mod tide;
pub mod token;
pub mod tongues;
pub mod typed;

pub use clock::{Clock, Instant};
pub use email::EmailAddress;
pub use error::{Error, Result};
pub use handle::{Handle, UserId};
pub use metrics::Metrics;
pub use money::{Currency, Money};
pub use phone::E164;
pub use rate::Rate;
pub(crate) use stored::stored_enum;
pub use tide::Tide;
