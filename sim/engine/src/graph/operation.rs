//! The announced operations, as the search of graphs sees them.

use std::rc::Rc;

use crate::event::{
    Action, CHOOSE, Footprint, LocationId, LocationStates, MemoryOrder, Mode, Pending, TaskId,
};
use crate::history::CLOCK;

/// A condition on the states of an operation's locations.
pub(crate) type WaitCondition = Rc<dyn Fn(&LocationStates) -> bool>;

/// The tasks of the running program, with their announced operations.
pub(crate) trait Announced {
    /// The largest number of a task plus 1.
    fn tasks(&self) -> TaskId;
    /// The announced operation of a task.
    fn pending(&self, task: TaskId) -> Option<&Pending>;
    /// The condition that the announced operation waits for.
    fn condition(&self, task: TaskId) -> Option<&WaitCondition>;
    /// The state of a location after the last operation of this run.
    fn state(&self, location: LocationId) -> u64;
    /// Whether the state is a value that is the same in each run of the same program.
    fn is_repeatable(&self, location: LocationId) -> bool;
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A read of an atomic, or a read-modify-write.
    Read,
    /// A write of an atomic.
    Write(u64),
    /// A wait for a value of an atomic.
    Await,
    Fence,
    PlainRead,
    PlainWrite,
    /// A choice between so many alternatives.
    Choice(u16),
    /// An operation of an object that is no atomic.
    Object,
    /// An operation that the model does not cover: the predicate of a sentence about the program.
    Refused(&'static str),
}

/// The kind of `pending`.
pub(super) fn kind(pending: &Pending) -> Kind {
    let order = pending.orders.success;
    let actions = pending.actions();
    if pending.opaque {
        return Kind::Refused("does something that the engine does not see (an opaque step)");
    }
    if pending.is_fence() {
        return Kind::Fence;
    }
    if let Some((rule, argument)) = pending.rule
        && std::ptr::eq(rule, &CHOOSE)
    {
        return Kind::Choice(argument as u16);
    }
    if actions.is_empty() {
        return Kind::Choice(1);
    }
    if pending.orders.is_of_object() {
        let is_repeated = |nth: usize| actions[..nth].iter().any(|(other, _)| *other == actions[nth].0);
        if actions.iter().any(|(_, action)| matches!(action, Action::Glance | Action::Pin(_))) {
            return Kind::Refused("uses an object with keys, whose operations do not all order each other");
        }
        if pending.rule.is_some() && actions.iter().any(|&(location, _)| location == CLOCK) {
            return Kind::Refused("waits with a deadline");
        }
        if (0..actions.len()).any(is_repeated) {
            return Kind::Refused("performs one operation twice on the same object at once");
        }
        return Kind::Object;
    }
    let [(_, action)] = actions else {
        return Kind::Refused("waits for a condition on several atomics");
    };
    match action {
        Action::Read if order == MemoryOrder::NotAtomic => Kind::PlainRead,
        Action::Write if order == MemoryOrder::NotAtomic => Kind::PlainWrite,
        Action::Load | Action::Modify(..) | Action::CompareExchange { .. } => Kind::Read,
        Action::Await => Kind::Await,
        Action::Store(value) => Kind::Write(*value),
        _ => Kind::Refused("accesses an atomic in a way that has no memory order"),
    }
}

/// The effect of an atomic operation that reads this value: the value that it writes, if it writes,
/// and the order of its read.
pub(super) fn effect(pending: &Pending, value: u64) -> (Option<u64>, MemoryOrder) {
    let Some(&(_, action)) = pending.actions().first() else { return (None, MemoryOrder::Relaxed) };
    match action.outcome(value) {
        (Mode::Write, new) => (Some(new), pending.orders.success),
        _ if matches!(action, Action::CompareExchange { .. }) => (None, pending.orders.failure),
        _ => (None, pending.orders.success),
    }
}

/// Whether the condition of an await holds for this value.
pub(super) fn holds(condition: Option<&WaitCondition>, value: u64) -> bool {
    condition.is_none_or(|condition| condition(&[value, 0, 0, 0]))
}

/// The states that an alternative of an operation of objects leaves.
pub(super) fn states_after(
    pending: &Pending,
    task: TaskId,
    states: &LocationStates,
    choice: u16,
    alternatives: u16,
) -> LocationStates {
    let (footprint, after): (Footprint, LocationStates) = pending.outcome(task, states, choice, alternatives);
    let mut all = *states;
    for (slot, (_, mode)) in footprint.touched().enumerate() {
        if mode != Mode::Nothing {
            all[slot] = after[slot];
        }
    }
    all
}
