//! A schedule that somebody has recorded, run again; on a real server, if there is one.

use std::sync::Arc;

use selvedge_engine::{Explorer, Schedule};

use super::rerun::rerun;
use crate::oracle::Finding;
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::Engine;
use crate::world::{Beside, Plan, Server, Told};

/// What a schedule came to when it was run again.
#[derive(Debug)]
pub struct Replay {
    /// The run, as far as it came.
    pub trace: Trace,
    /// Why it came no further, if the schedule does not fit the case. Steps in it are the engine's: they count those of
    /// the set-up.
    pub misfit: Option<String>,
    /// What the server came to, if there was one.
    pub told: Option<Told>,
}

/// Runs a case once more in this schedule. Of what it shows, the finding that is `chosen` comes first. A server gets each
/// command on the remote tier too, in the step in which the case makes it: its answers are the ones that the cache sees.
///
/// # Panics
///
/// If none of the caches has the name that the case has.
pub fn replay<C: Caches>(
    case: &Case,
    schedule: Schedule,
    chosen: Option<&Finding>,
    server: Option<Box<dyn Server>>,
) -> Replay {
    let mut plan = Plan::<C>::new(case);
    plan.server = server.map(|server| Arc::new(Beside::new(server)));
    let plan = Arc::new(plan);
    let run = rerun(case, Engine::Optimal, &plan, Explorer::replay(schedule), chosen);
    let before = run.events - run.trace.steps.len();
    let told = plan.server.as_ref().map(|server| server.told(before as u32, &plan.keys));
    Replay { trace: run.trace, misfit: run.misfit, told }
}
