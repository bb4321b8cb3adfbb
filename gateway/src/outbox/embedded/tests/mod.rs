//! What only a file can do wrong. Names begin with the failure case or the clause of the contract.

mod backup;
mod damage;
mod formats;
mod opening;
mod running;
mod sealing;
mod seen;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::outbox::bench::{Bench, ROOMY, open_outbox};

fn log_of(path: &Path) -> PathBuf {
    crate::disk::with_suffix(path, "-wal")
}

/// Closes the outbox, changes its file behind its back and opens it again.
async fn tamper(bench: &mut Bench, sql: &str) {
    bench.outbox.close().await;
    let connection = Connection::open(bench.path()).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    bench.outbox = open_outbox(&bench.path(), ROOMY).unwrap();
}
