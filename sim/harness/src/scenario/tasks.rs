//! The number of tasks that a case needs. An exploration has a bound on task numbers and never
//! reuses one: a late command has the same number in each run in which the same call sends it.

use super::{Case, Local, Op, OpKind, Source};

/// The main task, which is also the observer.
const MAIN: usize = 1;

impl Case {
    /// The maximum number of tasks in an exploration of the case: the main task, the threads, the
    /// clock, each command that can arrive late, and each notification. Excludes tasks that the
    /// cache spawns.
    pub(crate) fn tasks(&self) -> usize {
        let clock = usize::from(self.local == Local::Expiring);
        MAIN + self.threads.len() + clock + self.late_commands() + self.notifications()
    }

    /// The commands that can arrive late in some run: for each call, at most the number of faults
    /// and drops.
    fn late_commands(&self) -> usize {
        let most = (self.faults + self.drops) as usize;
        let calls = self.threads.iter().filter(|thread| !thread.spared).flat_map(|thread| &thread.ops);
        calls.map(|op| self.writes_of(op.kind, self.derived.contains_key(&op.key)).min(most)).sum()
    }

    /// The messages to nodes: for each command that writes, one for each other node; for each
    /// heartbeat, its answer.
    pub(crate) fn notifications(&self) -> usize {
        let calls = self.threads.iter().flat_map(|thread| &thread.ops);
        let writes = calls.clone().map(|op| self.writes_of(op.kind, self.derived.contains_key(&op.key)));
        let answers = calls.filter(|op| op.kind == OpKind::Heartbeat);
        // A write whose opening has ended opens its keys again.
        let ends = |op: &&Op| matches!(op.kind, OpKind::OpenEnds | OpKind::RegistryLost);
        let again = self.threads.iter().flat_map(|thread| &thread.ops).filter(ends).count();
        (self.nodes - 1) * writes.sum::<usize>() * (1 + again) + answers.count()
    }

    /// The number of commands of an operation that write to the remote tier.
    pub(crate) fn writes_of(&self, kind: OpKind, deletes_derived: bool) -> usize {
        match (kind, self.source) {
            (OpKind::Set | OpKind::Delete, _) => 1 + usize::from(deletes_derived),
            // A read sends a GET and, with a database, loads and fills.
            (OpKind::Update | OpKind::CompareAndSet, Source::Remote) => 2 + usize::from(deletes_derived),
            (OpKind::Update | OpKind::CompareAndSet, Source::Database) => 4 + usize::from(deletes_derived),
            (OpKind::Get | OpKind::Refresh, Source::Database) => 1,
            (OpKind::Get | OpKind::Refresh, Source::Remote) | (OpKind::GetMany | OpKind::Unnotified, _) => 0,
            (OpKind::Load | OpKind::Stall, _) => 1,
            (OpKind::Evict | OpKind::Forget | OpKind::Notified | OpKind::NotifiedAll, _) => 0,
            (OpKind::Reconnect | OpKind::Heartbeat, _) => 0,
            (OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost, _) => 0,
        }
    }
}
