//! The runtime that connections live in.

use std::future::poll_fn;
use std::io;
use std::pin::pin;

use tokio::runtime::{Builder, Handle, Runtime};

/// redis-rs needs tokio for its sockets and its timeouts. Whoever polls a command, on whatever thread, polls it in this
/// runtime, so that the blocking face works on threads that have none.
#[derive(Debug)]
pub(super) struct Executor {
    handle: Handle,
    /// The runtime that was started because there was none.
    own: Option<Runtime>,
}

impl Executor {
    /// The runtime of the caller; if it has none, a new one with a thread of its own.
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

    /// Runs the future where it is awaited, with this runtime around it.
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
            // A plain drop waits, and panics where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}
