//! Reads secrets from where the configuration says they are found.
//!
//! No error names what was read, nor the path: if somebody writes the token itself in place of its path, the path is the
//! secret. The key that is at fault is named by the caller.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

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

/// Reads a secret; a path is relative to `base`. One line end after it in a file is not part of it.
pub(super) fn find(source: &SecretSource, base: &Path, environment: &Environment) -> Result<Found, SecretError> {
    let (text, place, warning) = match source {
        SecretSource::Env(name) => {
            let fail = |reason| SecretError::Variable { name: name.clone(), reason };
            let text = Zeroizing::new(environment.get(name).map_err(fail)?.to_owned());
            (text, format!("the environment variable {name}"), None)
        }
        SecretSource::File(path) => {
            let place = "the file that it names".to_owned();
            let mut file = File::open(base.join(path))?;
            let warning = readable_by_others(&file)?
                .then_some("the file that it names can be read by others; its mode should be 0600");
            let bytes = file::read_open(&mut file, MAX_SECRET_BYTES)?;
            let Ok(text) = std::str::from_utf8(&bytes) else { return Err(SecretError::NotText(place)) };
            let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
            (Zeroizing::new(text.to_owned()), place, warning)
        }
    };
    if text.is_empty() {
        return Err(SecretError::Empty(place));
    }
    // It will stand in a header, where anything else is either impossible or an injection.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretError::Form(place));
    }
    Ok(Found { secret: SecretString::from(text.as_str()), warning })
}

/// Whether somebody besides its owner can read a file.
pub(super) fn readable_by_others(file: &File) -> std::io::Result<bool> {
    Ok(file.metadata()?.permissions().mode() & 0o044 != 0)
}
