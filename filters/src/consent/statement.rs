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

impl Told {
    /// The place, if it names one.
    pub(crate) fn region(self) -> Option<Region> {
        match self {
            Self::Region(region) => Some(region),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// When consent was given. Two that differ are both kept, for either could be too old or lie in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Given {
    /// Not said.
    #[default]
    Unsaid,
    /// Something that is no time.
    Unreadable,
    /// In seconds since 1970.
    At { first_secs: u64, last_secs: u64 },
}

impl Given {
    /// At one time.
    pub(crate) fn at(secs: u64) -> Self {
        Self::At { first_secs: secs, last_secs: secs }
    }

    /// Both were said of the same.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unreadable, _) | (_, Self::Unreadable) => Self::Unreadable,
            (Self::Unsaid, given) | (given, Self::Unsaid) => given,
            (Self::At { first_secs, last_secs }, Self::At { first_secs: first, last_secs: last }) => {
                Self::At { first_secs: first_secs.min(first), last_secs: last_secs.max(last) }
            }
        }
    }
}

/// What a string of a consent framework says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Signals {
    pub(crate) marketing: Said,
    pub(crate) health: Said,
    /// `Denied` where Global Privacy Control is on.
    pub(crate) gpc: Said,
    /// When it was written, in seconds since 1970, where it says that.
    pub(crate) written_secs: Option<u64>,
}

impl Signals {
    /// One that cannot be read denies all of which it could speak.
    pub(crate) const UNREADABLE: Self =
        Self { marketing: Said::Unreadable, health: Said::Unreadable, gpc: Said::Nothing, written_secs: None };

    /// Both were said of the same; the older counts.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            marketing: self.marketing.and(other.marketing),
            health: self.health.and(other.health),
            gpc: self.gpc.and(other.gpc),
            written_secs: match (self.written_secs, other.written_secs) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }
}

/// What an event's `consent`, `residence` and `collection` say. They are for the gateway alone: they have no row in the table of
/// fields, so nothing of them can leave. Each may stand at the event's level and in `custom_data`, and both count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Statement {
    /// `consent.marketing`, joined with what `tcf` and `gpp` say of it.
    pub(crate) marketing: Said,
    /// `consent.health`, joined with what `gpp` says of it.
    pub(crate) health: Said,
    /// `consent.gpc`, joined with what `gpp` says of it: `Denied` where the signal is on, `Granted` where it is said to be off.
    pub(crate) gpc: Said,
    /// `consent.time`, or else when the string of a framework was written.
    pub(crate) given: Given,
    /// Where the person lives.
    pub(crate) residence: [Told; 2],
    /// Where the data was collected, where the sender says so.
    pub(crate) collection: [Told; 2],
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

    #[test]
    fn of_two_times_both_are_kept_and_one_that_is_none_spoils_the_other() {
        let both = Given::at(7).and(Given::at(3)).and(Given::Unsaid);
        assert_eq!(both, Given::At { first_secs: 3, last_secs: 7 });
        assert_eq!(both.and(Given::Unreadable), Given::Unreadable);
    }
}
