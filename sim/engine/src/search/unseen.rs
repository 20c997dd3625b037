//! Detects state that instrumented futures share without the engine's knowledge.
//!
//! [`block_on_instrumented`](crate::future::block_on_instrumented) makes polls no events, so a
//! future that contains a part of another crate (a lock of tokio's, a cell) is explored in too few
//! schedules. The engine cannot recognize such a part: an uncontended lock does not touch a waker.
//! But it can compare effects. A search without failures claims two properties of such a program,
//! and random schedules test both:
//!
//! 1. *The code of a task before the first operation of a poll could run earlier*, right after the
//!    task's last operation. A run in which each poll is a scheduling point is repeated in the same
//!    order without these points.
//! 2. *Operations that do not conflict commute*, together with the code after them. The run is
//!    repeated in another order of the same class.
//!
//! In each repetition the same tasks must perform the same operations with the same values, and no
//! run may fail. If one differs, the program shares state that was not explored, and the search is
//! not complete.

use std::collections::BTreeSet;
use std::panic::Location;
use std::rc::Rc;

use super::settings::Settings;
use crate::bound::Bound;
use crate::event::{Decision, LocationId, Mode, SLOTS, TaskId};
use crate::history::Trail;
use crate::runtime::{Ending, Execution};
use crate::strategy::{AnyStrategy, Numbers, Rehearsal};
use crate::thread::run_main;

/// The number of random schedules that are compared. Each is run three times.
const SAMPLES: u64 = 24;

/// The states of a location before and after an access.
type StateChange = (u64, u64);

/// The part of an event that must be the same in each repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TaskStep {
    decision: Decision,
    kinds: [u8; SLOTS],
    /// For each location the mode of the access, and the states before and after it, if they are
    /// the same in all schedules of a class.
    accesses: Vec<(LocationId, Mode, Option<StateChange>)>,
    atomic_with_previous: bool,
}

/// The locations whose state is changed by a [`Mode::Glance`], with which reads commute: the maps
/// of which a task locks a key.
fn pinned_locations(trail: &Trail) -> BTreeSet<LocationId> {
    let touched = trail.events().iter().enumerate().flat_map(|(position, event)| {
        let accesses = event.footprint.touched().zip(trail.accesses(position));
        accesses.filter(|((_, mode), access)| *mode == Mode::Glance && access.before != access.after)
    });
    touched.map(|((location, _), _)| location).collect()
}

/// The events of a run, without pauses.
struct Rehearsed {
    steps: Vec<TaskStep>,
    /// For each event, its clock and its index among the events of its task.
    clocks: Vec<(Vec<u32>, u32)>,
    /// The digests that tasks recorded.
    observed: Vec<(TaskId, u64)>,
    ending: Ending,
}

impl Rehearsed {
    fn of(execution: &Execution, ending: Ending) -> Self {
        let trail = &execution.history.trail;
        let pinned = pinned_locations(trail);
        let (mut steps, mut clocks) = (Vec::new(), Vec::new());
        for (position, event) in trail.events().iter().enumerate().filter(|(_, event)| !event.is_pause()) {
            let accesses = event.footprint.touched().zip(trail.accesses(position));
            let accesses = accesses.map(|((location, mode), access)| {
                // An access that commutes with a change of the state may come before or after it.
                let is_settled = mode.is_total() || mode == Mode::Read && !pinned.contains(&location);
                (location, mode, is_settled.then_some((access.before, access.after)))
            });
            steps.push(TaskStep {
                decision: Decision { task: event.footprint.task, choice: event.footprint.choice },
                kinds: event.kinds(),
                accesses: accesses.collect(),
                atomic_with_previous: event.atomic_with_previous,
            });
            clocks.push((trail.clock(position).to_vec(), event.index));
        }
        Rehearsed { steps, clocks, observed: execution.observed().to_vec(), ending }
    }

