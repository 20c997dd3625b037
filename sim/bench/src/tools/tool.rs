//! What a program is written with. The same source then runs on each tool.

use std::ops::Deref;
use std::time::Duration;

/// A tool that explores schedules, and its primitives. All but [`search`](Tool::search) is to be called inside of it.
pub(crate) trait Tool: 'static {
    /// The tool's own: to loom, the reference count is one more object at which threads meet.
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

    /// Waits until the value fulfils the condition; a loop that yields, where the tool has nothing better.
    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static);

    fn mutex<T: Send + 'static>(value: T) -> Self::Mutex<T>;
    /// Runs `action` under the lock.
    fn with<T: Send + 'static, R>(mutex: &Self::Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R;

    fn channel() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, item: u64);
    /// Waits for an item. Not for the end of them: loom's channels have none.
    fn receive(receiver: &Self::Receiver) -> u64;

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::JoinHandle;
    fn join(handle: Self::JoinHandle);

    fn block_on<F: Future>(future: F) -> F::Output;

    /// Explores the schedules of `body`, within the budget. Panics if a schedule panics or deadlocks.
    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search;
}

/// How far a search came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) executions: u64,
    /// Whether every schedule that the tool tells from the others was run to its end.
    pub(crate) complete: bool,
    /// Events of all executions, where the tool counts them.
    pub(crate) events: Option<u64>,
}
