//! Files and folders that are for their owner alone, and the lock by which a process owns a database.
//!
//! What is made here has mode 0600, folders 0700. What exists and is open to others is closed to them, but for folders, which are
//! the operator's.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// A file or folder could not be made or reached.
#[derive(Debug, thiserror::Error)]
#[error("{path}")]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process has it.
    #[error("{lock}: another process holds this lock")]
    Held {
        /// The lock file.
        lock: PathBuf,
    },
    /// It could not be made.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Makes the folders of a database where they are missing, and takes its owner lock. It ends when this is dropped, also by a crash.
pub(crate) fn lock(path: &Path) -> Result<File, LockError> {
    make_folder(folder_of(path))?;
    let lock_path = with_suffix(path, ".lock");
    // SQLite's own locks end when any descriptor of its file is closed, so ours is on a file of its own.
    let lock = private_file(&lock_path)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => LockError::Held { lock: lock_path.clone() },
        TryLockError::Error(source) => FileError { path: lock_path.clone(), source }.into(),
    })?;
    Ok(lock)
}

/// The path of a companion of the file: `outbox.db` and `.lock` give `outbox.db.lock`.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes a folder and those above it, for their owner alone; those that exist are left as they are.
pub(crate) fn make_folder(folder: &Path) -> Result<(), FileError> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        Some(above) if above != Path::new("") => above,
        _ => Path::new("."),
    };
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(in_file(folder)(error)),
        _ => sync_folder(above),
    }
}

/// The folder that holds a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Syncs a folder: a file in it is then found after a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(in_file(folder))
}

/// A file that is its owner's alone, made where it is missing.
pub(crate) fn private_file(path: &Path) -> Result<File, FileError> {
    let file = open_or_make(path)?;
    close_to_others(path)?;
    Ok(file)
}

/// A new file is its owner's alone; one that exists is opened as it is.
pub(crate) fn open_or_make(path: &Path) -> Result<File, FileError> {
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // A link to what is not there yet is one of these, too.
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)
                .map_err(in_file(path))
        }
        Err(error) => Err(in_file(path)(error)),
        Ok(file) => hand_over(file, folder_of(path)),
    }
}

/// Gives a new file to whom this belongs: what a command of root makes is for the user that runs the gateway.
pub(crate) fn hand_over(file: File, to_owner_of: &Path) -> Result<File, FileError> {
    let owner = std::fs::metadata(to_owner_of).map_err(in_file(to_owner_of))?;
    // None but root can, and none but root has to.
    fchown(&file, Some(owner.uid()), Some(owner.gid())).ok();
    Ok(file)
}

/// The file, its log and the index of that.
pub(crate) fn close_all_to_others(path: &Path) -> Result<(), FileError> {
    close_to_others(path)?;
    for suffix in ["-wal", "-shm"] {
        let companion = with_suffix(path, suffix);
        if companion.exists() {
            close_to_others(&companion)?;
        }
    }
    Ok(())
}

fn close_to_others(path: &Path) -> Result<(), FileError> {
    let mode = std::fs::metadata(path).map_err(in_file(path))?.permissions().mode();
    let others = mode & 0o077;
    if others != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(in_file(path))?;
    }
    Ok(())
}

/// Names the file in an error of the system's.
pub(crate) fn in_file(path: &Path) -> impl Fn(io::Error) -> FileError + '_ {
    |source| FileError { path: path.to_owned(), source }
}
