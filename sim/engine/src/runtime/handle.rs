//! The identity of an object in the exploration that created it.

use std::panic::Location;
use std::rc::Rc;

use super::current;
use super::granted::Granted;
use super::perform::{self, perform_when};
use super::task::SharedCondition;
use super::wakes::{self, Wake};
use crate::event::{Action, Fingerprint, LocationId, MemoryOrder, Orders, Pending, Rule, TaskId};
use crate::history::{CLOCK, Holds, New, Show, TOKENS};
use crate::stateful::Unsupported;

/// An object's location and run. Outside an exploration an object has no location, and behaves like
/// std's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    location: LocationId,
    /// The run that created it; 0 outside an exploration.
    run: u64,
}

impl Handle {
    /// Creates an object in this state, with a name given by its creator.
    #[inline]
    #[track_caller]
    pub(crate) fn new(name: &'static str, holds: Holds, initial: u64) -> Self {
        Handle::registered(New { name, holds, initial, show: None, source: Location::caller() })
    }

    /// Creates an object whose state is a value. `show` formats it for traces.
    #[inline]
    #[track_caller]
    pub(crate) fn of_value(name: &'static str, initial: u64, show: Show) -> Self {
        Handle::registered(New {
            name,
            holds: Holds::Word,
            initial,
            show: Some(show),
            source: Location::caller(),
        })
    }

    #[inline]
    #[track_caller]
    fn registered(new: New) -> Self {
        let (location, run) = current::register(new).unwrap_or((u32::MAX, 0));
        Handle { location, run }
    }

    /// Announces the operation, waits until it is executed, and returns its result. `None` outside
    /// an exploration.
    ///
    /// # Panics
    ///
    /// If the object was not created in the current run.
    #[inline]
    pub(crate) fn perform(&self, action: Action, source: &'static Location<'static>) -> Option<Granted> {
        perform::perform(self.run, &Pending::one(self.location, action, source))
    }

    /// Like [`perform`](Handle::perform), with memory orders.
    #[inline]
    pub(crate) fn perform_ordered(
        &self,
        action: Action,
        orders: Orders,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        perform::perform(self.run, &Pending::one(self.location, action, source).ordered(orders))
    }

    /// The object's location.
    #[inline]
    pub(crate) fn location(&self) -> LocationId {
        self.location
    }

    /// The location of one key of the object. `None` outside an exploration.
    ///
    /// # Panics
    ///
    /// If the object was not created in the current run.
    pub(crate) fn key(&self, key: u64) -> Option<LocationId> {
        current::key_location(self.run, self.location, key)
    }

    /// Like [`perform`](Handle::perform), for an operation on several locations, all of this object
    /// or of objects that were created with it.
    #[inline]
    pub(crate) fn perform_all(&self, pending: &Pending) -> Option<Granted> {
        perform::perform(self.run, pending)
    }

    /// Like [`perform_all`](Handle::perform_all). The operation is enabled only if `condition`
    /// holds for the states of its locations.
    pub(crate) fn perform_all_when(&self, pending: &Pending, condition: SharedCondition) -> Option<Granted> {
        perform_when(self.run, pending, Some(&condition))
    }

    /// Executes an operation atomically with the one that was just performed. An operation that
    /// conflicts with it must also conflict with that one, or be enabled only after it.
    pub(crate) fn perform_with_previous(
        &self,
        location: LocationId,
        action: Action,
        source: &'static Location<'static>,
    ) {
        perform::perform_with_previous(self.run, &Pending::one(location, action, source));
    }

    /// The current task reads the contents of the object, to which it has exclusive access, outside
    /// of an event.
    pub(crate) fn read_contents(&self) {
        if self.run != 0 {
            current::read_contents(self.location);
        }
    }

    /// The current task may change the contents of the object without events: it has exclusive
    /// access.
    #[track_caller]
    pub(crate) fn note_exclusive_access(&self) {
        current::refuse(Unsupported::Exclusive(Location::caller()));
    }

    /// The object is dropped: it will not be used again.
    pub(crate) fn forget(&self) {
        current::forget(self.run, self.location);
    }

    /// Reports the contents of the object, or of one of its keys.
    #[inline]
    pub(crate) fn report_contents(&self, key: Option<u64>, value: impl Fn() -> Fingerprint) {
        if self.run != 0 {
            current::report_contents(self.location, key, value);
        }
    }

    /// Reports that the current task may have changed the contents of a key during a read.
    #[inline]
    pub(crate) fn change(&self, key: u64) {
        if self.run != 0 {
            current::change(self.location, key);
        }
    }

    /// # Panics
    ///
    /// If an exploration is running, and the object was not created in its current run.
    pub(crate) fn check(&self) {
        current::check(self.run, None);
    }

