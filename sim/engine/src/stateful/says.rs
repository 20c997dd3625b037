//! What a monitor says of a side of the state.

use std::iter;
use std::rc::Rc;

use super::side::Side;
use super::{Monitor, renaming};
use crate::event::{Digest, Fingerprint, TaskId};

/// What a monitor says of a side.
#[derive(Default)]
pub(super) struct Says {
    /// Of each task.
    pub(super) of_tasks: Vec<Fingerprint>,
    pub(super) of_all: Fingerprint,
}

impl Says {
    /// There is no monitor.
    pub(super) fn nothing(&mut self) -> bool {
        self.of_tasks.clear();
        self.of_all = Fingerprint::NONE;
        true
    }

    /// Asks the monitor. False if it tells of a task by a name that others have, too.
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

/// What the next steps of the task depend on, beside where it stands.
pub(crate) fn fate(monitor: &dyn Monitor, task: TaskId) -> Fingerprint {
    digest(|to| monitor.hash_fate(task.into(), to))
}

fn digest(feed: impl FnOnce(&mut Digest)) -> Fingerprint {
    let mut digest = Digest::default();
    feed(&mut digest);
    digest.fingerprint()
}
