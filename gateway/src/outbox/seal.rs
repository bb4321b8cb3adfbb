//! Encryption of what rests: AES-256-GCM of a row's events, bound to the row's place.
//!
//! Whoever has the files alone reads no event. Who can also write them can delete a row, but not change one, and not move one to
//! another site, dataset, policy or shelf: it would not open there. Left to others: where the keys come from, and what happens to
//! a row that does not open. Absent on purpose: hiding how much waits for whom; sites, datasets, sizes and times stay readable.

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use portcullis_filters::normalize::hex;
use sha2::{Digest as _, Sha256};

use super::tally::{Owner, Shelf};
use crate::chance::Chance;
use crate::config;

/// Says in digests and sealed rows that they are ours, and by which rules they were made.
const DOMAIN: &[u8] = b"portcullis outbox 1";

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// How much longer a sealed text is.
pub(super) const SEAL_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// The key of today, and those of earlier days that still open what they sealed.
#[derive(Debug)]
pub struct Keys {
    today: Key,
    previous: Vec<Key>,
    chance: Chance,
}

#[derive(Debug)]
struct Key {
    id: String,
    // In one place for good: a value that moves leaves copies behind that nobody wipes.
    cipher: Box<Aes256Gcm>,
}

/// Where a sealed text belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat<'a> {
    pub(super) shelf: Shelf,
    pub(super) row: i64,
    pub(super) owner: &'a Owner,
}

impl Keys {
    /// As configured, if they are. `chance` must have been seeded by the system.
    pub fn of(outbox: &config::Outbox, chance: &Chance) -> Option<Self> {
        let encryption = outbox.encryption.as_ref()?;
        let previous = encryption.previous.iter().map(|key| &**key);
        Some(Self::new(&encryption.key, previous, chance.clone()))
    }

    /// Everything is sealed under the key of today from now on. Nonces are drawn from `chance`, which the system must have seeded.
    pub fn new<'k>(today: &[u8; 32], previous: impl IntoIterator<Item = &'k [u8; 32]>, chance: Chance) -> Self {
        Self { today: Key::new(today), previous: previous.into_iter().map(Key::new).collect(), chance }
    }

    /// The id of the key of today.
    pub(super) fn id(&self) -> &str {
        &self.today.id
    }

    /// What names every key that opens something here.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.today).chain(&self.previous).map(|key| &*key.id)
    }

    /// Whether what was sealed under the key of this id can be opened.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.key(id).is_some()
    }

    /// Seals a text for its place, under the key of today: nonce, then ciphertext, then tag. The error has no cause to tell: the
    /// text is longer than the cipher takes (64 GiB).
    pub(super) fn seal(&self, seat: Seat<'_>, text: &[u8]) -> Result<Vec<u8>, aes_gcm::Error> {
        let nonce = self.chance.bytes::<NONCE_BYTES>();
        let mut sealed = Vec::with_capacity(text.len() + SEAL_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text);
        let (_, body) = sealed.split_at_mut_checked(NONCE_BYTES).ok_or(aes_gcm::Error)?;
        let tag = self.today.cipher.encrypt_inout_detached(&nonce.into(), &seat.associated(), body.into())?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what the key of this id sealed for this place; nothing if it is anything else.
    pub(super) fn open(&self, id: &str, seat: Seat<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let (body, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        let mut text = body.to_vec();
        let cipher = &self.key(id)?.cipher;
        cipher
            .decrypt_inout_detached(&(*nonce).into(), &seat.associated(), text.as_mut_slice().into(), &(*tag).into())
            .ok()?;
        Some(text)
    }

    fn key(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.today).chain(&self.previous).find(|key| key.id == id)
    }
}

impl Key {
    fn new(bytes: &[u8; 32]) -> Self {
        Self { id: key_id(bytes), cipher: Box::new(Aes256Gcm::new(bytes.into())) }
    }
}

