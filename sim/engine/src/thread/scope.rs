//! Tasks that borrow from the task that joins them.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic;
use std::sync::PoisonError;

use super::Thread;
use super::spawn::{self, Builder, Packet, Result};
use crate::coroutine::{self, Scope};
use crate::runtime;

/// A handle to a task of a [`scope`], to join it.
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    packet: Packet<T>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Like [`JoinHandle::join`](super::JoinHandle::join).
    ///
    /// # Errors
    ///
    /// The payload, if the task panicked. The scope does not panic for it then.
    pub fn join(self) -> Result<T> {
        spawn::join(&self.thread, self.packet)
    }

    /// Returns a handle to the task.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Like [`JoinHandle::is_finished`](super::JoinHandle::is_finished).
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("thread", &self.thread).finish_non_exhaustive()
    }
}

/// Runs `body`, which may spawn tasks that borrow from outside of it, and joins them.
///
/// # Panics
///
/// If a task panicked and was not joined. The message contains the source location and the message
/// of its panic.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let counter = AtomicU32::new(0);
///     thread::scope(|scope| {
///         for _ in 0..2 {
///             scope.spawn(|| counter.fetch_add(1, SeqCst));
///         }
///     });
///     assert_eq!(counter.load(SeqCst), 2);
/// });
/// assert_eq!(report.executions, 2);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let (result, panicked) = coroutine::enclose(body, |children| {
        let mut panicked = None;
        let mut waited = 0;
        // A task may spawn others while the scope joins it.
        let child = |nth: usize| children.lock().unwrap_or_else(PoisonError::into_inner).get(nth).copied();
        while let Some(task) = child(waited) {
            let its = runtime::join_scoped(task);
            panicked = panicked.or(its);
            waited += 1;
        }
        panicked
    });
    match (result, panicked) {
        (Err(payload), _) => panic::resume_unwind(payload),
        (Ok(_), Some(report)) => {
            panic!("a scoped thread panicked, at {}: {}", report.location, report.message)
        }
        (Ok(value), None) => {
            runtime::unwind_if_aborted();
            value
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a task, which the scope joins.
    ///
    /// # Panics
    ///
    /// Like [`spawn`](super::spawn).
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.start(Builder::new(), body)
    }

    fn start<F, T>(&'scope self, builder: Builder, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (packet, body) = spawn::packed(body);
        let thread = builder.start_body(self.erase(Box::new(body)));
        self.children.lock().unwrap_or_else(PoisonError::into_inner).push(thread.task());
        ScopedJoinHandle { thread, packet, scope: PhantomData }
    }
}

impl Builder {
    /// Spawns the task in a scope.
    ///
    /// # Errors
    ///
    /// Never: the signature is std's.
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        body: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Ok(scope.start(self, body))
    }
}
