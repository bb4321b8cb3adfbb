//! A file that holds the body of every request, one a line, for tests that search it.
//!
//! It holds what was sent as it was sent, a token in the body included, and grows without bound: it is made only when asked for.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The open file.
#[derive(Debug)]
pub(super) struct Record(Arc<Mutex<File>>);

impl Record {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Appends a body; line ends inside become spaces, which changes no JSON and no form.
    pub(super) async fn append(&self, body: Bytes) -> io::Result<()> {
        let file = Arc::clone(&self.0);
        let written = tokio::task::spawn_blocking(move || {
            let mut line: Vec<u8> =
                body.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
            line.push(b'\n');
            // One call a line, so that a poisoned lock cannot hide half a line of another request.
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        written.await.map_err(io::Error::other)?
    }
}
