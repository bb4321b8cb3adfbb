//! Proves the filters: events that were made to carry a secret out, and a checker that looks for it in what leaves.
//!
//! [`Generator`] puts a secret of every kind (`secrets`) at every place (`places`) in every encoding and nesting of two
//! (`encodings`) into an event that would be forwarded (`ordinary`); [`run`] sends it through the filter and [`Checker`] looks
//! for it in the bytes that come out; `claims` says what is outside the claim, and why. [`utility`] shows the other side: that
//! ordinary events keep what they are worth.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test's own program reports by panicking, on texts that it made itself"
)]
#![expect(clippy::missing_panics_doc, reason = "what panics here is a defect of this program")]
#![expect(missing_docs, reason = "words that say what they are: kinds of secrets, encodings, parts of URLs")]

mod chance;
mod checker;
mod claims;
mod encodings;
mod event;
mod ordinary;
mod places;
mod run;
mod secrets;

pub mod utility;

pub mod seeds;

pub use chance::Chance;
pub use checker::Checker;
pub use claims::{Must, OUTSIDE, Outside, must, outside};
pub use encodings::{Chain, Encoding};
pub use event::{Generator, Hostile};
pub use ordinary::{DATASET, HOSTS, NOW, Site, event as ordinary_event};
pub use places::{AgentPart, IdForm, Nest, Part, Place, Shape, all as all_places};
pub use run::{Filter, Tally, run};
pub use secrets::{Kind, Secret};
