//! The simplest schedule of a class: the fewest context switches, and of those, with the longest blocks, the first in the order of
//! the tasks.
//!
//! Found breadth first over how far each task has come. A block of a task's events always goes as far as it can: an event
//! that could join the block and comes later instead can be moved there, and no switch is added. So a step of the search
//! is a whole block, and the states are few.

use std::collections::HashSet;

use crate::event::Turn;
use crate::run::{EventName, Run};
use crate::schedule::Schedule;

/// How far each task has come, and by which block.
struct State {
    reached: Box<[u32]>,
    /// The task whose block led here.
    task: usize,
    /// The state before that block.
    parent: usize,
}

/// One of a task's own events.
#[derive(Clone, Copy)]
struct Own {
    /// Its place in the trail.
    position: usize,
    /// The place of the event whose clock says what has to come before it: of the last one that is glued to it.
    needs: usize,
}

impl Run<'_> {
    /// The simplest schedule of the run's class in which, of each of these pairs of events, the first comes before the second:
    /// the fewest context switches, and of those, with each block of a task's events as long as it can be, the first in the order
    /// of the tasks. All schedules of a class have the same events.
    ///
    /// To have a block of one task's events before another block is one pair: the last of the one, and the first of the other.
    /// `None` if there is no such schedule with at most `most` switches, or if the execution is of a
    /// [search of states](crate::Explorer::stateful), which keeps no clocks.
    ///
    /// It is a search, breadth first over how far each task has come. In the worst case these states are as many as the
    /// product of the tasks' numbers of events.
    pub fn simplest_schedule(&self, order: &[(EventName, EventName)], most: usize) -> Option<Schedule> {
        simplest(self, order, most, &mut usize::MAX.clone())
    }
}

/// See [`Run::simplest_schedule`]. Gives up when it has looked at `budget` states, which it takes from it.
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
    let mut events: Vec<Vec<Own>> = vec![Vec::new(); tasks];
    for (position, event) in executed.iter().enumerate() {
        let own = &mut events[usize::from(event.footprint.task)];
        own.push(Own { position, needs: position });
        if event.glued {
            let chosen = own.iter().rposition(|its| !executed[its.position].glued).unwrap_or(0);
            own[chosen..].iter_mut().for_each(|its| its.needs = position);
        }
    }
    // A task's rank is the same in every exploration, which its number is not.
    let ranks = run.execution.ranks();
    let mut in_order: Vec<usize> = (0..tasks).collect();
    in_order.sort_by_key(|&task| ranks[task]);
    let done: Box<[u32]> = events.iter().map(|events| events.len() as u32).collect();
    let goes = |reached: &[u32], task: usize| {
        let next = reached[task];
        events[task].get(next as usize).is_some_and(|own| {
            let before = run.clock(own.needs);
            (0..tasks).all(|other| other == task || before[other] <= reached[other])
                && (order.iter().filter(|(_, second)| *second == (task as u32, next + 1)))
                    .all(|&((first, index), _)| reached.get(first as usize).is_none_or(|&its| its >= index))
        })
    };
    let mut states = vec![State { reached: vec![0; tasks].into(), task: usize::MAX, parent: 0 }];
    let mut seen = HashSet::new();
    let mut level = 0;
    for _ in 0..=most.saturating_add(1) {
        let end = states.len();
        if level == end {
            return None;
        }
        for state in level..end {
            if states[state].reached == done {
                let turns =
                    turns(&states, state, |task, nth| executed[events[task][nth].position].footprint.choice);
                return Some(run.execution.schedule_of(&turns));
            }
            for &task in &in_order {
                if !goes(&states[state].reached, task) {
                    continue;
                }
                let mut reached = states[state].reached.clone();
                while goes(&reached, task) {
                    reached[task] += 1;
                }
                if seen.insert(reached.clone()) {
                    *budget = budget.checked_sub(1)?;
                    states.push(State { reached, task, parent: state });
                }
            }
        }
        level = end;
    }
    None
}

/// The turns that led to a state. `choice` says of a task's nth event, from 0, which alternative it took.
fn turns(states: &[State], mut state: usize, choice: impl Fn(usize, usize) -> u16) -> Vec<Turn> {
    let mut turns = Vec::new();
    while states[state].task != usize::MAX {
        let State { ref reached, task, parent } = states[state];
        let block = states[parent].reached[task] as usize..reached[task] as usize;
        turns.extend(block.rev().map(|nth| Turn { task: task as u8, choice: choice(task, nth) }));
        state = parent;
    }
    turns.reverse();
    turns
}