/// What names a key in the rows that it sealed, and tells nothing of it.
pub fn key_id(key: &[u8; 32]) -> String {
    let digest: [u8; 32] = Sha256::new().chain_update(DOMAIN).chain_update(b" key id ").chain_update(key).finalize().into();
    let mut id = String::from_utf8_lossy(&hex(&digest)).into_owned();
    id.truncate(16);
    id
}

impl Seat<'_> {
    /// Each part after its length, so that no two places read alike.
    fn associated(&self) -> Vec<u8> {
        let Owner { site, dataset, policy } = self.owner;
        let word: &[u8] = match self.shelf {
            Shelf::Pending => b"groups",
            Shelf::Quarantine => b"quarantine",
        };
        let mut bytes = Vec::with_capacity(160);
        for part in [DOMAIN, word, &self.row.to_be_bytes(), site.as_bytes(), dataset.as_bytes(), policy.as_bytes()] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use portcullis_filters::policy::PolicyDigest;

    use super::*;

    fn owner(site: &str, dataset: &str, policy: u8) -> Owner {
        Owner { site: site.into(), dataset: dataset.into(), policy: PolicyDigest::from_bytes([policy; 32]) }
    }

    fn keys() -> Keys {
        Keys::new(&[1; 32], [&[2; 32]], Chance::seeded(1))
    }

    #[test]
    fn a_sealed_text_opens_where_it_belongs_and_nowhere_else() {
        let keys = keys();
        let home = owner("shop", "1", 3);
        let seat = Seat { shelf: Shelf::Pending, row: 7, owner: &home };
        let sealed = keys.seal(seat, b"canary").unwrap();
        assert_eq!(sealed.len(), "canary".len() + SEAL_BYTES);
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(keys.open(keys.id(), seat, &sealed).unwrap(), b"canary");
        let others = [owner("shop2", "1", 3), owner("shop", "2", 3), owner("shop", "1", 4), owner("sho", "p1", 3)];
        for elsewhere in others
            .iter()
            .map(|owner| Seat { owner, ..seat })
            .chain([Seat { row: 8, ..seat }, Seat { shelf: Shelf::Quarantine, ..seat }])
        {
            assert!(keys.open(keys.id(), elsewhere, &sealed).is_none(), "{elsewhere:?}");
        }
    }

    #[test]
    fn a_changed_or_cut_text_does_not_open() {
        let keys = keys();
        let home = owner("shop", "1", 3);
        let seat = Seat { shelf: Shelf::Pending, row: 7, owner: &home };
        let sealed = keys.seal(seat, b"text").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(keys.open(keys.id(), seat, &changed).is_none());
            assert!(keys.open(keys.id(), seat, &sealed[..place]).is_none());
        }
    }

    #[test]
    fn a_previous_key_opens_what_it_sealed_and_an_unknown_one_nothing() {
        let home = owner("shop", "1", 3);
        let seat = Seat { shelf: Shelf::Pending, row: 7, owner: &home };
        let before = Keys::new(&[2; 32], [], Chance::seeded(1));
        let sealed = before.seal(seat, b"text").unwrap();
        let keys = keys();
        assert!(keys.knows(before.id()) && before.id() != keys.id());
        assert_eq!(keys.open(before.id(), seat, &sealed).unwrap(), b"text");
        assert!(keys.open(keys.id(), seat, &sealed).is_none());
        assert!(Keys::new(&[3; 32], [], Chance::seeded(1)).open(before.id(), seat, &sealed).is_none());
    }

    #[test]
    fn two_seals_of_one_text_have_nothing_in_common_and_neither_shows_the_key() {
        let home = owner("shop", "1", 3);
        let seat = Seat { shelf: Shelf::Pending, row: 7, owner: &home };
        let keys = keys();
        assert_ne!(keys.seal(seat, b"text").unwrap()[..12], keys.seal(seat, b"text").unwrap()[..12]);
        assert_eq!(key_id(&[1; 32]).len(), 16);
        assert!(!format!("{keys:?}").contains("1, 1, 1"));
    }
}
