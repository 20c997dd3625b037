//! Tasks that own the values that they use.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::Thread;
use super::local::{self, Locals};
use crate::runtime::{self, Ending, Execution};

/// The result of a task: the return value of its closure, or the payload of its panic.
pub type Result<T> = std::thread::Result<T>;

/// The result of a task, once it has ended.
pub(super) type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// A handle to a task, to join it. Dropping it detaches the task.
pub struct JoinHandle<T> {
    pub(super) thread: Thread,
    pub(super) packet: Packet<T>,
}

impl<T> JoinHandle<T> {
    /// Waits for the end of the task. Not an event: all events of the task happen before the
    /// caller's next event.
    ///
    /// # Errors
    ///
    /// The payload, if the task panicked. The panic is then not an outcome of the run.
    pub fn join(self) -> Result<T> {
        join(&self.thread, self.packet)
    }

    /// Returns a handle to the task.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Whether the task has ended. A task's last operation is not known before the task has ended,
    /// so this is an [opaque](crate::opaque) event, and all orders are explored. Prefer
    /// [`join`](JoinHandle::join), which adds no schedules.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

pub(super) fn join<T>(thread: &Thread, packet: Packet<T>) -> Result<T> {
    if let Some(report) = runtime::join(thread.task()) {
        runtime::may_be_resumed(report);
    }
    // The task has ended and dropped its reference.
    let result = Arc::into_inner(packet)
        .and_then(|packet| packet.into_inner().unwrap_or_else(PoisonError::into_inner));
    if result.is_none() && std::thread::panicking() {
        // A destructor of an aborted run joins a task that was unwound too. It may unwrap the
        // result, and must not panic.
        runtime::wait_forever();
    }
    result.unwrap_or_else(|| Err(Box::new("the run was aborted before the task ended")))
}

/// Spawns a task. It runs concurrently in every schedule.
///
/// # Panics
///
/// Outside an exploration, or if the exploration has more tasks than it can have.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let task = thread::spawn(|| 6 * 7);
///     assert_eq!(task.join().unwrap(), 42);
/// });
/// assert_eq!(report.executions, 1);
/// ```
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().start(body)
}

/// Configures a task before it is spawned.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack_size: usize,
}

impl Builder {
    /// Creates a configuration without a name, and with [the default stack
    /// size](crate::Explorer::stack_size).
    pub fn new() -> Self {
        Builder::default()
    }

    /// Sets the task's name for messages and traces.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the size of the task's stack in bytes, if it is larger than [the
    /// default](crate::Explorer::stack_size).
    pub fn stack_size(mut self, size: usize) -> Self {
        self.stack_size = size;
        self
    }

    /// Spawns the task.
    ///
    /// # Errors
    ///
    /// Never: the signature is std's.
    pub fn spawn<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(self.start(body))
    }

    fn start<F, T>(self, body: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (packet, body) = packed(body);
        JoinHandle { thread: self.start_body(body), packet }
    }

    /// Spawns a task with `body`, which [`packed`] or [`run_task`] has wrapped.
    pub(crate) fn start_body(self, body: impl FnOnce() + 'static) -> Thread {
        let name = self.name.as_deref().map(Arc::from);
        let (task, run) = runtime::spawn(self.name, self.stack_size, body);
        Thread { task, run, name }
    }
}

/// Wraps `body` for a task. Returns the wrapped body and the packet for its result.
pub(super) fn packed<T>(body: impl FnOnce() -> T) -> (Packet<T>, impl FnOnce()) {
    let packet = Packet::default();
    let result = Arc::clone(&packet);
    let hand_over = move |value| *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    (packet, move || run_task(body, hand_over))
}

/// Runs `body` once as the main task of the exploration `execution`. Returns how the run ended.
pub(crate) fn run_main(execution: Box<Execution>, body: Rc<dyn Fn()>) -> (Box<Execution>, Ending) {
    // A panic of the main task is already recorded as the run's ending.
    runtime::run(execution, move || run_task(move || body(), drop))
}

/// Runs `body` as a task, passes its result to `hand_over`, and drops the task's local values.
pub(crate) fn run_task<T>(body: impl FnOnce() -> T, hand_over: impl FnOnce(Result<T>)) {
    let when_unwound = Locals;
    hand_over(run_to_end(body));
    mem::forget(when_unwound);
    if !local::any() && !runtime::has_deferred_wakes() {
        return;
    }
    let farewell = || {
        drop(Locals);
        runtime::send_wakes();
    };
    // A destructor that panics ends it early: the rest still has to run.
    while run_to_end(farewell).is_err() {}
}

/// Runs a part of a task, and records its panic.
fn run_to_end<T>(body: impl FnOnce() -> T) -> Result<T> {
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    if let Err(payload) = result {
        if runtime::aborting() {
            // Not a panic of the program: the runtime unwinds the stack of an aborted run.
            panic::resume_unwind(payload);
        }
        runtime::finish_panicked(runtime::describe_payload(payload.as_ref()));
        return Err(payload);
    }
    result
}
