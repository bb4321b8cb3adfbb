//! What may leave, and in what form.
//!
//! This crate decides; it does nothing else. It reads no file, no clock and no network, draws no random numbers, and has no
//! unsafe code, so that what it decides depends on its arguments alone and an auditor can read it by itself.
//!
//! The way of an event: [`pipeline::sanitize`] parses it ([`event`]) into the slots of the table of fields ([`schema`]), leads
//! it through the stages as the [`policy`] says, and returns what may leave, with a [`report`] of what was taken.

pub mod event;
pub mod pipeline;
pub mod policy;
pub mod pseudonym;
pub mod refusal;
pub mod report;
pub mod schema;

mod stages;

mod closed_form;
pub mod document;
pub mod normalize;
mod page;
mod user_agent;
