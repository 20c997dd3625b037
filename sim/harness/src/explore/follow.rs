//! Transfers the order of a recorded run to another cache.
//!
//! Two caches have different steps, so a schedule of one does not fit the other. They share calls,
//! replies and effects on the tiers. So each thread runs until it has reached the recorded thread's
//! progress, and the remaining steps run at the end.

use std::sync::Arc;

use selvedge_engine::{Explorer, Schedule};

use super::rerun::{Rerun, rerun};
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::scripted::Named;
use crate::trace::{Effect, Place, Step, Trace};
use crate::verdict::Engine;
use crate::world::Plan;

/// Returns a schedule of the case in which calls, replies, and reads and writes of the tiers have
/// the recorded order, as far as the cache permits. Skips a thread that is not enabled, and effects
/// that the cache does not have.
///
/// The recorded run must have the same threads. Costs one run of the case for each event.
///
/// # Panics
///
/// If no cache of `C` has the case's cache name.
pub fn follow<C: Caches>(case: &Case, recorded: &Trace) -> Schedule {
    let plan = Arc::new(Plan::<Named<C>>::named(case));
    let mut partial = PartialRun { case, plan, turns: Vec::new(), run: None };
    // The main task sets up the tiers and chooses the faults, until it waits for the threads. Its
    // choices do not depend on the cache. The first alternative is "no fault", or "no further
    // fault".
    let schedule: Schedule = recorded.schedule.parse().expect("a recorded run has a schedule");
    let mut chosen = schedule.decisions().filter(|&(task, choice)| task == 0 && choice > 0).peekable();
    loop {
        if let Some(&(_, choice)) = chosen.peek()
            && partial.step_with(0, choice)
        {
            chosen.next();
        } else if !partial.step(0) {
            break;
        }
    }
    let (threads, mut so_far) = (case.threads.len(), Vec::new());
    for step in &recorded.steps {
        so_far.push(step);
        let lane = step.lane;
        match step.operation {
            // The observer is the last in every run.
            _ if lane == threads => break,
            Some(operation) => {
                let call = Call::of(recorded, lane, operation);
                if let Some(kind) = Kind::of(step) {
                    let its = so_far.iter().filter(|its| its.operation == Some(operation));
                    let count = its.filter(|its| Kind::of(its) == Some(kind)).count();
                    partial
                        .run_until(lane, |trace| call.has_ended(trace) || call.count(trace, kind) >= count);
                }
                let span = &recorded.operations[operation];
                if span.last == step.number && span.reply.is_some() {
                    partial.run_until(lane, |trace| call.has_ended(trace));
                }
            }
            // A task of the simulated world, such as the clock.
            None => {
                let steps = so_far.iter().filter(|its| its.lane == lane).count();
                partial.run_until(lane, |trace| {
                    trace.steps.iter().filter(|its| its.lane == lane).count() >= steps
                });
            }
        }
    }
    while !partial.is_over() && (1..partial.lanes()).chain([0]).any(|task| partial.step(task)) {}
    partial.turns.into_iter().collect()
}

/// The index of the call within its thread, from 0.
struct Call {
    lane: usize,
    nth: usize,
}

impl Call {
    fn of(recorded: &Trace, lane: usize, operation: usize) -> Self {
        let before = recorded.operations[..operation].iter().filter(|span| span.lane == lane);
        Call { lane, nth: before.count() }
    }

    /// The same call in another run, if the run contains it.
    fn find(&self, trace: &Trace) -> Option<usize> {
        let spans = trace.operations.iter().enumerate();
        spans.filter(|(_, span)| span.lane == self.lane).map(|(at, _)| at).nth(self.nth)
    }

    fn has_ended(&self, trace: &Trace) -> bool {
        self.find(trace).is_some_and(|call| trace.operations[call].reply.is_some())
    }

    /// The number of its steps of this kind.
    fn count(&self, trace: &Trace, kind: Kind) -> usize {
        let Some(call) = self.find(trace) else { return 0 };
        let its = trace.steps.iter().filter(|step| step.operation == Some(call));
        its.filter(|step| Kind::of(step) == Some(kind)).count()
    }
}

/// The steps that caches have in common: a read or a write of an entry of a tier.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    tier: Tier,
    changes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Local,
    Remote,
    Database,
}

impl Kind {
    fn of(step: &Step) -> Option<Self> {
        let changes = match step.effect? {
            Effect::Found { .. } => false,
            Effect::Left { .. } => true,
            Effect::Locked { .. } => return None,
        };
        let tier = match step.place {
            Place::L1 | Place::L1Of(_) => Tier::Local,
            Place::Remote => Tier::Remote,
            Place::Database => Tier::Database,
            Place::Fence | Place::Lock | Place::Clock | Place::Other => return None,
        };
        Some(Kind { tier, changes })
    }
}

/// The run so far.
struct PartialRun<'c, C> {
    case: &'c Case,
    plan: Arc<Plan<Named<C>>>,
    turns: Vec<(u32, u32)>,
    run: Option<Rerun>,
}

impl<C: Caches> PartialRun<'_, C> {
    /// Runs the lane's task until `is_done` holds, or the task is not enabled.
    fn run_until(&mut self, lane: usize, is_done: impl Fn(&Trace) -> bool) {
        // Threads are spawned in the order of their lanes, after the main task. Other tasks have
        // the number of their lane.
        let task = if lane < self.case.threads.len() { lane + 1 } else { lane };
        while !self.run.as_ref().is_some_and(|run| is_done(&run.trace)) && self.step(task) {}
    }

    /// Runs one step of the task, if it is enabled.
    fn step(&mut self, task: usize) -> bool {
        self.step_with(task, 0)
    }

    /// Runs one step of the task with this alternative, if it is enabled and has the alternative.
    fn step_with(&mut self, task: usize, choice: u32) -> bool {
        self.turns.push((task as u32, choice));
        let schedule = self.turns.iter().copied().collect();
        let run = rerun(self.case, Engine::Optimal, &self.plan, Explorer::replay(schedule), None);
        let has_run = run.events == self.turns.len();
        if has_run {
            self.run = Some(run);
        } else {
            self.turns.pop();
        }
        has_run
    }

    /// The number of lanes. It is larger if the cache has spawned tasks.
    fn lanes(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.trace.lanes.len())
    }

    /// Whether no task is left to run.
    fn is_over(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.misfit.is_none())
    }
}
