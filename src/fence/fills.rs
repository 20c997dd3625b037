//! Fills of Redis that are in progress, and the writes that wait for them.
//!
//! A write waits for the fills of its stripes (`stripe.rs` gives the reason). A fill's command is
//! part of the future of a load. The owner of that future may keep it alive without polling it: a
//! `select!` over `&mut load` whose other branch is the write. If only the load could make
//! progress, the write would wait forever. So a command that is pending after its first poll is
//! *shared* here, and each waiting write polls it as well.
//!
//! - One task polls a command at a time. It takes the command out of the table, polls it without
//!   the lock, and puts it back.
//! - The command's waker wakes its load and all waiting writes. A task that finds the command taken
//!   is woken when it is put back.
//! - The task that receives the answer ends the fill. A load that is dropped drops its command, and
//!   the fill is lost; if another task polls the command at that moment, that task loses the fill.
//!
//! The end of a fill first changes the stripe and then wakes the waiting writes. A write checks its
//! stripes *under the lock*: either it sees the change, or its waker is in the list when the lock
//! is next acquired. So no wake-up is lost.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::wakers::Wakers;
use crate::sync::{Mutex, Primitives};

/// The command of a fill; `T` is its answer.
pub(crate) type Command<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The fills of a cache.
pub(crate) struct Fills<T: Send + 'static, P: Primitives>(P::Mutex<Table<T>>);

struct Table<T> {
    /// Writes that wait for the end of a fill.
    waiting: Wakers,
    /// The shared commands, by stripe. A stripe has one fill at a time. An earlier fill that has
    /// ended may still be here until its load is woken.
    shared: BTreeMap<(usize, FillId), Shared<T>>,
    last: u64,
}

struct Shared<T> {
    /// `None` while a task polls it.
    command: Option<Command<T>>,
    /// The task of the load.
    load: Waker,
    /// Tasks that found the command taken.
    wanting: Wakers,
    is_abandoned: bool,
}

/// Identifies a shared command. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FillId(u64);

/// The result of polling a command.
pub(crate) enum FillPoll<T> {
    /// It has not completed.
    Pending,
    /// Another task has ended the fill.
    Ended,
    /// The answer. The caller ends the fill.
    Answered(T),
    /// Its load was dropped, or it panicked with this payload. The caller loses the fill.
    Lost(Option<Box<dyn Any + Send>>),
}

impl<T: Send + 'static, P: Primitives> Fills<T, P> {
    pub(crate) fn new() -> Self {
        Fills(P::Mutex::new("wakers", Table { waiting: Wakers::default(), shared: BTreeMap::new(), last: 0 }))
    }

    /// Shares the command of the stripe's fill, after its load has polled it once.
    #[track_caller]
    pub(crate) fn share(&self, stripe: usize, command: Command<T>, load: &Waker) -> FillId {
        let (id, waiting) = self.0.with(|table| {
            table.last += 1;
            let id = FillId(table.last);
            let (load, wanting) = (load.clone(), Wakers::default());
            let shared = Shared { command: Some(command), load, wanting, is_abandoned: false };
            table.shared.insert((stripe, id), shared);
            (id, table.waiting.clone())
        });
        // They found no command to poll.
        waiting.wake_all();
        id
    }

    /// Polls the shared command for its load.
    #[track_caller]
    pub(crate) fn poll_for_load(&self, stripe: usize, id: FillId, waker: &Waker) -> FillPoll<T> {
        let taken = self.0.with(|table| {
            let waiting = table.waiting.clone();
            let shared = table.shared.get_mut(&(stripe, id))?;
            shared.load.clone_from(waker);
            Some(shared.take(waker, waiting))
        });
        match taken {
            None => FillPoll::Ended,
            Some(None) => FillPoll::Pending,
            Some(Some((command, waker))) => self.poll(stripe, id, command, &waker),
        }
    }

    /// Polls the shared commands of these stripes for a write. `None` if `has_ended`, which is
    /// called under the lock, returns that the write need not wait.
    #[track_caller]
    pub(crate) fn wait_for(
        &self,
        stripes: &[usize],
        waker: &Waker,
        has_ended: impl FnOnce() -> bool,
    ) -> Option<Vec<(usize, FillId, FillPoll<T>)>> {
        let taken = self.0.with(|table| {
            if has_ended() {
                return None;
            }
            table.waiting.add(waker);
            let mut taken = Vec::new();
            for (&(stripe, id), shared) in &mut table.shared {
                if stripes.contains(&stripe)
                    && let Some(its) = shared.take(waker, table.waiting.clone())
                {
                    taken.push((stripe, id, its));
                }
            }
            Some(taken)
        })?;
        let mut polls = Vec::with_capacity(taken.len());
        for (stripe, id, (command, waker)) in taken {
            polls.push((stripe, id, self.poll(stripe, id, command, &waker)));
        }
        Some(polls)
    }

    #[track_caller]
    fn poll(&self, stripe: usize, id: FillId, mut command: Command<T>, waker: &Waker) -> FillPoll<T> {
        let mut context = Context::from_waker(waker);
        // The command is not used after a panic.
        match panic::catch_unwind(AssertUnwindSafe(|| command.as_mut().poll(&mut context))) {
            Ok(Poll::Ready(answer)) => return FillPoll::Answered(answer),
            Ok(Poll::Pending) => {}
            Err(panic) => return FillPoll::Lost(Some(panic)),
        }
        let put_back =
            self.0.with(|table| match table.shared.get_mut(&(stripe, id)).filter(|its| !its.is_abandoned) {
                Some(shared) => {
                    shared.command = Some(command);
                    Ok(std::mem::take(&mut shared.wanting))
                }
                None => Err(command),
            });
        match put_back {
            Ok(wanting) => {
                wanting.wake_all();
                FillPoll::Pending
            }
            // The command is dropped without the lock.
            Err(_) => FillPoll::Lost(None),
        }
    }

    /// Drops the command of a load that is dropped. Returns whether the load loses the fill: not if
    /// the fill has ended, or another task polls the command.
    #[track_caller]
    pub(crate) fn abandon(&self, stripe: usize, id: FillId) -> bool {
        let command = self.0.with(|table| {
            let shared = table.shared.get_mut(&(stripe, id))?;
            shared.is_abandoned = true;
            shared.command.take()
        });
        // Dropped without the lock.
        command.is_some()
    }

    /// Wakes the tasks that wait for the end of the stripe's fill; `id` is that of its command if
    /// it was shared. Call it after the stripe has changed.
    #[track_caller]
    pub(crate) fn ended(&self, stripe: usize, id: Option<FillId>) {
        let (waiting, shared) = self.0.with(|table| {
            let shared = id.and_then(|id| table.shared.remove(&(stripe, id)));
            (std::mem::take(&mut table.waiting), shared)
        });
        waiting.wake_all();
        if let Some(shared) = shared {
            shared.load.wake();
        }
    }
}

impl<T> Shared<T> {
    /// Takes the command out, with a waker for its next poll. `None` if another task has it; then
    /// the task is woken when the command is put back.
    fn take(&mut self, waker: &Waker, mut waiting: Wakers) -> Option<(Command<T>, Waker)> {
        let Some(command) = self.command.take() else {
            self.wanting.add(waker);
            return None;
        };
        waiting.add(&self.load);
        Some((command, waiting.into_one()))
    }
}

impl<T: Send + 'static, P: Primitives> fmt::Debug for Fills<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fills").finish_non_exhaustive()
    }
}
