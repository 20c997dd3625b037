//! Actions: the effect of an operation on one location, as a function of the location's state.
//!
//! The state of a location is one word: the value of an atomic, or the holders of a lock. It
//! determines whether the action is enabled, how it conflicts, and the next state. So an action can
//! also be evaluated in a hypothetical state, such as the state after a race is reversed.

use super::mode::Mode;

/// The state of a lock that is held exclusively. Any other state is the number of shared holders.
const EXCLUSIVE: u64 = 1 << 63;

/// Computes the new value of an atomic from the old value and an operand.
pub(crate) type Apply = fn(u64, u64) -> u64;

/// The effect of an operation on one location.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Observe the location.
    Read,
    /// Observe the state, which is the whole value.
    Load,
    /// Replace a value that is not part of the state.
    Write,
    /// Store this word.
    Store(u64),
    /// Read the state, apply the function to it, and store the result.
    Modify(Apply, u64),
    /// Store `new` if the state is `expected`.
    CompareExchange { expected: u64, new: u64 },
    /// Wait until the state satisfies the task's condition, and observe it.
    Await,
    /// Wait until the state is not 0, and set it to 0.
    Consume,
    /// Wait until the lock is free, and acquire it exclusively.
    Lock,
    /// Acquire the lock exclusively if it is free.
    TryLock,
    /// Release an exclusive lock.
    Unlock,
    /// Wait until the lock is not held exclusively, and acquire it shared.
    LockShared,
    /// Acquire the lock shared if it is not held exclusively.
    TryLockShared,
    /// Release a shared lock.
    UnlockShared,
    /// Observe the value behind a lock without acquiring the lock: wait until it is free.
    ReadUnlocked,
    /// Replace the value behind a lock without acquiring the lock: wait until it is free.
    WriteUnlocked,
    /// Add this operand to the state. Commutes with other additions.
    Update(u64),
    /// Observe a part that only a replacement of the whole value can change.
    Glance,
    /// Glance, and add this operand to the state. A replacement of the whole value may have to wait
    /// until it is subtracted again.
    Pin(u64),
    /// Touch one item of an object, in an operation with a rule. The state of the operation's first
    /// location selects the item.
    Item,
    /// Raise the state to at least this value.
    Raise(u64),
}

impl Action {
    /// Whether the action is enabled in this state. For [`Action::Await`] the task's condition
    /// decides instead.
    #[inline]
    pub(crate) fn is_enabled(self, state: u64) -> bool {
        match self {
            Action::Lock | Action::ReadUnlocked | Action::WriteUnlocked => state == 0,
            Action::LockShared => state != EXCLUSIVE,
            Action::Consume => state != 0,
            _ => true,
        }
    }

    /// How the action conflicts in this state, and the next state.
    #[inline]
    pub(crate) fn outcome(self, state: u64) -> (Mode, u64) {
        match self {
            Action::Read | Action::Load | Action::Await | Action::ReadUnlocked => (Mode::Read, state),
            Action::Write | Action::WriteUnlocked => (Mode::Write, state),
            Action::Store(value) => (Mode::Write, value),
            Action::Modify(apply, operand) => (Mode::Write, apply(state, operand)),
            Action::CompareExchange { expected, new } if state == expected => (Mode::Write, new),
            Action::CompareExchange { .. } => (Mode::Read, state),
            Action::Consume => (Mode::Write, 0),
            Action::Lock => (Mode::Acquire, EXCLUSIVE),
            Action::TryLock if state == 0 => (Mode::Acquire, EXCLUSIVE),
            Action::TryLock => (Mode::Probe, state),
            Action::Unlock => (Mode::Release, 0),
            Action::LockShared => (Mode::AcquireShared, state.wrapping_add(1)),
            Action::TryLockShared if state != EXCLUSIVE => (Mode::AcquireShared, state.wrapping_add(1)),
            Action::TryLockShared => (Mode::Read, state),
            Action::UnlockShared => (Mode::ReleaseShared, state.wrapping_sub(1)),
            Action::Update(step) => (Mode::Update, state.wrapping_add(step)),
            Action::Glance => (Mode::Glance, state),
            Action::Pin(step) => (Mode::Glance, state.wrapping_add(step)),
            Action::Item => (Mode::Nothing, state),
            Action::Raise(least) if state < least => (Mode::Write, least),
            Action::Raise(_) => (Mode::Read, state),
        }
    }

