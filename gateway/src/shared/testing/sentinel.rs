//! A sentinel that watches over a primary.

use std::process::Child;

use tempfile::TempDir;

use super::{Server, answers, config, eventually, free_port, node, redis_server, run};
use crate::config::{Redis, Topology};

/// One sentinel, which needs no other to decide on a failover.
#[derive(Debug)]
pub(crate) struct Sentinel {
    child: Child,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl Sentinel {
    /// The name of the primary.
    pub(crate) const NAME: &str = "main";

    /// Watches over this server and those that follow it.
    pub(crate) async fn start(primary: &Server) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let file = folder.path().join("sentinel.conf");
        let name = Self::NAME;
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {name} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 3000\n",
            folder.path().display(),
            primary.port
        );
        std::fs::write(&file, text).unwrap();
        let child = run(redis_server().arg(&file).arg("--sentinel"));
        let sentinel = Self { child, port, _folder: folder };
        eventually("the sentinel answers", async || answers(port).await).await;
        sentinel
    }

    /// How to reach the primary.
    pub(crate) fn config(&self) -> Redis {
        let topology = Topology::Sentinel(Self::NAME.to_owned());
        Redis { nodes: vec![node(self.port)], topology, ..config(0) }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
