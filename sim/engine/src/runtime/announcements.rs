//! The announced operations of a run, and the fingerprints of those of earlier runs.

/// The announced operations of a run, to detect nondeterminism.
#[derive(Default)]
pub(super) struct Announcements {
    /// The tasks that have announced an operation, one bit per task.
    pub(super) tasks: u64,
    /// The combined fingerprint of all announced operations. `None` while a prefix is repeated.
    pub(super) fingerprint: Option<u64>,
    /// The fingerprint before each event of the trail. Entries beyond the end of the trail belong
    /// to the last run.
    pub(super) at_events: Vec<u64>,
}

impl Announcements {
    /// Clears the operations of the last run, and retains the fingerprints at its events.
    pub(super) fn begin_run(&mut self) {
        self.tasks = 0;
        self.fingerprint = None;
    }
}
