//! The dependence relation: which accesses of one location conflict.

/// The mode of an access to its location. It depends on the outcome: a compare-exchange that fails
/// is a [`Read`](Mode::Read).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Has no effect in this outcome.
    Nothing,
    /// Observes the value.
    Read,
    /// Replaces the value.
    Write,
    /// Changes the value in a way that commutes with other updates, such as an addition to a
    /// counter.
    Update,
    /// Observes a part that no update changes; only a replacement of the whole value changes it.
    Glance,
    /// Acquires a lock exclusively.
    Acquire,
    /// Releases an exclusive lock.
    Release,
    /// Acquires a lock shared.
    AcquireShared,
    /// Releases a shared lock.
    ReleaseShared,
    /// Fails to acquire a lock exclusively because the lock is held.
    Probe,
}

use Mode::{Acquire, AcquireShared, Glance, Nothing, Probe, Read, Release, ReleaseShared, Update, Write};

/// The number of modes.
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

/// The set of conflicting modes of each mode. Two modes conflict if executing them in the other
/// order can change the state or a result. Conflict is the default; each pair that is missing here
/// commutes, and a test runs it in both orders.
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
    /// Whether the order of two accesses with these modes can be observed.
    #[inline]
    pub fn conflicts(self, other: Mode) -> bool {
        CONFLICTS[self as usize] & other.bit() != 0
    }

    /// The mode as a bit of a set.
    #[inline]
    pub(crate) fn bit(self) -> u16 {
        1 << self as u8
    }

    /// The set of modes that it conflicts with, one bit each.
    #[inline]
    pub(crate) fn conflicting(self) -> u16 {
        CONFLICTS[self as usize]
    }

    /// Whether it conflicts with every mode. Then each earlier access of the location happens
    /// before it, and so before every later access that conflicts with it. Its effect on the state
    /// may be a new value. The effect of any other mode is an addition (mostly of 0), which is the
    /// same at every point among the accesses that it commutes with.
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
