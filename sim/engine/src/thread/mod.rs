//! Tasks, the equivalent of threads in [`std::thread`].

mod current;
mod local;
mod scope;
mod spawn;

pub use crate::coroutine::Scope;
pub use current::{Thread, ThreadId, current, park, park_timeout, sleep, yield_now};
pub use local::{AccessError, LocalKey};
pub use scope::{ScopedJoinHandle, scope};
pub use spawn::{Builder, JoinHandle, Result, spawn};
pub(crate) use spawn::{run_main, run_task};
pub use std::thread::panicking;
