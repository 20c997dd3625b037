//! The search by another tool's engine. The engine reports neither events nor happens-before: each
//! run is judged by its own order, and no witness is recorded.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Searched, Tally};
#[cfg(feature = "shuttle")]
use crate::backends::{Draw, Shuttle};
use crate::backends::{Search, Simulated};
use crate::number::counted;
use crate::protocols::Caches;
use crate::scenario::{Case, OpKind};
use crate::verdict::{Budget, Verdict};
use crate::world::{self, Plan, Recorder};

/// Searches the case on `P`'s engine.
pub(super) fn search<P: Simulated, C: Caches>(case: &Case, budget: Budget) -> Searched {
    if let Some(why) = out_of_reach::<P>(case) {
        let bound = format!("not begun: this engine {why}. Leave --engine out, or choose another case");
        return searched((Tally::new(), 0), Some(bound), None);
    }
    judged::<P, C>(case, budget, |execution| P::explore(budget, execution))
}

/// Why the engine cannot run the case, if so.
fn out_of_reach<P: Simulated>(case: &Case) -> Option<String> {
    let threads = case.threads.len() + usize::from(case.has_clock());
    if case.has(OpKind::Stall) {
        return Some("cannot choose where an operation stalls, and in this case one does".to_owned());
    }
    if case.nodes > 1 {
        return Some("has no connections between nodes, and in this case there are several".to_owned());
    }
    if case.faults + case.drops > 0 {
        return Some("cannot choose what fails, and in this case something does".to_owned());
    }
    let most = P::MOST_THREADS.filter(|&most| threads > most)?;
    Some(format!("has room for {most} threads, and the case has {threads}"))
}

/// Runs the case in `schedules` schedules, which shuttle samples by the seed.
#[cfg(feature = "shuttle")]
pub(super) fn draw<C: Caches>(case: &Case, by: Draw, seed: u64, schedules: u64) -> Searched {
    let budget = Budget { schedules: Some(schedules), ..Budget::default() };
    judged::<Shuttle, C>(case, budget, |execution| Shuttle::draw(by, seed, schedules, execution))
}

/// Judges each execution of a search of the case.
fn judged<P: Simulated, C: Caches>(
    case: &Case,
    budget: Budget,
    search: impl FnOnce(Box<dyn Fn() + Send + Sync>) -> Search,
) -> Searched {
    let plan = Arc::new(Plan::<C>::new(case));
    let limits = Arc::clone(&plan.limits);
    let recorder = Arc::new(Recorder::default());
    let state = Arc::new(Mutex::new((Tally::new(), 0)));
    let shared = Arc::clone(&state);
    let search = panic::catch_unwind(AssertUnwindSafe(|| {
        search(Box::new(move || {
            world::run::<P, C>(&plan, &recorder);
            let (tally, schedules) = &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
            tally.observe(&recorder.history());
            *schedules += 1;
        }))
    }));
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let judged = std::mem::replace(&mut *state, (Tally::new(), 0));
    let (bound, broken) = match search {
        Ok(Search { complete: true, .. }) => (limits.summary(), None),
        Ok(Search { executions, .. }) => (Some(spent(budget, executions)), None),
        Err(payload) => (None, Some(panicked(payload.as_ref()))),
    };
    searched(judged, bound, broken)
}

/// Describes the budget that ended a search.
fn spent(budget: Budget, schedules: u64) -> String {
    let bound = match (budget.schedules, budget.time) {
        (Some(most), _) if schedules >= most => format!("the bound of {}", counted(most, "schedule")),
        (_, Some(time)) => format!("the bound of {time:?}"),
        _ => "its bound".to_owned(),
    };
    format!("stopped at {bound}, after {}", counted(schedules, "schedule"))
}

fn searched((tally, schedules): (Tally, u64), bound: Option<String>, broken: Option<Verdict>) -> Searched {
    Searched { tally, schedules, events: 0, states: None, refused: None, bound, broken, trace: None }
}

/// loom and shuttle also panic on a deadlock.
fn panicked(payload: &(dyn std::any::Any + Send)) -> Verdict {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    if text.contains("deadlock") { Verdict::Deadlock } else { Verdict::Panic(text.to_owned()) }
}
