//! What the journeys stand on: databases and a browser, as far as this machine has them.

pub(crate) mod browser;
pub(crate) mod databases;
