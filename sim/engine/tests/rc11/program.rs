//! Straight-line programs on atomics: written as data, executed by the engine, and enumerated.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use selvedge_engine::mode::SearchMode;
use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering, fence};
use selvedge_engine::{Ending, Explorer, thread};

/// An operation on the location with this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Load(usize, Ordering),
    Store(usize, u64, Ordering),
    Add(usize, u64, Ordering),
    Swap(usize, u64, Ordering),
    /// Expected, new, and the orders of success and failure.
    Cas(usize, u64, u64, Ordering, Ordering),
    Fence(Ordering),
}

impl Op {
    /// The location, if it is no fence.
    pub(crate) fn location(self) -> Option<usize> {
        match self {
            Op::Load(location, _)
            | Op::Store(location, ..)
            | Op::Add(location, ..)
            | Op::Swap(location, ..)
            | Op::Cas(location, ..) => Some(location),
            Op::Fence(_) => None,
        }
    }

    fn perform(self, on: &[AtomicU64]) -> Option<u64> {
        match self {
            Op::Load(location, order) => Some(on[location].load(order)),
            Op::Store(location, value, order) => {
                on[location].store(value, order);
                None
            }
            Op::Add(location, value, order) => Some(on[location].fetch_add(value, order)),
            Op::Swap(location, value, order) => Some(on[location].swap(value, order)),
            Op::Cas(location, expected, new, success, failure) => {
                let (Ok(seen) | Err(seen)) = on[location].compare_exchange(expected, new, success, failure);
                Some(seen)
            }
            Op::Fence(order) => {
                fence(order);
                None
            }
        }
    }
}

/// The operations of each thread.
pub(crate) type Program = Vec<Vec<Op>>;

/// The values that each thread reads, in program order.
pub(crate) type Outcome = Vec<Vec<u64>>;

/// The number of graphs with each outcome.
pub(crate) type Graphs = BTreeMap<Outcome, u64>;

/// The graphs that the explorer visits. Panics if the search is not complete.
pub(crate) fn explored<M: SearchMode>(explorer: Explorer<M>, program: &Program) -> Graphs {
    let last: Rc<RefCell<Outcome>> = Rc::default();
    let (body, result) = (program.clone(), Rc::clone(&last));
    let mut graphs = Graphs::new();
    let report = explorer.run_each(
        move || {
            let locations: Arc<Vec<AtomicU64>> = Arc::new((0..3).map(|_| AtomicU64::new(0)).collect());
            let threads: Vec<_> = body
                .iter()
                .cloned()
                .map(|ops| {
                    let locations = Arc::clone(&locations);
                    thread::spawn(move || {
                        ops.into_iter().filter_map(|op| op.perform(&locations)).collect::<Vec<u64>>()
                    })
                })
                .collect();
            *result.borrow_mut() = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        },
        |run| {
            assert_eq!(*run.ending(), Ending::Complete, "{program:?}");
            *graphs.entry(last.borrow().clone()).or_default() += 1;
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!(report.redundant, 0, "{program:?}");
    graphs
}

/// The number of graphs.
pub(crate) fn count(graphs: &Graphs) -> u64 {
    graphs.values().sum()
}
