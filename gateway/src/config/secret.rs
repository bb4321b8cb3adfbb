//! Reads secrets from where the configuration says they are found.
//!
//! No error names what was read, nor the path: if somebody writes the token itself in place of its path, the path is the
//! secret. The key that is at fault is named by the caller.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::document::SecretSource;
use super::environment::Environment;
use super::file;

/// Tokens have 200 characters, keys under 100.
const MAX_SECRET_BYTES: usize = 16 * 1024;

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    #[error("the environment variable {name} {reason}")]
    Variable { name: String, reason: &'static str },
    #[error("the file that it names cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("{0} is empty")]
    Empty(String),
    #[error("{0} is not UTF-8")]
    NotText(String),
    #[error("{0} holds spaces, line ends or characters beyond ASCII, which no key and no token has")]
    Form(String),
}

/// A secret, and what should be said about where it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) secret: SecretString,
    pub(super) warning: Option<&'static str>,
}

/// Reads a secret; a path is relative to `base`.
pub(super) fn find(source: &SecretSource, base: &Path, environment: &Environment) -> Result<Found, SecretError> {
    match source {
        SecretSource::Env(name) => {
            let fail = |reason| SecretError::Variable { name: name.clone(), reason };
            let secret = checked(environment.get(name).map_err(fail)?, &format!("the environment variable {name}"))?;
            Ok(Found { secret, warning: None })
        }
        SecretSource::File(path) => {
            let mut file = File::open(base.join(path))?;
            let warning = readable_by_others(&file)?
                .then_some("the file that it names can be read by others; its mode should be 0600");
            Ok(Found { secret: read_secret(&mut file)?, warning })
        }
    }
}

/// Reads a secret from a file. One line end after it is not part of it.
fn read_secret(file: &mut File) -> Result<SecretString, SecretError> {
    let place = "the file that it names";
    let bytes = file::read_open(file, MAX_SECRET_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(place.to_owned()))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    checked(text, place)
}

fn checked(text: &str, place: &str) -> Result<SecretString, SecretError> {
    if text.is_empty() {
        return Err(SecretError::Empty(place.to_owned()));
    }
    // It will stand in a header, where anything else is either impossible or an injection.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretError::Form(place.to_owned()));
    }
    Ok(SecretString::from(text))
}

/// A file that holds a secret, to be read again when it may hold another one.
#[derive(Clone)]
pub struct SecretFile(PathBuf);

/// Shows nothing: the path may be the secret, if somebody wrote it there by mistake.
impl std::fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretFile(..)")
    }
}

impl SecretFile {
    pub(super) fn of(source: &SecretSource, base: &Path) -> Option<Self> {
        match source {
            SecretSource::Env(_) => None,
            SecretSource::File(path) => Some(Self(base.join(path))),
        }
    }

    /// The one at this path.
    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What it holds now; none if that is no secret. Blocks while it is read.
    pub fn read(&self) -> Option<SecretString> {
        let mut file = File::open(&self.0).ok()?;
        read_secret(&mut file).ok()
    }
}

/// Whether somebody besides its owner can read a file.
pub(super) fn readable_by_others(file: &File) -> std::io::Result<bool> {
    Ok(file.metadata()?.permissions().mode() & 0o044 != 0)
}
