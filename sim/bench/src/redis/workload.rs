//! What is asked of each contender.

/// The keys that are read and written again and again.
pub(super) const HOT: usize = 1_000;

/// All keys. A cold read has one of its own: so many are not read in one measurement.
pub(super) const ALL: usize = 400_000;

/// Bytes of each value.
pub(super) const VALUE: usize = 100;

/// What is asked of each contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Reads of keys that have been read before.
    WarmGet,
    /// Reads of keys that have not been read before.
    ColdGet,
    /// Nineteen reads and a write, of keys that have been read before.
    Mixed,
    /// Writes.
    Set,
}

impl Work {
    pub(super) const ALL: [Work; 4] = [Work::WarmGet, Work::ColdGet, Work::Mixed, Work::Set];

    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Work::WarmGet => "get, warm",
            Work::ColdGet => "get, cold",
            Work::Mixed => "95 get, 5 set",
            Work::Set => "set",
        }
    }

    /// Whether the hot keys are to be read before the measurement begins.
    pub(super) fn begins_warm(self) -> bool {
        self != Work::ColdGet
    }

    /// The operations of one of several tasks.
    pub(super) fn operations(self, task: usize, tasks: usize) -> Operations {
        // Odd, and another for each task: xorshift must not begin at zero.
        Operations { work: self, state: 2 * task as u64 + 1, next: task, step: tasks }
    }
}

/// What to do with which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Get(usize),
    Set(usize),
}

/// A task's operations, the same in each run.
pub(super) struct Operations {
    work: Work,
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
            Work::WarmGet => Operation::Get(hot),
            Work::Set => Operation::Set(hot),
            Work::Mixed if self.state.is_multiple_of(20) => Operation::Set(hot),
            Work::Mixed => Operation::Get(hot),
            Work::ColdGet => {
                let key = self.next;
                self.next += self.step;
                assert!(key < ALL, "more cold reads than keys: measure for a shorter time");
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
        let keys = (0..3).flat_map(|task| Work::ColdGet.operations(task, 3).take(100));
        assert_eq!(keys.map(|operation| format!("{operation:?}")).collect::<BTreeSet<_>>().len(), 300);
    }

    #[test]
    fn one_of_twenty_is_a_write() {
        let writes = |work: Work| {
            let operations = work.operations(0, 1).take(100_000);
            operations.filter(|operation| matches!(operation, Operation::Set(_))).count()
        };
        assert_eq!((writes(Work::WarmGet), writes(Work::Set)), (0, 100_000));
        assert!((4_500..5_500).contains(&writes(Work::Mixed)), "{}", writes(Work::Mixed));
    }
}
