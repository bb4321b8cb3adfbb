//! What is shown of the gateway: metrics and logs. Nothing of an event at any level.

pub mod declared;
mod register;

pub mod metrics;
pub mod site;

pub mod logs;
