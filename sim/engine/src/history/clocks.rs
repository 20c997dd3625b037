//! Vector clocks, one for each event, and one for the next event of each task.
//!
//! `clock[t]` is the number of events of task `t` that happen before the event, including the event
//! itself. Fidge: "Timestamps in message-passing systems that preserve the partial ordering", 1988;
//! Mattern: "Virtual time and global states of distributed systems", 1989.

use std::mem;
use std::ops::Range;

use crate::event::TaskId;

/// A part of a clock: the entries of eight tasks, which are processed together.
pub(crate) type ClockPart = [u32; PART];

const PART: usize = 8;

/// The clocks of a run. Each has `width` parts.
pub(super) struct Clocks {
    of_events: Vec<ClockPart>,
    /// The clock of the next event of each task, without that event.
    of_tasks: Vec<ClockPart>,
    width: usize,
}

impl Clocks {
    pub(super) fn with_capacity(events: usize) -> Self {
        Clocks { of_events: Vec::with_capacity(events), of_tasks: Vec::with_capacity(PART), width: 1 }
    }

    /// The number of parts of each clock.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Resets the clocks of the tasks.
    pub(super) fn begin_run(&mut self) {
        self.of_tasks.fill([0; PART]);
    }

    #[inline]
    fn parts(&self, nth: usize) -> Range<usize> {
        nth * self.width..(nth + 1) * self.width
    }

    /// The clock of the event at `position`.
    #[inline]
    pub(super) fn of_event(&self, position: usize) -> &[ClockPart] {
        &self.of_events[self.parts(position)]
    }

    /// The entries of [`of_event`](Clocks::of_event); empty if no clock is recorded.
    #[inline]
    pub(super) fn entries_of_event(&self, position: usize) -> &[u32] {
        self.of_events.get(self.parts(position)).unwrap_or_default().as_flattened()
    }

    /// The clock of the next event of `task`, without that event.
    #[inline]
    pub(super) fn of_task(&self, task: TaskId) -> &[ClockPart] {
        &self.of_tasks[self.parts(task.into())]
    }

    /// The entries of [`of_task`](Clocks::of_task); empty if the task is unknown.
    #[inline]
    pub(super) fn entries_of_task(&self, task: TaskId) -> &[u32] {
        self.of_tasks.get(self.parts(task.into())).unwrap_or_default().as_flattened()
    }

    /// Sets the number of events that `task` has executed.
    #[inline]
    pub(super) fn count(&mut self, task: TaskId, events: u32) {
        let own = self.parts(task.into());
        self.of_tasks[own].as_flattened_mut()[task as usize] = events;
    }

    /// Sets the clock of the next event of `task`.
    #[inline]
    pub(super) fn set_task(&mut self, task: TaskId, clock: &[ClockPart]) {
        let own = self.parts(task.into());
        copy(&mut self.of_tasks[own], clock);
    }

    /// Sets the clock of the next event of `task` to the clock of the event at `position`.
    #[inline]
    pub(super) fn set_task_to_event(&mut self, task: TaskId, position: usize) {
        let (own, of_event) = (self.parts(task.into()), self.parts(position));
        copy(&mut self.of_tasks[own], &self.of_events[of_event]);
    }

    /// Orders all events of `child` after the executed events of `parent`.
    pub(super) fn set_task_to_task(&mut self, child: TaskId, parent: TaskId) {
        for (parent, child) in self.parts(parent.into()).zip(self.parts(child.into())) {
            self.of_tasks[child] = self.of_tasks[parent];
        }
    }

    /// Orders the next event of `task` after the executed events of `other`.
    pub(super) fn join_task(&mut self, task: TaskId, other: TaskId) {
        for (own, its) in self.parts(task.into()).zip(self.parts(other.into())) {
            let seen = self.of_tasks[its];
            join(&mut self.of_tasks[own..=own], &[seen]);
        }
    }

    /// Adds the clock of a new event.
    #[inline]
    pub(super) fn push(&mut self, clock: &[ClockPart]) {
        clock.iter().for_each(|&part| self.of_events.push(part));
    }

    /// Removes the clocks of all events but the first `events`.
    #[inline]
    pub(super) fn truncate(&mut self, events: usize) {
        self.of_events.truncate(events * self.width);
    }

    /// Whether the clocks have room for the task.
    #[inline]
    pub(super) fn fits(&self, task: TaskId) -> bool {
        self.of_tasks.len() > task as usize * self.width && (task as usize) < self.width * PART
    }

    /// Makes room for the task.
    #[cold]
    pub(super) fn make_room(&mut self, task: TaskId) {
        let width = task as usize / PART + 1;
        if width > self.width {
            for clocks in [&mut self.of_events, &mut self.of_tasks] {
                let narrow = mem::take(clocks);
                for clock in narrow.chunks_exact(self.width) {
                    clocks.extend_from_slice(clock);
                    clocks.resize(clocks.len() + width - self.width, [0; PART]);
                }
            }
            self.width = width;
        }
        let parts = (task as usize + 1) * self.width;
        if self.of_tasks.len() < parts {
            self.of_tasks.resize(parts, [0; PART]);
        }
    }
}

/// Copies a clock. Most clocks have one part: a call of `memcpy` would take longer.
#[inline]
pub(super) fn copy(clock: &mut [ClockPart], other: &[ClockPart]) {
    for (own, seen) in clock.iter_mut().zip(other) {
        *own = *seen;
    }
}

/// Sets each entry of `clock` to the larger of the two.
#[inline]
pub(super) fn join(clock: &mut [ClockPart], other: &[ClockPart]) {
    for (own, seen) in clock.iter_mut().zip(other) {
        for (own, &seen) in own.iter_mut().zip(seen) {
            *own = (*own).max(seen);
        }
    }
}

/// Whether the task's event with this index happens before an event with this clock, or is that
/// event.
#[inline]
pub(super) fn contains(clock: &[ClockPart], task: TaskId, index: u32) -> bool {
    clock.as_flattened()[task as usize] >= index
}
