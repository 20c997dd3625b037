//! A remote tier that orders only the writes to it: a read that does not happen after a write may
//! miss it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::Found;
use selvedge::sync::AtomicU64 as _;

use crate::checker::Checker;

/// One key's value. Each command is one relaxed access.
pub(crate) struct Unordered<C: Checker> {
    pub(crate) value: Arc<C::AtomicU64>,
    /// Whether an applied write fails with an unknown outcome.
    pub(crate) loses: bool,
}

#[derive(Debug)]
pub(crate) struct Lost;

impl<C: Checker> Unordered<C> {
    pub(crate) fn new() -> Self {
        Unordered { value: Arc::new(C::AtomicU64::new("redis", 0)), loses: false }
    }
}

impl<C: Checker> Clone for Unordered<C> {
    fn clone(&self) -> Self {
        Unordered { value: Arc::clone(&self.value), loses: self.loses }
    }
}

impl<C: Checker> Remote<(), u64> for Unordered<C> {
    type Error = Lost;

    async fn get(&self, (): &()) -> Result<Option<Found<u64>>, Lost> {
        Ok(Some(Found::lasting(self.value.load(Relaxed))))
    }

    async fn set(&self, (): &(), value: &u64, _: Option<Duration>) -> Result<(), Lost> {
        self.value.store(*value, Relaxed);
        if self.loses { Err(Lost) } else { Ok(()) }
    }

    async fn delete(&self, (): &()) -> Result<(), Lost> {
        unreachable!("nothing is deleted here")
    }

    /// The lost write has been applied.
    async fn settle(&self) -> bool {
        true
    }
}
