//! The primitives that a program uses, so that one source runs on each tool.

use std::ops::Deref;
use std::time::Duration;

/// A tool that explores schedules, and its primitives. All functions except
/// [`search`](Tool::search) must be called within a search.
pub(crate) trait Tool: 'static {
    /// The tool's own `Arc`: for loom, the reference count is a shared object too.
    type Arc<T: Send + Sync + 'static>: Clone + Deref<Target = T> + Send + Sync + 'static;
    type Atomic: Send + Sync + 'static;
    type Mutex<T: Send + 'static>: Send + Sync + 'static;
    type Sender: Clone + Send + 'static;
    type Receiver: Send + 'static;
    type JoinHandle;

    fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T>;

    fn atomic(value: u64) -> Self::Atomic;
    fn load(atomic: &Self::Atomic) -> u64;
    fn store(atomic: &Self::Atomic, value: u64);
    fn fetch_add(atomic: &Self::Atomic, value: u64) -> u64;

    /// Waits until the value satisfies the condition, in a loop that yields if the tool has no
    /// blocking wait.
    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static);

    fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T>;
    /// Runs `action` with the mutex locked.
    fn with<T: Send + 'static, R>(mutex: &Self::Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R;

    fn channel() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, item: u64);
    /// Waits for an item. The channel must not be closed: loom does not model that.
    fn receive(receiver: &Self::Receiver) -> u64;

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::JoinHandle;
    fn join(handle: Self::JoinHandle);

    fn block_on<F: Future>(future: F) -> F::Output;

    /// Explores the schedules of `body`, within the budget. Panics if one panics or deadlocks.
    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search;
}

/// Implements [`Tool::wait_until`] by a loop that yields.
pub(super) fn yield_until<T: Tool>(
    atomic: &T::Atomic,
    condition: impl Fn(u64) -> bool,
    yield_now: impl Fn(),
) {
    while !condition(T::load(atomic)) {
        yield_now();
    }
}

/// The extent of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) executions: u64,
    /// Whether every schedule that the tool distinguishes was run to its end.
    pub(crate) complete: bool,
    /// Number of events of all executions, if the tool counts them.
    pub(crate) events: Option<u64>,
}
