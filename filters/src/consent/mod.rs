//! Whether an event may leave at all because of the person whom it is about: what its sender says of consent, what the policy
//! asks for, and where the person lives.
//!
//! `region` names places, `rules` is what a policy says, `statement` what came with an event (`tcf` and `gpp` read the strings of
//! consent frameworks, `place` an address), and `decision` brings them together. What is not known counts as the strictest thing
//! that it could be, and nothing that is said against sharing lets more out.

mod bits;
pub(crate) mod decision;
pub(crate) mod gpp;
pub(crate) mod limited_data_use;
pub(crate) mod place;
pub(crate) mod region;
pub(crate) mod rules;
pub(crate) mod statement;
pub(crate) mod tcf;
