//! The workloads.

/// Number of keys that are accessed repeatedly.
pub(super) const HOT: usize = 1_000;

/// Number of keys. Each cold read uses a new key; a measurement has fewer cold reads than this.
pub(super) const ALL: usize = 400_000;

/// Length of each value, in bytes.
pub(super) const VALUE: usize = 100;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workload {
    /// Reads of keys that have been read before.
    WarmGet,
    /// Reads of keys that have not been read before.
    ColdGet,
    /// Nineteen reads and one write, of keys that have been read before.
    Mixed,
    /// Writes.
    Set,
}

impl Workload {
    pub(super) const ALL: [Workload; 4] =
        [Workload::WarmGet, Workload::ColdGet, Workload::Mixed, Workload::Set];

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::WarmGet => "get, warm",
            Workload::ColdGet => "get, cold",
            Workload::Mixed => "95 get, 5 set",
            Workload::Set => "set",
        }
    }

    /// Whether the hot keys are read before the measurement.
    pub(super) fn begins_warm(self) -> bool {
        self != Workload::ColdGet
    }

    /// The operations of task `task` of `tasks`.
    pub(super) fn operations(self, task: usize, tasks: usize) -> Operations {
        // Odd and unique per task: the state of xorshift must not be zero.
        Operations { work: self, state: 2 * task as u64 + 1, next: task, step: tasks }
    }
}

/// An operation and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Get(usize),
    Set(usize),
}

/// A task's operations. The sequence is deterministic.
pub(super) struct Operations {
    work: Workload,
    state: u64,
    next: usize,
    step: usize,
}

impl Iterator for Operations {
    type Item = Operation;

    fn next(&mut self) -> Option<Operation> {
        // Marsaglia, "Xorshift RNGs" (2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let hot = (self.state >> 32) as usize % HOT;
        Some(match self.work {
            Workload::WarmGet => Operation::Get(hot),
            Workload::Set => Operation::Set(hot),
            Workload::Mixed if self.state.is_multiple_of(20) => Operation::Set(hot),
            Workload::Mixed => Operation::Get(hot),
            Workload::ColdGet => {
                let key = self.next;
                self.next += self.step;
                assert!(key < ALL, "more cold reads than keys: choose a shorter measurement");
                Operation::Get(key)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_key_is_cold_twice() {
        let keys = (0..3).flat_map(|task| Workload::ColdGet.operations(task, 3).take(100));
        assert_eq!(keys.map(|operation| format!("{operation:?}")).collect::<BTreeSet<_>>().len(), 300);
    }

    #[test]
    fn one_of_twenty_is_a_write() {
        let writes = |work: Workload| {
            let operations = work.operations(0, 1).take(100_000);
            operations.filter(|operation| matches!(operation, Operation::Set(_))).count()
        };
        assert_eq!((writes(Workload::WarmGet), writes(Workload::Set)), (0, 100_000));
        assert!((4_500..5_500).contains(&writes(Workload::Mixed)), "{}", writes(Workload::Mixed));
    }
}
