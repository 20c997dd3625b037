//! What is watched besides the program: a state of the caller's own that runs along.

use std::any::Any;
use std::fmt;
use std::hash::Hasher;
use std::rc::Rc;

/// Runs along with a program and judges it. [`monitor`](crate::monitor) puts one into a run; each run has its own.
///
/// The tasks of the program tell it what they do, by whatever methods it has; that is no event. What it comes to is part
/// of the state that the run is in: two states with different monitors are different states. So the less it
/// remembers, the fewer states there are: versions by their ranks, and not by the step at which they were made.
pub trait Monitor: fmt::Debug {
    /// The task has just done an event; what it does next until its next event belongs to the same step. An operation of
    /// which the task has told before the event, and not yet done anything, begins with it.
    fn step(&self, task: u32);

    /// Feeds in all that its later judgements depend on, and what it has found in this step; but for what
    /// [`hash_task`](Monitor::hash_task) feeds in. Tasks are to be hashed as [`Name`](crate::Name), and what scripts write as
    /// [`Symbol`](crate::Symbol), in an order that does not depend on either: tasks that are
    /// [alike](crate::Alike) can have changed places.
    fn hash(&self, state: &mut dyn Hasher);

    /// Feeds in what its later judgements depend on that concerns this task alone.
    fn hash_task(&self, task: u32, state: &mut dyn Hasher) {
        let _ = (task, state);
    }

    /// Feeds in what the next steps of this task depend on, and only the monitor remembers: of what
    /// [`hash_task`](Monitor::hash_task) feeds in, whatever is to go wrong with the task, say.
    fn hash_fate(&self, task: u32, state: &mut dyn Hasher) {
        let _ = (task, state);
    }

    /// Whether it was told of something since the last [`step`](Monitor::step), that one included: if not, neither what it
    /// remembers nor what it finds has to do with the step, but that what it had found before is no longer found.
    fn is_touched(&self) -> bool {
        true
    }

    /// What it was told since the last [`step`](Monitor::step), that one included: whatever a task's step told it would tell it
    /// of the same step in any other state. `None` if it does not keep that.
    fn told(&self) -> Option<Rc<dyn Any>> {
        None
    }

    /// What it would be after a step of this task in which it is told the same, or nothing. `None` if it cannot say.
    fn after(&self, task: u32, told: Option<&dyn Any>) -> Option<Rc<dyn Monitor>> {
        let _ = (task, told);
        None
    }

    /// What it has found in this step, a bit for each kind.
    fn found(&self) -> u64;
}
