//! What is shown of the gateway: metrics and logs. Nothing of an event at any level.

pub mod logs;
pub mod metrics;
pub mod site;
