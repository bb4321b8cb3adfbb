//! Where a policy's text comes from, the executable or a file, and its catalogue with it.

use std::path::{Path, PathBuf};

use portcullis_filters::document::{MAX_DOCUMENT_BYTES, nearest};
use portcullis_filters::policy::{BUILTINS, Policy, PolicyError};

use super::catalog::Catalogs;
use super::file;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum PolicyTextError {
    /// No built-in has this name.
    #[error(
        "there is no built-in policy of this name; there are {known}, and a file needs a `/` or `.toml` in its path{hint}"
    )]
    Unknown {
        /// Full names of the built-ins.
        known: String,
        /// What was probably meant, or nothing.
        hint: String,
    },
    /// The file cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: std::io::Error,
    },
}

/// Whether a policy is named by a path.
pub(super) fn is_file(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// A policy as it is written.
#[derive(Debug)]
pub struct PolicyText {
    name: String,
    text: String,
    /// To which the path of its catalogue is relative.
    folder: PathBuf,
}

impl PolicyText {
    /// The text of a built-in such as `retail@1`, or of a file, relative to `base`.
    pub fn find(name: &str, base: &Path) -> Result<Self, PolicyTextError> {
        if is_file(name) {
            let path = base.join(name);
            let file = path.display().to_string();
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            return match file::read_text(&path, MAX_DOCUMENT_BYTES) {
                Ok(text) => Ok(Self { name: file, text, folder }),
                Err(reason) => Err(PolicyTextError::Unreadable { file, reason }),
            };
        }
        let (full_name, text) = Policy::builtin(name).ok_or_else(|| unknown(name))?;
        Ok(Self { name: full_name.to_owned(), text: text.to_owned(), folder: PathBuf::new() })
    }

    /// The name by which errors call it: the full one of a built-in, or the path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles it for a site with these hosts, and reads its catalogue if it names one.
    pub fn compile(&self, hosts: &[String], catalogs: &mut Catalogs) -> Result<Policy, PolicyError> {
        let mut read = |file: &str| catalogs.read(self.folder.join(file)).map_err(|error| error.to_string());
        let policy = Policy::compile_with(&self.text, &self.name, hosts, &mut read)?;
        self.check_name(&policy, hosts)?;
        Ok(policy)
    }

    /// A file that decides otherwise than the built-in whose name and version it has would pass for it in metrics and reports.
    fn check_name(&self, policy: &Policy, hosts: &[String]) -> Result<(), PolicyError> {
        let full = format!("{}@{}", policy.name(), policy.version());
        let Some((_, built_in)) = BUILTINS.iter().find(|(name, _)| *name == full) else { return Ok(()) };
        if self.text == *built_in || Policy::compile(built_in, &full, hosts)?.digest() == policy.digest() {
            return Ok(());
        }
        Err(PolicyError::Key {
            file: self.name.clone(),
            key: "name".to_owned(),
            reason: format!("{full} is a built-in policy, and this file decides otherwise; give it a name of your own"),
        })
    }
}

/// What was written is quoted only where it is a slip or two from a name that everybody may know: it could be anything.
fn unknown(name: &str) -> PolicyTextError {
    let known: Vec<&str> = BUILTINS.iter().map(|(name, _)| *name).collect();
    let newest = known.iter().filter_map(|name| name.split('@').next());
    let near = nearest(name, &newest.chain(known.iter().copied()).collect::<Vec<_>>());
    let hint = near.map_or_else(String::new, |near| format!("; `{name}`: did you mean `{near}`?"));
    PolicyTextError::Unknown { known: known.join(", "), hint }
}
