//! The numbers that distinguish rules, and kinds of fingerprints, from each other.

/// Identifies a rule when a schedule is replayed, and in fingerprints. Smaller numbers belong to
/// [actions](super::Action::tag).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RuleTag {
    Choose = 64,
    TokenOrDeadline = 65,
    TokenOrSpurious = 66,
    TokenOrDeadlineOrSpurious = 67,
    SetInsert = 80,
    SetRemove = 81,
    QueuePush = 82,
    QueuePop = 83,
    NotifyOne = 96,
    NotifyAll = 97,
    CondvarWake = 98,
    BarrierPass = 99,
    OnceEnter = 100,
    OnceSet = 101,
    OnceWait = 102,
    ChannelSend = 103,
    ChannelRoom = 104,
    ChannelTrySend = 105,
    ChannelReceive = 106,
    ChannelReceiveBounded = 107,
    ChannelPoll = 108,
    ChannelPollBounded = 109,
    CountedUpgrade = 112,
    FutexWait = 120,
    Release = 121,
    StreamRead = 122,
    StreamArrive = 123,
    SetWait = 124,
    SetChange = 125,
}

/// The first word of a fingerprint: fingerprints of different kinds differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FingerprintKind {
    /// A task's part of the state.
    Task = 1,
    /// A task's observations.
    Local = 2,
    /// A location's part of the state.
    Location = 3,
    /// The content of a location, as a task observes it.
    Content = 4,
    /// A value that a task stored.
    Value = 5,
    /// The times of a location.
    Times = 6,
    /// The end of a task.
    End = 7,
    /// The identity of the clock.
    Clock = 32,
    /// The identity of the unpark tokens.
    Tokens = 33,
    /// The identity of an object.
    Object = 34,
}
