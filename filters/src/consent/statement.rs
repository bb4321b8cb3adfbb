//! What came with an event about the person's will and place.

use super::region::Region;

/// What is said of one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Said {
    /// Nothing.
    #[default]
    Nothing,
    Granted,
    Denied,
    /// Something that cannot be read. It counts as a denial.
    Unreadable,
}

impl Said {
    /// Both were said of the same. What speaks against sharing prevails, and what is said prevails over nothing.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
            (Self::Unreadable, _) | (_, Self::Unreadable) => Self::Unreadable,
            (Self::Granted, _) | (_, Self::Granted) => Self::Granted,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }

    /// Whether it speaks against sharing.
    pub(crate) fn is_against(self) -> bool {
        matches!(self, Self::Denied | Self::Unreadable)
    }
}

/// A place that came with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Told {
    /// None.
    #[default]
    Nothing,
    Region(Region),
    /// Something that names no place that can be read. It counts as none.
    Unreadable,
}

/// What an event's `consent`, `residence` and `collection` say. They are for the gateway alone: they have no row in the table of
/// fields, so nothing of them can leave.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Statement {
    /// `consent.marketing`, joined with what `tcf` and `gpp` say of it.
    pub(crate) marketing: Said,
    /// `consent.health`, joined with what `gpp` says of it.
    pub(crate) health: Said,
    /// `consent.gpc`, joined with what `gpp` says of it: `Denied` where the signal is on, `Granted` where it is said to be off.
    pub(crate) gpc: Said,
    /// When consent was given, in seconds since 1970: `consent.time`, or else when the TCF string was written.
    pub(crate) time_secs: Option<u64>,
    /// Where the person lives.
    pub(crate) residence: Told,
    /// Where the data was collected, where the sender says so.
    pub(crate) collection: Told,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Said; 4] = [Said::Nothing, Said::Granted, Said::Denied, Said::Unreadable];

    #[test]
    fn what_is_said_twice_is_against_sharing_as_soon_as_one_of_them_is() {
        for one in ALL {
            for other in ALL {
                assert_eq!(one.and(other), other.and(one));
                assert_eq!(one.and(other).is_against(), one.is_against() || other.is_against());
                assert_eq!(one.and(other) == Said::Nothing, one == Said::Nothing && other == Said::Nothing);
            }
        }
    }
}
