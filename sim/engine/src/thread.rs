//! Tasks, as [`std::thread`] has threads.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::TaskId;
use crate::runtime;

/// The result of a task: what its closure returned, or what it panicked with.
pub type Result<T> = std::thread::Result<T>;

/// Owns the permission to wait for a task's end.
pub struct JoinHandle<T> {
    task: TaskId,
    packet: Arc<Mutex<Option<Result<T>>>>,
}

impl<T> JoinHandle<T> {
    /// Waits for the task's end. Not an event of its own: all that the task did happens before what follows.
    ///
    /// # Errors
    ///
    /// The payload, if the task panicked. A panic that is taken here is not an outcome of the run.
    pub fn join(self) -> Result<T> {
        runtime::join(self.task);
        let packet = self.packet.lock().unwrap_or_else(PoisonError::into_inner).take();
        packet.unwrap_or_else(|| Err(Box::new("the run was given up before the task ended")))
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("task", &self.task).finish_non_exhaustive()
    }
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
    spawn_named(None, body)
}

/// Configures a task before it is spawned.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// A task with no name.
    pub fn new() -> Self {
        Builder::default()
    }

    /// Names the task, for messages and traces.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Spawns the task.
    ///
    /// # Errors
    ///
    /// Never: the signature is std's.
    pub fn spawn<F, T>(self, body: F) -> std::io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(spawn_named(self.name, body))
    }
}

fn spawn_named<F, T>(name: Option<String>, body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let packet = Arc::new(Mutex::new(None));
    let result = Arc::clone(&packet);
    let task = runtime::spawn(name, move || {
        let value = run_to_end(body);
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    });
    JoinHandle { task, packet }
}

/// Runs a task's body; a panic is kept as the task's outcome.
pub(crate) fn run_to_end<T>(body: impl FnOnce() -> T) -> Result<T> {
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    if let Err(payload) = result {
        if runtime::abandoning() {
            // Not a panic: the stack is being unwound, and whoever does it waits for it to reach the end.
            panic::resume_unwind(payload);
        }
        runtime::finish_panicked(runtime::describe_payload(payload.as_ref()));
        runtime::catch_up();
        return Err(payload);
    }
    runtime::catch_up();
    result
}

/// Gives other tasks a chance to run. Every schedule is explored anyway: this does nothing.
pub fn yield_now() {}
