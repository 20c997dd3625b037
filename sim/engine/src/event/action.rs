//! What a task is about to do to one location, and what that comes to in a given state.
//!
//! A location's state is one word: an atomic's value, or who holds a lock. It is enough to tell, in any state,
//! whether the action can go on, how it will conflict, and which state it leaves; so the same question can be asked of
//! a state that the explorer only thinks of, such as the one after a race has been reversed.

use super::mode::Mode;

/// The state of a lock that is held exclusively. Any other state is the number of shared holders.
const EXCLUSIVE: u64 = 1 << 63;

/// A new value of an atomic, from the old one and an operand.
pub(crate) type Apply = fn(u64, u64) -> u64;

/// What a task is about to do to a location.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Observe.
    Read,
    /// Observe the state, which is the whole value.
    Load,
    /// Replace, by a value that is not kept in the state.
    Write,
    /// Store this word.
    Store(u64),
    /// Read, apply, store: one step.
    Modify(Apply, u64),
    /// Store `new` if the state is `expected`.
    CompareExchange { expected: u64, new: u64 },
    /// Wait until the task's condition holds of the state, and observe it.
    Await,
    /// Wait until the state is not 0, and make it 0.
    Consume,
    /// Wait until nobody holds the lock, and take it exclusively.
    Lock,
    /// Take the lock exclusively if nobody holds it.
    TryLock,
    /// Give up an exclusive lock.
    Unlock,
    /// Wait until nobody holds the lock exclusively, and take it shared.
    LockShared,
    /// Take the lock shared if nobody holds it exclusively.
    TryLockShared,
    /// Give up a shared lock.
    UnlockShared,
    /// Observe what a lock guards, without taking the lock: wait until nobody holds it.
    ReadUnlocked,
    /// Replace what a lock guards, without taking the lock: wait until nobody holds it.
    WriteUnlocked,
    /// Add this to the state, in a way that commutes with other additions.
    Update(u64),
    /// Observe what only a replacement of the whole can change.
    Glance,
    /// Glance, and add this to the state: a replacement of the whole may have to wait until it is taken back.
    Pin(u64),
    /// Of an operation that a rule decides: touch one of an object's items. Which one, the state of the operation's first
    /// location says.
    Item,
    /// Make the state at least this.
    Raise(u64),
}

impl Action {
    /// Whether the action can go on. Of [`Action::Await`] the task's condition says it.
    #[inline]
    pub(crate) fn is_enabled(self, state: u64) -> bool {
        match self {
            Action::Lock | Action::ReadUnlocked | Action::WriteUnlocked => state == 0,
            Action::LockShared => state != EXCLUSIVE,
            Action::Consume => state != 0,
            _ => true,
        }
    }

    /// How it conflicts, and the state that it leaves.
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

    /// Whether there are states in which it cannot go on: see [`is_enabled`](Action::is_enabled).
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

    /// Whether it waits until tasks give back a lock.
    pub(crate) fn waits_for_holders(self) -> bool {
        matches!(self, Action::Lock | Action::LockShared | Action::ReadUnlocked | Action::WriteUnlocked)
    }

    /// Whether the state decides if it can go on, or how it conflicts.
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

    /// Whether its task is told the state. What it is not told it cannot depend on.
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

    /// What it was called with.
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

    /// A number for the kind of action: two runs of the same program announce the same.
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

    /// In words, for messages.
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
