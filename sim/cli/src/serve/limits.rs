//! The limits of the server and of a run. The page and `docs/scripts.md` state them.

use std::time::Duration;

/// The longest time limit of a run that can be chosen.
pub(super) const LONGEST_BUDGET: Duration = Duration::from_secs(24 * 60 * 60);

/// The address space of a run's process, in bytes. An allocation beyond it ends the run.
pub(super) const RUN_MEMORY: u64 = 512 << 20;

/// The stored states of a search; each takes about 35 bytes. This bound is reached before that of
/// the memory, and the verdict names it.
pub(super) const STATES: u64 = 2_000_000;

/// The cases of a run.
pub(super) const CASES: usize = 200;

/// The runs at a time. A further one is refused.
pub(super) const RUNS: usize = 2;

/// The connections at a time. A further one is closed.
pub(super) const CONNECTIONS: usize = 32;

/// The request's line and headers, in bytes.
pub(super) const HEAD: usize = 16 << 10;

/// The request's body, in bytes.
pub(super) const BODY: usize = 512 << 10;

/// The results of a run, in bytes.
pub(super) const RESULTS: u64 = 32 << 20;

/// The time in which a request must have arrived, and in which the client must receive each line.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The time beyond a run's limit after which its process is ended. A search ends itself between two
/// schedules; a single step of a script takes less.
pub(super) const GRACE: Duration = Duration::from_secs(3);