    /// Whether some state disables the action: see [`is_enabled`](Action::is_enabled).
    #[inline]
    pub(crate) fn can_wait(self) -> bool {
        matches!(
            self,
            Action::Lock
                | Action::LockShared
                | Action::ReadUnlocked
                | Action::WriteUnlocked
                | Action::Consume
                | Action::Await
        )
    }

    /// Whether the action waits until tasks release a lock.
    pub(crate) fn waits_for_holders(self) -> bool {
        matches!(self, Action::Lock | Action::LockShared | Action::ReadUnlocked | Action::WriteUnlocked)
    }

    /// Whether the state determines if the action is enabled or how it conflicts.
    #[inline]
    pub(crate) fn depends_on_state(self) -> bool {
        matches!(
            self,
            Action::CompareExchange { .. }
                | Action::Await
                | Action::Consume
                | Action::Lock
                | Action::TryLock
                | Action::LockShared
                | Action::TryLockShared
                | Action::ReadUnlocked
                | Action::WriteUnlocked
                | Action::Raise(_)
        )
    }

    /// Whether the operation returns the state to its task. A task cannot depend on a state that it
    /// has not observed.
    #[inline]
    pub(crate) fn observes_state(self) -> bool {
        matches!(
            self,
            Action::Read
                | Action::Load
                | Action::Modify(..)
                | Action::CompareExchange { .. }
                | Action::Await
                | Action::TryLock
                | Action::TryLockShared
        )
    }

    /// The operands of the action.
    pub(crate) fn operands(self) -> [u64; 2] {
        match self {
            Action::CompareExchange { expected, new } => [expected, new],
            Action::Store(operand)
            | Action::Modify(_, operand)
            | Action::Update(operand)
            | Action::Pin(operand)
            | Action::Raise(operand) => [operand, 0],
            _ => [0; 2],
        }
    }

    /// Adds the operands to a hash of the operands of earlier slots. A first operand is added as it
    /// is, so that a single one is identified exactly.
    #[inline]
    pub(crate) fn mixed_operands(self, before: u64) -> u64 {
        const FACTOR: u64 = 0xc4ce_b9fe_1a85_ec53;
        let operands = match self {
            Action::CompareExchange { expected, new } => new ^ expected.wrapping_mul(FACTOR),
            Action::Modify(apply, operand) => operand ^ (apply as usize as u64).wrapping_mul(FACTOR),
            Action::Store(operand)
            | Action::Update(operand)
            | Action::Pin(operand)
            | Action::Raise(operand) => operand,
            _ => 0,
        };
        before.wrapping_mul(FACTOR).wrapping_add(operands)
    }

    /// A number for the kind of action, the same in each run of the same program.
    #[inline]
    pub(crate) fn tag(self) -> u8 {
        match self {
            Action::Read => 0,
            Action::Write => 1,
            Action::Store(_) => 2,
            Action::Modify(..) => 3,
            Action::CompareExchange { .. } => 4,
            Action::Await => 5,
            Action::Consume => 6,
            Action::Lock => 7,
            Action::TryLock => 8,
            Action::Unlock => 9,
            Action::LockShared => 10,
            Action::TryLockShared => 11,
            Action::UnlockShared => 12,
            Action::ReadUnlocked => 13,
            Action::WriteUnlocked => 14,
            Action::Update(_) => 15,
            Action::Glance => 16,
            Action::Pin(_) => 17,
            Action::Item => 18,
            Action::Load => 32,
            Action::Raise(_) => 33,
        }
    }

    /// The action in words, for messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Action::Read | Action::Load => "read",
            Action::Write => "write",
            Action::Store(_) => "store",
            Action::Modify(..) => "read-modify-write",
            Action::CompareExchange { .. } => "compare-exchange",
            Action::Await => "see a certain value of",
            Action::Consume => "be woken by",
            Action::Lock => "lock",
            Action::TryLock => "try to lock",
            Action::Unlock => "unlock",
            Action::LockShared => "lock for reading",
            Action::TryLockShared => "try to lock for reading",
            Action::UnlockShared => "unlock after reading",
            Action::ReadUnlocked => "read, once unlocked",
            Action::WriteUnlocked => "write, once unlocked",
            Action::Update(_) => "add",
            Action::Glance => "glance",
            Action::Pin(_) => "glance and pin",
            Action::Item => "touch an item of",
            Action::Raise(_) => "move on",
        }
    }
}
