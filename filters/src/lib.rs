//! What may leave, and in what form. (skeleton)
pub mod document;
pub mod event;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod pseudonym;
pub mod report;
pub mod schema;
#[cfg_attr(not(test), expect(dead_code, reason = "the stages that call it are not there yet"))]
mod user_agent;
