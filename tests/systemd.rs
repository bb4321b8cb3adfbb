//! The gateway under a service manager, which this suite plays: a datagram socket that hears what it is told, and a program that
//! binds sockets and passes them on.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use harness::{Client, Executable, Gateway, Meta, Request, Setup, Signal, executable, numbered_purchase};
use tokio::net::UnixDatagram;

const TIME: Duration = Duration::from_secs(30);

/// A service manager that listens.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { socket: UnixDatagram::bind(folder.path().join("notify")).unwrap(), folder }
    }

    fn path(&self) -> String {
        self.folder.path().join("notify").display().to_string()
    }

    /// The next message with this line; others are passed over.
    async fn hears(&self, line: &str) -> String {
        let listening = async {
            let mut bytes = [0; 4096];
            loop {
                let length = self.socket.recv(&mut bytes).await.unwrap();
                let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
                if message.lines().any(|said| said == line) {
                    return message;
                }
            }
        };
        tokio::time::timeout(TIME, listening).await.unwrap_or_else(|_| panic!("never said: {line}"))
    }
}

#[tokio::test]
async fn a_service_manager_is_told_of_start_reload_life_and_stop() {
    let executable = executable!();
    let (manager, meta) = (Manager::new(), Meta::start(&executable).await);
    let setup = Setup::new(&meta).env("NOTIFY_SOCKET", &manager.path()).env("WATCHDOG_USEC", "400000");
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    let ready = manager.hears("READY=1").await;
    assert!(ready.contains(&format!("STATUS=accepting at {}", gateway.address())), "{ready}");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    gateway.process().signal(Signal::Hangup).await;
    let reloading = manager.hears("RELOADING=1").await;
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(since.parse::<u64>().unwrap() > 0);
    manager.hears("READY=1").await;
    gateway.expect_log("the reload was refused");
    gateway.configure(setup.set("log", "level", "\"debug\""));
    gateway.process().signal(Signal::Hangup).await;
    manager.hears("RELOADING=1").await;
    let refused = manager.hears("READY=1").await;
    assert!(refused.contains("the last reload was refused: ") && refused.contains("log.level"), "{refused}");
    gateway.process().signal(Signal::Terminate).await;
    assert!(manager.hears("STOPPING=1").await.contains("STATUS=stopping"));
    assert_eq!(gateway.process().ended(TIME).await, Some(0));
    gateway.finish().await;
    meta.finish().await;
}

/// A program that binds two ports, keeps them open over the life of the gateway, and becomes the gateway.
fn activator(folder: &Path, executable: &Executable, names: &str) -> Executable {
    let path = folder.join("activate");
    let program = format!(
        "#!/usr/bin/env python3\n\
         import os, socket, sys\n\
         held = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]\n\
         open('addresses', 'w').write(' '.join('127.0.0.1:%d' % one.getsockname()[1] for one in held))\n\
         # Out of the way of the numbers that they are passed as.\n\
         spare = [os.dup(os.dup(os.dup(one.fileno()))) for one in held]\n\
         for number, one in enumerate(spare):\n    os.dup2(one, 3 + number, inheritable=True)\n\
         os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='{names}')\n\
         os.execv('{executable}', ['{executable}'] + sys.argv[1:])\n",
        executable = executable.path().display(),
    );
    std::fs::write(&path, program).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Executable::at(path)
}

#[tokio::test]
async fn sockets_that_were_passed_are_served_by_their_names() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&activator(folder.path(), &executable, "admin:callers"), Setup::new(&meta)).await;
    let bound = std::fs::read_to_string(gateway.config().with_file_name("addresses")).unwrap();
    let bound: Vec<SocketAddr> = bound.split(' ').map(|address| address.parse().unwrap()).collect();
    assert_eq!(vec![gateway.admin(), gateway.address()], bound);
    assert_eq!(gateway.client().post(&[numbered_purchase("passed", 1)]).await.unwrap().status, 200);
    assert_eq!(Client::new(bound[0]).send(&Request::new("GET", "/healthz")).await.unwrap().status, 200);
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a_socket_whose_name_says_nothing_stops_the_start() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::to("http://127.0.0.1:9");
    std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
    for names in ["callers:metrics", "callers:callers", "callers"] {
        let activator = activator(folder.path(), &executable, names);
        let environment: Vec<(&str, &str)> =
            setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = activator.run(&["serve", "--config", "portcullis.toml"], &environment, folder.path()).await;
        assert_eq!(refused.code, Some(64), "{names}: {refused:?}");
        assert!(refused.stderr.contains("passed"), "{names}: {refused:?}");
    }
}
