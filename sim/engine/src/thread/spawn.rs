//! Tasks that own what they use.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use super::Thread;
use super::local::{self, Locals};
use crate::runtime;

/// The result of a task: what its closure returned, or what it panicked with.
pub type Result<T> = std::thread::Result<T>;

/// What a task came to, once it has ended.
pub(super) type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// Owns the permission to wait for a task's end. Dropping it detaches the task.
pub struct JoinHandle<T> {
    pub(super) thread: Thread,
    pub(super) packet: Packet<T>,
}

impl<T> JoinHandle<T> {
    /// Waits for the task's end. Not an event of its own: all that the task did happens before what follows.
    ///
    /// # Errors
    ///
    /// The payload, if the task panicked. A panic that is taken here is not an outcome of the run.
    pub fn join(self) -> Result<T> {
        join(&self.thread, self.packet)
    }

    /// The task.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Whether the task has ended. Which operation is a task's last is not known before it has ended, so that this is an
    /// [opaque](crate::opaque) event: every order of it with all that others do is explored. Prefer
    /// [`join`](JoinHandle::join), which costs nothing.
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
    // The task that has ended has dropped its share.
    let result = Arc::into_inner(packet)
        .and_then(|packet| packet.into_inner().unwrap_or_else(PoisonError::into_inner));
    if result.is_none() && std::thread::panicking() {
        // A destructor joins a task that was unwound as its own was. It may unwrap what it gets, and must not panic.
        runtime::wait_forever();
    }
    result.unwrap_or_else(|| Err(Box::new("the run was abandoned before the task ended")))
}

/// Spawns a task, which runs at some point of every schedule.
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
    /// A task with no name, and with a stack of [the usual size](crate::Explorer::stack_size).
    pub fn new() -> Self {
        Builder::default()
    }

    /// Names the task, for messages and traces.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// The size of the task's stack in bytes, if it is more than [the usual size](crate::Explorer::stack_size).
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

    /// Starts a task that runs `body`, which is a task's whole life.
    pub(crate) fn start_body(self, body: impl FnOnce() + 'static) -> Thread {
        let name = self.name.as_deref().map(Arc::from);
        let (task, run) = runtime::spawn(self.name, self.stack_size, body);
        Thread { task, run, name }
    }
}

/// The life of a task that runs `body`, and where its result will be.
pub(super) fn packed<T>(body: impl FnOnce() -> T) -> (Packet<T>, impl FnOnce()) {
    let packet = Packet::default();
    let result = Arc::clone(&packet);
    let hand_over = move |value| *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    (packet, move || live(body, hand_over))
}

/// A task's life: runs `body`, hands over what it came to, and drops what is local to the task.
pub(crate) fn live<T>(body: impl FnOnce() -> T, hand_over: impl FnOnce(Result<T>)) {
    let when_unwound = Locals;
    hand_over(run_to_end(body));
    mem::forget(when_unwound);
    if !local::any() && !runtime::owing() {
        return;
    }
    let farewell = || {
        drop(Locals);
        runtime::send_wakes();
    };
    // A destructor that panics ends it early, and the others are still to be run.
    while run_to_end(farewell).is_err() {}
}

/// Runs part of a task; a panic is kept as the task's outcome.
fn run_to_end<T>(body: impl FnOnce() -> T) -> Result<T> {
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    if let Err(payload) = result {
        if runtime::abandoning() {
            // Not a panic: the stack is being unwound, and whoever does it waits for it to reach the end.
            panic::resume_unwind(payload);
        }
        runtime::finish_panicked(runtime::describe_payload(payload.as_ref()));
        return Err(payload);
    }
    result
}
