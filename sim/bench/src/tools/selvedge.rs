//! Our engine, with optimal DPOR, and with the search of execution graphs.

use std::time::Duration;

use selvedge_engine::{Explorer, Report};

use super::std_api::std_api;
use super::tool::{Search, Tool};

pub(crate) struct Selvedge;

impl Tool for Selvedge {
    std_api!(sync: selvedge_engine::sync, thread: selvedge_engine::thread, arc: std::sync);

    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static) {
        atomic.wait_until(condition);
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        selvedge_engine::future::block_on_instrumented(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        searched(&Explorer::optimal().max_time(budget).run(body))
    }
}

/// Our engine under the memory model RC11.
pub(crate) struct Rc11;

impl Tool for Rc11 {
    std_api!(sync: selvedge_engine::sync, thread: selvedge_engine::thread, arc: std::sync);

    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static) {
        atomic.wait_until(condition);
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        selvedge_engine::future::block_on_instrumented(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        searched(&Explorer::rc11().max_time(budget).run(body))
    }
}

fn searched(report: &Report) -> Search {
    let failed = (report.panics, report.deadlocks, report.redundant);
    assert_eq!(failed, (0, 0, 0), "panics, deadlocks, redundant executions");
    Search { executions: report.executions, complete: report.is_complete(), events: Some(report.events) }
}
