//! How an event comes in, is kept and is sent.
//!
//! The modules follow the way of an event: it is received (`listener`, `ingest`), kept (`outbox`) and sent (`dispatch`).
//! `config` says how, `telemetry` and `admin` show it, `control` takes commands, `service` puts the parts together and `lifecycle`
//! starts and stops them. What may leave is not decided here but in the crate `portcullis-filters`.

pub mod cli;

pub mod config;

pub mod service;

pub mod listener;

pub mod ingest;

pub mod shared;

pub mod outbox;

pub mod suppression;

pub mod subject;

pub mod dispatch;

pub mod admin;
pub mod control;
pub mod telemetry;

pub mod simulator;

pub mod chance;
pub mod clock;
pub mod disk;
pub mod lifecycle;

mod keyed;

mod failpoint;

/// The version that `portcullis --version` prints.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
