//! Our engine, with its optimal search.

use std::sync::Arc;
use std::time::Duration;

use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Mutex, PoisonError, mpsc};
use selvedge_engine::{Explorer, future, thread};

use super::tool::{Search, Tool};

pub(crate) struct Selvedge;

impl Tool for Selvedge {
    type Arc<T: Send + Sync + 'static> = Arc<T>;
    type Atomic = AtomicU64;
    type Mutex<T: Send + 'static> = Mutex<T>;
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;
    type JoinHandle = thread::JoinHandle<()>;

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn atomic(value: u64) -> AtomicU64 {
        AtomicU64::new(value)
    }

    fn load(atomic: &AtomicU64) -> u64 {
        atomic.load(SeqCst)
    }

    fn store(atomic: &AtomicU64, value: u64) {
        atomic.store(value, SeqCst);
    }

    fn fetch_add(atomic: &AtomicU64, value: u64) -> u64 {
        atomic.fetch_add(value, SeqCst)
    }

    fn wait_until(atomic: &AtomicU64, condition: impl Fn(u64) -> bool + 'static) {
        atomic.wait_until(condition);
    }

    fn mutex<T: Send + 'static>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    fn with<T: Send + 'static, R>(mutex: &Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn channel() -> (Self::Sender, Self::Receiver) {
        mpsc::channel()
    }

    fn send(sender: &Self::Sender, item: u64) {
        sender.send(item).expect("the receiver is there until the last item");
    }

    fn receive(receiver: &Self::Receiver) -> u64 {
        receiver.recv().expect("as many items are sent as are waited for")
    }

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
        thread::spawn(body)
    }

    fn join(handle: Self::JoinHandle) {
        handle.join().expect("no program here panics");
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        future::block_on_instrumented(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        let report = Explorer::optimal().max_time(budget).run(body);
        let failed = (report.panics, report.deadlocks, report.redundant);
        assert_eq!(failed, (0, 0, 0), "panics, deadlocks, redundant executions");
        Search { executions: report.executions, complete: report.is_complete(), events: Some(report.events) }
    }
}
