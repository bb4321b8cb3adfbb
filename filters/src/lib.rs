//! What may leave, and in what form.
//!
//! This crate decides; it does nothing else. It reads no file, no clock and no network, draws no random numbers, and has no
//! unsafe code, so that what it decides depends on its arguments alone and an auditor can read it by itself.
//!
//! The way of an event: [`pipeline::sanitize`] parses it ([`event`]) into the slots of the table of fields ([`schema`]), leads
//! it through the stages as the [`policy`] says, and returns what may leave, with a [`report`] of what was taken.

pub mod pipeline;

pub mod event;

pub mod schema;

pub mod policy;

mod stages;

pub mod refusal;
pub mod report;

// What the stages are made of.
pub mod catalog;
mod closed_form;
mod consent;
mod cut;
pub mod delivered;
mod detect;
pub mod normalize;
mod page;
pub mod pseudonym;
pub mod suppression;
mod user_agent;

// Reads TOML with errors that name line and key; policies and the gateway's configuration are such documents.
pub mod document;

#[doc(hidden)]
pub mod fuzz;
