//! The digests of a monitor, one for each symmetric view.

use std::iter;
use std::rc::Rc;

use super::symmetric_view::SymmetricView;
use super::{Monitor, renaming};
use crate::event::{Digest, Fingerprint, TaskId};

/// The digest of a monitor in one view.
#[derive(Default)]
pub(super) struct MonitorDigest {
    /// The digest of each task's data.
    pub(super) by_task: Vec<Fingerprint>,
    pub(super) common: Fingerprint,
}

impl MonitorDigest {
    /// Sets the digest for a run without a monitor.
    pub(super) fn clear(&mut self) -> bool {
        self.by_task.clear();
        self.common = Fingerprint::NONE;
        true
    }

    /// Hashes the monitor under the names of this view. False if it hashed a task whose name is
    /// shared.
    pub(super) fn update(
        &mut self,
        monitor: &dyn Monitor,
        view: &SymmetricView,
        tasks: usize,
        is_named: bool,
    ) -> bool {
        self.by_task.clear();
        let hash = || {
            let of_task = |task| digest(|to| monitor.hash_task(task as u32, to));
            self.by_task.extend((0..tasks).map(of_task));
            self.common = digest(|to| monitor.hash(to));
        };
        let ((), is_ambiguous) = match is_named {
            true => renaming::under(&Rc::default(), iter::empty(), hash),
            false => renaming::under(view.renaming(), view.names(), hash),
        };
        !is_ambiguous
    }
}

/// The fingerprint of the monitor's data that the next steps of the task depend on.
pub(crate) fn pending_effects(monitor: &dyn Monitor, task: TaskId) -> Fingerprint {
    digest(|to| monitor.hash_pending_effects(task.into(), to))
}

fn digest(feed: impl FnOnce(&mut Digest)) -> Fingerprint {
    let mut digest = Digest::default();
    feed(&mut digest);
    digest.fingerprint()
}
