//! The socket as commands meet it: who may ask, what is a command, and what a dead owner left.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;

struct Running {
    folder: tempfile::TempDir,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    fn start() -> Self {
        let running =
            Self { folder: tempfile::tempdir().unwrap(), tracker: TaskTracker::new(), stop: CancellationToken::new() };
        let server = Server::bind(&running.outbox()).unwrap();
        let (tracker, stop) = (running.tracker.clone(), running.stop.clone());
        let obey = async |command| match command {
            Command::Reload => Answer::Ok(Done::Reloaded(vec!["site `shop`: keys".to_owned()])),
            Command::Outbox(_) | Command::Suppress(_) | Command::Subject(_) => {
                Answer::Ok(Done::Outbox(OutboxDone::Rekeyed(0)))
            }
        };
        running.tracker.spawn(async move { server.run(obey, &tracker, stop).await });
        running
    }

    fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox.db")
    }

    async fn ask(&self) -> Result<Answer, AskError> {
        let outbox = self.outbox();
        tokio::task::spawn_blocking(move || ask(&outbox, &Command::Reload)).await.unwrap()
    }

    /// What is answered to these bytes.
    async fn say(&self, bytes: Vec<u8>) -> String {
        let path = socket_path(&self.outbox()).unwrap();
        let asked = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(path).unwrap();
            // The other side may have had enough before the end.
            stream.write_all(&bytes).ok();
            stream.shutdown(std::net::Shutdown::Write).ok();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok();
            answer
        });
        asked.await.unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        assert!(!socket_path(&self.outbox()).unwrap().exists(), "nothing is left behind");
    }
}

#[tokio::test]
async fn a_command_is_one_line_and_so_is_its_answer() {
    let running = Running::start();
    let mode = std::fs::metadata(socket_path(&running.outbox()).unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(running.ask().await.unwrap(), Answer::Ok(Done::Reloaded(vec!["site `shop`: keys".to_owned()])));
    assert_eq!(running.say(b"\"reload\"\n".to_vec()).await, "{\"ok\":{\"reloaded\":[\"site `shop`: keys\"]}}\n");
    running.end().await;
}

#[tokio::test]
async fn what_is_no_command_is_refused_and_harms_nobody() {
    let running = Running::start();
    let too_long = vec![b' '; usize::try_from(MAX_LINE_BYTES).unwrap() + 1];
    for bytes in [b"\"relaod\"\n".to_vec(), b"\"reload\"".to_vec(), b"{\"reload\":{\"a\":1}}\n".to_vec(), too_long, vec![]] {
        let answer = running.say(bytes).await;
        // Whoever sent too much may lose the answer with the rest.
        assert!(answer.is_empty() || answer.starts_with("{\"error\":{\"of_configuration\":false,\"reason\":\""), "{answer}");
    }
    assert!(running.ask().await.is_ok());
    running.end().await;
}

#[tokio::test]
async fn what_a_dead_owner_left_is_replaced_and_anything_else_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox.db");
    let path = socket_path(&outbox).unwrap();
    assert!(matches!(ask(&outbox, &Command::Reload), Err(AskError::NotRunning(_))));
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists() && matches!(ask(&outbox, &Command::Reload), Err(AskError::NotRunning(_))));
    drop(Server::bind(&outbox).unwrap());
    std::fs::write(&path, "somebody's").unwrap();
    assert!(matches!(Server::bind(&outbox), Err(ControlError::Taken(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's");
}

#[tokio::test]
async fn a_path_that_no_socket_can_have_is_named_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("x".repeat(120));
    let error = Server::bind(&outbox).unwrap_err().to_string();
    assert!(error.contains(&format!("has {} bytes", outbox.as_os_str().len() + 5)) && error.contains("107"), "{error}");
}