    fn decisions(&self) -> Vec<Decision> {
        self.steps.iter().map(|step| step.decision).collect()
    }

    /// The events and the recorded digests of each task.
    fn by_task(&self) -> (Vec<&TaskStep>, Vec<(TaskId, u64)>) {
        let (mut steps, mut observed): (Vec<&TaskStep>, _) =
            (self.steps.iter().collect(), self.observed.clone());
        // The sort is stable, so each task's order is retained.
        steps.sort_by_key(|step| step.decision.task);
        observed.sort_by_key(|&(task, _)| task);
        (steps, observed)
    }

    /// Returns another schedule of the run's class.
    fn other_order(&self, numbers: &mut Numbers) -> Vec<Decision> {
        // An event that is atomic with the previous one stays with it.
        let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
        for (position, step) in self.steps.iter().enumerate() {
            match blocks.last_mut() {
                Some(last) if step.atomic_with_previous => last.end = position + 1,
                _ => blocks.push(position..position + 1),
            }
        }
        let comes_before = |first: &std::ops::Range<usize>, second: &std::ops::Range<usize>| {
            let index = self.clocks[first.start].1;
            let task = usize::from(self.steps[first.start].decision.task);
            second.clone().any(|position| self.clocks[position].0.get(task).is_some_and(|&its| its >= index))
        };
        let mut decisions = Vec::with_capacity(self.steps.len());
        while !blocks.is_empty() {
            let is_next = |&nth: &usize| !blocks[..nth].iter().any(|other| comes_before(other, &blocks[nth]));
            let next: Vec<usize> = (0..blocks.len()).filter(is_next).collect();
            let block = blocks.remove(next[numbers.below(next.len())]);
            decisions.extend(block.map(|position| self.steps[position].decision));
        }
        decisions
    }
}

impl Settings {
    /// Creates an execution for runs that are compared, without recording.
    fn rehearsal(&self) -> Box<Execution> {
        let settings = Settings { recording: false, ..self.clone() };
        settings.execution(AnyStrategy::Schedules(Box::new(Rehearsal::random(0))))
    }

    /// Checks a `body` in which several processes found no failure, if one of its schedules has an
    /// instrumented future.
    pub(crate) fn unseen_in_any(&self, body: &Rc<dyn Fn()>) -> Option<Bound> {
        let (ended, _) = run_main(self.rehearsal(), Rc::clone(body));
        self.unseen(ended.comparison.instrumented, body).map(Bound::Unseen)
    }

    /// Checks a `body` in which a search found no failure. Returns the location of the instrumented
    /// future if the body shares state that the engine cannot see.
    pub(crate) fn unseen(
        &self,
        instrumented: Option<&'static Location<'static>>,
        body: &Rc<dyn Fn()>,
    ) -> Option<&'static Location<'static>> {
        let source = instrumented?;
        let mut execution = Some(self.rehearsal());
        let mut numbers = Numbers::new(0);
        for sample in 0..SAMPLES {
            let mut run = |strategy: Rehearsal, pauses: bool| {
                let mut next = execution.take().expect("the one that came back from the run before");
                next.rehearse(Box::new(strategy), pauses);
                let (mut ended, ending) = run_main(next, Rc::clone(body));
                let rehearsed = Rehearsed::of(&ended, ending);
                ended.next_run();
                execution = Some(ended);
                rehearsed
            };
            let paused = run(Rehearsal::random(sample), true);
            if paused.ending == Ending::TooLong {
                continue;
            }
            let same = run(Rehearsal::of(paused.decisions()), false);
            let other = run(Rehearsal::of(same.other_order(&mut numbers)), false);
            let is_same = [&paused, &same, &other].iter().all(|its| its.ending == Ending::Complete)
                && paused.steps == same.steps
                && paused.by_task().1 == same.by_task().1
                && same.by_task() == other.by_task();
            if !is_same {
                return Some(source);
            }
        }
        None
    }
}
