//! Reports: the numbers of an exploration.

use std::time::Duration;

use crate::bound::Bound;
use crate::dpor::MAX_REMOVALS;
use crate::run::Run;
use crate::runtime::{Ending, Sometimes};
use crate::schedule::Schedule;
use crate::stateful::{Checkpoint, Found, States, Unsupported, Visited};
use crate::strategy::Prefix;

/// An execution that failed, and its schedule for a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its ending: a deadlock or a panic.
    pub ending: Ending,
    /// Its schedule.
    pub schedule: Schedule,
}

impl Failure {
    /// Whether the report shows it rather than `other`: a panic, with the fewest switches, then the
    /// fewest events, then the first in the order of the tasks.
    fn is_before(&self, other: &Failure) -> bool {
        let key = |its: &Failure| {
            (!matches!(its.ending, Ending::Panic { .. }), its.schedule.switches(), its.schedule.len())
        };
        (key(self), &self.schedule) < (key(other), &other.schedule)
    }
}

/// The result of an exploration, in numbers.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Executions that were run to their end, including deadlocks and panics.
    pub executions: u64,
    /// The executions that ended in a deadlock.
    pub deadlocks: u64,
    /// The executions that ended in a panic of a task that no other task joined.
    pub panics: u64,
    /// The executions that were aborted at the bound on steps or on spins.
    pub too_long: u64,
    /// Runs that were cut short because all continuations had been explored: none for an optimal
    /// strategy, most for a search of [states](crate::Explorer::stateful).
    pub redundant: u64,
    /// Events of all executions.
    pub events: u64,
    /// The duration of the exploration.
    pub elapsed: Duration,
    /// The bound that ended the exploration or left schedules out.
    pub bound: Option<Bound>,
    /// The part of the search that is done: see [`Progress::done`](crate::Progress::done). For an
    /// interrupted search of [states](crate::Explorer::stateful) with support for several
    /// [workers](crate::Explorer::jobs): the part of the states on random walks that had been
    /// visited.
    pub done: f64,
    /// The first difference between two runs of the same schedule, if the program is not
    /// deterministic.
    pub nondeterminism: Option<String>,
    /// The first panic, or the first deadlock if there was no panic.
    pub failure: Option<Failure>,
    /// The [`sometimes`](crate::sometimes()) conditions that never held.
    pub never: Vec<&'static str>,
    /// The seed, if the schedules were random.
    pub seed: Option<u64>,
    /// The statistics of a search of [states](crate::Explorer::stateful).
    pub states: Option<States>,
    /// The reason why a search of states does not support the program.
    pub refused: Option<Unsupported>,
    /// The checkpoint from which a search of states can be [resumed](crate::Explorer::resume), if
    /// it was [interrupted](crate::Explorer::checkpointing) without a failure.
    pub checkpoint: Option<Checkpoint>,
}

impl Report {
    /// Whether every schedule is covered.
    pub fn is_complete(&self) -> bool {
        self.bound.is_none() && self.nondeterminism.is_none() && self.refused.is_none()
    }

    /// Whether no failure has been found so far.
    pub(crate) fn found_nothing(&self) -> bool {
        self.failure.is_none() && self.nondeterminism.is_none() && self.refused.is_none()
    }

    /// Counts a run that has ended.
    #[inline]
    pub(crate) fn count(&mut self, run: &Run<'_>, is_redundant: bool, max_steps: usize) {
        self.events += run.execution.history.trail.len() as u64;
        if is_redundant {
            self.redundant += 1;
            return;
        }
        self.executions += 1;
        match run.ending() {
            Ending::Complete => {}
            Ending::Deadlock(_) => self.deadlocks += 1,
            Ending::Panic { .. } => self.panics += 1,
            Ending::TooLong => {
                self.too_long += 1;
                self.bound = Some(Bound::Steps(max_steps));
            }
            Ending::Nondeterministic(difference) => self.nondeterminism = Some(difference.clone()),
        }
        if self.is_more_severe(run.ending()) {
            self.failure = Some(Failure { ending: run.ending().clone(), schedule: run.schedule() });
        }
        if let Some(source) = run.execution.history.races.removals_exceeded_at() {
            self.bound = Some(Bound::Removals { sets: MAX_REMOVALS, source });
        }
        if let Some((source, iterations)) = run.execution.spinning() {
            self.bound = Some(Bound::Spins { iterations, source });
        }
    }

    /// Adds the report of another worker of the same search.
    pub(crate) fn merge(&mut self, other: Report) {
        self.executions += other.executions;
        self.deadlocks += other.deadlocks;
        self.panics += other.panics;
        self.too_long += other.too_long;
        self.redundant += other.redundant;
        self.events += other.events;
        // The worker that ended the search determines the part that is done.
        if other.bound.map(Bound::rank) > self.bound.map(Bound::rank) {
            (self.bound, self.done) = (other.bound, other.done);
        }
        self.states = match (self.states.take(), other.states) {
            (Some(own), Some(its)) => Some(own.merge(its)),
            (own, its) => own.or(its),
        };
        self.nondeterminism = self.nondeterminism.take().or(other.nondeterminism);
        self.refused = self.refused.or(other.refused);
        if let Some(its) = other.failure
            && self.failure.as_ref().is_none_or(|own| its.is_before(own))
        {
            self.failure = Some(its);
        }
    }

    /// Adds the counts of the checkpoint that the search was resumed from.
    pub(crate) fn resume(&mut self, checkpoint: &Checkpoint) {
        self.executions += checkpoint.executions;
        self.redundant += checkpoint.redundant;
        self.events += checkpoint.events;
        let found = |(kind, states, schedule): &(u32, u64, Schedule)| Found {
            kind: *kind,
            states: *states,
            schedule: schedule.clone(),
        };
        let before = States {
            transitions: checkpoint.transitions,
            predicted: checkpoint.predicted,
            runs: checkpoint.runs,
            found: checkpoint.found.iter().map(found).collect(),
            ..States::default()
        };
        self.states = Some(self.states.take().unwrap_or_default().merge(before));
    }

    /// Whether the search ended with work left.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.bound.is_some_and(|bound| bound.ends_search())
    }

    /// The checkpoint of the search, if it was interrupted. `None` after a failure, which is final
    /// and not part of a checkpoint.
    pub(crate) fn checkpoint(
        &self,
        visited: &Visited,
        open: Vec<Prefix>,
        tasks: Vec<(u32, u32, u64)>,
        sometimes: &Sometimes,
    ) -> Option<Checkpoint> {
        let has_failed = self.failure.is_some() || self.nondeterminism.is_some() || self.refused.is_some();
        if !self.is_interrupted() || has_failed || self.too_long > 0 || open.is_empty() {
            return None;
        }
        let states = self.states.clone().unwrap_or_default();
        Some(Checkpoint {
            visited: visited.all(),
            open: open.into_iter().map(Schedule::new).collect(),
            tasks,
            executions: self.executions,
            redundant: self.redundant,
            events: self.events,
            transitions: states.transitions,
            predicted: states.predicted,
            runs: states.runs,
            found: states.found.into_iter().map(|its| (its.kind, its.states, its.schedule)).collect(),
            sometimes: sometimes.all(),
        })
    }

    /// Whether the ending replaces the current failure.
    fn is_more_severe(&self, ending: &Ending) -> bool {
        let current = self.failure.as_ref().map(|failure| &failure.ending);
        match ending {
            Ending::Panic { .. } => !matches!(current, Some(Ending::Panic { .. })),
            Ending::Deadlock(_) => current.is_none(),
            Ending::Complete | Ending::TooLong | Ending::Nondeterministic(_) => false,
        }
    }
}
