//! Conditions on several atomics: closures that the engine evaluates in hypothetical states.
//!
//! The loads in such a closure are not events. They return values of the hypothetical state.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::rc::Rc;

use super::current::with_if_any;
use super::granted::Granted;
use super::perform::perform_when;
use super::task::SharedCondition;
use crate::event::{Action, LocationId, LocationStates, Orders, Pending, SLOTS};

/// The source of the values that the loads of the condition return.
enum Probe {
    /// The current state. The loaded locations are recorded.
    Current { run: u64, locations: Vec<LocationId>, orders: Orders },
    /// The given states of these locations.
    Hypothetical { locations: Vec<LocationId>, states: LocationStates },
}

thread_local! {
    static PROBE: RefCell<Option<Probe>> = const { RefCell::new(None) };
}

/// Ends the evaluation when dropped, also during a panic.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        PROBE.with_borrow_mut(|probe| *probe = None);
    }
}

/// Whether a condition is being evaluated on this OS thread.
pub(super) fn is_evaluating() -> bool {
    // During the borrow a load of the condition panics.
    !PROBE.with(|probe| probe.try_borrow().is_ok_and(|probe| probe.is_none()))
}

/// Rejects an operation other than the load of an atomic in a condition.
pub(super) fn refuse() -> ! {
    panic!(
        "a condition of await_until or wait_until may only load atomics: it is evaluated any number of \
         times, and also in states that never occur. Move all other operations out of it"
    )
}

/// Evaluates the condition in the current state. Returns whether it holds, the locations that it
/// loads, and the memory order of the first load.
fn discover(run: u64, condition: &dyn Fn() -> bool) -> (bool, Vec<LocationId>, Orders) {
    let orders = Orders::default();
    PROBE.with_borrow_mut(|probe| *probe = Some(Probe::Current { run, locations: Vec::new(), orders }));
    let _ends = Ends;
    let holds = condition();
    match PROBE.with_borrow_mut(Option::take) {
        Some(Probe::Current { locations, orders, .. }) => (holds, locations, orders),
        _ => unreachable!("no condition is evaluated inside another"),
    }
}

/// Converts the condition to a function of the states of these locations. If the closure panics,
/// the function returns `true`: the waiting task evaluates the condition again when it resumes, and
/// panics itself.
fn on_states(condition: Rc<dyn Fn() -> bool>, locations: Vec<LocationId>) -> SharedCondition {
    Rc::new(move |&states| {
        PROBE.with_borrow_mut(|probe| {
            *probe = Some(Probe::Hypothetical { locations: locations.clone(), states })
        });
        let _ends = Ends;
        panic::catch_unwind(AssertUnwindSafe(|| condition())).unwrap_or(true)
    })
}

/// Handles an operation that is not announced: outside an exploration, or in a condition that the
/// engine evaluates, where it must be the load of an atomic. `None` if the object handles the
/// operation itself.
#[cold]
pub(super) fn load(run: u64, pending: &Pending, is_evaluating: bool) -> Option<Granted> {
    PROBE.with_borrow_mut(|probe| {
        let Some(probe) = probe else {
            return if is_evaluating { refuse() } else { None };
        };
        let &[(location, Action::Load)] = pending.actions() else { refuse() };
        match probe {
            Probe::Current { run: current, locations, orders } => {
                assert!(run == *current, "a condition loads an atomic that was not created in this run");
                if locations.is_empty() {
                    *orders = pending.orders;
                }
                if !locations.contains(&location) {
                    locations.push(location);
                }
                assert!(
                    locations.len() <= SLOTS,
                    "a condition of await_until may load at most {SLOTS} atomics. Combine several values in one \
                     atomic, or wait for one part after the other"
                );
                None
            }
            Probe::Hypothetical { locations, states } => {
                let Some(slot) = locations.iter().position(|&known| known == location) else {
                    panic::resume_unwind(Box::new("an atomic that was not loaded before"));
                };
                let state = states[slot];
                Some(Granted { before: state, after: state, second: 0, third: 0, choice: 0 })
            }
        }
    })
}

/// Waits until a condition on atomics holds. Outside an exploration it must hold already.
#[track_caller]
pub(crate) fn await_until(condition: impl Fn() -> bool + 'static) {
    let condition: Rc<dyn Fn() -> bool> = Rc::new(condition);
    let discover = || {
        with_if_any(|execution| {
            let run = execution.history.registry.run();
            (run, self::discover(run, &*condition))
        })
    };
    let Some((run, (holds, locations, orders))) = discover() else {
        assert!(condition(), "await_until works only inside an exploration");
        return;
    };
    if locations.is_empty() {
        assert!(holds, "a condition that loads no atomic of this crate can never become true");
        return;
    }
    let pending = Pending::each(&locations, Action::Await, Location::caller()).ordered(orders);
    let on_states = on_states(Rc::clone(&condition), locations.clone());
    perform_when(run, &pending, Some(&on_states));
    let loaded = discover().map(|(_, (_, loaded, _))| loaded);
    assert!(
        loaded == Some(locations),
        "a condition of await_until must load the same atomics for all values. Load all of them first, \
         and then compare: `a.load(SeqCst) == 1 || b.load(SeqCst) == 1` loads the second only sometimes"
    );
}
