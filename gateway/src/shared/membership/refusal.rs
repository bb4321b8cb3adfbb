//! Why a gateway may not join the others. Each text names the key of the configuration, what would break, and the cure.

use crate::shared::Keys;

/// What keeps a gateway out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Each gateway would make another pseudonym of the same customer.
    #[error(
        "identity.pseudonym_key: is not the key of the gateways that use this Redis, so Meta would take each of their customers for a \
         new one; give all gateways the same key. It cannot be changed one gateway after the other: to change it, stop all of them, \
         have the old one forgotten by HDEL {outbox} pseudonym_key, and start them with the new one"
    )]
    PseudonymKey {
        /// Where Redis has it.
        outbox: String,
    },
    /// Nobody would be known who was suppressed by another gateway.
    #[error(
        "suppression.key: is not the key of the gateways that use this Redis, so nobody whom they suppressed would be known; give all \
         gateways the same key. It cannot be changed: what they keep under it would have to be made anew, from the persons themselves"
    )]
    SuppressionKey,
    /// An event that comes again to another gateway would not be known.
    #[error(
        "outbox.encryption_key: neither it nor one of outbox.previous_encryption_keys is a key of the gateways that use this Redis, so \
         events that come twice would not be known (outbox.deduplicate_hours); put their key into outbox.previous_encryption_keys \
         until all gateways have the new one"
    )]
    DeduplicationKeys,
    /// Another version made the outbox.
    #[error(
        "redis.prefix: the outbox under it has format {found}, which this version does not read; use the version that made it"
    )]
    Format {
        /// What Redis says, if that is a number.
        found: String,
    },
}

impl Refusal {
    /// What the script said.
    pub(super) fn of(verdict: &str, found: &str, keys: &Keys) -> Self {
        match verdict {
            "pseudonym_key" => Self::PseudonymKey { outbox: keys.common("outbox") },
            "suppression_key" => Self::SuppressionKey,
            "deduplication_keys" => Self::DeduplicationKeys,
            _ => Self::Format { found: found.chars().filter(char::is_ascii_digit).take(9).collect() },
        }
    }
}
