//! What is shown of the gateway: metrics, logs and traces. Nothing of an event in any of them, at any level.

pub mod declared;
mod register;

pub mod metrics;
pub mod site;

pub mod logs;
pub mod seldom;
pub mod traces;
