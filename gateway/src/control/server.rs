//! Listens for commands. Whoever asks is the user that runs the gateway, or root: the folder and the socket are closed to others,
//! and the kernel is asked who it is besides.

use std::fs::Permissions;
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answer, Command, ControlError, MAX_LINE_BYTES, Refusal, socket_path};

/// How long whoever asks may take to say it, and to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may ask at once.
const MAX_ASKING: usize = 8;
/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A socket that is bound, and goes when this is dropped.
#[derive(Debug)]
pub struct Server {
    socket: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Binds the socket beside an outbox. The caller holds the outbox's lock, so whoever left a socket there is dead.
    pub fn bind(outbox: &Path) -> Result<Self, ControlError> {
        let path = socket_path(outbox)?;
        let fail = |reason| ControlError::Socket { path: path.clone(), reason };
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(&path).map_err(fail)?,
            Ok(_) => return Err(ControlError::Taken(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
        // The outbox's folder is closed to others, so nobody can connect before the mode is set.
        let socket = UnixListener::bind(&path).map_err(fail)?;
        let server = Self { socket, path: path.clone() };
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(fail)?;
        Ok(server)
    }

    /// Takes commands until `stop`; `obey` does them. One that was begun is ended and answered.
    pub async fn run<F>(
        self,
        obey: impl Fn(Command) -> F + Clone + Send + 'static,
        tracker: &TaskTracker,
        stop: CancellationToken,
    ) where
        F: Future<Output = Answer> + Send,
    {
        let places = Arc::new(Semaphore::new(MAX_ASKING));
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await.ok()?;
                match self.socket.accept().await {
                    Ok((stream, _)) => Some((stream, place)),
                    Err(error) => {
                        tracing::warn!(kind = ?error.kind(), "a command could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        None
                    }
                }
            };
            let Some(accepted) = stop.run_until_cancelled(accepted).await else { break };
            let Some((stream, place)) = accepted else { continue };
            let obey = obey.clone();
            let stop = stop.clone();
            tracker.spawn(async move {
                serve(stream, obey, &stop).await;
                drop(place);
            });
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left behind is replaced at the next start.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Reads one command, has it done, and answers. Whoever breaks the rules of the line hears why, if it still listens.
async fn serve<F: Future<Output = Answer>>(mut stream: UnixStream, obey: impl Fn(Command) -> F, stop: &CancellationToken) {
    let answer = match read(&mut stream, stop).await {
        Ok(command) => obey(command).await,
        Err(reason) => Answer::Error(Refusal { of_configuration: false, reason: reason.to_owned() }),
    };
    // Strings and numbers: nothing here can fail to be written.
    let mut line = serde_json::to_vec(&answer).unwrap_or_default();
    line.push(b'\n');
    // Done is done, also where nobody waits for the answer.
    drop(tokio::time::timeout(PATIENCE, stream.write_all(&line)).await);
}

async fn read(stream: &mut UnixStream, stop: &CancellationToken) -> Result<Command, &'static str> {
    let caller = stream.peer_cred().map_err(|_| "the system does not tell who asks")?.uid();
    if caller != 0 && caller != rustix::process::geteuid().as_raw() {
        return Err("only the user that runs the gateway, or root, may command it");
    }
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream).take(MAX_LINE_BYTES);
    let read = tokio::time::timeout(PATIENCE, reader.read_until(b'\n', &mut line));
    match stop.run_until_cancelled(read).await {
        None => Err("the gateway stops"),
        Some(Err(_)) => Err("the command did not come in time"),
        Some(Ok(Err(_))) => Err("the command broke off"),
        Some(Ok(Ok(_))) if !line.ends_with(b"\n") => Err("the command is no line, or is too long"),
        Some(Ok(Ok(_))) => {
            serde_json::from_slice(&line).map_err(|_| "this version does not know that command; use the version that runs")
        }
    }
}