    /// Like [`check`](Handle::check), for an operation that is not announced.
    pub(crate) fn check_at(&self, source: &'static Location<'static>) {
        current::check(self.run, Some(source));
    }

    /// The clock of the current run. `None` outside an exploration.
    pub(crate) fn clock() -> Option<Self> {
        current::current().map(|(_, run)| Handle { location: CLOCK, run })
    }

    /// The park token of a task of run `run`. `None` outside an exploration.
    pub(crate) fn token(task: TaskId, run: u64) -> Option<Self> {
        current::key_location(run, TOKENS, task.into()).map(|location| Handle { location, run })
    }

    /// Waits until `condition` holds for the state.
    pub(crate) fn wait_until(
        &self,
        condition: impl Fn(u64) -> bool + 'static,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let orders = Orders::of(MemoryOrder::SeqCst);
        let pending = Pending::one(self.location, Action::Await, source).ordered(orders);
        let condition: SharedCondition = Rc::new(move |states| condition(states[0]));
        perform_when(self.run, &pending, Some(&condition))
    }

    /// Like [`perform_all`](Handle::perform_all). If no other task can continue, the argument of
    /// the operation's rule becomes `argument`; operations with an earlier `deadline` come first.
    pub(crate) fn perform_until_idle(
        &self,
        pending: &Pending,
        deadline: u64,
        argument: u64,
    ) -> Option<Granted> {
        super::idle::perform_until_idle(self.run, pending, deadline, argument)
    }

    /// Waits until `condition` holds for the state of one of this object's keys.
    pub(crate) fn wait_for(
        &self,
        location: LocationId,
        condition: impl Fn(u64) -> bool + 'static,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        Handle { location, run: self.run }.wait_until(condition, source)
    }

    /// Performs one operation on this object and another. `rule` defines it, with this argument.
    pub(crate) fn perform_rule_with(
        &self,
        other: &Handle,
        rule: &'static Rule,
        argument: u64,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let locations = [self.location, other.location];
        perform::perform(self.run, &Pending::ruled(&locations, rule, argument, source))
    }

    /// Adds one to the state, before the current task's next operation.
    pub(crate) fn wake(&self, source: &'static Location<'static>) {
        wakes::defer(Wake { location: self.location, run: self.run, source });
    }

    /// Like [`perform`](Handle::perform), on one key of the object, with `on_whole` on the object
    /// itself.
    #[inline]
    pub(crate) fn perform_on_key(
        &self,
        key: u64,
        on_key: Action,
        on_whole: Action,
        orders: Orders,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let location = current::key_location(self.run, self.location, key)?;
        let actions = [(location, on_key), (self.location, on_whole)];
        perform::perform(self.run, &Pending::several(actions, source).ordered(orders))
    }

    /// Like [`perform`](Handle::perform), on the object itself, on one of its keys if given, and
    /// with a read of the clock. Returns the time in nanoseconds.
    pub(crate) fn perform_at(
        &self,
        on_key: Option<(u64, Action)>,
        on_whole: Action,
        source: &'static Location<'static>,
    ) -> Option<u64> {
        let (whole, clock) = ((self.location, on_whole), (CLOCK, Action::Read));
        let Some((key, on_key)) = on_key else {
            return Some(perform::perform(self.run, &Pending::several([whole, clock], source))?.second);
        };
        let location = current::key_location(self.run, self.location, key)?;
        Some(perform::perform(self.run, &Pending::several([(location, on_key), whole, clock], source))?.third)
    }

    /// Performs an operation on one key of the object and the object itself. `rule` defines it.
    #[inline]
    pub(crate) fn perform_rule_on_key(
        &self,
        key: u64,
        rule: &'static Rule,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let location = current::key_location(self.run, self.location, key)?;
        perform::perform(self.run, &Pending::ruled(&[location, self.location], rule, 0, source))
    }

    /// Performs an operation on `objects` and on one item of the last of them: the item whose
    /// number is the state of the first object. `rule` defines it.
    #[inline]
    pub(crate) fn perform_rule_on_item<const N: usize>(
        objects: [Handle; N],
        rule: &'static Rule,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let Handle { location, run } = objects[N - 1];
        let first = current::item_locations(run, location)?;
        let pending = Pending::ruled(&objects.map(|object| object.location), rule, 0, source);
        perform::perform(run, &pending.with_item(first))
    }

    /// Performs an operation on this object and another, with an action for each.
    #[inline]
    pub(crate) fn perform_with(
        &self,
        action: Action,
        other: (Handle, Action),
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let actions = [(self.location, action), (other.0.location, other.1)];
        perform::perform(self.run, &Pending::several(actions, source))
    }
}
