//! The tokio runtime of the connections.

use std::future::poll_fn;
use std::io;
use std::panic;
use std::pin::pin;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::task::block_in_place;

/// Error message of a blocking call that cannot wait.
const INSIDE: &str = "the calling thread is that of tokio's current-thread runtime, and no task of the runtime can run while \
                      the thread waits. Await the cache's own methods, or call the blocking interface in `spawn_blocking`";

/// redis-rs needs tokio for its sockets and timeouts. A command is polled in this runtime whatever
/// thread polls it, so that the blocking interface works on threads without a runtime.
#[derive(Debug)]
pub(super) struct Executor {
    handle: Handle,
    /// The runtime that was started because the caller had none.
    own: Option<Runtime>,
}

impl Executor {
    /// Uses the caller's runtime; if it has none, starts one with one thread.
    pub(super) fn new() -> io::Result<Self> {
        if let Ok(handle) = Handle::try_current() {
            return Ok(Executor { handle, own: None });
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("selvedge-redis")
            .enable_all()
            .build()?;
        Ok(Executor { handle: runtime.handle().clone(), own: Some(runtime) })
    }

    /// Runs `wait`, which blocks the thread until Redis answers. A worker of a multi-thread runtime
    /// first hands its tasks to another thread.
    ///
    /// # Errors
    ///
    /// If the thread is the only one of its runtime.
    pub(super) fn park<T>(wait: impl FnOnce() -> T) -> Result<T, &'static str> {
        let Ok(here) = Handle::try_current() else { return Ok(wait()) };
        if here.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return Ok(block_in_place(wait));
        }
        // A thread of the runtime's blocking pool may block. tokio distinguishes it from the
        // runtime's own thread only by a panic.
        match panic::catch_unwind(|| block_in_place(|| ())) {
            Ok(()) => Ok(wait()),
            Err(_) => Err(INSIDE),
        }
    }

    /// Runs the future in a task of its own.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(future));
    }

    /// Runs the future in the calling task, inside this runtime.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _inside = self.handle.enter();
            future.as_mut().poll(context)
        })
        .await
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if let Some(runtime) = self.own.take() {
            // A plain drop waits, and panics in an async context.
            runtime.shutdown_background();
        }
    }
}
