//! What may leave, and in what form. (skeleton)
pub mod document;
pub mod event;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod pseudonym;
pub mod report;
pub mod schema;
