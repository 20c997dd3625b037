//! The simplest schedule of a class: the fewest context switches, then the longest blocks, then the
//! first in the order of the tasks.
//!
//! A breadth-first search over the progress of each task. A block of a task's events is always as
//! long as possible: an event that could extend the block and comes later can be moved there
//! without an additional switch. So a step of the search is a whole block, and there are few
//! states.
//!
//! In the worst case the number of states is the product of the tasks' numbers of events: an
//! [`Effort`] bounds it. [`any`] needs no search.

use std::collections::HashSet;
use std::fmt;
use std::ops::ControlFlow;

use crate::event::Decision;
use crate::run::{EventName, Run};
use crate::schedule::Schedule;

/// The number of states between two calls of `watch`.
const WATCHED_EVERY: u64 = 1 << 12;

/// The bounds of the searches for simplest schedules.
///
/// A state takes about 100 bytes plus 8 bytes per task, until its search ends. The bounds are
/// counts, so the same program gives the same schedule on each machine. `watch` lets the caller end
/// a search.
pub struct Effort<'w> {
    /// The number of states that all searches together may still visit.
    pub states: u64,
    /// The number of states that one search may visit.
    pub each: u64,
    /// Called periodically; ends the searches when it returns `Break`.
    pub watch: &'w mut dyn FnMut() -> ControlFlow<()>,
    /// Whether a bound or `watch` ended a search, so that a simpler schedule may exist.
    pub is_spent: bool,
}

impl Effort<'_> {
    /// Counts a state, the `nth` of its search. Returns `false` if it exceeds a bound.
    fn visit(&mut self, nth: u64) -> bool {
        let is_stopped = nth.is_multiple_of(WATCHED_EVERY) && (self.watch)().is_break();
        if is_stopped || self.states == 0 || nth > self.each {
            self.is_spent = true;
            return false;
        }
        self.states -= 1;
        true
    }
}

impl fmt::Debug for Effort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Effort { states, each, is_spent, .. } = self;
        f.debug_struct("Effort")
            .field("states", states)
            .field("each", each)
            .field("is_spent", is_spent)
            .finish_non_exhaustive()
    }
}

/// The progress of each task, and the last block.
struct Point {
    reached: Box<[u32]>,
    /// The task of the last block.
    task: usize,
    /// The index of the state before that block.
    parent: usize,
}

/// An event of a task.
#[derive(Clone, Copy)]
struct TaskEvent {
    /// The position of the event in the trail.
    position: usize,
    /// The position of the event whose clock contains all events that have to come first: the last
    /// one that is atomic with this event.
    needs: usize,
}

impl Run<'_> {
    /// The simplest schedule of the run's class in which the first event of each pair in `order`
    /// precedes the second: the fewest context switches, then the longest blocks of each task's
    /// events, then the first in the order of the tasks. All schedules of a class have the same
    /// events.
    ///
    /// To place one block of events before another, pass the last event of the one and the first
    /// event of the other. `None` if there is no such schedule with at most `most` switches, or if
    /// the execution belongs to a [search of states](crate::Explorer::stateful), which records no
    /// clocks.
    ///
    /// This is a breadth-first search over the progress of each task. In the worst case the number
    /// of states is the product of the tasks' numbers of events:
    /// [`simplest_schedule_within`](Run::simplest_schedule_within) bounds it.
    pub fn simplest_schedule(&self, order: &[(EventName, EventName)], most: usize) -> Option<Schedule> {
        let watch = &mut || ControlFlow::Continue(());
        let mut effort = Effort { states: u64::MAX, each: u64::MAX, watch, is_spent: false };
        self.simplest_schedule_within(order, most, &mut effort)
    }

    /// Like [`simplest_schedule`](Run::simplest_schedule), within an effort: also returns `None` if
    /// that ends the search.
    pub fn simplest_schedule_within(
        &self,
        order: &[(EventName, EventName)],
        most: usize,
        effort: &mut Effort<'_>,
    ) -> Option<Schedule> {
        simplest(self, order, most, effort)
    }

    /// Some schedule of the run's class in which the first event of each pair precedes the second:
    /// each task runs as long as possible, and the first enabled task is next. It takes time in the
    /// product of the numbers of events and tasks. `None` if there is no such schedule, or if the
    /// execution belongs to a [search of states](crate::Explorer::stateful).
    pub fn any_schedule(&self, order: &[(EventName, EventName)]) -> Option<Schedule> {
        any(self, order)
    }
}

