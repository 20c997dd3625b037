//! Which accesses of one location conflict: the dependence relation that everything else rests on.

/// What an access did to its location. Which one it is depends on the outcome: a compare-exchange that failed is a
/// [`Read`](Mode::Read).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Observes the value.
    Read,
    /// Replaces the value.
    Write,
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

use Mode::{Acquire, AcquireShared, Probe, Read, Release, ReleaseShared, Write};

const fn bits(modes: &[Mode]) -> u8 {
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
const CONFLICTS: [u8; 7] = {
    let all = bits(&[Read, Write, Acquire, Release, AcquireShared, ReleaseShared, Probe]);
    let mut table = [all; 7];
    table[Read as usize] = bits(&[Write, Acquire, Release]);
    table[AcquireShared as usize] = bits(&[Write, Acquire, Release, Probe]);
    table[ReleaseShared as usize] = bits(&[Write, Acquire, Release, Probe]);
    table[Probe as usize] = bits(&[Write, Acquire, Release, AcquireShared, ReleaseShared]);
    table
};

impl Mode {
    /// Whether the order of the two can be observed.
    #[inline]
    pub fn conflicts(self, other: Mode) -> bool {
        CONFLICTS[self as usize] & (1 << other as u8) != 0
    }

    /// Whether it conflicts with every mode: whatever came before it on its location happens before it, and so before
    /// all that conflicts with it later.
    #[inline]
    pub(crate) fn is_total(self) -> bool {
        matches!(self, Write | Acquire | Release)
    }

    /// Whether what it does to a location's state is a step that commutes with others of its kind, and not a new value.
    #[inline]
    pub(crate) fn is_increment(self) -> bool {
        matches!(self, AcquireShared | ReleaseShared)
    }
}
