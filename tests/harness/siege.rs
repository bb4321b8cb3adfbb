//! A process of its own that holds connections in every way of holding one without asking anything, `fixtures/siege.py`.

use std::net::SocketAddr;
use std::path::Path;

use tempfile::TempDir;

use crate::Process;

/// A siege, until it is dropped.
#[derive(Debug)]
pub struct Siege {
    process: Process,
    _folder: TempDir,
}

impl Siege {
    /// Opens so many connections; what is closed is opened again.
    pub async fn lay(address: SocketAddr, connections: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/siege.py").display().to_string();
        let arguments = [script, address.ip().to_string(), address.port().to_string(), connections.to_string()];
        let mut process = Process::start(Path::new("python3"), &arguments, &[], folder.path(), "siege");
        process
            .wait_for("all are open", |text| {
                let opened = text.lines().last()?.rsplit(' ').next()?.parse::<usize>().ok()?;
                (opened >= connections).then_some(())
            })
            .await;
        Self { process, _folder: folder }
    }

    /// Whether it still goes on.
    pub fn goes_on(&mut self) -> bool {
        self.process.runs()
    }
}
