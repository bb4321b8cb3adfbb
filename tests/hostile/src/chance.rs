//! Chance from a seed that a failure prints, so that a run can be repeated.

/// A small generator (`SplitMix64`). Good enough to choose moments, secrets and places.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same run.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The chance of one event of a run: the event can be made again without those before it.
    pub fn of_event(seed: u64, number: u64) -> Self {
        // Mixed twice: the state of one event must not be a step of the one before it.
        let mut of_seed = Self(seed);
        let start = of_seed.below(u64::MAX);
        Self(Self(start ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93)).below(u64::MAX))
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    /// One of its own for a part of a run, whatever that part draws.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.below(u64::MAX))
    }

    /// True in one of so many cases.
    pub fn one_in(&mut self, cases: u64) -> bool {
        self.below(cases) == 0
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let at = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list[at]
    }

    /// So many digits, the first of which is not 0.
    pub fn digits(&mut self, count: usize) -> String {
        let digit = |at: usize, chance: &mut Self| if at == 0 { 1 + chance.below(9) } else { chance.below(10) };
        (0..count).map(|at| char::from(b'0' + u8::try_from(digit(at, self)).unwrap_or(0))).collect()
    }

    /// So many characters of an alphabet.
    pub fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..count).map(|_| self.pick(&alphabet)).collect()
    }
}
