//! A remote tier that orders only the writes to it: a read that does not happen after a write may
//! miss it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use loom::sync::atomic::AtomicU64;
use selvedge::Remote;
use selvedge::remote::Found;

/// One key's value. Each command is one relaxed access.
#[derive(Clone)]
pub(crate) struct Unordered {
    pub(crate) value: Arc<AtomicU64>,
    /// Whether an applied write fails with an unknown outcome.
    pub(crate) loses: bool,
}

#[derive(Debug)]
pub(crate) struct Lost;

impl Unordered {
    pub(crate) fn new() -> Self {
        Unordered { value: Arc::new(AtomicU64::new(0)), loses: false }
    }
}

impl Remote<(), u64> for Unordered {
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
