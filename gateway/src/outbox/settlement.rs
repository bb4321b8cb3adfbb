//! What became of the events of a lease, and what stays of its group.

use std::sync::Arc;

use portcullis_filters::report::WithdrawReason;

use super::condemned::Condemned;

/// What became of one event of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Meta has it.
    Delivered,
    /// To be tried again, not before this time in milliseconds since 1970.
    Retry {
        /// Not before this time. The events of a group wait for the latest of theirs.
        not_before_ms: u64,
        /// Whether its bytes went to the socket.
        attempted: bool,
    },
    /// It will never be taken; kept aside with a reason for a person to look at.
    Quarantine(QuarantineReason),
    /// Too old for Meta.
    Expired,
    /// The policy of today does not let it leave. The outbox deletes it whatever the reason, which is for the metric.
    Withdrawn(WithdrawReason),
}

/// Why an event was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuarantineReason {
    /// Meta refused its content.
    Refused {
        /// Meta's error code.
        code: i64,
        /// Meta's error subcode, 0 if none.
        subcode: i64,
        /// What Meta says to a person about it, bounded and masked. It can quote the event, so it rests where the event rests
        /// and is in no log.
        message: Option<Arc<str>>,
    },
    /// The stored row cannot be read.
    Unreadable,
    /// The process died three times while it was in hand.
    AbortsProcess,
}

impl QuarantineReason {
    /// The word in metrics and listings.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unreadable => "unreadable",
            Self::AbortsProcess => "aborts_process",
        }
    }

    /// Meta's error code and subcode, 0 where Meta said nothing.
    pub(super) fn codes(&self) -> (i64, i64) {
        match self {
            Self::Refused { code, subcode, .. } => (*code, *subcode),
            Self::Unreadable | Self::AbortsProcess => (0, 0),
        }
    }

    /// What Meta says about it to a person, if it says anything. One line.
    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } => message.as_deref(),
            Self::Unreadable | Self::AbortsProcess => None,
        }
    }
}

/// What a settling changed, counted in the same transaction. A lease that had expired changes nothing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Events that Meta has.
    pub delivered: u64,
    /// Events set aside.
    pub quarantined: u64,
    /// Events too old.
    pub expired: u64,
    /// Events withdrawn by policy.
    pub withdrawn: u64,
    /// Events that stay for another try.
    pub retried: u64,
    /// Events that would have stayed, but were purged while they were in hand.
    pub purged: u64,
}

/// A lease's events, parted by their settlements.
#[derive(Debug, Default)]
pub(super) struct Division<'a> {
    /// What stays, one event a line in the old order.
    pub(super) survivors: String,
    /// When the survivors may be leased again.
    pub(super) due_ms: u64,
    /// Whether bytes of a survivor went to the socket.
    pub(super) attempted: bool,
    /// What is set aside.
    pub(super) aside: Vec<(&'a str, QuarantineReason)>,
    /// The numbers of it all.
    pub(super) settled: Settled,
}

impl<'a> Division<'a> {
    /// Parts the lines of a group; there is one settlement a line. What was purged meanwhile is kept on no shelf; `stays_in_hand`:
    /// what is to be retried is on its way again already, so it is too early for that.
    pub(super) fn new(
        lines: impl Iterator<Item = &'a str>,
        settlements: &[Settlement],
        condemned: &Condemned,
        stays_in_hand: bool,
    ) -> Self {
        let mut division = Self::default();
        for (line, settlement) in lines.zip(settlements) {
            match settlement {
                Settlement::Delivered => division.settled.delivered += 1,
                Settlement::Expired => division.settled.expired += 1,
                Settlement::Withdrawn(_) => division.settled.withdrawn += 1,
                Settlement::Quarantine(reason) => {
                    division.settled.quarantined += 1;
                    if !condemned.takes(line) {
                        division.aside.push((line, reason.clone()));
                    }
                }
                Settlement::Retry { .. } if !stays_in_hand && condemned.takes(line) => division.settled.purged += 1,
                Settlement::Retry { not_before_ms, attempted } => {
                    if division.settled.retried > 0 {
                        division.survivors.push('\n');
                    }
                    division.survivors.push_str(line);
                    division.settled.retried += 1;
                    division.due_ms = division.due_ms.max(*not_before_ms);
                    division.attempted |= attempted;
                }
            }
        }
        division
    }
}

/// Parts the event that Meta refused from what Meta said; anything else is events alone.
pub(super) fn part_message<'a>(text: &'a str, reason: &str) -> (&'a str, Option<&'a str>) {
    let refused = QuarantineReason::Refused { code: 0, subcode: 0, message: None };
    match text.split_once('\n') {
        Some((body, message)) if reason == refused.as_str() => (body, Some(message)),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_the_reasons_are_those_of_the_metric() {
        let refused = QuarantineReason::Refused { code: 100, subcode: 7, message: None };
        let reasons = [refused, QuarantineReason::Unreadable, QuarantineReason::AbortsProcess];
        let words = crate::telemetry::declared::words("portcullis_events_quarantined_total", "reason");
        assert_eq!(reasons.iter().map(QuarantineReason::as_str).collect::<Vec<_>>(), words);
    }

    #[test]
    fn survivors_keep_their_order_and_wait_for_the_latest() {
        let refused = QuarantineReason::Refused { code: 100, subcode: 7, message: Some("why".into()) };
        let settlements = [
            Settlement::Retry { not_before_ms: 5, attempted: false },
            Settlement::Delivered,
            Settlement::Retry { not_before_ms: 9, attempted: true },
            Settlement::Quarantine(refused.clone()),
            Settlement::Retry { not_before_ms: 7, attempted: false },
        ];
        let division = Division::new("a\nb\nc\nd\ne".split('\n'), &settlements, &Condemned::Nothing, false);
        assert_eq!(division.survivors, "a\nc\ne");
        assert_eq!((division.due_ms, division.attempted), (9, true));
        assert_eq!(division.aside, [("d", refused)]);
        assert_eq!(division.settled, Settled { delivered: 1, quarantined: 1, retried: 3, ..Settled::default() });
    }

    #[test]
    fn o8_what_was_purged_in_hand_is_delivered_or_gone() {
        let settlements = [
            Settlement::Delivered,
            Settlement::Retry { not_before_ms: 5, attempted: true },
            Settlement::Quarantine(QuarantineReason::Unreadable),
        ];
        let lines = || "a\nb\nc".split('\n');
        let gone = Division::new(lines(), &settlements, &Condemned::Whole, false);
        assert_eq!(gone.settled, Settled { delivered: 1, quarantined: 1, purged: 1, ..Settled::default() });
        assert!(gone.survivors.is_empty() && gone.aside.is_empty());
        let still_in_hand = Division::new(lines(), &settlements, &Condemned::Whole, true);
        assert_eq!((still_in_hand.survivors.as_str(), still_in_hand.settled.retried), ("b", 1));
    }
}
