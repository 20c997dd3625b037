//! The digests of a monitor, one for each symmetric view.

use std::iter;
use std::rc::Rc;

use super::side::Side;
use super::{Monitor, renaming};
use crate::event::{Digest, Fingerprint, TaskId};

/// The digest of a monitor in one view.
#[derive(Default)]
pub(super) struct Says {
    /// The digest of each task's data.
    pub(super) of_tasks: Vec<Fingerprint>,
    pub(super) of_all: Fingerprint,
}

impl Says {
    /// Sets the digest for a run without a monitor.
    pub(super) fn nothing(&mut self) -> bool {
        self.of_tasks.clear();
        self.of_all = Fingerprint::NONE;
        true
    }

    /// Hashes the monitor under the names of this view. False if it hashed a task whose name is
    /// shared.
    pub(super) fn ask(&mut self, monitor: &dyn Monitor, side: &Side, tasks: usize, is_named: bool) -> bool {
        self.of_tasks.clear();
        let hash = || {
            let of_task = |task| digest(|to| monitor.hash_task(task as u32, to));
            self.of_tasks.extend((0..tasks).map(of_task));
            self.of_all = digest(|to| monitor.hash(to));
        };
        let ((), is_ambiguous) = match is_named {
            true => renaming::under(&Rc::default(), iter::empty(), hash),
            false => renaming::under(side.renaming(), side.names(), hash),
        };
        !is_ambiguous
    }
}

/// The fingerprint of the monitor's data that the next steps of the task depend on.
pub(crate) fn fate(monitor: &dyn Monitor, task: TaskId) -> Fingerprint {
    digest(|to| monitor.hash_fate(task.into(), to))
}

fn digest(feed: impl FnOnce(&mut Digest)) -> Fingerprint {
    let mut digest = Digest::default();
    feed(&mut digest);
    digest.fingerprint()
}
