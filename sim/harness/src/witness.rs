//! The simplest schedule of a class: the fewest context switches, then the first in the order of the tasks.
//!
//! Found breadth first over how far each task has come. A block of a task's events always goes as far as it can: an event
//! that could join the block and comes later instead can be moved there, and no switch is added. So a step of the search
//! is a whole block, and the states are few.

use std::collections::HashSet;

use selvedge_engine::Run;

/// The simplest schedule of the run's class in which the first group of events comes before the second.
///
/// `first` and `second` say of an event, by its task and index, whether it belongs to the group; some schedule of the
/// class must have one before the other. `None` if there is no such schedule with at most `most` switches.
pub(crate) fn simplest(
    run: &Run<'_>,
    first: impl Fn(u32, u32) -> bool,
    second: impl Fn(u32, u32) -> bool,
    most: usize,
) -> Option<Vec<(u32, u32)>> {
    let tasks = run.steps().map(|step| step.task + 1).max().unwrap_or(0) as usize;
    // Of each task, event by event: its clock, and which alternative it took.
    let mut events: Vec<Vec<(Vec<u32>, u32)>> = vec![Vec::new(); tasks];
    let mut all_first = vec![0; tasks];
    for (position, step) in run.steps().enumerate() {
        let clock = run.clock(position);
        let clock = (0..tasks).map(|task| clock.get(task).copied().unwrap_or(0)).collect();
        events[step.task as usize].push((clock, step.choice));
        if first(step.task, step.index) {
            all_first[step.task as usize] = step.index;
        }
    }
    let done: Vec<u32> = events.iter().map(|events| events.len() as u32).collect();
    let goes = |reached: &[u32], task: usize| {
        let next = reached[task];
        events[task].get(next as usize).is_some_and(|(before, _)| {
            (0..tasks).all(|other| other == task || before[other] <= reached[other])
                && (!second(task as u32, next + 1)
                    || (0..tasks).all(|other| all_first[other] <= reached[other]))
        })
    };
    let mut level = vec![(vec![0; tasks], Vec::<(u32, u32)>::new())];
    let mut seen = HashSet::new();
    for _ in 0..=most + 1 {
        let mut next = Vec::new();
        for (reached, schedule) in level {
            if reached == done {
                return Some(schedule);
            }
            for task in 0..tasks {
                let (mut reached, mut schedule) = (reached.clone(), schedule.clone());
                while goes(&reached, task) {
                    let (_, choice) = events[task][reached[task] as usize];
                    reached[task] += 1;
                    schedule.push((task as u32, choice));
                }
                if reached[task] > 0 && seen.insert(reached.clone()) {
                    next.push((reached, schedule));
                }
            }
        }
        level = next;
    }
    None
}

/// How often the schedule goes from one task to another.
pub(crate) fn switches(schedule: &[(u32, u32)]) -> usize {
    schedule.windows(2).filter(|pair| pair[0].0 != pair[1].0).count()
}
