//! A Redis of its own for a test: the real server, on a free port, gone with the test.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::Link;
use crate::config::{Node, OnUnavailable, Redis, Topology};

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Server {
    /// With every command synced to the disk before it is answered.
    pub(crate) async fn start() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).await
    }

    /// With these settings.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { child: spawn(&folder, port, settings), port, folder };
        server.wait().await;
        server
    }

    /// Ends it as a crash does, and starts it with these settings on what its disk holds.
    pub(crate) async fn restart_with(&mut self, settings: &[&str]) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.folder, self.port, settings);
        self.wait().await;
    }

    /// Ends it as a crash does.
    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How to reach it.
    pub(crate) fn config(&self) -> Redis {
        Redis {
            nodes: vec![Node { host: "127.0.0.1".to_owned(), port: self.port }],
            topology: Topology::Single,
            tls: None,
            username: None,
            password: None,
            database: 0,
            prefix: "portcullis".to_owned(),
            require_durable: true,
            replicas: 0,
            on_unavailable: OnUnavailable::Refuse,
            connect_timeout: Duration::from_secs(2),
            command_timeout: Duration::from_secs(2),
        }
    }

    async fn wait(&self) {
        for _ in 0..500 {
            if let Ok(link) = Link::connect(&self.config()).await
                && link.command::<String>("a ping", &redis::cmd("PING")).await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis-server did not answer within 5 s");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(folder: &TempDir, port: u16, settings: &[&str]) -> Child {
    let port = port.to_string();
    let found = Command::new(std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into()))
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"])
        .arg("--dir")
        .arg(folder.path())
        .args(settings)
        .stdout(Stdio::null())
        .spawn();
    found.unwrap_or_else(|error| {
        panic!("redis-server is needed for this test (Debian: apt-get install redis-server): {error}")
    })
}

#[tokio::test]
async fn a_server_answers_and_is_gone_with_the_test() {
    let server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    let answer: String = link.command("a ping", &redis::cmd("PING")).await.unwrap();
    assert_eq!(answer, "PONG");
}
