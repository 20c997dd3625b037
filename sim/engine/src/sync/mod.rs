//! Locks, atomics, channels and what else tasks meet at, as [`std::sync`] has them.
//!
//! [`Arc`] and [`Weak`] are std's own: which task drops one last is not explored. Where that matters, [`counted`] has an `Arc`
//! whose count is.

pub mod atomic;
mod barrier;
mod condvar;
pub mod counted;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod rwlock;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};
