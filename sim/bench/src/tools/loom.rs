//! loom, with its exhaustive search under C11's weak memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::std_api::std_api;
use super::tool::{Search, Tool, yield_until};

pub(crate) struct Loom;

impl Tool for Loom {
    std_api!(sync: loom::sync, thread: loom::thread, arc: loom::sync);

    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static) {
        yield_until::<Self>(atomic, condition, loom::thread::yield_now);
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        loom::future::block_on(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        let mut model = loom::model::Builder::new();
        // loom reads the clock only at checkpoints.
        model.checkpoint_interval = 1;
        model.max_duration = Some(budget);
        let executions = std::sync::Arc::new(AtomicU64::new(0));
        let counted = executions.clone();
        let start = Instant::now();
        model.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            body();
        });
        // loom does not report why it stopped.
        let complete = start.elapsed() < budget;
        Search { executions: executions.load(Ordering::Relaxed), complete, events: None }
    }
}
