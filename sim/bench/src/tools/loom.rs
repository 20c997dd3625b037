//! loom, with its exhaustive search under C11's weak memory.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64 as Count, Ordering};
use std::time::{Duration, Instant};

use loom::sync::atomic::{AtomicU64, Ordering::SeqCst};
use loom::sync::{Arc, Mutex, mpsc};
use loom::{future, thread};

use super::tool::{Search, Tool};

pub(crate) struct Loom;

impl Tool for Loom {
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
        while !condition(atomic.load(SeqCst)) {
            thread::yield_now();
        }
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
        future::block_on(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        let mut model = loom::model::Builder::new();
        // loom looks at the time only at a checkpoint.
        model.checkpoint_interval = 1;
        model.max_duration = Some(budget);
        let executions = std::sync::Arc::new(Count::new(0));
        let counted = executions.clone();
        let start = Instant::now();
        model.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            body();
        });
        // loom does not say why it ended.
        let complete = start.elapsed() < budget;
        Search { executions: executions.load(Ordering::Relaxed), complete, events: None }
    }
}
