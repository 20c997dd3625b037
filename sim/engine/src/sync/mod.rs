//! Locks, atomics, channels and other synchronization objects, as in [`std::sync`].
//!
//! [`Arc`] and [`Weak`] are std's: the order of drops is not explored. If it matters, use the `Arc`
//! of [`counted`].

pub mod atomic;
mod barrier;
pub(crate) mod condvar;
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
