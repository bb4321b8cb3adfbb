//! Asks a running gateway. For commands that have no runtime: it waits where it stands.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, Command, ControlError, MAX_LINE_BYTES, socket_path};

/// How long a gateway may take to read a command.
const WRITE: Duration = Duration::from_secs(5);
/// How long it may take to do it: a large purge has many steps.
const ANSWER: Duration = Duration::from_secs(3600);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error("no gateway runs with this outbox: nobody listens at {0}")]
    NotRunning(PathBuf),
    /// There cannot be a socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// It is another user's.
    #[error("{0}: permission denied; run this as the user that runs the gateway, or as root")]
    Denied(PathBuf),
    /// The way there or back broke.
    #[error("{path}: the gateway cannot be asked: {reason}")]
    Broken {
        /// The socket.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Another version runs.
    #[error("{0}: the gateway answered what this version does not understand; use the version that runs")]
    Unknown(PathBuf),
}

/// Asks the gateway that owns this outbox, and waits until it is done.
pub fn ask(outbox: &Path, command: &Command) -> Result<Answer, AskError> {
    let path = socket_path(outbox)?;
    let stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(AskError::NotRunning(path));
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(AskError::Denied(path)),
        Err(reason) => return Err(AskError::Broken { path, reason }),
    };
    let line = exchange(stream, command).map_err(|reason| AskError::Broken { path: path.clone(), reason })?;
    serde_json::from_slice(&line).map_err(|_| AskError::Unknown(path))
}

fn exchange(mut stream: UnixStream, command: &Command) -> io::Result<Vec<u8>> {
    stream.set_write_timeout(Some(WRITE))?;
    stream.set_read_timeout(Some(ANSWER))?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    line.clear();
    BufReader::new(stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    if line.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
}
