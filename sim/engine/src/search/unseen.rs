//! Whether futures that are run as instrumented share state that the engine does not see.
//!
//! [`block_on_instrumented`](crate::future::block_on_instrumented) makes no poll an event, so that a future with a part of
//! another crate (a lock of tokio's, a cell) is searched in too few schedules. No such part can be recognised by itself: an
//! uncontended lock touches no waker. But its effects can be compared. A search that found nothing wrong claims two things of
//! such a program, and both are tested on random schedules:
//!
//! 1. *What a task does before the first operation of a poll might as well be done earlier*: at once, when the task's last
//!    operation was. A run in which each poll waits for its turn is run again in the same order, without those waits.
//! 2. *Operations that do not conflict commute*, with all that is done after them. The run is run again in another order of
//!    the same class.
//!
//! Each time the same tasks must do the same operations with the same values, and no run may fail. Where one differs, the
//! program shares something that was not explored, and its search is not complete.

use std::panic::Location;
use std::rc::Rc;

use super::settings::Settings;
use crate::event::{Decision, LocationId, Mode, SLOTS, TaskId};
use crate::runtime::{self, Ending, Execution};
use crate::strategy::{Numbers, Rehearsal};

/// How many random schedules are compared. Each is run three times.
const SAMPLES: u64 = 24;

/// What an event did, as far as it must be the same again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed {
    turn: Decision,
    kinds: [u8; SLOTS],
    /// Of each location how it was accessed, and what it held before and after, where that is the same in all schedules
    /// of a class.
    accesses: Vec<(LocationId, Mode, Option<(u64, u64)>)>,
    atomic_with_previous: bool,
}

/// A run, without the waits before polls.
struct Rehearsed {
    deeds: Vec<Deed>,
    /// Of each event, its clock and which of its task's events it is.
    clocks: Vec<(Vec<u32>, u32)>,
    /// What tasks say that they observed.
    observed: Vec<(TaskId, u64)>,
    ending: Ending,
}

impl Rehearsed {
    fn of(execution: &Execution, ending: Ending) -> Self {
        let trail = &execution.trail;
        let (mut deeds, mut clocks) = (Vec::new(), Vec::new());
        for (position, event) in trail.events().iter().enumerate().filter(|(_, event)| !event.is_pause()) {
            let accesses = event.footprint.touched().zip(trail.accesses(position));
            let accesses = accesses.map(|((location, mode), access)| {
                // What commutes with others of its kind may come before or after them.
                let is_settled = mode == Mode::Read || mode.is_total();
                (location, mode, is_settled.then_some((access.before, access.after)))
            });
            deeds.push(Deed {
                turn: Decision { task: event.footprint.task, choice: event.footprint.choice },
                kinds: event.kinds(),
                accesses: accesses.collect(),
                atomic_with_previous: event.atomic_with_previous,
            });
            clocks.push((trail.clock(position).to_vec(), event.index));
        }
        Rehearsed { deeds, clocks, observed: execution.observed().to_vec(), ending }
    }

    fn turns(&self) -> Vec<Decision> {
        self.deeds.iter().map(|deed| deed.turn).collect()
    }

    /// What each task did and observed, task by task.
    fn by_task(&self) -> (Vec<&Deed>, Vec<(TaskId, u64)>) {
        let (mut deeds, mut observed): (Vec<&Deed>, _) = (self.deeds.iter().collect(), self.observed.clone());
        // Stable: each task's own order stays.
        deeds.sort_by_key(|deed| deed.turn.task);
        observed.sort_by_key(|&(task, _)| task);
        (deeds, observed)
    }

    /// Another schedule of the run's class.
    fn other_order(&self, numbers: &mut Numbers) -> Vec<Decision> {
        // What is atomic_with_previous comes with what it is atomic_with_previous to.
        let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
        for (position, deed) in self.deeds.iter().enumerate() {
            match blocks.last_mut() {
                Some(last) if deed.atomic_with_previous => last.end = position + 1,
                _ => blocks.push(position..position + 1),
            }
        }
        let comes_before = |first: &std::ops::Range<usize>, second: &std::ops::Range<usize>| {
            let index = self.clocks[first.start].1;
            let task = usize::from(self.deeds[first.start].turn.task);
            second.clone().any(|position| self.clocks[position].0.get(task).is_some_and(|&its| its >= index))
        };
        let mut turns = Vec::with_capacity(self.deeds.len());
        while !blocks.is_empty() {
            let is_next = |&nth: &usize| !blocks[..nth].iter().any(|other| comes_before(other, &blocks[nth]));
            let next: Vec<usize> = (0..blocks.len()).filter(is_next).collect();
            let block = blocks.remove(next[numbers.below(next.len())]);
            turns.extend(block.map(|position| self.deeds[position].turn));
        }
        turns
    }
}

impl Settings {
    /// An execution whose runs are compared with one another, without a recording.
    fn rehearsal(&self) -> Box<Execution> {
        let settings = Settings { recording: false, ..self.clone() };
        settings.execution(Box::new(Rehearsal::random(0)))
    }

    /// The future that is run as instrumented in a search of `body` which found nothing wrong, if it turns out that it shares
    /// state that the engine does not see.
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
                let (mut ended, ending) = runtime::run(next, Rc::clone(body));
                let rehearsed = Rehearsed::of(&ended, ending);
                ended.next_run();
                execution = Some(ended);
                rehearsed
            };
            let paused = run(Rehearsal::random(sample), true);
            if paused.ending == Ending::TooLong {
                continue;
            }
            let same = run(Rehearsal::of(paused.turns()), false);
            let other = run(Rehearsal::of(same.other_order(&mut numbers)), false);
            let is_same = [&paused, &same, &other].iter().all(|its| its.ending == Ending::Complete)
                && paused.deeds == same.deeds
                && paused.by_task().1 == same.by_task().1
                && same.by_task() == other.by_task();
            if !is_same {
                return Some(source);
            }
        }
        None
    }
}
