//! What happens to a group whose owner died with it in hand.
//!
//! A process dies for many reasons, so one death blames nobody: the group counts it and comes back. A group that was in hand
//! at three deaths is a suspect. Suspects are leased one at a time over the whole outbox; a suspect that was in hand at yet
//! another death is the culprit, and so is one that reached three deaths as the only group in hand. A culprit of several
//! events is split, each half still a suspect, until a single event is found and set aside (promise P7).

/// From this number of deaths on a group is a suspect.
pub(super) const SUSPECT_CRASHES: u32 = 3;

/// What opening does with a group that was leased when its owner died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It comes back.
    Back,
    /// It comes back as two halves.
    Split,
    /// Its one event goes to quarantine as `aborts_process`.
    Aside,
}

/// Judges one group: how many deaths it had seen before this one, how many events it holds, and whether no other group was
/// in hand.
pub(super) fn judge(crashes_before: u32, events: usize, alone: bool) -> Verdict {
    let suspect_before = crashes_before >= SUSPECT_CRASHES;
    let suspect_now = crashes_before.saturating_add(1) >= SUSPECT_CRASHES;
    match (suspect_before || (suspect_now && alone), events) {
        (false, _) => Verdict::Back,
        (true, 0 | 1) => Verdict::Aside,
        (true, _) => Verdict::Split,
    }
}

/// A part of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Half<'a> {
    pub(super) bodies: &'a str,
    pub(super) events: usize,
}

/// The two halves of a group, the first not smaller; nothing if it has less than two events.
pub(super) fn halves(bodies: &str, events: usize) -> Option<[Half<'_>; 2]> {
    let first = events.div_ceil(2);
    let (border, _) = bodies.match_indices('\n').nth(first.checked_sub(1)?)?;
    let (head, tail) = bodies.split_at_checked(border)?;
    let tail = tail.strip_prefix('\n')?;
    Some([Half { bodies: head, events: first }, Half { bodies: tail, events: events - first }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b14_the_third_death_alone_blames_the_group() {
        assert_eq!([0, 1, 2].map(|before| judge(before, 1, true)), [Verdict::Back, Verdict::Back, Verdict::Aside]);
        assert_eq!(judge(2, 2, true), Verdict::Split);
    }

    #[test]
    fn p7_a_death_in_company_blames_nobody_until_the_suspect_was_singled_out() {
        assert_eq!(judge(2, 1, false), Verdict::Back);
        assert_eq!(judge(3, 1, false), Verdict::Aside);
        assert_eq!(judge(3, 9, false), Verdict::Split);
    }

    #[test]
    fn halves_hold_every_line_once() {
        assert_eq!(halves("a\nb\nc", 3), Some([Half { bodies: "a\nb", events: 2 }, Half { bodies: "c", events: 1 }]));
        assert_eq!(halves("a\nb", 2), Some([Half { bodies: "a", events: 1 }, Half { bodies: "b", events: 1 }]));
        assert_eq!(halves("a", 1), None);
    }
}
