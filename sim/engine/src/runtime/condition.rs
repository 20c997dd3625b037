//! Conditions on several atomics: closures that the engine evaluates in hypothetical states.
//!
//! The loads in such a closure are no events. They return values of the hypothetical state.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::rc::Rc;

use super::current::with_if_any;
use super::granted::Granted;
use super::perform::perform_when;
use super::task::SharedCondition;
use crate::event::{Action, LocationId, LocationStates, Pending, SLOTS};

/// The source of the values that the loads of the condition return.
enum Probe {
    /// The current state. The loaded locations are recorded.
    Present { run: u64, locations: Vec<LocationId> },
    /// The given states of these locations.
    Asked { locations: Vec<LocationId>, states: LocationStates },
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
pub(super) fn is_asked() -> bool {
    // During the borrow a load of the condition panics.
    !PROBE.with(|probe| probe.try_borrow().is_ok_and(|probe| probe.is_none()))
}

/// Rejects an operation other than the load of an atomic in a condition.
pub(super) fn refuse() -> ! {
    panic!(
        "a condition that is waited for may load atomics and nothing else: it is evaluated in states that never come to \
         be, any number of times. Move everything else out of await_until or wait_until"
    )
}

/// Evaluates the condition in the current state. Returns whether it holds, and the locations that
/// it loads.
fn discover(run: u64, condition: &dyn Fn() -> bool) -> (bool, Vec<LocationId>) {
    PROBE.with_borrow_mut(|probe| *probe = Some(Probe::Present { run, locations: Vec::new() }));
    let _ends = Ends;
    let holds = condition();
    match PROBE.with_borrow_mut(Option::take) {
        Some(Probe::Present { locations, .. }) => (holds, locations),
        _ => unreachable!("no condition is evaluated inside another"),
    }
}

/// Converts the condition to a function of the states of these locations. If the closure panics,
/// the function returns `true`: the waiting task evaluates the condition again when it resumes, and
/// panics itself.
fn on_states(condition: Rc<dyn Fn() -> bool>, locations: Vec<LocationId>) -> SharedCondition {
    Rc::new(move |&states| {
        PROBE.with_borrow_mut(|probe| *probe = Some(Probe::Asked { locations: locations.clone(), states }));
        let _ends = Ends;
        panic::catch_unwind(AssertUnwindSafe(|| condition())).unwrap_or(true)
    })
}

/// Handles an operation that is not announced: outside an exploration, or in a condition that the
/// engine evaluates, where it must be the load of an atomic. `None` if the object handles the
/// operation itself.
#[cold]
pub(super) fn load(run: u64, pending: &Pending, is_asking: bool) -> Option<Granted> {
    PROBE.with_borrow_mut(|probe| {
        let Some(probe) = probe else {
            return if is_asking { refuse() } else { None };
        };
        let &[(location, Action::Load)] = pending.actions() else { refuse() };
        match probe {
            Probe::Present { run: current, locations } => {
                assert!(run == *current, "a condition loads an atomic that was not made in this run");
                if !locations.contains(&location) {
                    locations.push(location);
                }
                assert!(
                    locations.len() <= SLOTS,
                    "a condition that is waited for may load {SLOTS} atomics at the most. Put what belongs together into \
                     one, or wait for one part after the other"
                );
                None
            }
            Probe::Asked { locations, states } => {
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
            let run = execution.registry.run();
            (run, self::discover(run, &*condition))
        })
    };
    let Some((run, (holds, locations))) = discover() else {
        assert!(condition(), "await_until works only inside an exploration");
        return;
    };
    if locations.is_empty() {
        assert!(holds, "a condition that loads no atomic of this crate can never come to hold");
        return;
    }
    let pending = Pending::each(&locations, Action::Await, Location::caller());
    let on_states = on_states(Rc::clone(&condition), locations.clone());
    perform_when(run, &pending, Some(&on_states));
    let loaded = discover().map(|(_, (_, loaded))| loaded);
    assert!(
        loaded == Some(locations),
        "a condition that is waited for must load the same atomics whatever their values are. Load all of them first, and \
         compare then: with `a.load(SeqCst) == 1 || b.load(SeqCst) == 1` the second is loaded only sometimes"
    );
}
