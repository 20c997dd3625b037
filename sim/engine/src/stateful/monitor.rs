//! What is watched besides the program: a state of the caller's own that runs along.

use std::any::Any;
use std::fmt;
use std::hash::Hasher;
use std::rc::Rc;

use crate::runtime;

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

/// Lets a monitor run along with the program, from here to the end of the run. There is one in a run.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::hash::Hasher;
/// use std::rc::Rc;
/// use selvedge_engine::{Explorer, Monitor, monitor, thread};
/// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
///
/// /// Finds that one task does something right after another.
/// #[derive(Debug, Default)]
/// struct Turns {
///     last: Cell<u32>,
///     found: Cell<u64>,
/// }
///
/// impl Monitor for Turns {
///     fn step(&self, task: u32) {
///         let last = self.last.replace(task);
///         self.found.set(u64::from(last == 2 && task == 1));
///     }
///
///     fn hash(&self, state: &mut dyn Hasher) {
///         state.write_u32(self.last.get());
///         state.write_u64(self.found.get());
///     }
///
///     fn found(&self) -> u64 {
///         self.found.get()
///     }
/// }
///
/// let report = Explorer::stateful().run(|| {
///     monitor(Rc::new(Turns::default()));
///     let flag = Arc::new(AtomicU32::new(0));
///     for _ in 0..2 {
///         let flag = Arc::clone(&flag);
///         thread::spawn(move || flag.store(1, SeqCst));
///     }
/// });
/// let found = &report.states.unwrap().found;
/// assert_eq!((found[0].kind, found[0].states), (0, 1));
/// ```
pub fn monitor(monitor: Rc<dyn Monitor>) {
    runtime::set_monitor(monitor);
}
