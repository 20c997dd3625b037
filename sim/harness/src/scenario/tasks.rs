//! How many tasks the engine needs for a case. An exploration has a bound on them, and its numbers are never used again:
//! a late command has the same number in each run in which the same call sends it, and no other task has it.

use super::{Case, Local, OpKind, Source};

/// The main task, which is the observer.
const MAIN: usize = 1;

impl Case {
    /// The most tasks that an exploration of the case can have: the main task, the threads, the clock, and each command that
    /// can arrive late. A cache that spawns tasks adds its own.
    pub(crate) fn tasks(&self) -> usize {
        let clock = usize::from(self.local == Local::Expiring);
        MAIN + self.threads.len() + clock + self.late_commands()
    }

    /// The commands that can arrive late in some run: of each call, at most as many as there are faults and drops.
    fn late_commands(&self) -> usize {
        let most = (self.faults + self.drops) as usize;
        let calls = self.threads.iter().filter(|thread| !thread.spared).flat_map(|thread| &thread.ops);
        calls.map(|op| self.writes_of(op.kind, self.derived.contains_key(&op.key)).min(most)).sum()
    }

    /// The commands of an operation that write to the remote tier.
    pub(crate) fn writes_of(&self, kind: OpKind, deletes_derived: bool) -> usize {
        match (kind, self.source) {
            (OpKind::Set | OpKind::Delete, _) => 1 + usize::from(deletes_derived),
            (OpKind::Get, Source::Database) => 1,
            (OpKind::Get, Source::Remote) | (OpKind::GetMany | OpKind::Untold, _) => 0,
            (OpKind::Load | OpKind::Stall, _) => 1,
            (OpKind::Evict | OpKind::Forget | OpKind::Told | OpKind::ToldAll, _) => 0,
        }
    }
}
