//! The primitives of tools that mirror `std`: the same names, but no common trait.

/// Implements the items of [`Tool`](super::Tool) that are the same for tools that mirror `std`.
///
/// `sync` and `thread` are the tool's modules. `arc` is the module of its `Arc`: `std::sync` if the
/// tool has none of its own.
macro_rules! std_api {
    (sync: $($sync:ident)::+, thread: $($thread:ident)::+, arc: $($arc:ident)::+) => {
        type Arc<T: Send + Sync + 'static> = $($arc)::+::Arc<T>;
        type Atomic = $($sync)::+::atomic::AtomicU64;
        type Mutex<T: Send + 'static> = $($sync)::+::Mutex<T>;
        type Sender = $($sync)::+::mpsc::Sender<u64>;
        type Receiver = $($sync)::+::mpsc::Receiver<u64>;
        type JoinHandle = $($thread)::+::JoinHandle<()>;

        fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T> {
            $($arc)::+::Arc::new(value)
        }

        fn atomic(value: u64) -> Self::Atomic {
            $($sync)::+::atomic::AtomicU64::new(value)
        }

        fn load(atomic: &Self::Atomic) -> u64 {
            atomic.load($($sync)::+::atomic::Ordering::SeqCst)
        }

        fn store(atomic: &Self::Atomic, value: u64) {
            atomic.store(value, $($sync)::+::atomic::Ordering::SeqCst);
        }

        fn fetch_add(atomic: &Self::Atomic, value: u64) -> u64 {
            atomic.fetch_add(value, $($sync)::+::atomic::Ordering::SeqCst)
        }

        fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T> {
            $($sync)::+::Mutex::new(value)
        }

        fn with<T: Send + 'static, R>(mutex: &Self::Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R {
            action(&mut mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
        }

        fn channel() -> (Self::Sender, Self::Receiver) {
            $($sync)::+::mpsc::channel()
        }

        fn send(sender: &Self::Sender, item: u64) {
            sender.send(item).expect("the receiver lives until the last item is sent");
        }

        fn receive(receiver: &Self::Receiver) -> u64 {
            receiver.recv().expect("a sender lives until the last item is received")
        }

        fn spawn(body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
            $($thread)::+::spawn(body)
        }

        fn join(handle: Self::JoinHandle) {
            handle.join().expect("no thread of a program panics");
        }
    };
}
pub(super) use std_api;
