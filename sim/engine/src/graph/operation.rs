//! The announced operations, as the search of graphs sees them.

use std::rc::Rc;

use super::event::{Event, Synchronization};
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
    /// The object, if the location is one of its keys.
    fn whole(&self, location: LocationId) -> Option<LocationId>;
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

/// The slots of an operation of objects whose locations order it: its index among them, its slot
/// and its location. An operation on a key does not order those on other keys, so the slot of the
/// object itself is left out.
pub(super) fn ordered(pending: &Pending) -> impl Iterator<Item = (usize, usize, LocationId)> + '_ {
    let actions = pending.actions();
    let of_whole = of_whole(pending);
    let is_ordered = move |slot: &usize| of_whole != Some(*slot);
    (0..actions.len()).filter(is_ordered).enumerate().map(|(nth, slot)| (nth, slot, actions[slot].0))
}

/// The slot of an object itself, in an operation on one of its keys that commutes with operations
/// on the others.
pub(super) fn of_whole(pending: &Pending) -> Option<usize> {
    let commutes = |action: Action| matches!(action, Action::Glance | Action::Pin(_) | Action::Update(_));
    let has_keys = pending.rule.is_none() && pending.orders.is_of_object() && pending.actions().len() > 1;
    let is_key = |action: Action| {
        matches!(
            action,
            Action::ReadUnlocked
                | Action::WriteUnlocked
                | Action::Lock
                | Action::Unlock
                | Action::Read
                | Action::Write
        )
    };
    match pending.actions() {
        [(_, on_key), (_, on_whole), ..] if has_keys && is_key(*on_key) && commutes(*on_whole) => Some(1),
        _ => None,
    }
}

/// The states of an operation's locations, in the order of its slots: those of an event of it, and
/// the present state where the event has none.
pub(super) fn states_by_slot(
    view: &dyn Announced,
    pending: &Pending,
    states: &LocationStates,
) -> LocationStates {
    let mut all = *states;
    for (slot, &(location, _)) in pending.actions().iter().enumerate() {
        all[slot] = view.state(location);
    }
    for (nth, slot, _) in ordered(pending) {
        all[slot] = states[nth];
    }
    all
}

/// How an operation with this action, that accessed this location in this mode, synchronizes.
///
/// - Acquiring a lock acquires, and releasing it releases. A failed attempt does neither, as in
///   std.
/// - A read, such as a look at a key of a map, holds a shared lock while it reads. Two of them can
///   overlap: then neither releases before the other acquires, although each changes the lock's
///   word. So they do not synchronize. There are more behaviours without this order, and each
///   behaviour in which one read ends before the other begins is among them.
/// - An addition, such as an unpark, releases; the operation that takes it acquires.
/// - Every other operation does both.
/// - The clock, and an object outside of memory, order nothing.
fn synchronization(order: MemoryOrder, location: LocationId, action: Action, mode: Mode) -> Synchronization {
    let of = |acquires, releases| Synchronization { acquires, releases, is_total: false, mode };
    if location == CLOCK || order == MemoryOrder::Outside {
        return of(false, false);
    }
    match (mode, action) {
        (Mode::Nothing | Mode::Probe, _) | (Mode::Read, Action::TryLockShared) => of(false, false),
        (Mode::Acquire | Mode::AcquireShared, _) | (_, Action::Consume) => of(true, false),
        (Mode::Release, _) => Synchronization { is_total: true, ..of(false, true) },
        (Mode::ReleaseShared | Mode::Update, _) => of(false, true),
        (Mode::Read | Mode::Glance, _) => of(true, true),
        (Mode::Write, _) => Synchronization { is_total: true, ..of(true, true) },
    }
}

/// Completes the event of an operation of objects: its alternative, the states that it leaves, and
/// its synchronization. `states`: of its locations, by slot of the operation. `is_total`: each
/// operation synchronizes with all earlier ones with which it conflicts.
pub(super) fn complete(
    event: &mut Event,
    pending: &Pending,
    states: &LocationStates,
    choice: u16,
    alternatives: u16,
    is_total: bool,
) {
    let (footprint, _) = pending.outcome(event.task, states, choice, alternatives);
    let after = states_after(pending, event.task, states, choice, alternatives);
    event.choice = choice;
    for (nth, slot, location) in ordered(pending) {
        event.values[nth] = after[slot];
        let (_, action) = pending.actions()[slot];
        let mode = footprint.modes()[slot];
        event.synchronization[nth] = match is_total {
            true => Synchronization { acquires: true, releases: true, is_total: mode.is_total(), mode },
            false => synchronization(pending.orders.success, location, action, mode),
        };
    }
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
