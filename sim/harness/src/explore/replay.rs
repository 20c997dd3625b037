//! Replays a recorded schedule, optionally on a real server.

use std::sync::Arc;

use selvedge_engine::{Explorer, Schedule};

use super::rerun::rerun;
use crate::oracle::Finding;
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::scripted::Named;
use crate::trace::{Trace, Transcript};
use crate::verdict::Engine;
use crate::world::{Beside, Plan, Server};

/// The result of a replay.
#[derive(Debug)]
pub struct Replay {
    /// The run, up to its end or the first mismatch.
    pub trace: Trace,
    /// Why the schedule does not fit the case, if so. Its step numbers are the engine's, which
    /// include the set-up.
    pub misfit: Option<String>,
    /// The result on the server, if there is one.
    pub transcript: Option<Transcript>,
}

/// Replays a case in this schedule. The trace lists the `chosen` finding first. With a server, each
/// command on the remote tier is also sent to the server, in the same step, and the cache receives
/// the server's replies.
///
/// # Panics
///
/// If no cache of `C` has the case's cache name.
pub fn replay<C: Caches>(
    case: &Case,
    schedule: Schedule,
    chosen: Option<&Finding>,
    server: Option<Box<dyn Server>>,
) -> Replay {
    let mut plan = Plan::<Named<C>>::named(case);
    plan.server = server.map(|server| Arc::new(Beside::new(server)));
    let plan = Arc::new(plan);
    let by = if schedule.is_graph() { Engine::Rc11 } else { Engine::Optimal };
    let run = rerun(case, by, &plan, Explorer::replay(schedule), chosen);
    let before = run.events - run.trace.steps.len();
    let transcript = plan.server.as_ref().map(|server| server.transcript(before as u32, &plan.keys));
    Replay { trace: run.trace, misfit: run.misfit, transcript }
}
