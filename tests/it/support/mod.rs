//! What the journeys stand on.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod bucket;
pub(crate) mod codes;
pub(crate) mod databases;
pub(crate) mod forms;
pub(crate) mod mail_server;
pub(crate) mod meta;
pub(crate) mod migrated;
pub(crate) mod npm;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod statements;
pub(crate) mod surroundings;
pub(crate) mod transcript;
pub(crate) mod twilio;
pub(crate) mod user;
pub(crate) mod window;