/// See [`Run::simplest_schedule_within`].
pub(crate) fn simplest(
    run: &Run<'_>,
    order: &[(EventName, EventName)],
    most: usize,
    effort: &mut Effort<'_>,
) -> Option<Schedule> {
    let class = Events::of(run, order)?;
    let tasks = class.events.len();
    let mut states = vec![Point { reached: vec![0; tasks].into(), task: usize::MAX, parent: 0 }];
    let mut seen = HashSet::new();
    let mut level = 0;
    for _ in 0..=most.saturating_add(1) {
        let end = states.len();
        if level == end {
            return None;
        }
        for state in level..end {
            if class.is_done(&states[state].reached) {
                return Some(class.schedule(&states, state));
            }
            for &task in &class.in_order {
                if !class.is_enabled(&states[state].reached, task) {
                    continue;
                }
                let mut reached = states[state].reached.clone();
                class.advance(&mut reached, task);
                if seen.insert(reached.clone()) {
                    if !effort.visit(states.len() as u64) {
                        return None;
                    }
                    states.push(Point { reached, task, parent: state });
                }
            }
        }
        level = end;
    }
    None
}

/// See [`Run::any_schedule`].
pub(crate) fn any(run: &Run<'_>, order: &[(EventName, EventName)]) -> Option<Schedule> {
    let class = Events::of(run, order)?;
    let tasks = class.events.len();
    let mut states = vec![Point { reached: vec![0; tasks].into(), task: usize::MAX, parent: 0 }];
    loop {
        let last = states.len() - 1;
        let mut reached = states[last].reached.clone();
        if class.is_done(&reached) {
            return Some(class.schedule(&states, last));
        }
        let task = class.in_order.iter().copied().find(|&task| class.advance(&mut reached, task))?;
        states.push(Point { reached, task, parent: last });
    }
}

/// The events of a class by task, and the required order of some of them.
struct Events<'r> {
    run: &'r Run<'r>,
    order: &'r [(EventName, EventName)],
    events: Vec<Vec<TaskEvent>>,
    /// The tasks by rank. A task's rank is the same in every exploration; its number is not.
    in_order: Vec<usize>,
}

impl<'r> Events<'r> {
    /// Collects the events of the run's class; `None` if the run has no clocks.
    fn of(run: &'r Run<'r>, order: &'r [(EventName, EventName)]) -> Option<Self> {
        let executed = run.execution.history.trail.events();
        if executed.first().is_some_and(|_| run.clock(0).is_empty()) {
            return None;
        }
        let tasks = executed.iter().map(|event| usize::from(event.footprint.task) + 1).max().unwrap_or(0);
        let mut events: Vec<Vec<TaskEvent>> = vec![Vec::new(); tasks];
        for (position, event) in executed.iter().enumerate() {
            let own = &mut events[usize::from(event.footprint.task)];
            own.push(TaskEvent { position, needs: position });
            if event.atomic_with_previous {
                let chosen =
                    own.iter().rposition(|its| !executed[its.position].atomic_with_previous).unwrap_or(0);
                own[chosen..].iter_mut().for_each(|its| its.needs = position);
            }
        }
        let ranks = run.execution.ranks();
        let mut in_order: Vec<usize> = (0..tasks).collect();
        in_order.sort_by_key(|&task| ranks[task]);
        Some(Events { run, order, events, in_order })
    }

    fn is_done(&self, reached: &[u32]) -> bool {
        self.events.iter().zip(reached).all(|(events, &reached)| events.len() == reached as usize)
    }

    /// Whether the task's next event can come now.
    fn is_enabled(&self, reached: &[u32], task: usize) -> bool {
        let next = reached[task];
        self.events[task].get(next as usize).is_some_and(|own| {
            let before = self.run.clock(own.needs);
            (0..self.events.len()).all(|other| other == task || before[other] <= reached[other])
                && (self.order.iter().filter(|(_, second)| *second == (task as u32, next + 1)))
                    .all(|&((first, index), _)| reached.get(first as usize).is_none_or(|&its| its >= index))
        })
    }

    /// Advances the task as far as possible. Returns whether it has advanced.
    fn advance(&self, reached: &mut [u32], task: usize) -> bool {
        let before = reached[task];
        while self.is_enabled(reached, task) {
            reached[task] += 1;
        }
        reached[task] > before
    }

    fn schedule(&self, states: &[Point], last: usize) -> Schedule {
        let executed = self.run.execution.history.trail.events();
        let choice = |task: usize, nth: usize| executed[self.events[task][nth].position].footprint.choice;
        self.run.execution.schedule_of(&decisions(states, last, choice))
    }
}

/// Returns the decisions that led to a state. `choice` returns the alternative of a task's nth
/// event, from 0.
fn decisions(states: &[Point], mut state: usize, choice: impl Fn(usize, usize) -> u16) -> Vec<Decision> {
    let mut decisions = Vec::new();
    while states[state].task != usize::MAX {
        let Point { ref reached, task, parent } = states[state];
        let block = states[parent].reached[task] as usize..reached[task] as usize;
        decisions.extend(block.rev().map(|nth| Decision { task: task as u8, choice: choice(task, nth) }));
        state = parent;
    }
    decisions.reverse();
    decisions
}
