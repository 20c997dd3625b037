//! Which accesses of one location conflict: the dependence relation that everything else rests on.

/// What an access did to its location. Which one it is depends on the outcome: a compare-exchange that failed is a
/// [`Read`](Mode::Read).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Nothing, as it turned out.
    Nothing,
    /// Observes the value.
    Read,
    /// Replaces the value.
    Write,
    /// Changes the value in a way that commutes with other updates, such as adding to a counter that nobody reads.
    Update,
    /// Observes a part that no update changes; only a replacement of the whole does.
    Glance,
    /// Takes a lock exclusively.
    Acquire,
    /// Gives up an exclusive lock.
    Release,
    /// Takes a lock shared.
    AcquireShared,
    /// Gives up a shared lock.
    ReleaseShared,
    /// Finds a lock taken that it wanted exclusively.
    Probe,
}

use Mode::{Acquire, AcquireShared, Glance, Nothing, Probe, Read, Release, ReleaseShared, Update, Write};

/// How many modes there are.
pub(crate) const MODES: usize = Mode::ALL.len();

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 10] =
        [Nothing, Read, Write, Update, Glance, Acquire, Release, AcquireShared, ReleaseShared, Probe];
}

const fn bits(modes: &[Mode]) -> u16 {
    let mut set = 0;
    let mut i = 0;
    while i < modes.len() {
        set |= 1 << modes[i] as u8;
        i += 1;
    }
    set
}

/// For each mode, those it conflicts with: running the two in the other order can change the state or what one of them
/// returns. The default is conflict; each pair that is missing here commutes, and a test runs it in both orders.
const CONFLICTS: [u16; Mode::ALL.len()] = {
    let all = bits(&Mode::ALL) & !bits(&[Nothing]);
    let mut table = [all; Mode::ALL.len()];
    table[Nothing as usize] = 0;
    table[Read as usize] = bits(&[Write, Update, Acquire, Release]);
    table[Update as usize] = all & !bits(&[Update, Glance]);
    table[Glance as usize] = bits(&[Write, Acquire, Release]);
    table[AcquireShared as usize] = bits(&[Write, Update, Acquire, Release, Probe]);
    table[ReleaseShared as usize] = bits(&[Write, Update, Acquire, Release, Probe]);
    table[Probe as usize] = bits(&[Write, Update, Acquire, Release, AcquireShared, ReleaseShared]);
    table
};

impl Mode {
    /// Whether the order of the two can be observed.
    #[inline]
    pub fn conflicts(self, other: Mode) -> bool {
        CONFLICTS[self as usize] & other.bit() != 0
    }

    /// The mode as a bit of a set.
    #[inline]
    pub(crate) fn bit(self) -> u16 {
        1 << self as u8
    }

    /// The modes that it conflicts with, a bit for each.
    #[inline]
    pub(crate) fn conflicting(self) -> u16 {
        CONFLICTS[self as usize]
    }

    /// Whether it conflicts with every mode: whatever came before it on its location happens before it, and so before
    /// all that conflicts with it later. What it does to the location's state may be a new value; what any other mode
    /// does is a step (mostly none) that is the same wherever it comes between those that it commutes with.
    #[inline]
    pub(crate) fn is_total(self) -> bool {
        matches!(self, Write | Acquire | Release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflict_is_symmetric_and_total_means_all() {
        for a in Mode::ALL {
            for b in Mode::ALL {
                assert_eq!(a.conflicts(b), b.conflicts(a), "{a:?} {b:?}");
            }
            let all = Mode::ALL.into_iter().filter(|&b| b != Nothing).all(|b| a.conflicts(b));
            assert_eq!(a.is_total(), all, "{a:?}");
        }
    }
}
