//! Concurrent tasks during a limited time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::contender::Store;
use super::workload::{HOT, Operation, VALUE, Workload};

/// Number of operations between two reads of the clock, because a read takes as long as a local
/// hit.
const BATCH: usize = 64;

/// Runs `tasks` concurrent tasks during `time`. Returns the time per operation of all tasks
/// together, in nanoseconds.
pub(super) async fn nanoseconds<S: Store>(
    store: S,
    keys: &Arc<[Arc<str>]>,
    work: Workload,
    tasks: usize,
    time: Duration,
) -> f64 {
    if work.begins_warm() {
        let mut store = store.clone();
        for key in &keys[..HOT] {
            assert_eq!(store.get(key).await, Some(VALUE), "the server has the value");
        }
    }
    let start = Instant::now();
    let tasks = (0..tasks).map(|task| {
        let (store, keys) = (store.clone(), Arc::clone(keys));
        tokio::spawn(operate(store, keys, work.operations(task, tasks), start + time))
    });
    let mut operations = 0;
    for task in tasks.collect::<Vec<_>>() {
        operations += task.await.expect("no task panics");
    }
    start.elapsed().as_nanos() as f64 / operations as f64
}

/// Runs operations until the deadline, and returns their number.
async fn operate<S: Store>(
    mut store: S,
    keys: Arc<[Arc<str>]>,
    mut operations: impl Iterator<Item = Operation> + Send,
    deadline: Instant,
) -> u64 {
    let value = Bytes::from(vec![b'v'; VALUE]);
    let mut count = 0;
    while Instant::now() < deadline {
        for operation in operations.by_ref().take(BATCH) {
            match operation {
                Operation::Get(key) => assert_eq!(store.get(&keys[key]).await, Some(VALUE)),
                Operation::Set(key) => store.set(&keys[key], &value).await,
            }
            count += 1;
        }
    }
    count
}
