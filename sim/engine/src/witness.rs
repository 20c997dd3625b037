//! The simplest schedule of a class: the fewest context switches, then the longest blocks, then the
//! first in the order of the tasks.
//!
//! A breadth-first search over the progress of each task. A block of a task's events is always as
//! long as possible: an event that could extend the block and comes later can be moved there
//! without an additional switch. So a step of the search is a whole block, and there are few
//! states.

use std::collections::HashSet;

use crate::event::Decision;
use crate::run::{EventName, Run};
use crate::schedule::Schedule;

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
    /// of states is the product of the tasks' numbers of events.
    pub fn simplest_schedule(&self, order: &[(EventName, EventName)], most: usize) -> Option<Schedule> {
        simplest(self, order, most, &mut usize::MAX.clone())
    }
}

/// See [`Run::simplest_schedule`]. Subtracts the number of visited states from `budget`; returns
/// `None` when it is used up.
pub(crate) fn simplest(
    run: &Run<'_>,
    order: &[(EventName, EventName)],
    most: usize,
    budget: &mut usize,
) -> Option<Schedule> {
    let executed = run.execution.trail.events();
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
    let done: Box<[u32]> = events.iter().map(|events| events.len() as u32).collect();
    let is_enabled = |reached: &[u32], task: usize| {
        let next = reached[task];
        events[task].get(next as usize).is_some_and(|own| {
            let before = run.clock(own.needs);
            (0..tasks).all(|other| other == task || before[other] <= reached[other])
                && (order.iter().filter(|(_, second)| *second == (task as u32, next + 1)))
                    .all(|&((first, index), _)| reached.get(first as usize).is_none_or(|&its| its >= index))
        })
    };
    let mut states = vec![Point { reached: vec![0; tasks].into(), task: usize::MAX, parent: 0 }];
    let mut seen = HashSet::new();
    let mut level = 0;
    for _ in 0..=most.saturating_add(1) {
        let end = states.len();
        if level == end {
            return None;
        }
        for state in level..end {
            if states[state].reached == done {
                return Some(schedule(&states, state, |task, nth| {
                    executed[events[task][nth].position].footprint.choice
                }));
            }
            for task in 0..tasks {
                if !is_enabled(&states[state].reached, task) {
                    continue;
                }
                let mut reached = states[state].reached.clone();
                while is_enabled(&reached, task) {
                    reached[task] += 1;
                }
                if seen.insert(reached.clone()) {
                    *budget = budget.checked_sub(1)?;
                    states.push(Point { reached, task, parent: state });
                }
            }
        }
        level = end;
    }
    None
}

/// The schedule that led to a state. `choice` returns the alternative of a task's nth event, from
/// 0.
fn schedule(states: &[Point], mut state: usize, choice: impl Fn(usize, usize) -> u16) -> Schedule {
    let mut decisions = Vec::new();
    while states[state].task != usize::MAX {
        let Point { ref reached, task, parent } = states[state];
        let block = states[parent].reached[task] as usize..reached[task] as usize;
        decisions.extend(block.rev().map(|nth| Decision { task: task as u8, choice: choice(task, nth) }));
        state = parent;
    }
    decisions.reverse();
    Schedule::new(decisions)
}
