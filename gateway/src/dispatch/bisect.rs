//! Where a refused parcel is cut in two, and what the answer to one part says of the other.
//!
//! A cut goes along the border between two groups where one is near the middle, so that a group is rewritten in the outbox only
//! for an event of its own; else through the group at the middle. If the first part is taken, the second one is to blame: it is
//! cut again without being sent. One bad event among 1000 costs at most 21 requests that way.

use super::batch::Parcel;

/// What is known of a parcel that is part of a refused one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Which refused parcel it comes from, by its number in the round.
    pub(crate) bisection: usize,
    /// Whether the next parcel on the stack is the other part of the same cut.
    pub(crate) has_twin: bool,
    /// Whether its other part was taken, so that what was refused is in this one.
    pub(crate) is_blamed: bool,
}

impl Part {
    /// The two parts of a cut.
    fn pair(bisection: usize) -> [Self; 2] {
        let second = Self { bisection, has_twin: false, is_blamed: false };
        [Self { has_twin: true, ..second }, second]
    }
}

/// Cuts a parcel that was refused, or that must hold what was refused; the parcel itself if it is a single event.
pub(crate) fn cut(parcel: Parcel, bisection: usize) -> Result<[Parcel; 2], Parcel> {
    let groups: Vec<usize> = parcel.places().map(|place| place.group).collect();
    let [mut first, mut second] = parcel.split_at(cut_at(&groups))?;
    let [of_first, of_second] = Part::pair(bisection);
    (first.part, second.part) = (Some(of_first), Some(of_second));
    Ok([first, second])
}

/// How many events go into the first part, given the group of each.
fn cut_at(groups: &[usize]) -> usize {
    let count = groups.len();
    let middle = count.div_ceil(2);
    // A refused parcel of up to 2^k events costs 2k more requests if no part of a cut has more than 2^(k-1): one or two for a
    // part, and what that part costs. So 21 for a thousand.
    let most = count.next_power_of_two() / 2;
    let near = count - most..=most;
    let borders = groups.windows(2).zip(1..).filter(|(pair, _)| pair.first() != pair.last()).map(|(_, border)| border);
    borders.filter(|border| near.contains(border)).min_by_key(|border| middle.abs_diff(*border)).unwrap_or(middle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays a round: requests until every event is known, as the stack of `send` does it.
    fn requests(groups: &[usize], poison: &[usize]) -> (usize, Vec<usize>) {
        let holds = |part: &std::ops::Range<usize>| poison.iter().any(|event| part.contains(event));
        let mut stack = vec![(0..groups.len(), false, false)];
        let (mut count, mut aside) = (0, Vec::new());
        while let Some((part, has_twin, is_blamed)) = stack.pop() {
            if !is_blamed || part.len() == 1 {
                count += 1;
                if !holds(&part) {
                    if let (true, Some(twin)) = (has_twin, stack.last_mut()) {
                        twin.2 = true;
                    }
                    continue;
                }
            }
            if part.len() == 1 {
                aside.push(part.start);
                continue;
            }
            let middle = part.start + cut_at(&groups[part.clone()]);
            stack.extend([(middle..part.end, false, false), (part.start..middle, true, false)]);
        }
        (count, aside)
    }

    #[test]
    fn b9_one_bad_event_in_a_thousand_costs_at_most_21_requests_wherever_it_is() {
        let most = (0..1000).map(|poison| requests(&[0; 1000], &[poison])).map(|(count, aside)| {
            assert_eq!(aside.len(), 1);
            count
        });
        assert!(most.max().unwrap() <= 21);
        assert!(requests(&[0; 100], &[99]).0 <= 15);
    }

    proptest! {
        #[test]
        fn b9_whatever_the_groups_one_bad_event_is_found_in_21_requests(
            sizes in proptest::collection::vec(prop_oneof![1_usize..5, 1_usize..400, 100_usize..900], 1..200),
            poison in 0_usize..1000,
        ) {
            let mut groups: Vec<usize> =
                sizes.iter().enumerate().flat_map(|(group, size)| std::iter::repeat_n(group, *size)).take(1000).collect();
            groups.resize(1000, usize::MAX);
            let (count, aside) = requests(&groups, &[poison]);
            prop_assert_eq!(aside, [poison]);
            prop_assert!(count <= 21, "{count} requests");
        }

        #[test]
        fn every_cut_leaves_two_parts(groups in proptest::collection::vec(0_usize..5, 2..60)) {
            let first = cut_at(&groups);
            prop_assert!(first >= 1 && first < groups.len());
        }
    }

    #[test]
    fn a_border_between_groups_near_the_middle_is_preferred() {
        assert_eq!(cut_at(&[1, 1, 2, 2, 2, 3]), 2);
        assert_eq!(cut_at(&[1, 1, 1, 2, 2, 2, 2, 2]), 4);
        assert_eq!(cut_at(&[1, 2, 2, 2, 2, 2, 2, 2, 2, 3]), 5);
        assert_eq!(cut_at(&[1, 1, 1]), 2);
        assert_eq!(cut_at(&[1, 2]), 1);
    }
}
