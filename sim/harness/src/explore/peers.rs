//! The search by another tool's engine. It tells neither events nor happens-before: each run is judged by its own order,
//! and no witness is kept.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Searched, Tally};
use crate::backends::{Search, Simulated};
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::verdict::{Budget, Verdict};
use crate::world::{self, Plan, Recorder};

/// Searches the case on `P`'s engine.
pub(super) fn search<P: Simulated, C: Caches>(case: &Case, budget: Budget) -> Searched {
    let plan = Arc::new(Plan::<C>::new(case));
    let recorder = Arc::new(Recorder::default());
    let state = Arc::new(Mutex::new((Tally::new(), 0)));
    let shared = Arc::clone(&state);
    let search = panic::catch_unwind(AssertUnwindSafe(|| {
        P::explore(budget, move || {
            world::run::<P, C>(&plan, &recorder);
            let (tally, schedules) = &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
            tally.observe(&recorder.history());
            *schedules += 1;
        })
    }));
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (tally, schedules) = std::mem::replace(&mut *state, (Tally::new(), 0));
    let (bound, broken) = match search {
        Ok(Search { complete: true, .. }) => (None, None),
        Ok(Search { executions, .. }) => (Some(super::ours::spent(budget, executions)), None),
        Err(payload) => (None, Some(panicked(payload.as_ref()))),
    };
    Searched { tally, schedules, events: 0, bound, broken, trace: None }
}

/// loom and shuttle panic for a deadlock too.
fn panicked(payload: &(dyn std::any::Any + Send)) -> Verdict {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    if text.contains("deadlock") { Verdict::Deadlock } else { Verdict::Panic(text.to_owned()) }
}
