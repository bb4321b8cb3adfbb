//! What concerns persons: the keys of what stands for them, and where it is kept who must not be sent and what was sent.
//! Each has its file beside the outbox, and the key beside that, unless another one is given.

use std::path::Path;

use super::super::document::{self, Document};
use super::super::{
    Backend, ConfigError, Environment, Identity, Outbox, OwnKeySource, Persons, SubjectAccess, SubjectIndex, Suppression,
    SuppressionStore, default,
};
use super::Resolver;

/// The key of pseudonyms, in the folder of the outbox.
const PSEUDONYM_KEY_FILE: &str = "pseudonym.key";
/// The store of suppressed persons, in the folder of the outbox.
const SUPPRESSION_FILE: &str = "suppression.db";
/// The index of what was delivered, in the folder of the outbox.
const SUBJECTS_FILE: &str = "subjects.db";

/// Reads what concerns persons, and nothing else.
pub(in crate::config) fn resolve_persons(
    text: &str,
    path: &Path,
    environment: &Environment,
) -> Result<Persons, ConfigError> {
    let file = path.display().to_string();
    let written: Document = portcullis_filters::document::read(text, &file)?;
    let layers = environment.layer()?.over(written).over(default::layer()?);
    let mut resolver = Resolver::new(file, path, environment);
    let outbox = resolver.outbox(layers.outbox, layers.redis)?;
    let identity = resolver.identity(layers.identity, &outbox)?;
    let suppression = resolver.suppression(layers.suppression, &outbox)?;
    let subject_access = resolver.subject_access(layers.subject_access, &outbox.backend)?;
    Ok(Persons { outbox, identity, suppression, subject_access })
}

impl Resolver<'_> {
    pub(super) fn identity(&mut self, written: document::Identity, outbox: &Outbox) -> Result<Identity, ConfigError> {
        let pseudonym_key = match (written.pseudonym_key, outbox.backend.file()) {
            (Some(source), _) => OwnKeySource::Given(self.key_of_32_bytes(&source, "identity.pseudonym_key")?),
            (None, _) if outbox.backend.is_shared() => {
                let reason = "is missing: gateways that share a Redis must make the same pseudonyms, or Meta takes one customer for \
                              several; give all of them the same 32 bytes, which `openssl rand -base64 32` makes";
                return Err(self.fail("identity.pseudonym_key", reason));
            }
            (None, Some(path)) => OwnKeySource::Kept(path.with_file_name(PSEUDONYM_KEY_FILE)),
            (None, None) => OwnKeySource::Forgotten,
        };
        Ok(Identity { pseudonym_key })
    }

    pub(super) fn suppression(
        &mut self,
        written: document::Suppression,
        outbox: &Outbox,
    ) -> Result<Suppression, ConfigError> {
        let path = match (written.path, outbox.backend.file()) {
            (Some(path), _) => self.base.join(path.0),
            (None, Some(path)) => path.with_file_name(SUPPRESSION_FILE),
            (None, None) if written.key.is_some() => {
                let reason =
                    "is of no use without suppression.path: the memory back end has no folder beside which to keep a store";
                return Err(self.fail("suppression.key", reason));
            }
            (None, None) => return Ok(Suppression { store: None }),
        };
        let key = match written.key {
            Some(source) => OwnKeySource::Given(self.key_of_32_bytes(&source, "suppression.key")?),
            None if outbox.backend.is_shared() => {
                let reason = "is missing: gateways that share a Redis tell each other by digests who is suppressed, and know nobody by \
                              digests under another key; give all of them the same 32 bytes, which `openssl rand -base64 32` makes";
                return Err(self.fail("suppression.key", reason));
            }
            None => OwnKeySource::Kept(path.with_extension("key")),
        };
        Ok(Suppression { store: Some(SuppressionStore { path, key }) })
    }

    pub(super) fn subject_access(
        &mut self,
        written: document::SubjectAccess,
        backend: &Backend,
    ) -> Result<SubjectAccess, ConfigError> {
        let retention_days = self.need(written.retention_days, "subject_access.retention_days")?;
        let max_rows = self.need(written.max_rows, "subject_access.max_rows")?;
        let Some(outbox) = backend.file() else {
            if retention_days > 0 {
                let reason =
                    "is of no use with the memory back end, which has no folder beside which to keep an index; set it to 0";
                return Err(self.fail("subject_access.retention_days", reason));
            }
            return Ok(SubjectAccess { retention_days, max_rows, index: None });
        };
        let path = outbox.with_file_name(SUBJECTS_FILE);
        let key = match written.key {
            Some(source) => OwnKeySource::Given(self.key_of_32_bytes(&source, "subject_access.key")?),
            None => OwnKeySource::Kept(path.with_extension("key")),
        };
        Ok(SubjectAccess { retention_days, max_rows, index: Some(SubjectIndex { path, key }) })
    }
}
