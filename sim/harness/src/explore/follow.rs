//! The order of a recorded run, on another cache.
//!
//! Two caches have different steps, so that a schedule of the one does not fit the other. What they share are calls,
//! answers, and what they do to the tiers. So each thread goes on until it has done what the recorded one had done by
//! then, and what is left over is run at the end.

use std::sync::Arc;

use selvedge_engine::{Explorer, Schedule};

use super::rerun::{Rerun, rerun};
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::trace::{Effect, Place, Step, Trace};
use crate::verdict::Engine;
use crate::world::Plan;

/// A schedule of the case in which calls, answers, and looks at and changes of the tiers come in the order that the
/// recorded run has, as far as its cache lets them: a thread that cannot go on is passed over, and so is what the cache does
/// not do.
///
/// The recorded run is one of the same threads. It costs a run of the case for each event.
///
/// # Panics
///
/// If none of the caches has the name that the case has.
pub fn follow<C: Caches>(case: &Case, recorded: &Trace) -> Schedule {
    let plan = Arc::new(Plan::<C>::new(case));
    let mut course = Course { case, plan, turns: Vec::new(), run: None };
    // The main task sets the tiers up and chooses what goes wrong, until it waits for the threads. What it chooses does not
    // depend on the cache; that nothing goes wrong, or nothing more, is the first alternative.
    let schedule: Schedule = recorded.schedule.parse().expect("a recorded run has a schedule");
    let mut chosen = schedule.decisions().filter(|&(task, choice)| task == 0 && choice > 0).peekable();
    loop {
        if let Some(&(_, choice)) = chosen.peek()
            && course.turns_to(0, choice)
        {
            chosen.next();
        } else if !course.goes_on(0) {
            break;
        }
    }
    let (threads, mut so_far) = (case.threads.len(), Vec::new());
    for step in &recorded.steps {
        so_far.push(step);
        let lane = step.lane;
        match step.operation {
            // The observer comes last in any run.
            _ if lane == threads => break,
            Some(operation) => {
                let call = Call::of(recorded, lane, operation);
                if let Some(kind) = Kind::of(step) {
                    let its = so_far.iter().filter(|its| its.operation == Some(operation));
                    let count = its.filter(|its| Kind::of(its) == Some(kind)).count();
                    course.lead(lane, |trace| call.has_ended(trace) || call.count(trace, kind) >= count);
                }
                let span = &recorded.operations[operation];
                if span.last == step.number && span.reply.is_some() {
                    course.lead(lane, |trace| call.has_ended(trace));
                }
            }
            // A task of the world's, such as the clock.
            None => {
                let steps = so_far.iter().filter(|its| its.lane == lane).count();
                course.lead(lane, |trace| trace.steps.iter().filter(|its| its.lane == lane).count() >= steps);
            }
        }
    }
    while !course.is_over() && (1..course.lanes()).chain([0]).any(|task| course.goes_on(task)) {}
    course.turns.into_iter().collect()
}

/// Which call of its thread it is, from 0.
struct Call {
    lane: usize,
    nth: usize,
}

impl Call {
    fn of(recorded: &Trace, lane: usize, operation: usize) -> Self {
        let before = recorded.operations[..operation].iter().filter(|span| span.lane == lane);
        Call { lane, nth: before.count() }
    }

    /// The same call in another run, if that has come so far.
    fn find(&self, trace: &Trace) -> Option<usize> {
        let spans = trace.operations.iter().enumerate();
        spans.filter(|(_, span)| span.lane == self.lane).map(|(at, _)| at).nth(self.nth)
    }

    fn has_ended(&self, trace: &Trace) -> bool {
        self.find(trace).is_some_and(|call| trace.operations[call].reply.is_some())
    }

    /// How many steps of this kind it has made.
    fn count(&self, trace: &Trace, kind: Kind) -> usize {
        let Some(call) = self.find(trace) else { return 0 };
        let its = trace.steps.iter().filter(|step| step.operation == Some(call));
        its.filter(|step| Kind::of(step) == Some(kind)).count()
    }
}

/// What caches have in common: a step at a tier, which looks at an entry or changes it.
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
            Place::L1 => Tier::Local,
            Place::Remote => Tier::Remote,
            Place::Database => Tier::Database,
            Place::Fence | Place::Lock | Place::Clock | Place::Other => return None,
        };
        Some(Kind { tier, changes })
    }
}

/// The run so far.
struct Course<'c, C> {
    case: &'c Case,
    plan: Arc<Plan<C>>,
    turns: Vec<(u32, u32)>,
    run: Option<Rerun>,
}

impl<C: Caches> Course<'_, C> {
    /// Lets the task of the lane go on until that is so, or for as long as it can.
    fn lead(&mut self, lane: usize, is_done: impl Fn(&Trace) -> bool) {
        // Threads are spawned in the order of their lanes, after the main task; what else there is has its lane's number.
        let task = if lane < self.case.threads.len() { lane + 1 } else { lane };
        while !self.run.as_ref().is_some_and(|run| is_done(&run.trace)) && self.goes_on(task) {}
    }

    /// Gives the task one turn, if it can go on.
    fn goes_on(&mut self, task: usize) -> bool {
        self.turns_to(task, 0)
    }

    /// Gives the task one turn with this alternative, if it can go on and has it.
    fn turns_to(&mut self, task: usize, choice: u32) -> bool {
        self.turns.push((task as u32, choice));
        let schedule = self.turns.iter().copied().collect();
        let run = rerun(self.case, Engine::Optimal, &self.plan, Explorer::replay(schedule), None);
        let went_on = run.events == self.turns.len();
        if went_on {
            self.run = Some(run);
        } else {
            self.turns.pop();
        }
        went_on
    }

    /// How many lanes it has: more, if the cache has more spawned for it.
    fn lanes(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.trace.lanes.len())
    }

    /// Whether there is nothing left to run.
    fn is_over(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.misfit.is_none())
    }
}
