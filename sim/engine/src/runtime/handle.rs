//! An object's name in the exploration that made it.

use std::panic::Location;
use std::rc::Rc;

use super::current;
use super::granted::Granted;
use super::perform::{self, perform_when};
use super::task::SharedCondition;
use super::wakes::{self, Wake};
use crate::event::{Action, Fingerprint, LocationId, Pending, Rule, TaskId};
use crate::history::{CLOCK, Holds, New, Show, TOKENS};
use crate::stateful::Unfit;

/// Which object of which run. Outside an exploration an object has no number, and behaves as std's does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle {
    location: LocationId,
    /// The run that made it; 0 outside an exploration.
    run: u64,
}

impl Handle {
    /// A new object, named by its creator, with this state.
    #[inline]
    pub(crate) fn new(name: &'static str, holds: Holds, initial: u64) -> Self {
        Handle::registered(New { name, holds, initial, show: None })
    }

    /// A new object whose state is a value, and how traces show it.
    #[inline]
    pub(crate) fn of_value(name: &'static str, initial: u64, show: Show) -> Self {
        Handle::registered(New { name, holds: Holds::Word, initial, show: Some(show) })
    }

    #[inline]
    fn registered(new: New) -> Self {
        let (location, run) = current::register(new).unwrap_or((u32::MAX, 0));
        Handle { location, run }
    }

    /// Announces the operation, waits for its turn, and returns what it came to. `None` outside an exploration.
    ///
    /// # Panics
    ///
    /// If the object was not made in the current run.
    #[inline]
    pub(crate) fn perform(&self, action: Action, source: &'static Location<'static>) -> Option<Granted> {
        perform::perform(self.run, &Pending::one(self.location, action, source))
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
    /// If the object was not made in the current run.
    pub(crate) fn key(&self, key: u64) -> Option<LocationId> {
        current::key_location(self.run, self.location, key)
    }

    /// Like [`perform`](Handle::perform), for an operation on several locations, which are the object's, or of objects
    /// that were made with it.
    #[inline]
    pub(crate) fn perform_all(&self, pending: &Pending) -> Option<Granted> {
        perform::perform(self.run, pending)
    }

    /// Does one more step right after the operation that has just been performed: no other task can go between. Whatever
    /// conflicts with the step must conflict with that operation, too, or be possible only after it.
    pub(crate) fn glue(&self, location: LocationId, action: Action, source: &'static Location<'static>) {
        perform::glue(self.run, &Pending::one(location, action, source));
    }

    /// The current task looks at what the object holds, in the midst of a step: nobody else can get at it.
    pub(crate) fn look(&self) {
        if self.run != 0 {
            current::look(self.location);
        }
    }

    /// The current task can change what the object holds from here on, unseen: nobody else can get at it.
    #[track_caller]
    pub(crate) fn take_over(&self) {
        current::refuse(Unfit::Exclusive(Location::caller()));
    }

    /// The object is gone: nobody will ever touch it.
    pub(crate) fn forget(&self) {
        current::forget(self.run, self.location);
    }

    /// What the object, or one of its keys, holds is this from here on, whoever has put it there.
    #[inline]
    pub(crate) fn settle(&self, key: Option<u64>, value: impl Fn() -> Fingerprint) {
        if self.run != 0 {
            current::settle(self.location, key, value);
        }
    }

    /// The current task may have changed what a key of the object holds, in the midst of a step that only looks.
    #[inline]
    pub(crate) fn change(&self, key: u64) {
        if self.run != 0 {
            current::change(self.location, key);
        }
    }

    /// # Panics
    ///
    /// If an exploration is going on, and the object was not made in its current run.
    pub(crate) fn check(&self) {
        current::check(self.run, None);
    }

    /// As [`check`](Handle::check), for an operation that no exploration announces.
    pub(crate) fn check_at(&self, source: &'static Location<'static>) {
        current::check(self.run, Some(source));
    }

    /// The clock of the current run. `None` outside an exploration.
    pub(crate) fn clock() -> Option<Self> {
        current::current().map(|(_, run)| Handle { location: CLOCK, run })
    }

    /// The token of a task of run `run`, with which it is unparked. `None` outside an exploration.
    pub(crate) fn token(task: TaskId, run: u64) -> Option<Self> {
        current::key_location(run, TOKENS, task.into()).map(|location| Handle { location, run })
    }

    /// Waits until `condition` holds of the state.
    pub(crate) fn wait_until(
        &self,
        condition: impl Fn(u64) -> bool + 'static,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let pending = Pending::one(self.location, Action::Await, source);
        let condition: SharedCondition = Rc::new(move |states| condition(states[0]));
        perform_when(self.run, &pending, Some(&condition))
    }

    /// One operation on this object and on another, which `rule` decides with this argument.
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

    /// Adds one to the state, when the current task next does something.
    pub(crate) fn wake(&self, source: &'static Location<'static>) {
        wakes::defer(Wake { location: self.location, run: self.run, source });
    }

    /// Like [`perform`](Handle::perform), on one key of the object, and `on_whole` on the object as a whole.
    #[inline]
    pub(crate) fn perform_on_key(
        &self,
        key: u64,
        on_key: Action,
        on_whole: Action,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        let location = current::key_location(self.run, self.location, key)?;
        let actions = [(location, on_key), (self.location, on_whole)];
        perform::perform(self.run, &Pending::several(actions, source))
    }

    /// Like [`perform`](Handle::perform), on the object as a whole, and on one of its keys if there is one; it looks at the
    /// clock, too. Returns what the clock says.
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

    /// An operation on one key of the object and on the object as a whole, which `rule` decides.
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

    /// An operation on `objects` and on one item of the last of them: the one whose number is the state of the first.
    /// `rule` decides.
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

    /// An operation on this object and another, each with its own action.
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
