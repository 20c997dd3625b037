//! Futures on tasks of their own.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::block_on;
use super::executor::block_on_instrumented_at;
use crate::event::Action;
use crate::history::Holds;
use crate::runtime::{self, Handle};
use crate::thread::{self, Builder, Thread};

/// The result of a future, for the task that joins it.
struct Packet<T> {
    /// 1 once the result is available.
    done: Handle,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    result: Option<thread::Result<T>>,
    waker: Option<Waker>,
}

impl<T> Packet<T> {
    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_over(&self, result: thread::Result<T>, source: &'static Location<'static>) {
        self.done.perform(Action::Store(1), source);
        let waker = {
            let mut inner = self.inner();
            inner.result = Some(result);
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits for the end of a [spawned](spawn) future. Resolves to its output, or to the payload of its
/// panic. Dropping the handle detaches the task.
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Arc<Packet<T>>,
    source: &'static Location<'static>,
}

impl<T> JoinHandle<T> {
    /// The task that runs the future.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, Box<dyn Any + Send + 'static>>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let granted = self.packet.done.perform(Action::Read, self.source);
        let mut inner = self.packet.inner();
        if granted.is_none_or(|granted| granted.before == 0) {
            inner.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let result = inner.result.take().expect("a JoinHandle is polled after it was ready");
        runtime::take_panic(self.thread.task());
        Poll::Ready(result)
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

/// Runs a future on a new task, like [`block_on`].
///
/// # Panics
///
/// Outside an exploration, or if the exploration has more tasks than it can have.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, future};
///
/// let report = Explorer::optimal().run(|| {
///     let task = future::spawn(async { 6 * 7 });
///     assert_eq!(future::block_on(task).unwrap(), 42);
/// });
/// assert_eq!((report.panics, report.deadlocks), (0, 0));
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    start(Location::caller(), || block_on(future))
}

/// Runs a future on a new task, like
/// [`block_on_instrumented`](super::block_on_instrumented).
///
/// # Panics
///
/// Like [`spawn`].
#[track_caller]
pub fn spawn_instrumented<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let source = Location::caller();
    start(source, || block_on_instrumented_at(future, source))
}

fn start<T: Send + 'static>(
    source: &'static Location<'static>,
    body: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let inner = Mutex::new(Inner { result: None, waker: None });
    let packet = Arc::new(Packet { done: Handle::new("the end of a future", Holds::Value, 0), inner });
    let handed = Arc::clone(&packet);
    let thread = Builder::new()
        .start_body(move || thread::run_task(body, move |result| handed.hand_over(result, source)));
    JoinHandle { thread, packet, source }
}
